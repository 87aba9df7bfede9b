package crossbar_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// monster asks as Monster UI 4.3 with its webhooks app does: from another origin,
// each request after a preflight, GET with a content type and without a body.
type monster struct {
	*world
	t     *testing.T
	token string
}

func (m *monster) ask(method, path, data string) reply {
	m.t.Helper()
	const origin = "https://ui.example.org"
	pre := m.call(m.t, http.MethodOptions, path, "", "", "Origin", origin,
		"Access-Control-Request-Method", method, "Access-Control-Request-Headers", "content-type,x-auth-token")
	m.allows(pre, method)
	body := ""
	if method != http.MethodGet {
		body = strings.TrimSuffix(data, "}")
		if body == "{" || body == "" {
			body = "{"
		} else {
			body += ","
		}
		body = `{"data":` + body + `"ui_metadata":{"version":"4.3-x","ui":"monster-ui","origin":"webhooks"}}}`
	} else if strings.Contains(path, "?") {
		path += "&_=1794744000000"
	} else {
		path += "?_=1794744000000"
	}
	got := m.call(m.t, method, path, m.token, body, "Origin", origin, "Content-Type", "application/json", "Accept", "application/json, text/javascript, */*; q=0.01")
	m.allows(got, method)
	if contentType := got.header.Get("Content-Type"); contentType != "application/json" {
		m.t.Errorf("%s %s: content type %q", method, path, contentType)
	}
	return got
}

// allows looks for what a browser needs to hand an answer on.
func (m *monster) allows(got reply, method string) {
	m.t.Helper()
	if got.header.Get("Access-Control-Allow-Origin") != "*" ||
		!strings.Contains(got.header.Get("Access-Control-Allow-Methods"), method) ||
		!strings.Contains(got.header.Get("Access-Control-Allow-Headers"), "content-type") ||
		!strings.Contains(got.header.Get("Access-Control-Allow-Headers"), "x-auth-token") {
		m.t.Errorf("a browser keeps this to itself: %v", got.header)
	}
}

// What the webhooks app does when someone opens it, makes a hook, edits it, looks
// why it fails, switches it on again and deletes it, request by request.
func TestMonsterUIsWebhooksApp(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	m := &monster{world: w, t: t}
	login := m.call(t, "PUT", "/v2/user_auth", "", fmt.Sprintf(`{"data":{"credentials":%q,"account_name":"Customer"}}`, digestOf(t, w, "customer")))
	m.token = login.want(t, http.StatusCreated).envelope.String("auth_token")
	list := func() []jobj.Object { t.Helper(); return m.ask("GET", hooksPath, "").want(t, http.StatusOK).rows() }

	// It opens: the list. Then the form: which hooks there are.
	if rows := list(); len(rows) != 1 || !rows[0].Bool(false, "enabled") {
		t.Errorf("list %v", rows)
	}
	for _, hook := range m.ask("GET", "/v2/webhooks", "").want(t, http.StatusOK).rows() {
		for _, modifier := range hook.Object("modifiers") {
			definition := modifier.Value.(jobj.Object)
			items, _ := definition.Get("items")
			_, isList := items.([]any)
			if kind := definition.String("type"); isList != (kind == "array") || !isList && kind != "object" {
				t.Errorf("%s: %s has items %T", hook.String("id"), kind, items)
			}
		}
		if hook.String("id") == "" || hook.String("name") == "" {
			t.Errorf("hook %v", hook)
		}
	}

	// A mistake in the form, then a good one; the list again.
	refused := m.ask("PUT", hooksPath, `{"name":"Desk","hook":"channel_create","http_verb":"post","uri":"desk","retries":"2"}`)
	refused.want(t, http.StatusBadRequest)
	if refused.data().String("uri", "error", "message") == "" || refused.envelope.String("request_id") == "" {
		t.Errorf("the form shows nothing of %s", refused.text)
	}
	made := m.ask("PUT", hooksPath, `{"name":"Desk","hook":"object","http_verb":"post","uri":"http://desk.example.com/","retries":"2",`+
		`"format":"json","include_subaccounts":true,"custom_data":{"type":"user","action":"all"},"group":"office"}`).want(t, http.StatusCreated)
	id := made.data().String("id")
	hook := hooksPath + "/" + id
	if made.data().String("name") != "Desk" || len(list()) != 2 {
		t.Errorf("made %s", made.text)
	}

	// Edit: the whole form goes back.
	shown := m.ask("GET", hook, "").want(t, http.StatusOK).data()
	for _, field := range []string{"name", "hook", "http_verb", "uri", "retries", "format", "include_subaccounts", "custom_data", "group", "id"} {
		if !shown.Has(field) {
			t.Errorf("the form misses %s", field)
		}
	}
	m.ask("POST", hook, string(jobj.Append(nil, shown.Set("name", "Front desk")))).want(t, http.StatusOK)

	// Toggle: read, change, write. Off by hand is grey: no reason.
	whole := m.ask("GET", hook, "").want(t, http.StatusOK).data()
	m.ask("POST", hook, string(jobj.Append(nil, whole.Set("enabled", false)))).want(t, http.StatusOK)
	if row := byID(list(), id); row.Bool(true, "enabled") || row.Has("disable_reason") || row.String("name") != "Front desk" {
		t.Errorf("row %v", row)
	}
	m.ask("POST", hook, string(jobj.Append(nil, whole))).want(t, http.StatusOK)

	// It failed and was switched off: a red row. Why? The attempts of a week, up to
	// the end of the day that is not over; more; all.
	m.switchOff(t, id)
	if row := byID(list(), id); row.Bool(true, "enabled") || row.String("disable_reason") == "" {
		t.Errorf("row %v", row)
	}
	for i := range 60 {
		w.record(t, w.attempt(customerID, id, fmt.Sprint("e", i), time.Duration(i)*time.Second))
	}
	now := kapi.Gregorian(w.clock.Now())
	attempts := fmt.Sprintf("%s/attempts?created_from=%d&created_to=%d", hook, now-7*86400, now+12*3600-1)
	m.ask("GET", hook, "").want(t, http.StatusOK)
	first := m.ask("GET", attempts+"&page_size=50", "").want(t, http.StatusOK)
	for _, row := range first.rows() {
		if row.Int("timestamp") < 62e9 || row.String("method") == "" || row.String("result") != "failure" || row.String("resp_status_code") != "503" {
			t.Errorf("attempt %v", row)
		}
	}
	more := m.ask("GET", attempts+"&page_size=50&start_key="+first.envelope.String("next_start_key"), "").want(t, http.StatusOK)
	all := m.ask("GET", attempts+"&paginate=false", "").want(t, http.StatusOK)
	if len(first.rows()) != 50 || len(more.rows()) != 10 || more.envelope.Has("next_start_key") || len(all.rows()) != 60 {
		t.Errorf("%d, %d more, %d in all", len(first.rows()), len(more.rows()), len(all.rows()))
	}

	// On again: this one from its attempts, then whatever else failed.
	m.ask("PATCH", hook, `{"enabled":true}`).want(t, http.StatusOK)
	m.switchOff(t, id)
	m.ask("PATCH", hooksPath, `{"re-enable":true}`).want(t, http.StatusOK)
	if row := byID(list(), id); !row.Bool(false, "enabled") || row.Has("disable_reason") {
		t.Errorf("row %v", row)
	}

	// Gone; DELETE has a body, and needs one back.
	if gone := m.ask("DELETE", hook, "{}").want(t, http.StatusOK); gone.data().String("name") != "Front desk" {
		t.Errorf("deleted %s", gone.text)
	}
	if len(list()) != 1 {
		t.Error("still listed")
	}
}

func byID(rows []jobj.Object, id string) jobj.Object {
	for _, row := range rows {
		if row.String("id") == id {
			return row
		}
	}
	return nil
}

// switchOff does to a hook what the disabler does.
func (w *world) switchOff(t testing.TB, id string) {
	t.Helper()
	doc, err := w.store.Get(t.Context(), kapi.DatabaseWebhooks, id)
	if err != nil {
		t.Fatal(err)
	}
	doc.Body = doc.Body.Set("enabled", false).Set("pvt_disabled_message", "too many failed attempts")
	w.save(t, 1, doc)
}

func digestOf(t testing.TB, w *world, name string) string {
	t.Helper()
	for _, p := range people() {
		if p.name == name {
			doc, err := w.store.Get(t.Context(), kapi.AccountDB(p.account), p.id)
			if err != nil {
				t.Fatal(err)
			}
			return doc.Body.String("pvt_md5_auth")
		}
	}
	t.Fatalf("there is no %s", name)
	return ""
}
