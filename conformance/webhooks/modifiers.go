package webhooks

import (
	"context"
	"encoding/json"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// modifiers is about the member of that name of a hook's document: each hook has the same
// three events before it, of which some pass.
func modifiers() suite.Group {
	return suite.Group{
		Name: "webhooks/modifiers", Title: "Modifiers", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus}, Do: doModifiers,
		Requirements: []suite.Requirement{
			{
				ID: "WH-MOD-001", Text: "A hook MUST be sent only events whose payload has the values of its modifiers.",
				Source: "webhooks.md 4.4; webhooks_util:maybe_fire_foldl/3",
				Judge: func(j *suite.Judging) {
					reached(j, "equal", "call_id", "in", "last")
					reached(j, "equal-number", "call_id", "in", "last")
					reached(j, "equal-boolean", "call_id", "in", "out")
				},
			},
			{
				ID: "WH-MOD-002", Text: "A modifier whose value is a list MUST let pass the values that are its elements and no others.",
				Source: "webhooks.md 4.4; webhooks_util:maybe_fire_foldl/3",
				Judge: func(j *suite.Judging) {
					reached(j, "list", "call_id", "in", "last")
					reached(j, "list-of-two", "call_id", "in", "out", "last")
				},
			},
			{
				ID: "WH-MOD-003", Text: "A modifier whose value is the empty list MUST let everything pass.",
				Source: "webhooks.md 4.4; webhooks_util:maybe_fire_foldl/3", Judge: gotCalls("empty-list", "in", "last", "out"),
			},
			{
				ID: "WH-MOD-004", Text: "A modifier whose key the payload has not MUST let everything pass.",
				Source: "webhooks.md 4.4; webhooks_util:maybe_fire_foldl/3",
				Judge: func(j *suite.Judging) {
					reached(j, "no-key", "call_id", "in", "last", "out")
					reached(j, "no-key-list", "call_id", "in", "last", "out")
				},
			},
			{
				ID: "WH-MOD-005", Text: "Modifiers MUST be compared by type: the text \"true\" is not true, and the text of a number is not the number.",
				Source: "webhooks.md 4.4; webhooks_util:maybe_fire_foldl/3",
				Judge: func(j *suite.Judging) {
					reached(j, "text-for-boolean", "call_id", "control")
					reached(j, "text-for-number", "call_id", "control")
				},
			},
			{
				ID: "WH-MOD-006", Text: "A modifier 1.0 MUST NOT let the integer 1 pass.",
				Source: "webhooks.md 4.4; webhooks_util:maybe_fire_foldl/3", Judge: gotCalls("float", "control"),
			},
			{
				ID: "WH-MOD-007", Text: "A modifier that is an object MUST be equal to the payload's object member by member, in order.",
				Source: "webhooks.md 4.4; webhooks_util:maybe_fire_foldl/3",
				Judge: func(j *suite.Judging) {
					reached(j, "object", "call_id", "in", "last")
					reached(j, "object-part", "call_id", "control")
					reached(j, "object-turned", "call_id", "control")
				},
			},
			{
				ID: "WH-MOD-008", Text: "Of several modifiers all MUST let an event pass.",
				Source: "webhooks.md 4.4; webhooks_util:maybe_fire_foldl/3",
				Judge: func(j *suite.Judging) {
					reached(j, "two", "call_id", "in", "last")
					reached(j, "one-of-two", "call_id", "control")
				},
			},
			{
				ID: "WH-MOD-009", Text: "Modifiers MUST be compared with the payload as it is before custom_data is laid over it.",
				Source: "webhooks.md 4.4; webhooks.md 5; webhooks_util:maybe_fire_foldl/3",
				Judge: func(j *suite.Judging) {
					reached(j, "overlaid", "timestamp", "63877472675", "63877472675")
					reached(j, "added", "call_id", "in", "last", "out")
				},
			},
			{
				ID: "WH-MOD-010", Text: "Empty modifiers, and modifiers that are no object, MUST let everything pass.",
				Source: "webhooks.md 2; webhooks.md 4.4; kzd_webhooks:modifiers/1",
				Judge: func(j *suite.Judging) {
					reached(j, "none", "call_id", "in", "last", "out")
					reached(j, "no-object", "call_id", "in", "last", "out")
				},
			},
			{
				ID: "WH-MOD-011", Text: "A dot in the key of a modifier MUST NOT lead into an object.",
				Source: "webhooks.md 4.4; webhooks_util:maybe_fire_foldl/3", Judge: gotCalls("dotted", "in", "last", "out"),
			},
			{
				ID: "WH-MOD-012", Text: "A hook for all MUST be held to its modifiers.",
				Source: "webhooks.md 4.1; webhooks_util:maybe_fire_foldl/3", Judge: gotCalls("all", "in", "last"),
			},
			{
				ID: "WH-MOD-013", Text: "The keys of modifiers MUST be those of the payload, such as call_id, and not those of the bus, such as Call-ID.",
				Source: "webhooks.md 4.4; webhooks_util:maybe_fire_foldl/3", Judge: gotCalls("bus-key", "in", "last", "out"),
			},
		},
	}
}

func doModifiers(ctx context.Context, p *probe.Probe) error {
	own, err := p.Account(ctx)
	if err != nil {
		return err
	}
	with := func(name, modifiers string) hook {
		return hook{name: name, event: "channel_create", fields: doc{"modifiers": json.RawMessage(modifiers)}}
	}
	overlaid := with("overlaid", `{"caller_id_name":"Ann"}`)
	overlaid.fields["custom_data"] = doc{"caller_id_name": "Bob"}
	added := with("added", `{"extra":"no"}`)
	added.fields["custom_data"] = doc{"extra": "yes"}
	all := with("all", `{"caller_id_name":"Ann"}`)
	all.event = "all"
	if err := makeHooks(
		ctx, p, own,
		with("equal", `{"caller_id_name":"Ann"}`), with("equal-number", `{"timestamp":63877472675}`), with("equal-boolean", `{"is_internal_leg":false}`),
		with("list", `{"caller_id_name":["Cid","Ann"]}`), with("list-of-two", `{"caller_id_name":["Ann","Bob"]}`), with("empty-list", `{"caller_id_name":[]}`),
		with("no-key", `{"caller_id_nickname":"Ann"}`), with("no-key-list", `{"hangup_cause":["USER_BUSY"]}`),
		with("text-for-boolean", `{"is_internal_leg":"false"}`), with("text-for-number", `{"timestamp":"63877472675"}`), with("float", `{"timestamp":63877472675.0}`),
		with("object", `{"custom_channel_vars":{"Bridge-ID":"b1","Class":"gold"}}`), with("object-part", `{"custom_channel_vars":{"Bridge-ID":"b1"}}`),
		with("object-turned", `{"custom_channel_vars":{"Class":"gold","Bridge-ID":"b1"}}`),
		with("two", `{"caller_id_name":"Ann","timestamp":63877472675}`), with("one-of-two", `{"caller_id_name":"Ann","caller_id_number":"1002"}`),
		overlaid, added, with("none", `{}`), with("no-object", `"caller_id_name"`), with("dotted", `{"custom_channel_vars.Bridge-ID":"b9"}`), all,
		with("bus-key", `{"Caller-ID-Name":"Cid"}`),
	); err != nil {
		return err
	}
	caller := func(callID, name string, more ...string) event {
		return call("CHANNEL_CREATE", callID, own.ID, append([]string{`"Caller-ID-Name":"` + name + `"`}, more...)...)
	}
	vars := func(id string) string {
		return `"Custom-Channel-Vars":{"Account-ID":"` + own.ID + `","Bridge-ID":"` + id + `","Class":"gold"}`
	}
	if err := publish(
		ctx, p, caller("in", "Ann", vars("b1")), caller("out", "Bob", vars("b2"), `"Timestamp":63877472676`), caller("last", "Ann", vars("b1"), `"Channel-Is-Loopback":true`),
	); err != nil {
		return err
	}
	expect(ctx, p, map[string]int{
		"equal": 2, "equal-number": 2, "equal-boolean": 2, "list": 2, "list-of-two": 3, "empty-list": 3, "no-key": 3, "no-key-list": 3, "object": 2, "two": 2,
		"overlaid": 2, "added": 3, "none": 3, "no-object": 3, "dotted": 3, "all": 2, "bus-key": 3,
	})
	return control(ctx, p, own)
}

// control has every hook that nothing passed proved live: without modifiers it fires.
func control(ctx context.Context, p *probe.Probe, own probe.Account) error {
	refused := []string{"text-for-boolean", "text-for-number", "float", "object-part", "object-turned", "one-of-two"}
	counts := map[string]int{}
	for _, name := range refused {
		if err := patch(ctx, p, own, p.Seen().Fact("hook "+name), "open "+name, doc{"modifiers": nil, "hook": "channel_answer"}); err != nil {
			return err
		}
		counts[name] = 1
	}
	if err := publish(ctx, p, call("CHANNEL_ANSWER", "control", own.ID)); err != nil {
		return err
	}
	expect(ctx, p, counts)
	return nil
}
