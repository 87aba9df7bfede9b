package payloads

import (
	"context"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// oldHooks is about the hooks of Kazoo 3.22 that the talk shows and later versions dropped.
func oldHooks() suite.Group {
	const source = "webhooks.md 13; dialects.md 1"
	only, lab := []string{suite.Talk}, []string{suite.Lab}
	return suite.Group{
		Name: "payloads/old-hooks", Title: "The fax and callflow hooks of the talk", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus},
		Optional: true, Do: doOldHooks,
		Requirements: []suite.Requirement{
			{
				ID: "WH-NOTE-030", Text: "A hook for inbound_fax MUST send the fax normalised, with the members of Fax-Info lifted to the top, without Fax-Notifications, and with its hook_event.",
				Source: source, Dialects: only, Needs: lab, Ours: true, Judge: faxIs("inbound", "old-inbound", "inbound_fax"),
			},
			{
				ID: "WH-NOTE-031", Text: "A hook for outbound_fax MUST send the fax in the same form.",
				Source: source, Dialects: only, Needs: lab, Ours: true, Judge: faxIs("outbound", "old-outbound", "outbound_fax"),
			},
			{
				ID: "WH-NOTE-032", Text: "The hooks for faxes MUST be sent the errors too.",
				Source: source, Dialects: only, Needs: lab, Ours: true,
				Judge: func(j *suite.Judging) {
					faxIs("inbound", "old-inbound-error", "inbound_fax")(j)
					faxIs("outbound", "old-outbound-error", "outbound_fax")(j)
				},
			},
			{
				ID: "WH-NOTE-033", Text: "A hook for callflow MUST be sent the Data of the callflow's notification with its hook_event.",
				Source: source, Dialects: only, Needs: lab, Ours: true,
				Judge: membersAre("callflow", member{"old-callflow", "hook_event", `"callflow"`}, member{"old-callflow", "call_id", `"old-callflow"`}, member{"old-callflow", "account_id", `"{account}"`}),
			},
		},
	}
}

// faxIs judges a fax by what its payload has and has not. Its Fax-ID is its name.
func faxIs(receiver, name, hook string) func(*suite.Judging) {
	return membersAre(
		receiver, member{name, "hook_event", `"` + hook + `"`}, member{name, "account_id", `"{account}"`}, member{name, "fax_id", `"` + name + `"`},
		member{name, "fax_total_pages", "2"}, member{name, "fax_info", ""}, member{name, "fax_notifications", ""}, member{name, "Fax-ID", ""},
	)
}

func doOldHooks(ctx context.Context, p *probe.Probe) error {
	if p.Target.Dialect != suite.Talk {
		return nil // they cannot be created
	}
	account, err := standing(ctx, p)
	if err != nil {
		return err
	}
	for name, hook := range map[string]string{"inbound": "inbound_fax", "outbound": "outbound_fax", "callflow": "callflow"} {
		if _, err := p.Hook(ctx, name, account, hook, asJSON()); err != nil {
			return err
		}
	}
	fax := func(name, event, suffix string) published {
		return note("msg-"+name, event, suffix, `"Account-ID":"{account}","Fax-ID":"`+name+`","Fax-JobId":"j","Callee-ID-Number":"+14155550100","Caller-ID-Number":"+12125550199"`,
			`"From-Realm":"r","From-User":"u","To-Realm":"r","To-User":"u","Fax-Info":{"Fax-Total-Pages":2,"Fax-Bad-Rows":0}`, `"Fax-Notifications":{"email":{"send_to":["a@example.com"]}}`)
	}
	inbound := []published{fax("old-inbound", "inbound_fax", "fax.inbound"), fax("old-inbound-error", "inbound_fax_error", "fax.inbound_error")}
	outbound := []published{fax("old-outbound", "outbound_fax", "fax.outbound"), fax("old-outbound-error", "outbound_fax_error", "fax.outbound_error")}
	callflow := note("msg-callflow", "webhook", "webhook.callflow", `"Data":{"Call-ID":"old-callflow","account_id":"{account}"}`,
		`"Hook":{"_id":"63877472675","hook":"notifications","http_verb":"post","format":"json","pvt_account_id":"{account}","retries":1,"uri":"`+p.Receiver("own")+`"}`)
	if err := publish(ctx, p, account, append(append(inbound, outbound...), callflow)...); err != nil {
		return err
	}
	p.AwaitRequests(ctx, "inbound", 2)
	p.AwaitRequests(ctx, "outbound", 2)
	p.AwaitRequests(ctx, "callflow", 1)
	p.Settle(ctx)
	return nil
}
