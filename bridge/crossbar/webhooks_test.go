package crossbar_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/crossbar"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/catalogue"
)

const hooksPath = "/v2/accounts/" + customerID + "/webhooks"

// As printed in the talk that the product was asked for with.
func TestTheHookOfTheTalk(t *testing.T) {
	w := newWorld(t, newKeys(), func(cfg *crossbar.Config) { cfg.Dialect = fidelity.Talk })
	listed := w.call(t, "GET", "/v2/webhooks", "", "").want(t, http.StatusOK)
	if len(listed.rows()) != 12 {
		t.Errorf("hooks to choose from: %s", listed.text)
	}
	made := w.call(t, "PUT", hooksPath, w.token(t, "customer"), `{"data": {
"name": "New Calls",
"uri": "http://receiver.example.com/calls/new.php",
"http_verb": "post",
"hook": "channel_create",
"retries":3
}}`).want(t, http.StatusCreated)
	id := made.data().String("id")
	if made.header.Get("Location") != hooksPath+"/"+id || made.envelope.String("status") != "success" {
		t.Errorf("location %q, body %s", made.header.Get("Location"), made.text)
	}
	changes := w.changes.take()
	if len(changes) != 1 || changes[0].Key() != "doc_created.webhooks.webhook."+id || changes[0].AccountID != customerID {
		t.Errorf("published %+v", changes)
	}
	w.call(t, "GET", made.header.Get("Location"), w.token(t, "customer"), "").want(t, http.StatusOK)
}

func TestEveryHookThatCanBeMadeFires(t *testing.T) {
	for _, dialect := range fidelity.Dialects() {
		hooks, err := catalogue.ForDialect(dialect)
		if err != nil {
			t.Fatal(err)
		}
		made, fires := catalogue.Names(hooks), webhooks.Names(dialect)
		slices.Sort(made)
		slices.Sort(fires)
		if !slices.Equal(made, fires) {
			t.Errorf("%s: %v can be made, %v fire", dialect, made, fires)
		}
	}
}

func TestHookAddresses(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	relaxed := newWorld(t, newKeys(), func(cfg *crossbar.Config) { cfg.AllowLoopbackTargets = true })
	for _, c := range []struct {
		uri             string
		status, relaxed int
	}{
		{"http://example.org/", 201, 201},
		{"https://10.0.0.1:8443/x", 201, 201},
		{"http://", 201, 201},
		{"http:/x", 201, 201},
		{"http://[::1]/", 201, 201},
		{"http://127.0.0.2/", 201, 201},
		{"http://localhost./", 201, 201},
		{"http://u:p@localhost/", 201, 201},
		{"http://localhost?x", 400, 201},
		{"http://LOCALHOST:80/", 400, 201},
		{"http://127.0.0.1/", 400, 201},
		{"http://127.1/", 400, 201},
		{"http://2130706433/", 400, 201},
		{"http://0x7f000001/", 400, 201},
		{"http://0177.0.0.1/", 400, 201},
		{"http://0/", 400, 400},
		{"http://0.0.0.0/", 400, 400},
		{"HTTP://example.org/", 400, 400},
		{"ftp://example.org/", 400, 400},
		{"example.org", 400, 400},
		{"", 400, 400},
		{"http://u@example.org/", 400, 400}, // the reference crashes
	} {
		body := `{"data":{"name":"h","uri":"` + c.uri + `","hook":"all"}}`
		for world, want := range map[*world]int{w: c.status, relaxed: c.relaxed} {
			got := world.call(t, "PUT", hooksPath, world.token(t, "customer"), body)
			if got.status != want {
				t.Errorf("%s: status %d, want %d", c.uri, got.status, want)
			}
			if got.status == http.StatusBadRequest && !strings.HasPrefix(got.header.Get("X-Kazoolab-Hint"), "uri: ") {
				t.Errorf("%s: hint %q", c.uri, got.header.Get("X-Kazoolab-Hint"))
			}
		}
	}
}

// Whatever the mode, a hook is reached under its own account only.
func TestHookOfAnotherAccount(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	body := `{"data":{"name":"mine","uri":"http://example.org/","hook":"all"}}`
	for _, method := range []string{"GET", "POST", "PATCH", "DELETE"} {
		for caller, account := range map[string]string{
			"reseller": resellerID, // sees the account, but this is not its path
			"sibling":  siblingID,
			"sub":      subID,
			"master":   masterID,
		} {
			got := w.call(t, method, "/v2/accounts/"+account+"/webhooks/"+seedHook, w.token(t, caller), body)
			if got.status != http.StatusNotFound || got.data().String("cause") != seedHook {
				t.Errorf("%s by %s: %d %s", method, caller, got.status, got.text)
			}
		}
	}
	if changes := w.changes.take(); len(changes) != 0 {
		t.Errorf("published %+v", changes)
	}
	for _, caller := range []string{"reseller", "master", "clerk"} {
		w.call(t, "GET", hooksPath+"/"+seedHook, w.token(t, caller), "").want(t, http.StatusOK)
	}
	taken := `{"data":{"name":"mine","uri":"http://example.org/","hook":"all","id":"` + seedHook + `"}}`
	w.call(t, "PUT", "/v2/accounts/"+siblingID+"/webhooks", w.token(t, "sibling"), taken).want(t, http.StatusConflict)
	doc, err := w.store.Get(t.Context(), kapi.DatabaseWebhooks, seedHook)
	if err != nil || doc.AccountID != customerID || doc.Deleted {
		t.Errorf("the hook is now %+v, %v", doc, err)
	}
}

func TestHooksAreSwitchedOnAgain(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	disable := func(id, account, reason string) {
		doc := store.Document{DB: kapi.DatabaseWebhooks, ID: id, Type: store.TypeWebhook, AccountID: account}
		doc.Body = doc.Body.Set("name", id).Set("uri", "http://example.org/").Set("hook", "all").Set("enabled", false)
		if reason != "" {
			doc.Body = doc.Body.Set("pvt_disabled_message", reason)
		}
		w.save(t, 1, doc)
	}
	disable("failed", customerID, "too many failed attempts")
	disable("by-hand", customerID, "")
	disable("below", subID, "too many failed attempts")
	disable("beside", siblingID, "too many failed attempts")
	enabled := func() string {
		var on []string
		for _, id := range []string{"failed", "by-hand", "below", "beside"} {
			if doc, _ := w.store.Get(t.Context(), kapi.DatabaseWebhooks, id); doc.Body.Bool(false, "enabled") {
				on = append(on, id)
			}
		}
		return strings.Join(on, " ")
	}
	token := w.token(t, "customer")
	if reason := w.call(t, "GET", hooksPath+"/failed", token, "").data().String("disable_reason"); reason != "too many failed attempts" {
		t.Errorf("reason %q", reason)
	}
	for body, rule := range map[string]string{
		`{"data":{}}`:                   `"required"`,
		`{"data":{"re-enable":false}}`:  `"enum"`,
		`{"data":{"re-enable":null}}`:   `"enum"`,
		`{"data":{"re-enable":"TRUE"}}`: `"enum"`,
		`{"re-enable":true}`:            `"data":{"required"`,
	} {
		if got := w.call(t, "PATCH", hooksPath, token, body).want(t, http.StatusBadRequest); !strings.Contains(got.text, rule) {
			t.Errorf("%s answers %s", body, got.text)
		}
	}
	w.changes.take()
	got := w.call(t, "PATCH", hooksPath, token, `{"data":{"re-enable":true}}`).want(t, http.StatusOK)
	if data, _ := got.envelope.Get("data"); data != "hooks updated" {
		t.Errorf("data %v", data)
	}
	if enabled() != "failed" || len(w.changes.take()) != 1 {
		t.Errorf("on again: %s", enabled())
	}
	w.call(t, "PATCH", "/v2/accounts/"+customerID+"/descendants/webhooks?re-enable=true", token, "").want(t, http.StatusOK)
	if enabled() != "failed below" {
		t.Errorf("on again: %s", enabled())
	}
	if doc, _ := w.store.Get(t.Context(), kapi.DatabaseWebhooks, "failed"); doc.Body.Has("pvt_disabled_message") {
		t.Error("the reason stays")
	}
}

// Each is a value that the reference, or a careless validator, stumbles over.
func TestHookFieldsThatCrashOthers(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	for member, path := range map[string]string{
		`"uri":5`:                         "uri",
		`"uri":null`:                      "uri",
		`"uri":{}`:                        "uri",
		`"retries":1e999999999`:           "retries",
		`"retries":"1e400"`:               "retries",
		`"retries":-1`:                    "retries",
		`"custom_data":{"a.b":1}`:         "custom_data.a%2Eb",
		`"hook":["all"]`:                  "hook",
		`"name":{"\u0000":"\ud800"}`:      "name",
		`"include_subaccounts":"perhaps"`: "include_subaccounts",
	} {
		body := `{"data":{"name":"h","uri":"http://example.org/","hook":"all",` + member + `}}`
		got := w.call(t, "PUT", hooksPath, token, body).want(t, http.StatusBadRequest)
		if !got.data().Has(path) || got.envelope.String("message") != "validation error" {
			t.Errorf("%s answers %s", member, got.text)
		}
	}
	for _, body := range []string{`{"data":[1,2]}`, `{"data":[{}]}`} {
		got := w.call(t, "PUT", hooksPath, token, body).want(t, http.StatusBadRequest)
		if got.data().Object("", "type") == nil {
			t.Errorf("%s answers %s", body, got.text)
		}
	}
	if changes := w.changes.take(); len(changes) != 0 {
		t.Errorf("published %+v", changes)
	}
}

func TestHookDeletion(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	token, path := w.token(t, "customer"), hooksPath+"/"+seedHook
	w.call(t, "GET", path+"?verb=DELETE", token, "").want(t, http.StatusOK) // says so, but does nothing
	w.call(t, "GET", path, token, "").want(t, http.StatusOK)
	w.call(t, "DELETE", path, token, "").want(t, http.StatusOK)
	w.call(t, "DELETE", path, token, "").want(t, http.StatusNotFound)
	changes := w.changes.take()
	if len(changes) != 1 || !changes[0].SoftDeleted || changes[0].Action != kapi.ActionDeleted {
		t.Errorf("published %+v", changes)
	}
	made := w.call(t, "PUT", hooksPath, token, `{"data":{"name":"h","uri":"http://example.org/","hook":"all"}}`).want(t, http.StatusCreated)
	w.call(t, "DELETE", made.header.Get("Location")+"?should_soft_delete=false", token, "").want(t, http.StatusOK)
	if _, err := w.store.Get(t.Context(), kapi.DatabaseWebhooks, made.data().String("id")); err == nil {
		t.Error("still stored")
	}
}

func TestAnIDThatNoMessageCouldNameIsRefused(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	body := func(id string) string {
		return `{"data":{"id":"` + id + `","name":"n","uri":"http://h.example/","hook":"channel_create"}}`
	}
	w.call(t, "PUT", hooksPath, w.token(t, "customer"), body(strings.Repeat("x", 300))).want(t, http.StatusBadRequest)
	w.call(t, "PUT", hooksPath, w.token(t, "customer"), body(strings.Repeat("x", 200))).want(t, http.StatusCreated)
}
