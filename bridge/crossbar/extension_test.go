package crossbar_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/crossbar"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
)

// counter stands for the part that counts failures.
type counter struct{}

func (counter) Limit(string) disabler.Limit { return disabler.Limit{Failures: 7, Within: time.Minute} }

func (counter) Count(_ context.Context, accountID string, hooks map[disabler.Key]disabler.Limit) (map[disabler.Key]int, error) {
	counts := map[disabler.Key]int{}
	for hook, limit := range hooks {
		if hook.HookID == seedHook && hook.AccountID == accountID && hook.Revision != 0 {
			counts[hook] = limit.Failures - 1
		}
	}
	return counts, nil
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

// trials stands for the part that sends sample events.
type trials struct{ refuse error }

func (t trials) Try(_ context.Context, hook store.Document) (webhooks.Trial, error) {
	return webhooks.Trial{
		Event: "CHANNEL_CREATE", Text: []byte("a=1"), Elapsed: 7 * time.Millisecond,
		Attempt: store.Attempt{ID: "attempt", Body: jobj.Object{
			{Key: "resp_status_code", Value: "500"}, {Key: "hook_id", Value: hook.ID},
			{Key: "req_body", Value: []any{"a", "=", "1"}}, {Key: "pvt_account_id", Value: hook.AccountID},
		}},
	}, t.refuse
}

func TestAHookIsTriedUnderItsAccountOnly(t *testing.T) {
	w := newWorld(t, newKeys(), func(cfg *crossbar.Config) { cfg.Trials = trials{} })
	path := func(account, hook string) string {
		return "/v2/accounts/" + account + "/kazoolab/hooks/" + hook + "/test"
	}
	got := w.call(t, "POST", path(customerID, seedHook), w.token(t, "customer"), "").want(t, http.StatusOK)
	want := `{"id":"attempt","event":"CHANNEL_CREATE","success":false,"elapsed_ms":7,"sent":"a=1","resp_status_code":"500","hook_id":"` + seedHook + `"}`
	if text := string(jobj.Append(nil, got.data())); text != want {
		t.Errorf("answer %s, want %s", text, want)
	}
	w.call(t, "POST", path(resellerID, seedHook), w.token(t, "reseller"), "").want(t, http.StatusNotFound)
	w.call(t, "POST", path(customerID, "nothing"), w.token(t, "customer"), "").want(t, http.StatusNotFound)
	w.call(t, "GET", path(customerID, seedHook), w.token(t, "customer"), "").want(t, http.StatusMethodNotAllowed)

	w = newWorld(t, newKeys(), func(cfg *crossbar.Config) {
		cfg.Trials = trials{&webhooks.DocumentError{HookID: seedHook, Field: "http_verb", Reason: "is odd"}}
	})
	refused := w.call(t, "POST", path(customerID, seedHook), w.token(t, "customer"), "").want(t, http.StatusBadRequest)
	if !strings.Contains(refused.text, `"http_verb":{"error":{"message":"is odd"}}`) {
		t.Errorf("answer %s", refused.text)
	}
}
