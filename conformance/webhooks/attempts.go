package webhooks

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// attempts is about the documents that failures leave behind.
func attempts() suite.Group {
	return suite.Group{
		Name: "webhooks/attempts", Title: "Attempt documents", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus}, Do: doAttempts,
		Requirements: []suite.Requirement{
			{
				ID: "WH-ATT-001", Text: "The attempt of a failure with a status MUST have the members of the reference and no others.",
				Source: "webhooks.md 7.2; webhooks_util:debug_resp/3",
				Judge: func(j *suite.Judging) {
					judgeAttempt(j, "json", `{"resp_status_code":"503","resp_body":"Not Now","try":2,"retries_left":1,"result":"failure","reason":"bad response code",`+
						`"hook_id":"{hook}","hook_event":"CHANNEL_CREATE","uri":"{uri}","method":"post",`+
						`"req_headers":{"content-type":"application/json","x-hook-id":"{hook}","x-account-id":"{account}"}}`)
				},
			},
			{
				ID: "WH-ATT-002", Text: "The attempt of a try without an answer MUST have the members of the reference and no others.",
				Source: "webhooks.md 7.2; webhooks_util:debug_resp/3",
				Judge: func(j *suite.Judging) {
					judgeAttempt(j, "closes-once", `{"result":"failure","reason":"kazoo http client error","retries":1,"retries_left":"retries exceeded",`+
						`"client_error":"socket_closed_remotely","hook_id":"{hook}","hook_event":"CHANNEL_CREATE","uri":"{uri}","method":"post",`+
						`"req_headers":{"content-type":"application/json","x-hook-id":"{hook}","x-account-id":"{account}"}}`)
				},
			},
			{
				ID: "WH-ATT-003", Text: "At the only or last try, retries_left MUST be the text retries exceeded, also with a status.",
				Source: "webhooks.md 7.2; webhooks_util:debug_resp/3",
				Judge: func(j *suite.Judging) {
					if a := one(j, "status-once"); a.Exists() {
						j.Equal("try and retries_left", `1 "retries exceeded"`, a.Get("try").Raw+" "+a.Get("retries_left").Raw)
					}
				},
			},
			{
				ID: "WH-ATT-004", Text: "Each try without an answer MUST leave an attempt, whose retries and retries_left count the tries left, this one included.",
				Source: "webhooks.md 7.1; webhooks.md 7.2; webhooks_util:retry_hook/3",
				Judge: func(j *suite.Judging) {
					var got []string
					for _, a := range attemptsOf(j, "closes") {
						got = append(got, a.Get("retries").Raw+" "+a.Get("retries_left").Raw)
					}
					j.Equal("retries and retries_left, the newest first", `1 "retries exceeded", 2 2, 3 3`, strings.Join(got, ", "))
				},
			},
			{
				ID: "WH-ATT-005", Text: "The event_id MUST be ten hexadecimal digits, the same in all tries of one hook for one event.",
				Source: "webhooks.md 7.1; webhooks.md 7.2; webhooks_util:fire_hook/2",
				Judge: func(j *suite.Judging) {
					tries := attemptsOf(j, "closes")
					if len(tries) < 2 {
						j.Failf("there are %d attempts of the hook that is tried three times", len(tries))
						return
					}
					for _, a := range tries {
						id := a.Get("event_id").Str
						if len(id) != 10 || strings.Trim(id, "0123456789abcdef") != "" {
							j.Failf("event_id %q is not ten hexadecimal digits", id)
						}
						j.Equal("event_id of another try", tries[0].Get("event_id").Str, id)
					}
				},
			},
			{
				ID: "WH-ATT-006", Text: "Two hooks that are sent the same event MUST have different event_ids.",
				Source: "webhooks.md 1; webhooks_util:fire_hook/2",
				Judge: func(j *suite.Judging) {
					if a, b := one(j, "json"), one(j, "get"); a.Get("event_id").Str == b.Get("event_id").Str {
						j.Failf("both hooks have the event_id %q", a.Get("event_id").Str)
					}
				},
			},
			{
				ID: "WH-ATT-007", Text: "For a JSON body req_body MUST be the text that was sent.",
				Source: "webhooks.md 7.2; webhooks_util:debug_req/5",
				Judge: func(j *suite.Judging) {
					if sent, ok := j.Request("json"); ok {
						j.Equal("req_body", string(sent.Body), one(j, "json").Get("req_body").Str, sent)
					}
				},
			},
			{
				ID: "WH-ATT-008", Text: "For a form body req_body MUST be a nested list whose texts, joined depth first, are what was sent.",
				Source: "webhooks.md 7.2; webhooks_util:debug_req/5",
				Judge: func(j *suite.Judging) {
					sent, ok := j.Request("form")
					if !ok {
						return
					}
					body := one(j, "form").Get("req_body")
					j.Equal("the first member", `["account_id","=","`+j.Fact("account own")+`"]`, body.Get("0").Raw, sent)
					j.Equal("req_body, joined", string(sent.Body), flat(body), sent)
				},
			},
			{
				ID: "WH-ATT-009", Text: "For a GET req_body MUST be empty, uri that of the hook without the query, and req_headers the two ids.",
				Source: "webhooks.md 7.2; webhooks_util:debug_req/5",
				Judge: func(j *suite.Judging) {
					a := one(j, "get")
					j.Equal("req_body", `""`, a.Get("req_body").Raw)
					j.Equal("method", "get", a.Get("method").Str)
					if !strings.HasSuffix(a.Get("uri").Str, j.Fact("path get")) {
						j.Failf("uri is %q", a.Get("uri").Str)
					}
					j.EqualJSON("req_headers", fmt.Sprintf(`{"x-hook-id":%q,"x-account-id":%q}`, j.Fact("hook get"), j.Fact("account own")), []byte(a.Get("req_headers").Raw))
				},
			},
			{
				ID: "WH-ATT-010", Text: "In resp_headers names and values MUST be in lower case.",
				Source: "webhooks.md 7.2; webhooks_util:debug_resp/3",
				Judge: func(j *suite.Judging) {
					headers := one(j, "json").Get("resp_headers")
					j.Equal("the answer's X-Odd-One: Mixed CASE", `"mixed case"`, headers.Get("x-odd-one").Raw)
					j.Equal("resp_headers", strings.ToLower(headers.Raw), headers.Raw)
				},
			},
			{
				ID: "WH-ATT-011", Text: "In hook_event channel hooks MUST be in upper case and others as they are named.",
				Source: "webhooks.md 2.1; webhooks.md 7.2; webhooks_util:hook_event/1",
				Judge: func(j *suite.Judging) {
					for name, want := range map[string]string{"json": "CHANNEL_CREATE", "parked": "parking", "everything": "all"} {
						tries := attemptsOf(j, name)
						if len(tries) == 0 {
							j.Failf("no attempt of %s", name)
							continue
						}
						j.Equal("hook_event of "+name, want, tries[0].Get("hook_event").Str)
					}
				},
			},
			{
				ID: "WH-ATT-012", Text: "A refused connection SHOULD be told as failed_connect: econnrefused, and be tried again.",
				Source: "webhooks.md 7.4; webhooks.md 7.1; webhooks_util:debug_resp/3",
				Judge:  func(j *suite.Judging) { clientErrors(j, "refused", "failed_connect: econnrefused", 2) },
			},
			{
				ID: "WH-ATT-013", Text: "A host that does not exist SHOULD be told as failed_connect: nxdomain.",
				Source: "webhooks.md 7.4; webhooks_util:debug_resp/3",
				Judge:  func(j *suite.Judging) { clientErrors(j, "no-host", "failed_connect: nxdomain", 1) },
			},
			{
				ID: "WH-ATT-014", Text: "An address with a space MUST be told as invalid_uri, and be tried again as any failure without an answer.",
				Source: "webhooks.md 7.4; webhooks.md 7.1; webhooks_util:debug_resp/3",
				Judge:  func(j *suite.Judging) { clientErrors(j, "spaced", "invalid_uri", 2) },
			},
			{
				ID: "WH-ATT-015", Text: "The members of an attempt SHOULD stand in the order of the reference.",
				Source: "webhooks.md 7.2; webhooks_util:save_attempt/2",
				Judge: func(j *suite.Judging) {
					j.Equal("with a status", "resp_status_code resp_headers resp_body try retries_left result reason hook_id hook_event event_id uri method req_headers req_body", order(one(j, "json")))
					j.Equal("without an answer", "result reason retries retries_left client_error hook_id hook_event event_id uri method req_headers req_body", order(one(j, "closes-once")))
				},
			},
			{
				ID: "WH-ATT-016", Text: "Saving an attempt MUST NOT be told as a document change.",
				Source: "webhooks.md 7.2; amqp.md 11.2; webhooks_util:save_attempt/2",
				Judge: func(j *suite.Judging) {
					if len(attemptsOf(j, "json")) == 0 || len(j.Deliveries("hook changes")) == 0 {
						j.Failf("no attempt is listed, or no change of a hook was heard of")
					}
					j.Count("changes of attempts", 0, j.Deliveries("attempt changes"))
				},
			},
		},
	}
}

// one is the one attempt of a hook.
func one(j *suite.Judging, name string) gjson.Result {
	tries := attemptsOf(j, name)
	if len(tries) != 1 {
		j.Failf("%s has %d attempts, not one", name, len(tries))
		return gjson.Result{}
	}
	return tries[0]
}

// judgeAttempt compares an attempt with what it must be, but for what other requirements are
// about: what the receiver's header was, the body, the event's id and the time.
func judgeAttempt(j *suite.Judging, name, want string) {
	a := one(j, name)
	if !a.Exists() {
		return
	}
	got := map[string]json.RawMessage{}
	a.ForEach(func(key, value gjson.Result) bool {
		got[key.Str] = json.RawMessage(value.Raw)
		return true
	})
	for _, member := range []string{"event_id", "req_body", "timestamp"} {
		if _, present := got[member]; !present {
			j.Failf("the attempt of %s has no %s", name, member)
		}
		delete(got, member)
	}
	delete(got, "resp_headers")
	text, err := json.Marshal(got)
	if err != nil {
		j.Failf("the attempt of %s: %v", name, err)
		return
	}
	want = strings.NewReplacer("{hook}", j.Fact("hook "+name), "{account}", j.Fact("account own"), "{uri}", j.Fact("receivers")+j.Fact("path "+name)).Replace(want)
	j.EqualJSON("attempt of "+name, want, text)
}

// order lists an attempt's members; timestamp is not the document's.
func order(a gjson.Result) string {
	var names []string
	a.ForEach(func(key, _ gjson.Result) bool {
		if key.Str != "timestamp" {
			names = append(names, key.Str)
		}
		return true
	})
	return strings.Join(names, " ")
}

// flat joins the texts of a nested list depth first.
func flat(v gjson.Result) string {
	if !v.IsArray() {
		return v.String()
	}
	var text strings.Builder
	for _, element := range v.Array() {
		text.WriteString(flat(element))
	}
	return text.String()
}

func clientErrors(j *suite.Judging, name, want string, tries int) {
	list := attemptsOf(j, name)
	if len(list) != tries {
		j.Failf("%s has %d attempts, not %d", name, len(list), tries)
	}
	for _, a := range list {
		j.Equal("client_error of "+name, want, a.Get("client_error").Str)
	}
}

func doAttempts(ctx context.Context, p *probe.Probe) error {
	own, err := p.Account(ctx)
	if err != nil {
		return err
	}
	for name, key := range map[string]string{"attempt changes": "*.*.webhook_attempt.#", "hook changes": "*.webhooks.webhook.#"} {
		if _, err := p.Listen(ctx, name, "configuration", key); err != nil {
			return err
		}
	}
	p.Note("receivers", p.Target.Advertise)
	busy := []probe.Answer{{Status: 503, Header: []capture.Field{{Name: "X-Odd-One", Value: "Mixed CASE"}}, Body: "Not Now"}}
	drop := []probe.Answer{{Drop: true}}
	if err := makeHooks(
		ctx, p, own,
		hook{name: "json", event: "channel_create", answers: busy},
		hook{name: "form", event: "channel_create", fields: doc{"format": "form-data"}, answers: busy},
		hook{name: "get", event: "channel_create", fields: doc{"http_verb": "get"}, answers: busy},
		hook{name: "status-once", event: "channel_create", fields: doc{"retries": 1}, answers: busy},
		hook{name: "closes-once", event: "channel_create", fields: doc{"retries": 1}, answers: drop},
		hook{name: "closes", event: "channel_create", fields: doc{"retries": 3}, answers: drop},
		hook{name: "parked", event: "parking", answers: busy}, hook{name: "everything", event: "all", answers: busy},
	); err != nil {
		return err
	}
	for _, h := range []struct {
		name, uri string
		retries   int
	}{{"refused", p.Refusing(), 2}, {"no-host", "http://no-such-host.invalid/x", 1}, {"spaced", p.Target.Advertise + "/a b", 2}} {
		if _, err := p.HookTo(ctx, h.name, own, "channel_create", h.uri, doc{"format": "json", "retries": h.retries}); err != nil {
			return err
		}
	}
	p.Applied(ctx)
	if err := publish(ctx, p, call("CHANNEL_CREATE", "tried", own.ID), call("PARK_PARKED", "parked", own.ID)); err != nil {
		return err
	}
	expectTries(ctx, p, map[string]int{"json": 1, "form": 1, "get": 1, "status-once": 1, "closes-once": 1, "closes": 3, "parked": 1, "everything": 2})
	if err := readAttempts(ctx, p, "attempts", own, 16); err != nil {
		return err
	}
	p.Settle(ctx)
	_, err = p.REST(ctx, "attempts", probe.Request{Method: http.MethodGet, Path: ofAccount(own) + "/attempts", Token: own.Token})
	return err
}
