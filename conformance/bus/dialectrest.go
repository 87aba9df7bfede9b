package bus

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// later are the dialects that came after the talk.
func later() []string { return []string{suite.Kazoo5, suite.Kazoo4} }

// dialectREST is about the REST shapes in which the versions of Kazoo differ.
func dialectREST() suite.Group {
	return suite.Group{
		Name: "bus/dialect-rest", Title: "REST shapes of the versions", Needs: []string{suite.Accounts, suite.Sockets},
		Do:           doDialectREST,
		Requirements: slices.Concat(talkListings(), talkRest(), laterShapes(), sharedShapes()),
	}
}

// talkListings are what the talk prints of lists and sockets.
func talkListings() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "DI-TALK-002", Text: "GET /v2/websockets MUST have in data.call the four bindings that the talk prints, in its order, each as an object of binding and event.",
			Source: "dialects.md 1; cb_websockets:get/1 (3.22)", Dialects: []string{suite.Talk},
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("bindings", "200"); ok {
					j.Equal("data.call", `[{"binding":"call.CHANNEL_CREATE.*","event":"CHANNEL_CREATE"},{"binding":"call.CHANNEL_ANSWER.*","event":"CHANNEL_ANSWER"},{"binding":"call.CHANNEL_DESTROY.*","event":"CHANNEL_DESTROY"},{"binding":"call.CHANNEL_BRIDGE.*","event":"CHANNEL_BRIDGE"}]`,
						compact(gjson.GetBytes(a.Body, "data.call").Raw), a)
				}
			},
		},
		{
			ID: "DI-TALK-003", Text: "GET /v2/websockets MUST list fax.status.* with the event fax, and object.<action>.<type> with the event <action>_<type>.",
			Source: "dialects.md 1", Dialects: []string{suite.Talk},
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("bindings", "200"); ok {
					j.Equal("data.fax", `[{"binding":"fax.status.*","event":"fax"}]`, compact(gjson.GetBytes(a.Body, "data.fax").Raw), a)
					for _, word := range []string{"doc_created.user", "doc_edited.account", "doc_deleted.vmbox"} {
						j.Equal("event of object."+word, strings.ReplaceAll(word, ".", "_"), gjson.GetBytes(a.Body, `data.object.#(binding=="object.`+word+`").event`).Str, a)
					}
				}
			},
		},
		{
			ID: "DI-TALK-004", Text: "GET /v2/accounts/{id}/websockets MUST have the ids of the account's sockets in data, as a list of texts.",
			Source: "dialects.md 1; cb_websockets:get/1 (3.22)", Dialects: []string{suite.Talk},
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("sockets", "200"); ok {
					j.Equal("how many", "1", gjson.GetBytes(a.Body, "data.#").String(), a)
					judgeSession(j, gjson.GetBytes(a.Body, "data.0").Str, a)
					j.Equal("status", "success", gjson.GetBytes(a.Body, "status").Str, a)
				}
			},
		},
		{
			ID: "DI-TALK-005", Text: "GET of one socket MUST have a list with one object in data: account_id, auth_token, bindings and websocket_session_id, the token that of the caller whose it is.",
			Source: "dialects.md 1; cb_websockets:get/2 (3.22)", Dialects: []string{suite.Talk},
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("socket", "200"); ok {
					j.Equal("how many", "1", gjson.GetBytes(a.Body, "data.#").String(), a)
					one := gjson.GetBytes(a.Body, "data.0")
					j.Equal("account_id", j.Fact("account own"), one.Get("account_id").Str, a)
					j.Equal("auth_token", j.Fact("token own"), one.Get("auth_token").Str, a)
					j.Equal("bindings", `["call.CHANNEL_CREATE.*"]`, one.Get("bindings").Raw, a)
					judgeSession(j, one.Get("websocket_session_id").Str, a)
					j.Equal("how many members", "4", one.Get("@keys|#").String(), a)
				}
			},
		},
	}
}

// talkRest are the talk's other shapes.
func talkRest() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "DI-TALK-006", Text: "The token of a socket MUST NOT be shown to a caller with another token.", Ours: true,
			Source: "dialects.md 1", Dialects: []string{suite.Talk}, Needs: []string{suite.Lab},
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("socket for the parent", "200"); ok {
					shown := gjson.GetBytes(a.Body, "data.0.auth_token")
					if shown.Str == "" || shown.Str == j.Fact("token own") {
						j.Differs("auth_token", []byte("something else than the token"), []byte(shown.Raw), a)
					}
				}
			},
		},
		{
			ID: "DI-TALK-007", Text: "A webhook MUST be made of name, uri, http_verb, hook and retries, as the talk prints it.",
			Source: "dialects.md 1; cb_webhooks:put/1",
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("talk's hook", "201"); ok {
					for name, value := range map[string]string{"name": `"New Calls"`, "http_verb": `"post"`, "hook": `"channel_create"`, "retries": "3", "enabled": "true"} {
						j.Equal(name, value, gjson.GetBytes(a.Body, "data."+name).Raw, a)
					}
				}
			},
		},
		{
			ID: "DI-TALK-008", Text: "The hooks inbound_fax, outbound_fax and callflow MUST be listed and be taken.",
			Source: "dialects.md 1", Dialects: []string{suite.Talk},
			Judge: func(j *suite.Judging) {
				a, ok := j.Status("hooks", "200")
				for _, name := range oldHooks() {
					j.Status("hook "+name, "201")
					if ok && !gjson.GetBytes(a.Body, `data.#(id=="`+name+`")`).Exists() {
						j.Fail(name+" is not listed", a)
					}
				}
			},
		},
		{
			ID: "DI-TALK-009", Text: "The command of the talk with its slip \"module\", \"hangup\" is no JSON and MUST be answered with 400 and the error json.invalid.",
			Source: "dialects.md 1; crossbar.md 2.1",
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("slip", "400"); ok {
					if !gjson.GetBytes(a.Body, "data.json.invalid.message").Exists() {
						j.Fail("there is no error json.invalid", a)
					}
				}
			},
		},
	}
}

// laterShapes are those of 5.0 and 4.3.
func laterShapes() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "DI-V5-002", Text: "GET /v2/websockets MUST have texts with places to fill in, as call.CHANNEL_CREATE.{CALL_ID}, in data.call.",
			Source: "dialects.md 1; cb_websockets:get/1", Dialects: later(),
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("bindings", "200"); ok {
					for _, event := range []string{"CREATE", "ANSWER", "DESTROY", "BRIDGE"} {
						j.Contains("data.call", `"call.CHANNEL_`+event+`.{CALL_ID}"`, gjson.GetBytes(a.Body, "data.call").Raw, a)
					}
					j.Contains("data.object", `"object.doc_created.user"`, gjson.GetBytes(a.Body, "data.object").Raw, a)
					j.Contains("data.fax", `"fax.status.{FAX_ID}"`, gjson.GetBytes(a.Body, "data.fax").Raw, a)
				}
			},
		},
		{
			ID: "DI-V5-003", Text: "GET /v2/accounts/{id}/websockets MUST have objects in data, GET of one socket one object, neither with an account or a token.",
			Source: "dialects.md 1; cb_websockets:get_websockets/1", Dialects: later(),
			Judge: func(j *suite.Judging) {
				a, list := j.Status("sockets", "200")
				b, one := j.Status("socket", "200")
				if !list || !one {
					return
				}
				for e, path := range map[int]string{0: "data.0", 1: "data"} {
					shown := []gjson.Result{gjson.GetBytes(a.Body, path), gjson.GetBytes(b.Body, path)}[e]
					judgeSession(j, shown.Get("websocket_session_id").Str, a, b)
					j.Equal("bindings", `["call.CHANNEL_CREATE.*"]`, shown.Get("bindings").Raw, a, b)
					for _, hidden := range []string{"account_id", "auth_account_id", "auth_token", "req_id"} {
						if shown.Get(hidden).Exists() {
							j.Fail("a socket is shown with its "+hidden, a, b)
						}
					}
				}
			},
		},
		{
			ID: "DI-V5-004", Text: "The hooks inbound_fax, outbound_fax and callflow MUST neither be listed nor be taken.",
			Source: "dialects.md 1; cb_webhooks:validate/1", Dialects: later(),
			Judge: func(j *suite.Judging) {
				a, ok := j.Status("hooks", "200")
				for _, name := range oldHooks() {
					j.Status("hook "+name, "400")
					if ok && gjson.GetBytes(a.Body, `data.#(id=="`+name+`")`).Exists() {
						j.Fail(name+" is listed", a)
					}
				}
				j.Status("talk's hook", "201")
			},
		},
	}
}

// sharedShapes are those of several versions.
func sharedShapes() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "DI-ALL-001", Text: "The hooks channel_create, channel_answer, channel_bridge, channel_destroy, parking, object and notifications MUST be listed.",
			Source: "dialects.md 1; dialects.md 2; webhooks_util:init_metadata/2",
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("hooks", "200"); ok {
					for name := range strings.FieldsSeq("channel_create channel_answer channel_bridge channel_destroy parking object notifications") {
						if !gjson.GetBytes(a.Body, `data.#(id=="`+name+`")`).Exists() {
							j.Fail(name+" is not listed", a)
						}
					}
				}
			},
		},
		{
			ID: "DI-ALL-002", Text: "A hook with http_verb post MUST send a form, one with get the same fields as a query.",
			Source: "dialects.md 1; webhooks_util:fire_hook/2", Needs: []string{suite.Hooks, suite.Bus},
			Judge: judgeVerbs,
		},
		{
			ID: "DI-V43-001", Text: "GET /v2/websockets MUST list the category presence in 5.0 and not in 4.3.",
			Source: "dialects.md 1; bh_presence:init/0", Dialects: later(),
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("bindings", "200"); ok {
					if got := gjson.GetBytes(a.Body, "data.presence").Exists(); got != j.Is(suite.Kazoo5) {
						j.Fail("the category presence is not as the version has it", a)
					}
				}
			},
		},
	}
}

func oldHooks() []string { return []string{"inbound_fax", "outbound_fax", "callflow"} }

// compact is JSON without white space between its tokens.
func compact(raw string) string { return gjson.Get(raw, "@ugly").Raw }

func judgeVerbs(j *suite.Judging) {
	if r, one := j.Request("posted"); one {
		method, _ := r.Target()
		j.Equal("method", "POST", method, r)
		kind := ""
		for _, f := range r.Header {
			if strings.EqualFold(f.Name, "content-type") {
				kind = f.Value
			}
		}
		j.Equal("content type", "application/x-www-form-urlencoded", kind, r)
		j.Contains("body", "call_id=verbs", string(r.Body), r)
	}
	if r, one := j.Request("got"); one {
		method, target := r.Target()
		j.Equal("method", "GET", method, r)
		if !regexp.MustCompile(`\?(.*&)?call_id=verbs(&|$)`).MatchString(target) {
			j.Differs("query", []byte("call_id=verbs in it"), []byte(target), r)
		}
	}
}

func doDialectREST(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	socket, err := p.MustDial(ctx, "one")
	if err != nil {
		return err
	}
	if err := socket.Subscribe(ctx, account, "call.CHANNEL_CREATE.*"); err != nil {
		return err
	}
	session, err := noteSession(ctx, p, account, "one")
	if err != nil {
		return err
	}
	address := "/v2/accounts/" + account.ID + "/websockets/" + session
	for _, s := range []struct {
		step string
		r    probe.Request
	}{
		{"bindings", probe.Request{Method: http.MethodGet, Path: "/v2/websockets"}},
		{"hooks", probe.Request{Method: http.MethodGet, Path: "/v2/webhooks"}},
		{"sockets", probe.Request{Method: http.MethodGet, Path: "/v2/accounts/" + account.ID + "/websockets", Token: account.Token}},
		{"socket", probe.Request{Method: http.MethodGet, Path: address, Token: account.Token}},
		{"socket for the parent", probe.Request{Method: http.MethodGet, Path: address, Token: p.Target.Parent.Token}},
		{"slip", probe.Request{
			Method: http.MethodPut, Path: channelPath(account.ID, "slip"), Token: account.Token, Body: `{"data": {"action": "metaflow", "data": { "module", "hangup" }}`,
		}},
	} {
		if _, err := p.REST(ctx, s.step, s.r); err != nil {
			return err
		}
	}
	r := &steps{ctx: ctx, p: p, account: account}
	r.do("talk's hook", http.MethodPut, "/webhooks", "{\"data\": {\n\"name\": \"New Calls\",\n\"uri\": \"http://hooks.example.org/calls/new.php\",\n\"http_verb\": \"post\",\n\"hook\": \"channel_create\",\n\"retries\":3\n}}")
	for _, name := range oldHooks() {
		r.do("hook "+name, http.MethodPut, "/webhooks", `{"data":{"name":"old","uri":"`+hookAddress+`","hook":"`+name+`"}}`)
	}
	if r.err != nil || !p.Target.Has(suite.Hooks) || !p.Target.Has(suite.Bus) {
		return r.err
	}
	for name, verb := range map[string]string{"posted": "post", "got": "get"} {
		if _, err := p.Hook(ctx, name, account, "channel_answer", map[string]any{"http_verb": verb}); err != nil {
			return err
		}
	}
	if err := p.Publish(ctx, "answer", "callevt", messages.CallKey("CHANNEL_ANSWER", "verbs"), messages.Call("CHANNEL_ANSWER", "verbs", account.ID)); err != nil {
		return err
	}
	p.AwaitRequests(ctx, "posted", 1)
	p.AwaitRequests(ctx, "got", 1)
	return nil
}
