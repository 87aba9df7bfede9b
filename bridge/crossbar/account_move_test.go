package crossbar_test

import (
	"net/http"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

func TestAnAccountMovesWithAllBelowIt(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	master := w.token(t, "master")
	move := func(token, to string) reply {
		return w.call(t, "POST", customerPath+"/move", token, `{"data":{"to":"`+to+`"}}`)
	}
	if got := w.call(t, "POST", customerPath+"/move", master, `{"data":{}}`).want(t, http.StatusBadRequest); got.data().String("to", "required", "message") == "" {
		t.Errorf("answer %s", got.text)
	}
	move(w.token(t, "reseller"), siblingID).want(t, http.StatusForbidden)
	move(master, subID).want(t, http.StatusForbidden)
	move(master, customerID).want(t, http.StatusForbidden)
	if moved := move(master, siblingID).want(t, http.StatusOK); moved.data().String("id") != customerID {
		t.Errorf("moved %s", moved.text)
	}
	tree := w.call(t, "GET", "/v2/accounts/"+subID+"/tree", master, "").rows()
	var ids []any
	for _, row := range tree {
		ids = append(ids, row.String("id"))
	}
	if got := string(jobj.Append(nil, ids)); got != `["`+masterID+`","`+resellerID+`","`+siblingID+`","`+customerID+`"]` {
		t.Errorf("tree %s", got)
	}
	w.call(t, "GET", "/v2/accounts/"+subID, w.token(t, "sibling"), "").want(t, http.StatusOK)
	if got := w.call(t, "GET", "/v2/accounts/"+siblingID, master, "").data().Int("descendants_count"); got != 2 {
		t.Errorf("%d below the new parent", got)
	}
}

func TestAResellerIsMadeAndEnded(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	master := w.token(t, "master")
	sellerOf := func(id string) string {
		return w.call(t, "GET", "/v2/accounts/"+id, master, "").want(t, http.StatusOK).data().String("reseller_id")
	}
	w.call(t, "PUT", customerPath+"/reseller", w.token(t, "reseller"), "").want(t, http.StatusForbidden)
	made := w.call(t, "PUT", customerPath+"/reseller", master, "").want(t, http.StatusCreated)
	if !made.data().Bool(false, "is_reseller") || sellerOf(subID) != customerID {
		t.Errorf("made %s; who sells to the one below is %s", made.text, sellerOf(subID))
	}
	w.call(t, "PUT", "/v2/accounts/"+resellerID+"/reseller", master, "").want(t, http.StatusInternalServerError)
	w.call(t, "DELETE", customerPath+"/reseller", master, "").want(t, http.StatusOK)
	if sellerOf(subID) != resellerID {
		t.Errorf("who sells to the one below is %s", sellerOf(subID))
	}
}
