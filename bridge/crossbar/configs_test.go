package crossbar_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/crossbar"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
)

func configPath(accountID string) string { return "/v2/accounts/" + accountID + "/configs/webhooks" }

// config is what holds for an account, without what never changes.
func (w *world) config(t *testing.T, accountID string) string {
	t.Helper()
	got := w.call(t, "GET", configPath(accountID), w.token(t, "master"), "").want(t, http.StatusOK)
	if got.data().String("id") != "configs_webhooks" {
		t.Errorf("the document is %s", got.text)
	}
	return string(jobj.Append(nil, got.data().Delete("id")))
}

// storedConfig is what an account says itself; "" for nothing.
func (w *world) storedConfig(t *testing.T, accountID string) string {
	t.Helper()
	doc, err := w.store.Get(t.Context(), kapi.AccountDB(accountID), "configs_webhooks")
	if err != nil {
		return ""
	}
	if doc.Type != "account_config" || doc.AccountID != accountID {
		t.Errorf("stored as %+v", doc)
	}
	return string(jobj.Append(nil, doc.Body.Filter(func(m jobj.Member) bool { return !strings.HasPrefix(m.Key, "pvt_") })))
}

// keysTaken are the routing keys of what was published since the last call.
func (w *world) keysTaken() string {
	var keys []string
	for _, change := range w.changes.take() {
		keys = append(keys, change.Key())
	}
	return strings.Join(keys, " ")
}

func TestAnAccountsWebhooksConfiguration(t *testing.T) {
	w := newWorld(t, newKeys(), func(cfg *crossbar.Config) {
		cfg.FailureLimit = disabler.Limit{Failures: 9, Within: time.Minute}
	})
	const system = `{"attempt_failure_count":9,"attempt_failure_expiry_ms":60000}`
	const changed = ".account%2F22%2F22%2F2222222222222222222222222222.account_config.configs_webhooks"
	for i, step := range []struct {
		method, body string
		status       int
		holds        string // after the step
		stored       string
		published    string
	}{
		{"GET", "", 200, system, "", ""},
		{"DELETE", "", 200, system, "", ""},
		{"PUT", `{"data":{"attempt_failure_count":"3"}}`, 201, `{"attempt_failure_count":3,"attempt_failure_expiry_ms":60000}`, `{"attempt_failure_count":3}`, "doc_created" + changed},
		{"PATCH", `{"data":{"attempt_failure_expiry_ms":5000}}`, 200, `{"attempt_failure_count":3,"attempt_failure_expiry_ms":5000}`, `{"attempt_failure_count":3,"attempt_failure_expiry_ms":5000}`, "doc_edited" + changed},
		{"PATCH", `{"data":{"attempt_failure_count":null}}`, 200, `{"attempt_failure_count":9,"attempt_failure_expiry_ms":5000}`, `{"attempt_failure_expiry_ms":5000}`, "doc_edited" + changed},
		{"POST", `{"data":{"id":"configs_webhooks","attempt_failure_count":4,"attempt_failure_expiry_ms":60000}}`, 200, `{"attempt_failure_count":4,"attempt_failure_expiry_ms":60000}`, `{"attempt_failure_count":4}`, "doc_edited" + changed},
		{"POST", `{"data":` + system + `}`, 200, system, "", "doc_deleted" + changed},
		{"POST", `{"data":{"attempt_failure_count":5}}`, 200, `{"attempt_failure_count":5,"attempt_failure_expiry_ms":60000}`, `{"attempt_failure_count":5}`, "doc_created" + changed},
		{"DELETE", "", 200, system, "", "doc_deleted" + changed},
	} {
		w.call(t, step.method, configPath(customerID), w.token(t, "customer"), step.body).want(t, step.status)
		if got := w.config(t, customerID); got != step.holds {
			t.Errorf("step %d: what holds is %s, want %s", i, got, step.holds)
		}
		if got := w.storedConfig(t, customerID); got != step.stored {
			t.Errorf("step %d: stored is %s, want %s", i, got, step.stored)
		}
		if got := w.keysTaken(); got != step.published {
			t.Errorf("step %d: published %q, want %q", i, got, step.published)
		}
	}
}

// Where an account says nothing its reseller's word holds, and nobody else's.
func TestAConfigurationStandsOnTheResellers(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	const system, other = `{"attempt_failure_count":6,"attempt_failure_expiry_ms":60000}`, `{"attempt_failure_count":2,"attempt_failure_expiry_ms":60000}`
	w.call(t, "POST", configPath(resellerID), w.token(t, "reseller"), `{"data":{"attempt_failure_count":2}}`).want(t, http.StatusOK)
	for id, want := range map[string]string{masterID: system, resellerID: other, customerID: other, subID: other} {
		if got := w.config(t, id); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	// Saying the same as the reseller is saying nothing.
	w.call(t, "POST", configPath(customerID), w.token(t, "customer"), `{"data":{"attempt_failure_count":2}}`).want(t, http.StatusOK)
	if got := w.storedConfig(t, customerID); got != "" {
		t.Errorf("stored is %s", got)
	}
}

func TestBadConfigurationsAreRefused(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	for body, want := range map[string]string{
		`{"data":{"attempt_failure_count":0}}`:           `"attempt_failure_count":{"minimum":{"message":"Value must be at least 1"`,
		`{"data":{"attempt_failure_count":10001}}`:       `"attempt_failure_count":{"maximum":{"message":"Value must be at most 10000"`,
		`{"data":{"attempt_failure_count":"six"}}`:       `"attempt_failure_count":{"type":{"message":"Value did not match type(s): integer"`,
		`{"data":{"attempt_failure_expiry_ms":-1}}`:      `"attempt_failure_expiry_ms":{"minimum":{"message":"Value must be at least 1"`,
		`{"data":{"attempt_failure_expiry_ms":[60000]}}`: `"attempt_failure_expiry_ms":{"type":{"message":"Value did not match type(s): integer"`,
		`{"data":[]}`: `"type":{"message":"Value did not match type(s): object"`,
	} {
		for _, method := range []string{"PUT", "POST", "PATCH"} {
			got := w.call(t, method, configPath(customerID), w.token(t, "customer"), body).want(t, http.StatusBadRequest)
			if !strings.Contains(got.text, want) {
				t.Errorf("%s %s: %s", method, body, got.text)
			}
		}
	}
	if got := w.storedConfig(t, customerID); got != "" || w.keysTaken() != "" {
		t.Errorf("stored is %s", got)
	}
	got := w.call(t, "PATCH", configPath(customerID), w.token(t, "customer"), `{"data":{"attempt_failure_cout":3}}`).want(t, http.StatusOK)
	if hint := got.header.Get("X-Kazoolab-Hint"); !strings.Contains(hint, `nothing reads "attempt_failure_cout"`) || !strings.Contains(hint, "attempt_failure_count") {
		t.Errorf("hint %q", hint)
	}
}

func TestOtherConfigurationsAreNotServed(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	for _, path := range []string{"", "/conferences", "/webhooks/more"} {
		got := w.call(t, "GET", "/v2/accounts/"+customerID+"/configs"+path, w.token(t, "customer"), "").want(t, http.StatusNotFound)
		if hint := got.header.Get("X-Kazoolab-Hint"); !strings.Contains(hint, "not served here") {
			t.Errorf("%s: hint %q", path, hint)
		}
	}
}

func TestAHooksOwnLimit(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	hook := func(more string) reply {
		return w.call(t, "PUT", hooksPath, w.token(t, "customer"), `{"data":{"name":"h","uri":"http://example.org/","hook":"all"`+more+`}}`)
	}
	made := hook(`,"attempt_failure_count":"2","attempt_failure_expiry_ms":1000`).want(t, http.StatusCreated)
	if made.data().Int("attempt_failure_count") != 2 || made.data().Int("attempt_failure_expiry_ms") != 1000 {
		t.Errorf("made %s", made.text)
	}
	if plain := hook("").want(t, http.StatusCreated); strings.Contains(plain.text, "attempt_failure") {
		t.Errorf("a hook that asks for nothing is %s", plain.text)
	}
	for more, field := range map[string]string{
		`,"attempt_failure_count":0`:        "attempt_failure_count",
		`,"attempt_failure_count":"often"`:  "attempt_failure_count",
		`,"attempt_failure_expiry_ms":null`: "attempt_failure_expiry_ms",
	} {
		if got := hook(more).want(t, http.StatusBadRequest); !got.data().Has(field) {
			t.Errorf("%s: %s", more, got.text)
		}
	}
}

// counter stands for the part that counts failures.
type counter struct{}

func (counter) Limit(string) disabler.Limit { return disabler.Limit{Failures: 7, Within: time.Minute} }

func (counter) Count(hook disabler.Key, limit disabler.Limit) int {
	if hook != (disabler.Key{AccountID: customerID, HookID: seedHook}) {
		return 0
	}
	return limit.Failures - 1
}

func TestHowNearHooksAreToBeingSwitchedOff(t *testing.T) {
	w := newWorld(t, newKeys(), func(cfg *crossbar.Config) { cfg.Failures = counter{} })
	w.save(t, 1, store.Document{
		DB: kapi.DatabaseWebhooks, ID: "other", Type: store.TypeWebhook, AccountID: customerID,
		Body: jobj.Object{{Key: "attempt_failure_count", Value: 2}},
	})
	got := w.call(t, "GET", "/v2/accounts/"+customerID+"/kazoolab/failures", w.token(t, "customer"), "").want(t, http.StatusOK)
	want := []string{
		`{"id":"other","failures":0,"attempt_failure_count":2,"attempt_failure_expiry_ms":60000}`,
		`{"id":"` + seedHook + `","failures":6,"attempt_failure_count":7,"attempt_failure_expiry_ms":60000}`,
	}
	for i, one := range got.rows() {
		if text := string(jobj.Append(nil, one)); i >= len(want) || text != want[i] {
			t.Errorf("row %d is %s", i, text)
		}
	}
	if len(got.rows()) != len(want) {
		t.Errorf("answer %s", got.text)
	}
	w.call(t, "GET", "/v2/accounts/"+customerID+"/kazoolab/nothing", w.token(t, "customer"), "").want(t, http.StatusNotFound)
	w.call(t, "GET", "/v2/kazoolab/failures", w.token(t, "master"), "").want(t, http.StatusForbidden)
}
