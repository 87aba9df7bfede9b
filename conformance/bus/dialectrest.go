package bus

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// later are the dialects that came after the talk.
func later() []string { return []string{suite.Kazoo5, suite.Kazoo4} }

// dialectREST is about the REST shapes in which the versions of Kazoo differ.
func dialectREST() suite.Group {
	return suite.Group{
		Name: "bus/dialect-rest", Title: "REST shapes of the versions", Needs: []string{suite.Accounts},
		Do:           doDialectREST,
		Requirements: slices.Concat(talkListings(), talkRest(), laterShapes(), talkHooks()),
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
			ID: "DI-TALK-003", Text: "GET /v2/websockets MUST list fax.status.* with the event fax, and for each of three actions and ten types object.<action>.<type> with the event <action>_<type>.",
			Source: "dialects.md 1", Dialects: []string{suite.Talk},
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("bindings", "200"); ok {
					j.Equal("data.fax", `[{"binding":"fax.status.*","event":"fax"}]`, compact(gjson.GetBytes(a.Body, "data.fax").Raw), a)
					j.Equal("how many objects", "30", gjson.GetBytes(a.Body, "data.object.#").String(), a)
					for _, word := range []string{"doc_created.user", "doc_edited.account", "doc_deleted.vmbox"} {
						j.Equal("event of object."+word, strings.ReplaceAll(word, ".", "_"), gjson.GetBytes(a.Body, `data.object.#(binding=="object.`+word+`").event`).Str, a)
					}
				}
			},
		},
		{
			ID: "DI-TALK-004", Text: "GET /v2/accounts/{id}/websockets MUST have the ids of the account's sockets in data, as a list of texts.",
			Source: "dialects.md 1; cb_websockets:get/1 (3.22)", Dialects: []string{suite.Talk}, Needs: []string{suite.Sockets},
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
			Source: "dialects.md 1; cb_websockets:get/2 (3.22)", Dialects: []string{suite.Talk}, Needs: []string{suite.Sockets},
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
			ID: "DI-TALK-006", Text: "A caller with another token than the socket's MUST NOT be shown any token, its own neither.", Ours: true,
			Source: "dialects.md 1", Dialects: []string{suite.Talk}, Needs: []string{suite.Lab, suite.Sockets},
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("socket for the parent", "200"); ok {
					shown := gjson.GetBytes(a.Body, "data.0.auth_token")
					if shown.Str == "" || strings.Contains(shown.Str, "<token-") { // as the log has tokens
						j.Differs("auth_token", []byte("something else than a token"), []byte(shown.Raw), a)
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

// talkHooks are those that the talk shows.
func talkHooks() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "DI-ALL-001", Text: "The hooks channel_create, channel_answer, channel_bridge, channel_destroy, parking, object and notifications MUST be listed.",
			Source: "dialects.md 1; dialects.md 2; webhooks_util:init_metadata/2", Dialects: []string{suite.Talk},
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
	}
}

func oldHooks() []string { return []string{"inbound_fax", "outbound_fax", "callflow"} }

// compact is JSON without white space between its tokens.
func compact(raw string) string { return gjson.Get(raw, "@ugly").Raw }

func doDialectREST(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	if p.Target.Dialect == suite.Talk && p.Target.Has(suite.Sockets) {
		if err := talkSocket(ctx, p, account); err != nil {
			return err
		}
	}
	for _, s := range []struct {
		step string
		r    probe.Request
	}{
		{"bindings", probe.Request{Method: http.MethodGet, Path: "/v2/websockets"}},
		{"hooks", probe.Request{Method: http.MethodGet, Path: "/v2/webhooks"}},
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
	return r.err
}

// talkSocket has a socket that REST tells of.
func talkSocket(ctx context.Context, p *probe.Probe, account probe.Account) error {
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
	all := "/v2/accounts/" + account.ID + "/websockets"
	bound := func(got probe.Response) bool { return len(got.Data().Get("0.bindings").Array()) > 0 }
	// Bridges are asked, which have 2 s to answer, whatever stands still meanwhile.
	for _, s := range []struct {
		step, path, token string
		holds             func(probe.Response) bool
	}{
		{"socket", all + "/" + session, account.Token, bound}, {"sockets", all, account.Token, probe.Lists},
		{"socket for the parent", all + "/" + session, p.Target.Parent.Token, bound},
	} {
		if _, err := p.RESTUntil(ctx, s.step, probe.Request{Method: http.MethodGet, Path: s.path, Token: s.token}, p.Target.Patience.Delivery, s.holds); err != nil {
			return err
		}
	}
	return nil
}
