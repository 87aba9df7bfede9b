package crossbar_test

import (
	"net/http"
	"testing"
)

func TestATokenIsShownToWhoeverSendsIt(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	const path = "/v2/token_auth"
	if got := w.call(t, "GET", path, token, "").want(t, http.StatusOK).data(); got.String("account_id") != customerID || got.String("owner_id") == "" {
		t.Errorf("shown %v", got)
	}
	w.call(t, "GET", path, "", "").want(t, http.StatusUnauthorized)
	w.call(t, "PUT", path, token, `{"data":{}}`).want(t, http.StatusMethodNotAllowed)
	w.call(t, "DELETE", path, token, "").want(t, http.StatusOK)
	w.call(t, "GET", customerPath+"/users", token, "").want(t, http.StatusOK) // it is a JWT, and stays valid
}

func TestAPasswordNeedsANameOnUpdate(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	id := w.call(t, "PUT", customerPath+"/users", token, `{"data":{"first_name":"A","last_name":"N"}}`).want(t, http.StatusCreated).data().String("id")
	got := w.call(t, "PATCH", customerPath+"/users/"+id, token, `{"data":{"password":"secret"}}`).want(t, http.StatusBadRequest)
	if says := got.data().String("username", "required", "message"); says != "The username must be provided when updating the password" {
		t.Errorf("it says %q", says)
	}
	w.call(t, "PATCH", customerPath+"/users/"+id, token, `{"data":{"username":"ann","password":"secret"}}`).want(t, http.StatusOK)
}
