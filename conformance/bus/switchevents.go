package bus

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/judge"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// switchEvents is about what a switch tells of a call of two legs, from the first ring to the end.
func switchEvents() suite.Group {
	return suite.Group{
		Name: "bus/switch-events", Title: "What a switch tells of a call", Needs: []string{suite.Accounts, suite.Bus, suite.Switch},
		Do:           doSwitchEvents,
		Requirements: slices.Concat(toldOfLegs(), toldOfCalls()),
	}
}

// toldOfLegs is about each event and the leg that it is of.
func toldOfLegs() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "AM-SW-001", Text: "Of each leg CHANNEL_CREATE MUST be told first, CHANNEL_DESTROY last, and each once.",
			Source: "amqp.md 19; amqp.md 22; ecallmgr_call_event_publisher", Judge: func(j *suite.Judging) {
				judgeCall(j, "leg.create-first", "leg.create-once", "leg.destroy-last", "leg.answer-once")
				for _, leg := range legs(j) {
					told := events(j.View, leg, "")
					if first, last := text(told[0], "Event-Name"), text(told[len(told)-1], "Event-Name"); first != "CHANNEL_CREATE" || last != "CHANNEL_DESTROY" {
						j.Differs("first and last event of "+leg, []byte("CHANNEL_CREATE CHANNEL_DESTROY"), []byte(first+" "+last), told...)
					}
				}
			},
		},
		{
			ID: "AM-SW-002", Text: "A call event MUST have only members of the closed list for its name, all that it requires, of the right types, none empty, in the fixed order.",
			Source: "amqp.md 10.1; amqp.md 10.2; kapi_call:event_definition/0",
			Judge:  by("call-event.closed-fields", "call-event.required", "call-event.type", "call-event.empty", "call-event.order", "message.json", "message.compact", "message.repeated", "message.default-fields", "call-event.never-published"),
		},
		{
			ID: "AM-SW-003", Text: "A call event MUST go to callevt with the key call.<Event-Name>.<encoded id>, the id also in the header call-id, content type application/json and a timestamp of microseconds.",
			Source: "amqp.md 2; amqp.md 3; amqp.md 22; kapi_call:publish_event/2",
			Judge:  by("call-event.key", "call-event.call-id", "message.exchange", "message.content-type", "message.content-encoding", "message.headers", "message.timestamp"),
		},
		{
			ID: "AM-SW-004", Text: "The Msg-ID of a call event MUST be the event's time in microseconds, growing within a leg, Timestamp that time in Gregorian seconds rounded up, and Channel-Created-Time the same throughout the leg.",
			Source: "amqp.md 4.4; amqp.md 10.2; amqp.md 20; amqp.md 22",
			Judge:  by("call-event.msg-id", "call-event.timestamp", "leg.msg-id", "leg.created-time"),
		},
		{
			ID: "AM-SW-005", Text: "A bridge MUST be told of once, on one of its legs, when both are there and answered, and its end before that leg's.",
			Source: "amqp.md 19.1; amqp.md 22", Judge: func(j *suite.Judging) {
				judgeCall(j, "bridge.legs", "bridge.answered", "bridge.once", "bridge.unbridge", "bridge.directions")
				out := j.Fact("out")
				j.Count("CHANNEL_BRIDGE", 1, events(j.View, out, "CHANNEL_BRIDGE"))
				j.Count("CHANNEL_UNBRIDGE", 1, events(j.View, out, "CHANNEL_UNBRIDGE"))
			},
		},
		{
			ID: "AM-SW-006", Text: "Bridge-B-Unique-ID and Other-Leg-Call-ID of a bridge MUST name the other leg, whose CHANNEL_DESTROY names the first.",
			Source: "amqp.md 10.2; amqp.md 20; amqp.md 22", Judge: func(j *suite.Judging) {
				judgeCall(j, "bridge.other-leg", "bridge.symmetric", "call-event.bridge-partner")
				if b, one := j.One("CHANNEL_BRIDGE", events(j.View, j.Fact("out"), "CHANNEL_BRIDGE")); one {
					other := text(b, "Bridge-B-Unique-ID")
					j.Equal("Other-Leg-Call-ID", other, text(b, "Other-Leg-Call-ID"), b)
					if d, one := j.One("CHANNEL_DESTROY of the other leg", events(j.View, other, "CHANNEL_DESTROY")); one {
						j.Equal("Other-Leg-Call-ID of its end", j.Fact("out"), text(d, "Other-Leg-Call-ID"), d)
					}
				}
			},
		},
		{
			ID: "AM-SW-007", Text: "The durations of CHANNEL_DESTROY MUST be whole seconds that agree with the times of the leg's events: Duration-Seconds from its creation, Billing-Seconds from its answer.",
			Source: "amqp.md 20; amqp.md 22", Judge: func(j *suite.Judging) {
				judgeCall(j, "leg.durations", "call-event.durations")
				for _, leg := range legs(j) {
					judgeDurations(j, leg)
				}
			},
		},
		{
			ID: "AM-SW-008", Text: "States and directions MUST be words of the switch that fit the event.",
			Source: "amqp.md 10.2; amqp.md 22", Judge: by("call-event.state", "call-event.value", "leg.direction", "call-event.addresses", "call-event.applications"),
		},
	}
}

// toldOfCalls is about the call as a whole.
func toldOfCalls() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "AM-SW-009", Text: "After a hangup both legs MUST end with NORMAL_CLEARING and, where they tell a code, sip:200.",
			Source: "amqp.md 10.5; amqp.md 19.1; amqp.md 22", Judge: func(j *suite.Judging) {
				judgeCall(j, "hangup.matching")
				for _, leg := range legs(j) {
					if d, one := j.One("CHANNEL_DESTROY of "+leg, events(j.View, leg, "CHANNEL_DESTROY")); one {
						j.Equal("Hangup-Cause", "NORMAL_CLEARING", text(d, "Hangup-Cause"), d)
						if code := text(d, "Hangup-Code"); code != "" {
							j.Equal("Hangup-Code", "sip:200", code, d)
						}
					}
				}
			},
		},
		{
			ID: "AM-SW-010", Text: "Custom-Channel-Vars MUST be an object on every event, lose no variable within a leg, and have the account and one Call-Interaction-ID on all legs of the call.",
			Source: "amqp.md 10.2; amqp.md 20; amqp.md 22", Judge: func(j *suite.Judging) {
				judgeCall(j, "call-event.vars", "call-event.vars-order", "call-event.presence-vars", "leg.vars-kept", "leg.account", "leg.interaction", "leg.interaction-time")
				ids := map[string]bool{}
				for _, leg := range legs(j) {
					for _, e := range events(j.View, leg, "") {
						ids[gjson.GetBytes(e.Body, "Custom-Channel-Vars.Call-Interaction-ID").Str] = true
					}
				}
				if len(ids) != 1 {
					j.Failf("there are %d interactions", len(ids))
				}
			},
		},
		{
			ID: "AM-SW-011", Text: "The leg of a quickcall MUST have the Outbound-Call-ID that was asked for as its Call-ID, be outbound, and name the device as Authorizing-ID.",
			Source: "crossbar.md 8.1; amqp.md 20; ecallmgr_originate", Judge: func(j *suite.Judging) {
				for _, e := range atLeastOne(j, events(j.View, j.Fact("out"), "CHANNEL_CREATE")) {
					j.Equal("Call-Direction", "outbound", text(e, "Call-Direction"), e)
					j.Equal("Authorizing-ID", j.Fact("telephone desk"), gjson.GetBytes(e.Body, "Custom-Channel-Vars.Authorizing-ID").Str, e)
				}
			},
		},
		{
			ID: "AM-SW-012", Text: "CHANNEL_CREATE, CHANNEL_ANSWER and CHANNEL_DESTROY MUST have Request, To and From, and CHANNEL_BRIDGE and CHANNEL_UNBRIDGE not.",
			Source: "amqp.md 10.2; amqp.md 23", Dialects: []string{suite.Talk, suite.Kazoo5}, Judge: judgeWhoseAddresses,
		},
		{
			ID: "AM-SW-013", Text: "The end of each leg MUST also be reported once on the exchange cdr with the key cdr.report.<account>.<Call-ID>, with the same cause and durations.",
			Source: "amqp.md 10.10; ecallmgr_cdr_event_publisher", Judge: func(j *suite.Judging) {
				judgeCall(j, "record.once", "record.each-leg", "record.agrees", "call-record.key", "call-record.closed-fields", "call-record.required", "call-record.order", "call-record.type")
				for _, leg := range legs(j) {
					seen := slices.DeleteFunc(j.Deliveries(records), func(e capture.Entry) bool { return text(e, "Call-ID") != leg })
					if e, one := j.One("reports of "+leg, seen); one {
						j.Equal("Hangup-Cause", "NORMAL_CLEARING", text(e, "Hangup-Cause"), e)
					}
				}
			},
		},
		{
			ID: "AM-SW-014", Text: "What the switch sends MUST be signed freeswitch 1.0 and name its host and node the same way on every event.",
			Source: "amqp.md 10.2; amqp.md 4.6", Dialects: []string{suite.Talk, suite.Kazoo5}, Judge: func(j *suite.Judging) {
				judgeCall(j, "call-event.app", "call-event.node", "call-event.switch-names")
				for _, leg := range legs(j) {
					for _, e := range events(j.View, leg, "CHANNEL_CREATE") {
						j.Equal("application", "freeswitch 1.0", text(e, "App-Name")+" "+text(e, "App-Version"), e)
					}
				}
			},
		},
	}
}

// by holds a call to rules over the bus, and to nothing else.
func by(rules ...string) func(*suite.Judging) {
	return func(j *suite.Judging) { judgeCall(j, rules...) }
}

// legs are those of the call, and a finding when there are not two.
func legs(j *suite.Judging) []string {
	out := j.Fact("out")
	var found []string
	for _, id := range append([]string{out}, partners(j.View, out)...) {
		if id != "" && len(events(j.View, id, "")) > 0 {
			found = append(found, id)
		}
	}
	if len(found) != 2 {
		j.Failf("the call has %d legs, not two", len(found))
	}
	return found
}

// partners are the legs that were made for another.
func partners(v capture.View, callID string) []string {
	var ids []string
	for _, e := range v.Deliveries(happened) {
		if text(e, "Event-Name") == "CHANNEL_CREATE" && text(e, "Other-Leg-Call-ID") == callID && callID != "" {
			ids = append(ids, text(e, "Call-ID"))
		}
	}
	return ids
}

func atLeastOne(j *suite.Judging, seen []capture.Entry) []capture.Entry {
	if len(seen) == 0 {
		j.Fail("the event did not come")
	}
	return seen
}

// judgeCall holds what was told of the group's calls to some rules over the bus.
func judgeCall(j *suite.Judging, rules ...string) {
	whole := judge.New(judge.Config{Slack: 2 * time.Second})
	var seen []capture.Entry
	account := []byte(j.Fact("account own"))
	for _, e := range j.Entries {
		if e.Kind == capture.Delivered && (e.Name == happened || e.Name == records) && len(account) > 0 && bytes.Contains(e.Body, account) &&
			!strings.HasPrefix(key(e), "call.status_req.") {
			seen = append(seen, e)
			whole.Add(asMessage(e))
		}
	}
	if len(seen) < 8 {
		j.Failf("only %d messages were told of the call", len(seen))
	}
	for _, f := range whole.End() {
		if !slices.Contains(rules, f.Rule) {
			continue
		}
		e := seen[min(max(f.Index, 0), max(len(seen)-1, 0))]
		j.Differs(f.Rule+" of "+key(e)+": "+f.Field, []byte(f.Want), []byte(f.Saw), e)
	}
}

func judgeDurations(j *suite.Judging, leg string) {
	d, one := j.One("CHANNEL_DESTROY of "+leg, events(j.View, leg, "CHANNEL_DESTROY"))
	if !one {
		return
	}
	micros := func(e capture.Entry) int64 { return gjson.GetBytes(e.Body, "Msg-ID").Int() }
	for name, from := range map[string]int64{"Duration-Seconds": gjson.GetBytes(d.Body, "Channel-Created-Time").Int(), "Billing-Seconds": answeredAt(j, leg)} {
		got, want := gjson.GetBytes(d.Body, name), (micros(d)-from)/1e6
		if got.Int() < want || got.Int() > want+1 {
			j.Differs(name+" of "+leg, []byte((time.Duration(want)*time.Second).String()+" or a second more"), []byte(got.Raw), d)
		}
	}
}

func answeredAt(j *suite.Judging, leg string) int64 {
	for _, e := range events(j.View, leg, "CHANNEL_ANSWER") {
		return gjson.GetBytes(e.Body, "Msg-ID").Int()
	}
	j.Fail("the leg " + leg + " was not answered")
	return 0
}

func judgeWhoseAddresses(j *suite.Judging) {
	for _, leg := range legs(j) {
		for _, e := range events(j.View, leg, "") {
			name := text(e, "Event-Name")
			for _, field := range []string{"Request", "To", "From"} {
				has := gjson.GetBytes(e.Body, field).Exists()
				switch name {
				case "CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_DESTROY":
					if !has {
						j.Fail(name+" has no "+field, e)
					}
				case "CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE":
					if has {
						j.Fail(name+" has "+field, e)
					}
				}
			}
		}
	}
}

func doSwitchEvents(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	if err := listenToCalls(ctx, p, account); err != nil {
		return err
	}
	device, err := telephone(ctx, p, account, "desk")
	if err != nil {
		return err
	}
	leg, err := rung(ctx, p, account, "out", device, "+14155550190")
	if err != nil {
		return err
	}
	awaitEvent(ctx, p, leg, "CHANNEL_BRIDGE")
	r := &steps{ctx: ctx, p: p, account: account}
	r.command("hang up", "POST", "/channels/"+leg, `{"data":{"action":"hangup"}}`)
	for _, id := range append([]string{leg}, partners(p.Seen(), leg)...) {
		awaitEvent(ctx, p, id, "CHANNEL_DESTROY")
	}
	p.Settle(ctx)
	return r.err
}
