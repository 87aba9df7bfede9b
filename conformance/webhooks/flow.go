package webhooks

import (
	"context"
	"fmt"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// flow is about the hooks that callflows bring along: the notification webhook.
func flow() suite.Group {
	return suite.Group{
		Name: "webhooks/callflow", Title: "Hooks of callflows", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus}, Do: doFlow,
		Requirements: []suite.Requirement{
			{
				ID: "WH-FLOW-004", Text: "The notification webhook MUST NOT reach the account's hooks for notifications and for all.",
				Source: "webhooks.md 9; webhooks_notifications:handle_account_notification/2",
				Judge: func(j *suite.Judging) {
					reached(j, "all", "msg_id", "last-notice")
					if !j.Is(suite.Kazoo4) {
						reached(j, "notices", "msg_id", "last-notice")
					}
					reached(j, "webhook-notices", "msg_id")
					j.Request("posted")
				},
			},
			{
				ID: "WH-FLOW-005", Text: "A callflow's hook with the verb get MUST be sent, whether it has a format or none.",
				Source: "webhooks.md 9; webhooks.md 2; webhooks_notifications:handle_account_notification/2",
				Judge: func(j *suite.Judging) {
					if r, ok := j.Request("got"); ok {
						j.Contains("request line", "call_id=got", r.Head, r)
						j.Contains("request line", "GET ", r.Head, r)
					}
				},
			},
			{
				ID: "WH-FLOW-006", Text: "A callflow's hook with the verb post and no format MUST be sent form text.", Ours: true, Needs: []string{suite.Lab},
				Source: "webhooks.md 9; webhooks.md 14",
				Judge: func(j *suite.Judging) {
					if r, ok := j.Request("formless"); ok {
						j.Contains("body", "call_id=formless", string(r.Body), r)
					}
				},
			},
			{
				ID: "WH-FLOW-007", Text: "A callflow's hook MUST be tried as often as its retries say.",
				Source: "webhooks.md 9; webhooks.md 7.1; webhooks_util:retry_hook/3",
				Judge:  func(j *suite.Judging) { j.Count("tries", 2, j.Requests("closing")) },
			},
			{
				ID: "WH-FLOW-008", Text: "The modifiers in Hook MUST be compared with Data.",
				Source: "webhooks.md 9; webhooks.md 4.4; webhooks_util:maybe_fire_foldl/3",
				Judge: func(j *suite.Judging) {
					reached(j, "fitting", "call_id", "fitting")
					j.Count("requests of the hook whose modifiers do not fit", 0, j.Requests("unfitting"))
				},
			},
			{
				ID: "WH-FLOW-009", Text: "Failed attempts of a callflow's hook MUST be listed with those of its pvt_account_id, under its _id and as notifications.",
				Source: "webhooks.md 9; webhooks.md 7.2; webhooks_util:save_attempt/2",
				Judge: func(j *suite.Judging) {
					list, answer, ok := data(j, "attempts")
					if !ok {
						return
					}
					a := list.Get(`#(resp_status_code=="503")`)
					j.Equal("hook_id and hook_event", "63877472675 notifications", a.Get("hook_id").String()+" "+a.Get("hook_event").String(), answer)
				},
			},
			{
				ID: "WH-FLOW-010", Text: "A notification webhook without Hook, or with an empty one, MUST NOT fire anything.",
				Source: "webhooks.md 9; webhooks.md 12",
				Judge: func(j *suite.Judging) {
					absent(j, "all", "hookless", "last-notice")
					absent(j, "all", "empty", "last-notice")
				},
			},
		},
	}
}

// flowNotice is what the callflow action webhook publishes.
func flowNotice(p *probe.Probe, account, name, more string) event {
	uri := p.Target.Advertise + p.Seen().Fact("path "+name)
	return notice("webhook", "webhook.callflow", name, fmt.Sprintf(
		`"Data":{"Call-ID":%q,"Caller-ID-Name":"Pat","Odd-Key":{"Inner-Key":"1"},"account_id":%q},"Timestamp":63877472675,`+
			`"Hook":{"_id":"63877472675","uri":%q,"hook":"notifications","pvt_account_id":%q,%s}`, name, account, uri, account, more))
}

func doFlow(ctx context.Context, p *probe.Probe) error {
	own, err := p.Account(ctx)
	if err != nil {
		return err
	}
	hooks := []hook{{name: "all", event: "all"}, {name: "webhook-notices", event: "notifications", fields: doc{"custom_data": doc{"type": "webhook"}}}}
	counts := map[string]int{"all": 1, "posted": 1, "got": 1, "fitting": 1, "failing": 1}
	if p.Target.Dialect != suite.Kazoo4 {
		hooks = append(hooks, hook{name: "notices", event: "notifications", fields: doc{"custom_data": doc{"type": "all"}}})
		counts["notices"] = 1
	}
	if err := makeHooks(ctx, p, own, hooks...); err != nil {
		return err
	}
	for _, name := range []string{"posted", "got", "formless", "fitting", "unfitting"} {
		p.Receiver(name)
	}
	p.Receiver("closing", probe.Answer{Drop: true})
	p.Receiver("failing", probe.Answer{Status: 503})
	if p.Target.Has(suite.Lab) {
		counts["formless"] = 1
	}
	const usual = `"http_verb":"post","format":"json","retries":2`
	if err := publish(
		ctx, p, flowNotice(p, own.ID, "closing", usual),
		notice("webhook", "webhook.callflow", "hookless", fmt.Sprintf(`"Data":{"call_id":"hookless","account_id":%q},"Account-ID":%q`, own.ID, own.ID)),
		notice("webhook", "webhook.callflow", "empty", fmt.Sprintf(`"Data":{"call_id":"empty","account_id":%q},"Hook":{},"Account-ID":%q`, own.ID, own.ID)),
		flowNotice(p, own.ID, "posted", usual+`,"custom_data":{"step":"ivr"}`),
		flowNotice(p, own.ID, "got", `"http_verb":"get","retries":2`), flowNotice(p, own.ID, "formless", `"http_verb":"post","retries":2`),
		flowNotice(p, own.ID, "fitting", usual+`,"modifiers":{"caller_id_name":"Pat"}`), flowNotice(p, own.ID, "unfitting", usual+`,"modifiers":{"caller_id_name":"Ann"}`),
		flowNotice(p, own.ID, "failing", usual), fullNotice("last-notice", own.ID),
	); err != nil {
		return err
	}
	expect(ctx, p, counts)
	p.Await(ctx, "two tries at closing", p.Target.Patience.Retry, func(v capture.View) bool { return len(v.Requests("closing")) >= 2 })
	return readAttempts(ctx, p, "attempts", own, 3)
}

// oldHooks is about the hooks that Kazoo 3.22 had, which the talk's dialect still offers.
func oldHooks() suite.Group {
	talk := []string{suite.Talk}
	return suite.Group{
		Name: "webhooks/old-hooks", Title: "Hooks of old", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus}, Do: doOldHooks,
		Requirements: []suite.Requirement{
			{
				ID: "WH-MATCH-101", Text: "A hook inbound_fax MUST be sent the notifications inbound_fax and inbound_fax_error, and outbound_fax those of outbound faxes.", Dialects: talk,
				Source: "webhooks.md 13; webhooks.md 2.4",
				Judge: func(j *suite.Judging) {
					for receiver, ids := range map[string][]string{"inbound": {"fax-in", "fax-in-bad"}, "outbound": {"fax-out", "fax-out-bad"}} {
						requests := j.Requests(receiver)
						j.Count("requests at "+receiver, 2, requests)
						for _, id := range ids {
							found := false
							for _, r := range requests {
								found = found || strings.Contains(string(r.Body), id)
							}
							if !found {
								j.Fail(id+" is not at "+receiver, requests...)
							}
						}
					}
				},
			},
			{
				ID: "WH-MATCH-102", Text: "Beside a hook of old, a notifications hook MUST be sent the same notification.", Dialects: talk,
				Source: "webhooks.md 13; webhooks.md 4.3", Judge: func(j *suite.Judging) { j.Request("notices") },
			},
		},
	}
}

func doOldHooks(ctx context.Context, p *probe.Probe) error {
	own, err := p.Account(ctx)
	if err != nil {
		return err
	}
	if err := makeHooks(
		ctx, p, own, hook{name: "inbound", event: "inbound_fax"}, hook{name: "outbound", event: "outbound_fax"},
		hook{name: "notices", event: "notifications", fields: doc{"custom_data": doc{"type": "inbound_fax"}}},
	); err != nil {
		return err
	}
	route := `"From-User":"+12125550199","From-Realm":"a.example.com","To-User":"+14155550100","To-Realm":"b.example.com"`
	if err := publish(
		ctx, p,
		notice("inbound_fax", "fax.inbound", "fax-in", fmt.Sprintf(`"Account-ID":%q,"Fax-ID":"fax-in",%s`, own.ID, route)),
		notice("inbound_fax_error", "fax.inbound_error", "fax-in-bad", fmt.Sprintf(`"Account-ID":%q,"Fax-ID":"fax-in-bad",%s`, own.ID, route)),
		notice("outbound_fax", "fax.outbound", "fax-out", fmt.Sprintf(`"Account-ID":%q,"Fax-ID":"fax-out","Fax-JobId":"j1","Callee-ID-Number":"1","Caller-ID-Number":"2"`, own.ID)),
		notice("outbound_fax_error", "fax.outbound_error", "fax-out-bad", fmt.Sprintf(`"Account-ID":%q,"Fax-ID":"fax-out-bad","Fax-JobId":"j2"`, own.ID)),
	); err != nil {
		return err
	}
	expect(ctx, p, map[string]int{"inbound": 2, "outbound": 2, "notices": 1})
	return nil
}
