package crossbar_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/account"
)

func TestTokenCarriers(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	path := "/v2/accounts/" + customerID
	for name, c := range map[string]struct {
		target  string
		headers []string
		want    int
	}{
		"header":                           {path, []string{"X-Auth-Token", token}, 200},
		"query":                            {path + "?auth_token=" + token, nil, 200},
		"bearer, more than the reference":  {path, []string{"Authorization", "Bearer " + token}, 200},
		"bare authorization":               {path, []string{"Authorization", token}, 401},
		"basic":                            {path, []string{"Authorization", "Basic " + token}, 401},
		"none":                             {path, nil, 401},
		"bad header is not made good":      {path + "?auth_token=" + token, []string{"X-Auth-Token", "x"}, 401},
		"the token's account":              {path, []string{"X-Auth-Token", token, "X-Auth-Account-ID", customerID}, 200},
		"not the token's account":          {path, []string{"X-Auth-Token", token, "X-Auth-Account-ID", subID}, 401},
		"the short form":                   {"/v2/account", []string{"X-Auth-Token", token}, 200},
		"the short form without a token":   {"/v2/account", nil, 401},
		"a changed signature":              {path, []string{"X-Auth-Token", token[:len(token)-4] + "AAAA"}, 401},
		"a token below an open collection": {"/v2/accounts/webhooks", []string{"X-Auth-Token", token}, 403},
	} {
		if got := w.call(t, "GET", c.target, "", "", c.headers...); got.status != c.want {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
	}
	twice := w.call(t, "GET", path, "", `{"data":{},"auth_token":"`+token+`"}`).want(t, http.StatusOK)
	if twice.envelope.String("auth_token") != token || twice.envelope.String("version") == "" {
		t.Errorf("envelope %s", twice.text)
	}
}

func TestExpiredTokens(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "master")
	w.clock.Advance(account.DefaultLifetime + time.Second)
	for _, c := range []struct{ method, path string }{
		{"GET", "/v2/accounts/" + customerID}, {"GET", "/v2/webhooks"}, {"GET", "/v2/nothing"}, {"PUT", "/v2/api_auth"},
	} {
		got := w.call(t, c.method, c.path, token, "").want(t, http.StatusUnauthorized)
		if got.envelope.String("message") != "invalid credentials" || got.header.Get("Content-Type") != "" {
			t.Errorf("%s %s: %s", c.method, c.path, got.text)
		}
	}
}

func TestLogin(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	// Nobody of the account has logged in: the first time makes the secret.
	doc, err := w.store.Get(t.Context(), "account%2F44%2F44%2F"+siblingID[4:], strings.Repeat("a4", 16))
	if err != nil {
		t.Fatal(err)
	}
	doc.Body = doc.Body.Delete("pvt_signature_secret")
	w.save(t, 1, doc)
	body := `{"data":{"credentials":"` + doc.Body.String("pvt_md5_auth") + `","account_name":"sibling"}}`
	for _, want := range []int{1, 0} {
		got := w.call(t, "PUT", "/v2/user_auth", "", body).want(t, http.StatusCreated)
		if changes := w.changes.take(); len(changes) != want {
			t.Errorf("published %+v, want %d", changes, want)
		}
		w.call(t, "GET", "/v2/accounts/"+siblingID, got.envelope.String("auth_token"), "").want(t, http.StatusOK)
		w.call(t, "GET", "/v2/accounts/"+customerID, got.envelope.String("auth_token"), "").want(t, http.StatusForbidden)
	}
	// The digest of one account's user is nothing in another.
	w.call(t, "PUT", "/v2/user_auth", "", strings.Replace(body, "sibling", "Customer", 1)).want(t, http.StatusUnauthorized)
	w.call(t, "PUT", "/v2/user_auth", "", strings.Replace(body, `,"account_name":"sibling"`, "", 1)).want(t, http.StatusUnauthorized)
}

func TestGuessingIsSlowedDown(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	body := `{"data":{"credentials":"0123456789abcdef0123456789abcdef","account_name":"Customer"}}`
	statuses := map[int]int{}
	for range 150 {
		statuses[w.call(t, "PUT", "/v2/user_auth", "", body).status]++
	}
	if statuses[http.StatusUnauthorized] != 100 || statuses[http.StatusTooManyRequests] != 50 {
		t.Errorf("statuses %v", statuses)
	}
	w.call(t, "GET", "/v2/webhooks", "", "").want(t, http.StatusOK)
	w.call(t, "GET", "/v2/accounts/"+customerID, w.token(t, "customer"), "").want(t, http.StatusOK)
	w.clock.Advance(time.Second)
	w.call(t, "PUT", "/v2/user_auth", "", body).want(t, http.StatusUnauthorized)
}
