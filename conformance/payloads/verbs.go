package payloads

import (
	"context"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// sms is a text message from a carrier whose Message-ID is its name. more are further members.
func sms(name string, more ...string) published { return textMessage("sms", name, more...) }

func textMessage(kind, name string, more ...string) published {
	members := append([]string{
		`{"Account-ID":"{account}","App-Name":"im_inbound","App-Version":"1.0"`, `"Event-Category":"` + kind + `","Event-Name":"inbound"`,
		`"Message-ID":"` + name + `","Msg-ID":"0011223344556677","Node":"kazoo_apps@apps001.example.com"`,
	}, more...)
	return published{name, "im", kind + ".inbound.offnet." + name, strings.Join(members, ",") + "}"}
}

// usual are the members of a text message that its hooks send.
func usual() []string {
	return []string{`"Body":"running late"`, `"From":"+12125550199"`, `"Route-Type":"offnet"`, `"To":"+14155550100"`}
}

// usualForm is what they are in form text.
const usualForm = `id=verbs&account_id={account}&type=sms&from=%2B12125550199&to=%2B14155550100&body=running+late&origin=offnet&cluster_id={cluster}`

// usualText is what they are in JSON.
const usualText = `{
  "id" : "verbs",
  "account_id" : "{account}",
  "type" : "sms",
  "from" : "+12125550199",
  "to" : "+14155550100",
  "body" : "running late",
  "origin" : "offnet",
  "cluster_id" : "{cluster}"
}`

// verbs is about methods, targets and bodies.
func verbs() suite.Group {
	const source = "webhooks.md 6.1; webhooks_util:do_fire/3"
	return suite.Group{
		Name: "payloads/verbs", Title: "Verbs and formats", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus},
		Do: doVerbs,
		Requirements: []suite.Requirement{
			{
				ID: "WH-FMT-001", Text: "A hook for get MUST send a GET to its address with ? and the form text behind it, and no body.",
				Source: source, Judge: requestIs("get-form", "GET", "{path}?"+usualForm, ""),
			},
			{
				ID: "WH-FMT-002", Text: "A hook for get MUST send form text whatever its format is.",
				Source: source, Judge: requestIs("get-json", "GET", "{path}?"+usualForm, ""),
			},
			{
				ID: "WH-FMT-003", Text: "A GET to an address that has a query already MUST have a second ? before the form text.",
				Source: source + "; webhooks.md 14", Judge: requestIs("get-query", "GET", "{path}?a=1&b=%20?"+usualForm, ""),
			},
			{
				ID: "WH-FMT-004", Text: "A GET to an address with a fragment SHOULD send neither the fragment nor the form text, which stands behind it.",
				Source: source + "; webhooks.md 14", Judge: requestIs("get-fragment", "GET", "{path}", ""),
			},
			{
				ID: "WH-FMT-005", Text: "A hook for post with the format form-data MUST send a POST to its address whose body is the form text.",
				Source: source, Judge: requestIs("post-form", "POST", "{path}", usualForm),
			},
			{
				ID: "WH-FMT-006", Text: "A hook for post with the format json MUST send a POST to its address whose body is the JSON text.",
				Source: source, Judge: requestIs("post-json", "POST", "{path}", usualText),
			},
			{
				ID: "WH-FMT-007", Text: "A hook for put with the format form-data MUST send a PUT to its address whose body is the form text.",
				Source: source, Judge: requestIs("put-form", "PUT", "{path}", usualForm),
			},
			{
				ID: "WH-FMT-008", Text: "A hook for put with the format json MUST send a PUT to its address whose body is the JSON text.",
				Source: source, Judge: requestIs("put-json", "PUT", "{path}", usualText),
			},
			{
				ID: "WH-FMT-009", Text: "A hook that was created without http_verb and format MUST send a POST with form text.",
				Source: "webhooks.md 2; webhooks.md 6.1; kzd_webhooks:http_verb/1", Judge: requestIs("plain", "POST", "{path}", usualForm),
			},
			{
				ID: "WH-FMT-010", Text: "Path and query of an address MUST be sent as they are written, with the escapes that are needed.",
				Source: source, Judge: requestIs("post-path", "POST", "{path}/a%2Fb;c=d//e%7Cf/@:+!?x=%20&y=%C3%A9&z", usualForm),
			},
			{
				ID: "WH-FMT-011", Text: "An address with a blank or a character beyond ASCII MUST NOT be requested.",
				Source: source + "; webhooks.md 7.4",
				Judge: func(j *suite.Judging) {
					j.Request("plain")
					j.Count("requests for an address with a blank", 0, j.Requests("blank"))
					j.Count("requests for an address beyond ASCII", 0, j.Requests("beyond"))
				},
			},
			{
				ID: "WH-FMT-012", Text: "A GET whose payload has an object or a list MUST be sent with its brackets as they are.",
				Source: source + "; webhooks.md 14", Needs: []string{suite.Lab}, Ours: true,
				Judge: targetHas("&custom_channel_vars[Bridge-ID]=b&"),
			},
			{
				ID: "WH-FMT-013", Text: "What a key of an event has that cannot stand in a query, brackets aside, MUST be percent-encoded in a GET.",
				Source: "webhooks.md 14", Needs: []string{suite.Lab}, Ours: true,
				Judge: targetHas("&custom_application_vars[a%20b]=1&custom_application_vars[%23%C3%A9]=2&custom_application_vars[l][]=x&"),
			},
		},
	}
}

func doVerbs(ctx context.Context, p *probe.Probe) error {
	account, err := standing(ctx, p)
	if err != nil {
		return err
	}
	hooks := []struct{ name, more, verb, format string }{
		{"get-form", "", "get", "form-data"}, {"get-json", "", "get", "json"}, {"get-query", "?a=1&b=%20", "get", "form-data"},
		{"get-fragment", "#f", "get", "form-data"}, {"post-form", "", "post", "form-data"}, {"post-json", "", "post", "json"},
		{"put-form", "", "put", "form-data"}, {"put-json", "", "put", "json"}, {"post-path", "/a%2Fb;c=d//e%7Cf/@:+!?x=%20&y=%C3%A9&z", "post", "form-data"},
		{"blank", "/a b", "post", "form-data"}, {"beyond", "/é", "post", "form-data"}, {"plain", "", "", ""},
	}
	receivers := []string{}
	for _, h := range hooks {
		fields := map[string]any{"retries": 1}
		if h.verb != "" {
			fields["http_verb"], fields["format"] = h.verb, h.format
		}
		if _, err := p.HookTo(ctx, h.name, account, "sms", p.Receiver(h.name)+h.more, fields); err != nil {
			return err
		}
		if h.name != "blank" && h.name != "beyond" && h.name != "get-fragment" {
			receivers = append(receivers, h.name)
		}
	}
	if _, err := p.Hook(ctx, "get-brackets", account, "channel_create", map[string]any{"http_verb": "get", "retries": 1}); err != nil {
		return err
	}
	brackets := value{"brackets", `{"a b":"1","#é":"2","l":["x"]}`, `"x"`, "", ""}.event()
	event := sms("verbs", usual()...)
	if err := publish(ctx, p, account, brackets, event); err != nil {
		return err
	}
	arrived(ctx, p, receivers, event)
	p.AwaitRequests(ctx, "get-fragment", 1)
	p.Settle(ctx)
	return nil
}

// requestIs judges a receiver's one request: its method, target and body.
func requestIs(receiver, method, target, body string) func(*suite.Judging) {
	return func(j *suite.Judging) {
		e, ok := j.Request(receiver)
		if !ok {
			return
		}
		path := j.Fact("path " + receiver)
		gotMethod, gotTarget := e.Target()
		j.Equal("method", method, gotMethod, e)
		j.Equal("target", strings.Replace(joined(j, target), "{path}", path, 1), gotTarget, e)
		j.Equal("body", filled(j, body), string(e.Body), e)
	}
}

// targetHas judges a part of the target of the one GET with objects in it.
func targetHas(part string) func(*suite.Judging) {
	return func(j *suite.Judging) {
		if e, ok := j.Request("get-brackets"); ok {
			_, target := e.Target()
			j.Contains("target", part, target, e)
		}
	}
}
