package payloads

import (
	"context"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// parking is about parked calls.
func parking() suite.Group {
	const source = "webhooks.md 3.2; amqp.md 10.7; webhooks_parking:format/1"
	return suite.Group{
		Name: "payloads/parking", Title: "Parked calls", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus},
		Do: doParking,
		Requirements: []suite.Requirement{
			{
				ID: "WH-PARK-001", Text: "A parking hook MUST send the event without Node, Msg-ID, App-Version, App-Name, Event-Category and Custom-Channel-Vars, its keys normalised, and account_id at the end.",
				Source: source, Judge: bodyIs("json", "park-full", parked),
			},
			{
				ID: "WH-PARK-003", Text: "An Account-ID that the event has outside of its channel's variables MUST be replaced in its place by the channel's.",
				Source: source, Judge: bodyIs("json", "park-retrieved", retrieved),
			},
			{
				ID: "WH-PARK-004", Text: "Keys below the top MUST be normalised too, custom_application_vars included, and members that are null left out.",
				Source: source + "; kz_json:normalize/1",
				Judge: membersAre(
					"json", member{"park-retrieved", "custom_application_vars", `{"foo_bar":"X-Y","l":[1,{"a_b":"c"}],"o":{}}`}, member{"park-retrieved", "other_leg_call_id", ""},
				),
			},
			{
				ID: "WH-PARK-005", Text: "Form text of a parking hook MUST have the same members in the same order.",
				Source: source + "; webhooks.md 6.3",
				Judge: func(j *suite.Judging) {
					body(j, "form", "park-full", joined(j, `call_id=park-full&callee_id_name=Dana+Desk&callee_id_number=1001&caller_id_name=PAT+EXAMPLE
&caller_id_number=%2B12125550199&event_name=PARK_PARKED&parking_slot=101&account_id={account}&cluster_id={cluster}`))
				},
			},
			{
				ID: "WH-PARK-006", Text: "A parking event without a hook_event of its own MUST NOT get one.",
				Source: source + "; webhooks.md 14", Judge: membersAre("json", member{"park-full", "hook_event", ""}, member{"park-abandoned", "hook_event", ""}),
			},
			{
				ID: "WH-PARK-007", Text: "A parking event without Call-ID or Msg-ID MUST NOT be sent.",
				Source: source + "; webhooks.md 12; kapi_call:event_v/1", Judge: never("json", "park-abandoned", "park-no-call", "park-no-message"),
			},
			{
				ID: "WH-PARK-008", Text: "A parking event whose channel has no Account-ID MUST NOT be sent.",
				Source: source + "; webhooks_parking:handle/2", Judge: never("json", "park-abandoned", "park-nobody"),
			},
		},
	}
}

const parked = `{
  "call_id" : "park-full",
  "callee_id_name" : "Dana Desk",
  "callee_id_number" : "1001",
  "caller_id_name" : "PAT EXAMPLE",
  "caller_id_number" : "+12125550199",
  "event_name" : "PARK_PARKED",
  "parking_slot" : "101",
  "account_id" : "{account}",
  "cluster_id" : "{cluster}"
}`

const retrieved = `{
  "call_id" : "park-retrieved",
  "account_id" : "{account}",
  "custom_application_vars" : {
    "foo_bar" : "X-Y",
    "l" : [
      1,
      {
        "a_b" : "c"
      }
    ],
    "o" : {
      
    }
  },
  "event_name" : "PARK_RETRIEVED",
  "parking_slot" : "101",
  "system_log_id" : "log",
  "cluster_id" : "{cluster}"
}`

func doParking(ctx context.Context, p *probe.Probe) error {
	account, err := standing(ctx, p)
	if err != nil {
		return err
	}
	if _, err := p.Hook(ctx, "json", account, "parking", asJSON()); err != nil {
		return err
	}
	if _, err := p.Hook(ctx, "form", account, "parking", nil); err != nil {
		return err
	}
	const (
		application = `{"App-Name":"callflow","App-Version":"4.0.0",`
		vars        = `"Custom-Channel-Vars":{"Account-ID":"{account}","Realm":"acme.sip.example.com"},"Event-Category":"call_event",`
		node        = `,"Msg-ID":"5b6f0c1d2e3f405162738495a6b7c8d9","Node":"kazoo_apps@apps001.example.com"`
		slot        = `,"Parking-Slot":"101"`
	)
	events := []published{
		call("PARK_PARKED", "park-full", application+`"Call-ID":"park-full","Callee-ID-Name":"Dana Desk","Callee-ID-Number":"1001","Caller-ID-Name":"PAT EXAMPLE",`+
			`"Caller-ID-Number":"+12125550199",`+vars+`"Event-Name":"PARK_PARKED"`+node+slot+`}`),
		call("PARK_RETRIEVED", "park-retrieved", application+`"Call-ID":"park-retrieved","Account-ID":"top-level",`+vars+
			`"Custom-Application-Vars":{"Foo-Bar":"X-Y","l":[1,{"A-B":"c"}],"o":{},"N":null},"Other-Leg-Call-ID":null,"Event-Name":"PARK_RETRIEVED"`+node+slot+`,"System-Log-ID":"log"}`),
		call("PARK_PARKED", "park-no-call", application+vars+`"Event-Name":"PARK_PARKED"`+node+`,"Parking-Slot":"park-no-call"}`),
		call("PARK_PARKED", "park-no-message", application+`"Call-ID":"park-no-message",`+vars+`"Event-Name":"PARK_PARKED"`+slot+`}`),
		call("PARK_PARKED", "park-nobody", application+`"Account-ID":"{account}","Call-ID":"park-nobody","Custom-Channel-Vars":{"Realm":"acme.sip.example.com"},`+
			`"Event-Category":"call_event","Event-Name":"PARK_PARKED"`+node+slot+`}`),
		call("PARK_ABANDONED", "park-abandoned", application+`"Call-ID":"park-abandoned",`+vars+`"Event-Name":"PARK_ABANDONED"`+node+slot+`}`),
	}
	if err := publish(ctx, p, account, events...); err != nil {
		return err
	}
	arrived(ctx, p, []string{"json", "form"}, events[0], events[1], events[len(events)-1])
	p.Settle(ctx)
	return nil
}
