package crossbar_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/kazoolab/kazoolab/bridge/crossbar"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
)

// Bad input is refused, or taken as the reference takes it, and the answer says
// which part of it is wrong and what would be right: in its data, or where the
// reference's answer does not say so, in the hint.
func TestBadInputNamesTheFieldAndTheFix(t *testing.T) {
	hook := func(members string) string {
		return `{"data":{"name":"h","uri":"http://example.org/","hook":"channel_create",` + members + `}}`
	}
	w := newWorld(t, newKeys(), nil)
	token := w.token(t, "customer")
	one := hooksPath + "/" + seedHook
	for _, c := range []struct {
		method, path, body string
		status             int
		says               string // the field, and what stands near the fix, with / between
	}{
		// Members of a hook.
		{"PUT", hooksPath, hook(`"http_verb":"POST"`), 400, `"http_verb":{"enum"/"target":["get","post","put"]`},
		{"PUT", hooksPath, hook(`"http_verb":"delete"`), 400, `"http_verb":{"enum"/"target":["get","post","put"]`},
		{"PUT", hooksPath, hook(`"http_verb":7`), 400, `"http_verb":{"type"/string`},
		{"PUT", hooksPath, hook(`"format":"xml"`), 400, `"format":{"enum"/"target":["form-data","json"]`},
		{"PUT", hooksPath, hook(`"format":null`), 400, `"format":{"type"/string`},
		{"PUT", hooksPath, hook(`"retries":5`), 400, `"retries":{"maximum"/at most 4`},
		{"PUT", hooksPath, hook(`"retries":"often"`), 400, `"retries":{"type"/integer`},
		{"PUT", hooksPath, hook(`"enabled":"yes"`), 400, `"enabled":{"type"/boolean`},
		{"PUT", hooksPath, hook(`"enabled":1`), 400, `"enabled":{"type"/boolean`},
		{"PUT", hooksPath, hook(`"include_internal_legs":null`), 400, `"include_internal_legs":{"type"/boolean`},
		{"PUT", hooksPath, hook(`"custom_data":"crm=7"`), 400, `"custom_data":{"type"/object`},
		{"PUT", hooksPath, hook(`"custom_data":["crm"]`), 400, `"custom_data":{"type"/object`},
		{"PUT", hooksPath, hook(`"custom_data":{"crm":{"id":7}}`), 400, `"custom_data.crm":{"type"/string`},
		{"PUT", hooksPath, hook(`"name":["h"]`), 400, `"name":{"type"/string`},
		{"PUT", hooksPath, hook(`"id":"` + strings.Repeat("a", 250) + `"`), 400, `"id":{"maxLength"/32 hexadecimal digits`},
		{"PUT", hooksPath, hook(`"id":"attempts"`), 201, `id: a hook of that id/choose another`},
		{"PUT", hooksPath, `{"data":{"hook":"all"}}`, 400, `"name":{"required"/"uri":{"required"`},
		{"PUT", hooksPath, `{"data":{"name":"h","uri":"http://example.org/","hook":"channels"}}`, 400, `"hook":{"enum"/"channel_create"`},
		{"PUT", hooksPath, `{"data":{"name":"h","uri":"http://example.org/","hook":"Channel_Create"}}`, 400, `hook: names are in lower case/channel_create`},
		{"PUT", hooksPath, `{"data":{"name":"h","uri":"http://example.org/","hook":"inbound_fax"}}`, 400, `hook: inbound_fax/notifications with custom_data.type`},
		{"PUT", hooksPath, `{"data":{"name":"h","uri":"http://example.org/","hook":"callflow"}}`, 400, `hook: callflow/needs no document`},
		{"PUT", hooksPath, `{"data":{"name":"h","uri":"http://example.org/","hook":"notifications"}}`, 400, `custom_data.type/GET /v2/webhooks lists the values`},
		{"PUT", hooksPath, `{"data":{"name":"h","uri":"http://example.org/","hook":"object","custom_data":{"type":"user"}}}`, 400, `custom_data.action/GET /v2/webhooks lists the values`},
		{"PUT", hooksPath, `{"data":{"name":"h","uri":"http://example.org/","hook":"object","custom_data":{"type":"usr","action":"all"}}}`, 400, `custom_data.type":{"enum"/"user"`},
		{"PUT", hooksPath, `{"data":{"name":"h","uri":"javascript:alert(1)","hook":"all"}}`, 400, `uri: /http`},
		{"PUT", hooksPath, `{"data":{"name":"h","uri":"//example.org/","hook":"all"}}`, 400, `uri: /http`},
		// Envelopes.
		{"PUT", hooksPath, `{"name":"h","uri":"http://example.org/","hook":"all"}`, 400, `"data":{"required"/Field is required`},
		{"PUT", hooksPath, `{"data":"all"}`, 400, `"data":{"type"/object, array`},
		{"PATCH", one, `{"data":[{"enabled":true}]}`, 400, `"type"/object`},
		{"PATCH", hooksPath, `{"data":{"re-enable":"perhaps"}}`, 400, `"re-enable":{"enum"/"target":[true]`},
		{"PATCH", hooksPath, `{"data":{"reenable":true}}`, 400, `"re-enable":{"required"/re-enable is required`},
		// Methods.
		{"PUT", one, hook(`"retries":1`), 405, `PUT is not allowed here/allowed are PATCH, POST, GET, DELETE`},
		{"POST", one + "?verb=FETCH", `{"data":{}}`, 405, `verb: "FETCH"/allowed are PATCH, POST, GET, DELETE`},
		{"POST", one, `{"data":{"verb":7}}`, 405, `verb: ""/allowed are PATCH, POST, GET, DELETE`},
		{"DELETE", attemptsPath, "", 405, `DELETE is not allowed here/allowed are GET`},
		// Lists.
		{"GET", attemptsPath + "?page_size=many", "", 404, `page_size/whole number from 1 up`},
		{"GET", attemptsPath + "?page_size", "", 404, `page_size/whole number from 1 up`},
		{"GET", attemptsPath + "?page_size=0.4", "", 404, `page_size/whole number from 1 up`},
		{"GET", attemptsPath + "?page_size=99999999999999999999", "", 404, `page_size/whole number`},
		{"GET", attemptsPath + "?created_from=yesterday", "", 200, `created_from is not a number of Gregorian seconds/Unix time + 62167219200`},
		{"GET", attemptsPath + "?created_from=1794744000", "", 400, `created_from looks like a Unix time/add 62167219200`},
		{"GET", attemptsPath + "?created_to=1794744000", "", 200, `created_to looks like a Unix time/add 62167219200`},
		{"GET", attemptsPath + "?created_to=1794744000000", "", 200, `created_to looks like milliseconds/Unix seconds + 62167219200`},
		{"GET", attemptsPath + "?created_from=63961963200&created_to=63961963199", "", 400, `"created_from":{"date_range"/created_to 63961963199 is prior to created_from 63961963200`},
		{"GET", attemptsPath + "?start_key=last", "", 200, `start_key was not made by this list/its beginning`},
		{"GET", hooksPath + "?page_size=-1", "", 404, `page_size/whole number from 1 up`},
		// Samples.
		{"GET", "/v2/webhooks/samples/channel_create", "", 404, `samples of channel_create/webhooks_channel_create`},
		{"GET", "/v2/webhooks/samples/webhooks_sms", "", 404, `there are samples of/channel_create`},
	} {
		w.changes.take()
		got := w.call(t, c.method, c.path, token, c.body)
		said := got.text + got.header.Get("X-Kazoolab-Hint")
		field, fix, _ := strings.Cut(c.says, "/")
		if got.status != c.status || !strings.Contains(said, field) || !strings.Contains(said, fix) {
			t.Errorf("%s %s %s: %d %q\n%s", c.method, c.path, c.body, got.status, got.header.Get("X-Kazoolab-Hint"), got.text)
		}
		if got.status >= 400 {
			if changes := w.changes.take(); len(changes) != 0 {
				t.Errorf("%s %s %s: changed %+v", c.method, c.path, c.body, changes)
			}
		}
	}
}

// Tags are quoted; what the reference answers says nothing at all.
func TestABadTagIsExplained(t *testing.T) {
	w := newWorld(t, newKeys(), nil)
	for _, name := range []string{"If-Match", "If-None-Match"} {
		got := w.call(t, "GET", hooksPath+"/"+seedHook, w.token(t, "customer"), "", name, "1-abc").want(t, http.StatusBadRequest)
		if hint := got.header.Get("X-Kazoolab-Hint"); !strings.HasPrefix(hint, name+": ") || !strings.Contains(hint, `"1-abc"`) || got.text != "" {
			t.Errorf("%s: hint %q, body %q", name, hint, got.text)
		}
	}
}

// In 4.3 what is wrong with a modifier stands under its bare name, and all is none.
func TestModifiersOf43(t *testing.T) {
	w := newWorld(t, newKeys(), func(cfg *crossbar.Config) { cfg.Dialect = fidelity.V43 })
	body := `{"data":{"name":"h","uri":"http://example.org/","hook":"object","custom_data":{"type":"all"}}}`
	got := w.call(t, "PUT", hooksPath, w.token(t, "customer"), body).want(t, http.StatusBadRequest)
	if !got.data().Object("type").Has("enum") || !got.data().Object("action").Has("required") {
		t.Errorf("answer %s", got.text)
	}
}
