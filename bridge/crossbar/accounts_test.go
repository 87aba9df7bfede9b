package crossbar_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/crossbar"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// A realm that is drawn is nobody's: of two worlds that draw alike, the second has an account with it.
func TestADrawnRealmIsNobodys(t *testing.T) {
	drawn := func(others string) string {
		w := newWorld(t, newKeys(), func(c *crossbar.Config) { c.IDs = ids.Seeded("realms") })
		token := w.token(t, "master")
		w.call(t, "PATCH", "/v2/accounts/"+siblingID, token, `{"data":{"realm":"`+others+`"}}`).want(t, http.StatusOK)
		return w.call(t, "PUT", customerPath, token, `{"data":{"name":"New Branch"}}`).want(t, http.StatusCreated).data().String("realm")
	}
	first := drawn("another.ref.test")
	if second := drawn(first); second == first {
		t.Errorf("%s is two accounts' realm", first)
	}
}

const customerPath = "/v2/accounts/" + customerID

func TestAccountLife(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	made := w.call(t, "PUT", customerPath, token, `{"data":{"name":"New Branch"}}`).want(t, http.StatusCreated)
	id := made.data().String("id")
	if realm := made.data().String("realm"); !strings.HasSuffix(realm, "."+crossbar.DefaultRealmSuffix) {
		t.Errorf("realm %q", realm)
	}
	if made.data().String("timezone") != "Etc/UTC" || made.data().String("reseller_id") != resellerID {
		t.Errorf("made %s", made.text)
	}
	var keys []string
	for _, change := range w.changes.take() {
		keys = append(keys, change.Key())
	}
	db := kapi.AccountDB(id)
	for _, want := range []string{
		"db_created." + db + ".database." + kapi.EncodeKey(db),
		"doc_created." + db + ".account." + id,
		"doc_created.accounts.account." + id,
		"db_created." + db + "-202611.database." + kapi.EncodeKey(db+"-202611"),
		"doc_created.services.service." + id,
		"doc_edited.accounts.account." + customerID,
		"doc_edited." + kapi.AccountDB(customerID) + ".account." + customerID,
	} {
		if !slices.Contains(keys, want) {
			t.Errorf("not published: %s; but %v", want, keys)
		}
	}
	children := w.call(t, "GET", customerPath+"/children", token, "").rows()
	if len(children) != 2 || children[0].String("name") != "Sub Customer" || children[1].String("name") != "New Branch" {
		t.Errorf("children %v", children)
	}
	if got := w.call(t, "GET", customerPath, token, "").data().Int("descendants_count"); got != 2 {
		t.Errorf("descendants_count is %d", got)
	}
	tree := w.call(t, "GET", "/v2/accounts/"+id+"/tree", w.token(t, "reseller"), "").rows()
	if len(tree) != 2 || tree[0].String("id") != resellerID || tree[1].String("id") != customerID {
		t.Errorf("tree %v", tree)
	}
	w.call(t, "DELETE", "/v2/accounts/"+id, token, "").want(t, http.StatusOK)
	w.call(t, "GET", "/v2/accounts/"+id, token, "").want(t, http.StatusNotFound)
	if got := w.call(t, "GET", customerPath, token, "").data().Int("descendants_count"); got != 1 {
		t.Errorf("descendants_count is %d", got)
	}
	w.call(t, "DELETE", "/v2/accounts/"+masterID, w.token(t, "master"), "").want(t, http.StatusMethodNotAllowed)
}

// The reference rolls such a creation back over the account that has the id.
func TestAnAccountIDInUseIsRefusedAndNothingIsDeleted(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	body := `{"data":{"name":"Usurper","id":"` + siblingID + `"}}`
	w.call(t, "PUT", customerPath, w.token(t, "customer"), body).want(t, http.StatusConflict)
	if changes := w.changes.take(); len(changes) != 0 {
		t.Errorf("published %+v", changes)
	}
	got := w.call(t, "GET", "/v2/accounts/"+siblingID, w.token(t, "sibling"), "").want(t, http.StatusOK)
	if got.data().String("name") != "Sibling" {
		t.Errorf("now %s", got.text)
	}
	odd := strings.Replace(body, siblingID, "short", 1)
	w.call(t, "PUT", customerPath, w.token(t, "customer"), odd).want(t, http.StatusBadRequest)
}

// The reference answers 400 and saves all the same.
func TestARefusedChangeOfAnAccountIsNotSaved(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	for member, value := range map[string]string{"name": "sib-ling", "realm": "SIBLING.ref.test"} {
		for _, method := range []string{"PATCH", "POST"} {
			got := w.call(t, method, customerPath, token, `{"data":{"`+member+`":"`+value+`"}}`).want(t, http.StatusBadRequest)
			if got.data().Object(member, "unique") == nil {
				t.Errorf("%s of %s: %s", method, member, got.text)
			}
		}
	}
	if changes := w.changes.take(); len(changes) != 0 {
		t.Errorf("published %+v", changes)
	}
	got := w.call(t, "GET", customerPath, token, "").want(t, http.StatusOK)
	if got.data().String("name") != "Customer" || got.data().String("realm") != "customer.ref.test" {
		t.Errorf("now %s", got.text)
	}
}

func TestReplacingAnAccountMerges(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	got := w.call(t, "POST", customerPath, w.token(t, "customer"), `{"data":{"note":"x"}}`).want(t, http.StatusOK)
	if got.data().String("name") != "Customer" || got.data().String("note") != "x" {
		t.Errorf("now %s", got.text)
	}
	if realm := got.data().String("realm"); realm == "customer.ref.test" {
		t.Errorf("a realm that was left out stays: %q", realm)
	}
	if changes := w.changes.take(); len(changes) != 4 {
		t.Errorf("published %d changes, want each document twice", len(changes))
	}
}

func TestAccountPrivateMembersCannotBeWritten(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	body := `{"data":{"pvt_superduper_admin":true,"pvt_tree":[],"_id":"` + masterID + `","superduper_admin":true}}`
	w.call(t, "PATCH", customerPath, w.token(t, "customer"), body).want(t, http.StatusOK)
	w.call(t, "GET", "/v2/accounts/"+siblingID, w.token(t, "customer"), "").want(t, http.StatusForbidden)
	if got := w.call(t, "GET", customerPath, w.token(t, "customer"), ""); got.data().Bool(true, "superduper_admin") {
		t.Errorf("now %s", got.text)
	}
}

func TestAPIKey(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	path := customerPath + "/api_key"
	old := w.call(t, "GET", path, w.token(t, "api:customer"), "").want(t, http.StatusOK).data().String("api_key")
	for _, caller := range []string{"clerk", "api:customer"} {
		w.call(t, "PUT", path, w.token(t, caller), "").want(t, http.StatusForbidden)
	}
	renewed := w.call(t, "PUT", path, w.token(t, "customer"), "").want(t, http.StatusCreated).data().String("api_key")
	if len(renewed) != 64 || renewed == old {
		t.Errorf("key %q after %q", renewed, old)
	}
	login := func(key string) int {
		return w.call(t, "PUT", "/v2/api_auth", "", `{"data":{"api_key":"`+key+`"}}`).status
	}
	if login(old) != http.StatusNotFound || login(renewed) != http.StatusCreated {
		t.Error("the old key still works, or the new one does not")
	}
}

func TestSiblings(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	w.call(t, "GET", customerPath+"/siblings", w.token(t, "customer"), "").want(t, http.StatusForbidden)
	got := w.call(t, "GET", customerPath+"/siblings", w.token(t, "reseller"), "").want(t, http.StatusOK)
	if len(got.rows()) != 3 {
		t.Errorf("siblings %s", got.text)
	}
	parents := w.call(t, "GET", customerPath+"/parents", w.token(t, "customer"), "").rows()
	if len(parents) != 2 || parents[0].String("id") != masterID {
		t.Errorf("parents %v", parents)
	}
}
