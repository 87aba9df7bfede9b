package payloads

import (
	"context"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// channelValues is about what becomes of the types that fields of channel events have.
func channelValues() suite.Group {
	const source = "webhooks.md 3.1; webhooks_channel_util:base_hook_event/3"
	const text = source + "; kz_json:get_ne_binary_value/3"
	return suite.Group{
		Name: "payloads/channel-values", Title: "Types of values in channel events", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus},
		Do: doChannelValues,
		Requirements: []suite.Requirement{
			{
				ID: "WH-CH-020", Text: "Numbers and booleans in fields that are text MUST be sent as strings.",
				Source: text,
				Judge: membersAre(
					"create", member{"cv-text", "authorizing_id", `"5"`}, member{"cv-text", "authorizing_type", `"true"`}, member{"cv-text", "owner_id", `"-7"`},
					member{"cv-text", "other_leg_call_id", `"false"`}, member{"cv-text", "local_resource_id", `"1"`},
				),
			},
			{
				ID: "WH-CH-021", Text: "An empty string in a field that is text MUST count as absent.",
				Source: text,
				Judge: membersAre(
					"create", member{"cv-empty", "authorizing_id", ""}, member{"cv-empty", "authorizing_type", ""}, member{"cv-empty", "owner_id", ""},
					member{"cv-empty", "other_leg_call_id", ""}, member{"cv-empty", "local_resource_id", ""},
				),
			},
			{
				ID: "WH-CH-022", Text: "A null in a field that is text MUST be sent as the string null.",
				Source: text + "; webhooks.md 14",
				Judge:  membersAre("create", member{"cv-null", "authorizing_id", `"null"`}, member{"cv-null", "owner_id", `"null"`}, member{"cv-null", "other_leg_call_id", `"null"`}),
			},
			{
				ID: "WH-CH-023", Text: "An object in a field that is text MUST be sent as its compact JSON text, and a list as its bytes one behind the other.",
				Source: text,
				Judge:  membersAre("create", member{"cv-nested", "authorizing_id", `"{\"x\":[1,\"y\"]}"`}, member{"cv-nested", "owner_id", `"aBc"`}),
			},
			{
				ID: "WH-CH-024", Text: "Call_direction and the ids of caller and callee MUST be text, absent when empty.", Dialects: []string{suite.Talk, suite.Kazoo5},
				Source: text,
				Judge: membersAre(
					"create", member{"cv-ids", "call_direction", `"true"`}, member{"cv-ids", "caller_id_name", ""}, member{"cv-ids", "caller_id_number", `"1001"`},
					member{"cv-ids", "callee_id_name", `"null"`}, member{"cv-ids", "callee_id_number", `"{\"n\":1}"`},
				),
			},
			{
				ID: "WH-CH-025", Text: "Call_direction and the ids of caller and callee MUST be as the event has them, empty and null included.", Dialects: []string{suite.Kazoo4},
				Source: "webhooks.md 13",
				Judge: membersAre(
					"create", member{"cv-ids", "call_direction", `true`}, member{"cv-ids", "caller_id_name", `""`}, member{"cv-ids", "caller_id_number", `1001`},
					member{"cv-ids", "callee_id_name", `null`}, member{"cv-ids", "callee_id_number", `{"n":1}`},
				),
			},
			{
				ID: "WH-CH-026", Text: "The booleans of a channel event MUST be true for true and the string true, and false for all else.",
				Source: source,
				Judge: membersAre(
					"create", member{"cv-true", "call_forwarded", "true"}, member{"cv-true", "emergency_resource_used", "true"}, member{"cv-true", "is_internal_leg", "true"},
					member{"cv-false", "call_forwarded", "false"}, member{"cv-false", "emergency_resource_used", "false"}, member{"cv-false", "is_internal_leg", "false"},
					member{"cv-bool", "call_forwarded", "true"}, member{"cv-bool", "emergency_resource_used", "true"}, member{"cv-bool", "is_internal_leg", "true"},
				),
			},
			{
				ID: "WH-CH-027", Text: "Call_forwarded MUST be absent when the channel has no Call-Forward.",
				Source: source, Judge: membersAre("create", member{"cv-text", "call_forwarded", ""}, member{"cv-false", "call_forwarded", "false"}),
			},
			{
				ID: "WH-CH-028", Text: "Local_resource_used MUST be the contrary of Global-Resource, true without any resource, and local_resource_id absent when it is false.",
				Source: source + "; webhooks.md 14",
				Judge: membersAre(
					"create", member{"cv-true", "local_resource_used", "false"}, member{"cv-true", "local_resource_id", ""},
					member{"cv-false", "local_resource_used", "true"}, member{"cv-false", "local_resource_id", `"r1"`},
					member{"cv-empty", "local_resource_used", "true"},
				),
			},
			{
				ID: "WH-CH-029", Text: "Custom_channel_vars MUST lack the 24 reserved names, and keep all others with their order, names and values.",
				Source: source + "; webhooks_channel_util:non_reserved_ccvs/2",
				Judge: membersAre(
					"create", member{"cv-reserved", "custom_channel_vars", `{"Zed":"1","num":5,"o":{"Account-ID":"x"},"n":null,"realm":"y","Account-Id":"z","Reseller-ID":"w","Resource-ID":"r"}`},
				),
			},
			{
				ID: "WH-CH-030", Text: "A timestamp MUST be an integer, made of a numeric string too, rounded from a float, and absent where it is neither.",
				Source: source,
				Judge: membersAre(
					"create", member{"cv-text", "timestamp", "63877472675"}, member{"cv-true", "timestamp", "63877472675"}, member{"cv-false", "timestamp", "63877472676"},
					member{"cv-null", "timestamp", ""}, member{"cv-nested", "timestamp", ""}, member{"cv-empty", "timestamp", ""},
				),
			},
		},
	}
}

func channelValueEvents() []published {
	const reserved = `"Account-Name":"1","Account-Realm":"1","Authorizing-ID":"1","Authorizing-Type":"1","Auto-Answer":"1",` +
		`"Call-Forward":"1","Call-Waiting-Disabled":"1","Confirm-Cancel-Timeout":"1","Confirm-File":"1","Confirm-Key":"1","Fax-Enabled":"1","Loopback-Bowout":"1",` +
		`"Media-Encryption-Enforce-Security":"1","Media-Webrtc":"1","Owner-ID":"1","Presence-ID":"1","RTCP-MUX":"1","Realm":"1","Require-Ignore-Early-Media":"1",` +
		`"Retain-CID":"1","SIP-Invite-Domain":"1","Simplify-Loopback":"1","Username":"1"`
	create := func(name, vars, members string) published { return channelEvent("CHANNEL_CREATE", name, vars, members) }
	return []published{
		create("cv-text", `"Authorizing-ID":5,"Authorizing-Type":true,"Owner-ID":-7,"Resource-ID":1`, `"Other-Leg-Call-ID":false,"Timestamp":63877472675`),
		create("cv-empty", `"Authorizing-ID":"","Authorizing-Type":"","Owner-ID":"","Resource-ID":""`, `"Other-Leg-Call-ID":"","Timestamp":""`),
		create("cv-null", `"Authorizing-ID":null,"Owner-ID":null`, `"Other-Leg-Call-ID":null,"Timestamp":null`),
		create("cv-nested", `"Authorizing-ID":{"x":[1,"y"]},"Owner-ID":["a",66,["c"]]`, `"Timestamp":"soon"`),
		create("cv-ids", `"Bridge-ID":"b"`, `"Call-Direction":true,"Caller-ID-Name":"","Caller-ID-Number":1001,"Callee-ID-Name":null,"Callee-ID-Number":{"n":1}`),
		create("cv-true", `"Call-Forward":"true","Emergency-Resource":"true","Global-Resource":"true","Resource-ID":"r1"`, `"Channel-Is-Loopback":"true","Timestamp":"63877472675"`),
		create("cv-bool", `"Call-Forward":true,"Emergency-Resource":true,"Global-Resource":true`, `"Channel-Is-Loopback":true`),
		create("cv-false", `"Call-Forward":"yes","Emergency-Resource":1,"Global-Resource":"TRUE","Resource-ID":"r1"`, `"Channel-Is-Loopback":"1","Timestamp":63877472675.6`),
		create("cv-reserved", `"Zed":"1",`+reserved+`,"num":5,"o":{"Account-ID":"x"},"n":null,"realm":"y","Account-Id":"z","Reseller-ID":"w","Resource-ID":"r"`, ""),
	}
}

func doChannelValues(ctx context.Context, p *probe.Probe) error {
	account, err := standing(ctx, p)
	if err != nil {
		return err
	}
	if _, err := p.Hook(ctx, "create", account, "channel_create", asJSON()); err != nil {
		return err
	}
	events := channelValueEvents()
	if err := publish(ctx, p, account, events...); err != nil {
		return err
	}
	arrived(ctx, p, []string{"create"}, events...)
	p.Settle(ctx)
	return nil
}
