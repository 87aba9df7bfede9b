package payloads

import (
	"context"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// channel is about which fields channel hooks send, and in which order.
func channel() suite.Group {
	const source = "webhooks.md 3.1; webhooks_channel_util:base_hook_event/3"
	return suite.Group{
		Name: "payloads/channel", Title: "Channel events", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus},
		Do: doChannel,
		Requirements: []suite.Requirement{
			{
				ID: "WH-CH-001", Text: "A channel hook MUST send all that the event has of the base fields, in their order, and nothing else before hook_event.",
				Source: source, Judge: bodyIs("all", "ch-full", fullCreate),
			},
			{
				ID: "WH-CH-002", Text: "What an event does not have MUST be left out, other than emergency_resource_used, local_resource_used and is_internal_leg, which are always there.",
				Source: source, Judge: bodyIs("all", "ch-least", leastCreate),
			},
			{
				ID: "WH-CH-003", Text: "A channel_answer hook MUST send hook_event behind the base fields, with the hook's name.",
				Source: source + "; webhooks_channel_answer:format/1",
				Judge:  bodyIs("all", "ch-answer", short("ch-answer", `  "hook_event" : "channel_answer"`)),
			},
			{
				ID: "WH-CH-004", Text: "A channel_bridge hook MUST send hook_event, original_number and other_leg_destination_number behind the base fields.",
				Source: source + "; webhooks_channel_bridge:format/1",
				Judge: bodyIs("all", "ch-bridge", strings.Replace(short("ch-bridge", `  "hook_event" : "channel_bridge",
  "original_number" : "+14155550100",
  "other_leg_destination_number" : "1002"`), `"b"`, `"b",
    "Original-Number" : "+14155550100"`, 1)),
			},
			{
				ID: "WH-CH-005", Text: "A channel_destroy hook MUST send hook_event, hangup_cause, hangup_code, duration_seconds, ringing_seconds and billing_seconds behind the base fields.",
				Source: source + "; webhooks_channel_destroy:format/1",
				Judge: bodyIs("all", "ch-destroy", short("ch-destroy", `  "hook_event" : "channel_destroy",
  "hangup_cause" : "NORMAL_CLEARING",
  "hangup_code" : "sip:200",
  "duration_seconds" : 36,
  "ringing_seconds" : 6,
  "billing_seconds" : 30`)),
			},
			{
				ID: "WH-CH-006", Text: "The seconds of a channel_destroy MUST be integers, made of numeric strings too, and absent where they are neither.",
				Source: source + "; webhooks_channel_destroy:format/1",
				Judge: membersAre(
					"all", member{"ch-destroy-odd", "duration_seconds", "36"}, member{"ch-destroy-odd", "ringing_seconds", ""},
					member{"ch-destroy-odd", "billing_seconds", ""}, member{"ch-destroy-odd", "hangup_cause", ""}, member{"ch-destroy-odd", "hangup_code", `"200"`},
				),
			},
			{
				ID: "WH-CH-007", Text: "A channel event MUST be sent whatever headers of the bus it lacks: nothing validates it.",
				Source: "webhooks.md 3; webhooks_channel_util:handle_event/2",
				Judge:  membersAre("all", member{"ch-bare", "hook_event", `"channel_create"`}),
			},
			{
				ID: "WH-CH-008", Text: "An event that names no account and no known number MUST NOT be sent to anyone.",
				Source: source + "; webhooks_channel_util:handle_event/2", Judge: never("all", "ch-last", "ch-nobody"),
			},
			{
				ID: "WH-CH-009", Text: "CHANNEL_DISCONNECTED MUST NOT reach any hook.",
				Source: "webhooks.md 3.1; amqp.md 9.1; amqp.md 10.6; webhooks_channel_destroy:init/0", Judge: never("all", "ch-last", "ch-disconnected"),
			},
			{
				ID: "WH-CH-010", Text: "A request that is a string MUST NOT be sent.", Dialects: []string{suite.Talk, suite.Kazoo5},
				Source: source + "; webhooks.md 14", Judge: membersAre("all", member{"ch-full", "request", ""}),
			},
			{
				ID: "WH-CH-011", Text: "The request MUST be sent as it is.", Dialects: []string{suite.Kazoo4},
				Source: "webhooks.md 13", Judge: membersAre("all", member{"ch-full", "request", `"1002@acme.example.com"`}, member{"ch-any", "request", `{"k":"v"}`}),
			},
			{
				ID: "WH-CH-012", Text: "A request that is an object MUST be sent.",
				Source: source, Judge: membersAre("all", member{"ch-any", "request", `{"k":"v"}`}),
			},
			{
				ID: "WH-CH-013", Text: "From, Inception and To MUST be sent as they are, whatever JSON they are.",
				Source: source,
				Judge: membersAre(
					"all", member{"ch-any", "from", `null`}, member{"ch-any", "inception", `5`}, member{"ch-any", "to", `{"a":[1,{"B-C":true}]}`},
				),
			},
			{
				ID: "WH-CH-014", Text: "Custom_application_vars MUST be the object of the event as it is, and absent where that is no object.",
				Source: source,
				Judge: membersAre(
					"all", member{"ch-full", "custom_application_vars", `{"Tier-A":"gold","n":{"X-Y":[1,null]}}`},
					member{"ch-any", "custom_application_vars", ""}, member{"ch-true", "custom_application_vars", ""}, member{"ch-false", "custom_application_vars", ""},
				),
			},
		},
	}
}

// bodyIs judges the whole body for one event.
func bodyIs(receiver, name, want string) func(*suite.Judging) {
	return func(j *suite.Judging) { body(j, receiver, name, filled(j, want)) }
}

// short is the text for an event that has little besides what its kind adds.
func short(name, own string) string {
	return `{
  "account_id" : "{account}",
  "call_id" : "` + name + `",
  "custom_channel_vars" : {
    "Bridge-ID" : "b"
  },
  "emergency_resource_used" : false,
  "local_resource_used" : true,
  "is_internal_leg" : false,
  "reseller_id" : "{reseller}",
` + own + `,
  "cluster_id" : "{cluster}"
}`
}

const fullCreate = `{
  "account_id" : "{account}",
  "authorizing_id" : "5e1f",
  "authorizing_type" : "device",
  "call_direction" : "inbound",
  "call_forwarded" : true,
  "call_id" : "ch-full",
  "callee_id_name" : "Dana",
  "callee_id_number" : "1002",
  "caller_id_name" : "Ann & Co",
  "caller_id_number" : "+12125550199",
  "custom_channel_vars" : {
    "Fetch-ID" : "f1",
    "Resource-ID" : "r1",
    "Inception" : "+14155550100@gw",
    "account-id" : "x",
    "Emergency-Resource" : true,
    "Owner-Id" : null
  },
  "custom_application_vars" : {
    "Tier-A" : "gold",
    "n" : {
      "X-Y" : [
        1,
        null
      ]
    }
  },
  "emergency_resource_used" : true,
  "from" : "+12125550199@acme.example.com",
  "inception" : "+14155550100@gw",
  "local_resource_id" : "r1",
  "local_resource_used" : true,
  "is_internal_leg" : false,
  "other_leg_call_id" : "leg-b",
  "owner_id" : "9c0a",
4.3|  "request" : "1002@acme.example.com",
  "reseller_id" : "{reseller}",
  "timestamp" : 63877472675,
  "to" : "1002@acme.example.com",
  "hook_event" : "channel_create",
  "cluster_id" : "{cluster}"
}`

const leastCreate = `{
  "account_id" : "{account}",
  "call_id" : "ch-least",
  "custom_channel_vars" : {
    
  },
  "emergency_resource_used" : false,
  "local_resource_used" : true,
  "is_internal_leg" : false,
  "reseller_id" : "{reseller}",
  "hook_event" : "channel_create",
  "cluster_id" : "{cluster}"
}`

// bus are the headers of the bus, the last members of a call event.
const bus = `"Msg-ID":"5d0c8e7f6a5b4c3d","App-Name":"ecallmgr","App-Version":"4.0.0","Node":"ecallmgr@apps001.example.com"}`

// channelEvent is a call event with members of its own; vars are those of its channel besides
// the account.
func channelEvent(event, name, vars, members string) published {
	if vars != "" {
		vars = "," + vars
	}
	if members != "" {
		members += ","
	}
	return call(event, name, `{"Event-Category":"call_event","Event-Name":"`+event+`","Call-ID":"`+name+
		`","Custom-Channel-Vars":{"Account-ID":"{account}"`+vars+`},`+members+bus)
}

func channelEvents() []published {
	const vars = `"Bridge-ID":"b"`
	return []published{
		channelEvent("CHANNEL_CREATE", "ch-full",
			`"Authorizing-Type":"device","Fetch-ID":"f1","Owner-ID":"9c0a","Authorizing-ID":"5e1f","Resource-ID":"r1","Call-Forward":"true",`+
				`"Realm":"acme.example.com","Username":"user_1","Inception":"+14155550100@gw","account-id":"x","Emergency-Resource":true,"Owner-Id":null`,
			`"To":"1002@acme.example.com","From":"+12125550199@acme.example.com","Request":"1002@acme.example.com","Timestamp":63877472675,`+
				`"Caller-ID-Number":"+12125550199","Caller-ID-Name":"Ann & Co","Callee-ID-Number":"1002","Callee-ID-Name":"Dana","Call-Direction":"inbound",`+
				`"Channel-Is-Loopback":false,"Channel-Name":"sofia/sipinterface_1/1002","Other-Leg-Call-ID":"leg-b","Inception":"+14155550100@gw",`+
				`"Custom-Application-Vars":{"Tier-A":"gold","n":{"X-Y":[1,null]}},"Custom-SIP-Headers":{"X-A":"b"},"Presence-ID":"1001@acme.example.com",`+
				`"Hangup-Cause":"NORMAL_CLEARING","Duration-Seconds":3,"Other-Leg-Destination-Number":"1002"`),
		channelEvent("CHANNEL_CREATE", "ch-least", "", ""),
		channelEvent("CHANNEL_ANSWER", "ch-answer", vars, `"Hangup-Cause":"X","Duration-Seconds":1`),
		channelEvent("CHANNEL_BRIDGE", "ch-bridge", `"Bridge-ID":"b","Original-Number":"+14155550100"`, `"Other-Leg-Destination-Number":"1002","Original-Number":"x","Hangup-Code":"sip:200"`),
		channelEvent("CHANNEL_DESTROY", "ch-destroy", vars,
			`"Billing-Seconds":30,"Ringing-Seconds":6,"Duration-Seconds":36,"Hangup-Code":"sip:200","Hangup-Cause":"NORMAL_CLEARING","Other-Leg-Destination-Number":"1002"`),
		channelEvent("CHANNEL_DESTROY", "ch-destroy-odd", vars, `"Billing-Seconds":null,"Ringing-Seconds":"six","Duration-Seconds":"36","Hangup-Code":200,"Hangup-Cause":""`),
		call("CHANNEL_CREATE", "ch-bare", `{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE","Call-ID":"ch-bare","Custom-Channel-Vars":{"Account-ID":"{account}"}}`),
		call("CHANNEL_CREATE", "ch-nobody", `{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE","Call-ID":"ch-nobody","Custom-Channel-Vars":{"Owner-ID":"9c0a"},`+
			`"Account-ID":"{account}","Request":"nobody@acme.example.com","To":"nobody@acme.example.com",`+bus),
		channelEvent("CHANNEL_DISCONNECTED", "ch-disconnected", vars, ""),
		channelEvent("CHANNEL_CREATE", "ch-any", vars, `"From":null,"Inception":5,"To":{"a":[1,{"B-C":true}]},"Request":{"k":"v"},"Custom-Application-Vars":"x"`),
		channelEvent("CHANNEL_CREATE", "ch-true", vars, `"Custom-Application-Vars":["x"]`),
		channelEvent("CHANNEL_CREATE", "ch-false", vars, `"Custom-Application-Vars":null`),
		channelEvent("CHANNEL_CREATE", "ch-last", vars, ""),
	}
}

func doChannel(ctx context.Context, p *probe.Probe) error {
	account, err := standing(ctx, p)
	if err != nil {
		return err
	}
	if _, err := p.Hook(ctx, "all", account, "all", asJSON()); err != nil {
		return err
	}
	events := channelEvents()
	if err := publish(ctx, p, account, events...); err != nil {
		return err
	}
	arrived(ctx, p, []string{"all"}, sent(events, "ch-nobody", "ch-disconnected")...)
	p.Settle(ctx)
	return nil
}

// sent are events less those that reach nobody.
func sent(events []published, but ...string) []published {
	var kept []published
	for _, e := range events {
		reaches := true
		for _, name := range but {
			reaches = reaches && e.name != name
		}
		if reaches {
			kept = append(kept, e)
		}
	}
	return kept
}
