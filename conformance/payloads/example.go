package payloads

import (
	"context"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// example is the worked example of webhooks.md section 15.
func example() suite.Group {
	const source = "webhooks.md 15"
	return suite.Group{
		Name: "payloads/example", Title: "The worked example", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus},
		Do: doExample,
		Requirements: []suite.Requirement{
			{
				ID: "WH-FMT-020", Text: "The worked example as POST with form-data MUST be sent with the 452 bytes of the page.",
				Source: source, Judge: exampleIs("post-form", "POST", exampleForm, 452),
			},
			{
				ID: "WH-FMT-021", Text: "The worked example as POST with json MUST be sent with the 605 bytes of the page.",
				Source: source, Judge: exampleIs("post-json", "POST", exampleText, 605),
			},
			{
				ID: "WH-FMT-022", Text: "The worked example as PUT MUST differ from the POST in its method alone.",
				Source: source,
				Judge: func(j *suite.Judging) {
					exampleIs("put-form", "PUT", exampleForm, 452)(j)
					exampleIs("put-json", "PUT", exampleText, 605)(j)
				},
			},
			{
				ID: "WH-FMT-023", Text: "The worked example as GET MUST have the form text in its request line behind a second question mark, brackets included.",
				Source: source + "; webhooks.md 6.1", Needs: []string{suite.Lab}, Ours: true,
				Judge: func(j *suite.Judging) {
					requestIs("get", "GET", "{path}?v=1?"+strings.ReplaceAll(exampleForm, "\n", ""), "")(j)
				},
			},
		},
	}
}

const exampleForm = `account_id={account}&call_direction=inbound&call_id=c1%40192.0.2.7&caller_id_name=Ann+%26+Co&caller_id_number=%2B12125550199
&custom_channel_vars[Bridge-ID]=c1&emergency_resource_used=false&local_resource_used=true&is_internal_leg=false&owner_id=9c0a&reseller_id={reseller}
&timestamp=63877472675&to=1002%40acme.example.com&hook_event=channel_answer&tier=gold&crm=7&cluster_id={cluster}`

const exampleText = `{
  "account_id" : "{account}",
  "call_direction" : "inbound",
  "call_id" : "c1@192.0.2.7",
  "caller_id_name" : "Ann & Co",
  "caller_id_number" : "+12125550199",
  "custom_channel_vars" : {
    "Bridge-ID" : "c1"
  },
  "emergency_resource_used" : false,
  "local_resource_used" : true,
  "is_internal_leg" : false,
  "owner_id" : "9c0a",
  "reseller_id" : "{reseller}",
  "timestamp" : 63877472675,
  "to" : "1002@acme.example.com",
  "hook_event" : "channel_answer",
  "tier" : "gold",
  "crm" : "7",
  "cluster_id" : "{cluster}"
}`

// exampleIs judges one request of the example, and its length on the page.
func exampleIs(receiver, method, text string, size int) func(*suite.Judging) {
	return func(j *suite.Judging) {
		if !strings.HasPrefix(text, "{\n") {
			text = strings.ReplaceAll(text, "\n", "")
		}
		requestIs(receiver, method, "{path}?v=1", text)(j)
		headerIs(j, receiver, "content-length", strconv.Itoa(size))
		headerIs(j, receiver, "x-hook-id", j.Fact("hook "+receiver))
		headerIs(j, receiver, "x-account-id", j.Fact("account own"))
	}
}

func doExample(ctx context.Context, p *probe.Probe) error {
	account, err := standing(ctx, p)
	if err != nil {
		return err
	}
	receivers := []string{"post-form", "post-json", "put-form", "put-json", "get"}
	for _, name := range receivers {
		verb, format, _ := strings.Cut(name, "-")
		fields := map[string]any{"http_verb": verb, "custom_data": object(`{"crm":"7","tier":"gold"}`), "retries": 1}
		if format == "json" {
			fields["format"] = "json"
		}
		if _, err := p.HookTo(ctx, name, account, "channel_answer", p.Receiver(name)+"?v=1", fields); err != nil {
			return err
		}
	}
	event := published{"answer", "callevt", "call.CHANNEL_ANSWER.c1%40192%2E0%2E2%2E7", `{"Event-Category":"call_event","Event-Name":"CHANNEL_ANSWER",` +
		`"Call-ID":"c1@192.0.2.7","Call-Direction":"inbound","Caller-ID-Name":"Ann & Co","Caller-ID-Number":"+12125550199","Channel-Is-Loopback":false,` +
		`"Timestamp":63877472675,"To":"1002@acme.example.com","Custom-Channel-Vars":{"Account-ID":"{account}","Owner-ID":"9c0a","Bridge-ID":"c1"},` +
		`"Msg-ID":"5d0c8e7f6a5b4c3d","App-Name":"ecallmgr","App-Version":"4.0.0"}`}
	if err := publish(ctx, p, account, event); err != nil {
		return err
	}
	for _, name := range receivers[:4] {
		p.AwaitRequests(ctx, name, 1)
	}
	p.Settle(ctx)
	return nil
}
