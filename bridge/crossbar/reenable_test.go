package crossbar_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/crossbar"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
)

// withHooks gives each account a hook that is on, one that was switched off by
// itself and one that a user switched off, named after their account and state.
func withHooks(t *testing.T, w *world, accounts ...string) {
	t.Helper()
	body := jobj.Object{{Key: "name", Value: "n"}, {Key: "uri", Value: "http://example.org/"}, {Key: "hook", Value: "all"}}
	for _, account := range accounts {
		for state, doc := range map[string]jobj.Object{
			"on": body.Set("enabled", true), "auto": disabler.Disable(body), "hand": body.Set("enabled", false),
		} {
			w.save(t, 1, store.Document{
				DB: kapi.DatabaseWebhooks, ID: account[:1] + "-" + state, Type: store.TypeWebhook, AccountID: account, Body: doc,
			})
		}
	}
}

// off lists the hooks that are off, and says which of them by themselves.
func (w *world) off(t *testing.T) string {
	t.Helper()
	docs, err := w.store.List(t.Context(), store.Query{DB: kapi.DatabaseWebhooks, Type: store.TypeWebhook})
	if err != nil {
		t.Fatal(err)
	}
	var off []string
	for _, doc := range docs {
		if !doc.Body.Bool(true, "enabled") {
			off = append(off, doc.ID)
		}
		if doc.Body.Bool(true, "enabled") && doc.Body.Has(disabler.MessageKey) {
			t.Errorf("%s is on, and says why it was off", doc.ID)
		}
	}
	return strings.Join(off, " ")
}

func TestReenablingReachesWhatWasSwitchedOffByItself(t *testing.T) {
	for path, want := range map[string]string{
		customerID + "/webhooks":             "1-auto 1-hand 2-hand 3-auto 3-hand 4-auto 4-hand",
		customerID + "/descendants/webhooks": "1-auto 1-hand 2-hand 3-hand 4-auto 4-hand",
		subID + "/descendants/webhooks":      "1-auto 1-hand 2-auto 2-hand 3-hand 4-auto 4-hand",
	} {
		w := newWorld(t, newKeys(), nil)
		withHooks(t, w, resellerID, customerID, subID, siblingID)
		token := w.token(t, "customer")
		w.call(t, "PATCH", "/v2/accounts/"+path, token, `{"data":{"re-enable":"true"}}`).want(t, http.StatusOK)
		if got := w.off(t); got != want {
			t.Errorf("%s: off are %s, want %s", path, got, want)
		}
		for key := range strings.FieldsSeq(w.keysTaken()) {
			if !strings.HasPrefix(key, "doc_edited.webhooks.webhook.") || !strings.HasSuffix(key, "-auto") {
				t.Errorf("%s: published %s", path, key)
			}
		}
	}
}

func TestOneHookIsSwitchedOnAgain(t *testing.T) {
	full := `{"name":"n","uri":"http://example.org/","hook":"all"`
	for _, c := range []struct{ method, body, off string }{
		{"PATCH", `{"data":{"enabled":true}}`, "2-hand"},
		{"PATCH", `{"data":{"enabled":"true"}}`, "2-hand"},
		{"PATCH", `{"data":{"name":"x"}}`, "2-auto 2-hand"},
		{"POST", `{"data":` + full + `,"enabled":true}}`, "2-hand"},
		{"POST", `{"data":` + full + `}}`, "2-hand"},
		{"POST", `{"data":` + full + `,"enabled":false}}`, "2-auto 2-hand"},
	} {
		w := newWorld(t, newKeys(), nil)
		withHooks(t, w, customerID)
		w.call(t, c.method, hooksPath+"/2-auto", w.token(t, "customer"), c.body).want(t, http.StatusOK)
		if got := w.off(t); got != c.off {
			t.Errorf("%s %s: off are %s, want %s", c.method, c.body, got, c.off)
		}
	}
}

// announced counts how often something is told; each time may take a second.
type announced struct {
	crossbar.ChangePublisher
	times int
}

func (a *announced) Publish(ctx context.Context, changes ...kapi.DocChange) {
	a.times++
	a.ChangePublisher.Publish(ctx, changes...)
}

func TestHooksThatAreReenabledAreToldOfTogether(t *testing.T) {
	var told *announced
	w := newWorld(t, newKeys(), func(cfg *crossbar.Config) {
		told = &announced{ChangePublisher: cfg.Changes}
		cfg.Changes = told
	})
	withHooks(t, w, customerID, subID)
	token := w.token(t, "customer")
	w.changes.take()
	told.times = 0
	w.call(t, "PATCH", "/v2/accounts/"+customerID+"/descendants/webhooks", token, `{"data":{"re-enable":true}}`).want(t, http.StatusOK)
	if n := len(w.changes.take()); told.times != 1 || n != 2 {
		t.Errorf("told %d times, of %d hooks", told.times, n)
	}
}
