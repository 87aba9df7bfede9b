package sockets

import (
	"context"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// callEvents are those that can be subscribed to.
func callEvents() []string {
	return strings.Fields("CHANNEL_CREATE CHANNEL_ANSWER CHANNEL_DESTROY CHANNEL_HOLD CHANNEL_UNHOLD CHANNEL_BRIDGE PARK_PARKED PARK_RETRIEVED PARK_ABANDONED")
}

// bindCall is about call.EVENT.CALL_ID.
func bindCall() suite.Group {
	return suite.Group{
		Name: "sockets/bind-call", Title: "Bindings for calls", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus}, Do: doBindCall,
		Requirements: []suite.Requirement{
			{
				ID: "WS-BIND-001", Text: "Each of the nine call events MUST be a binding of its own, which brings that event and has it in its subscription_key.", Source: "websockets.md 5.1; bh_call:bindings/2",
				Judge: func(j *suite.Judging) {
					for _, name := range callEvents() {
						status(j, "each", "subscribe call."+name+".*", "success")
						if got, ok := event(j, "each", name); ok {
							j.Equal("subscribed_key", "call."+name+".*", got.Get("subscribed_key").Str)
							j.Equal("subscription_key", fill(j, "call.{own}."+name+".*"), got.Get("subscription_key").Str)
						}
					}
				},
			},
			{
				ID: "WS-BIND-002", Text: "The binding call.*.* MUST bring all nine call events, each once and with its own name in the subscription_key.", Source: "websockets.md 5.1; amqp.md 9.2; bh_call:bindings/2",
				Judge: func(j *suite.Judging) {
					for _, name := range callEvents() {
						member(j, own, name, "subscription_key", fill(j, "call.{own}."+name+".*"))
					}
				},
			},
			{
				ID: "WS-BIND-003", Text: "Call events other than the nine MUST NOT come with call.*.*.", Source: "websockets.md 5.1; amqp.md 9.2",
				Judge: func(j *suite.Judging) {
					for _, name := range otherEvents() {
						none(j, own, name, "last")
					}
				},
			},
			{
				ID: "WS-BIND-004", Text: "A call event that is not one of the nine MUST be refused with \"event <E> not supported\".", Source: "websockets.md 5.1; bh_call:validate/2",
				Judge: func(j *suite.Judging) {
					for _, name := range append(otherEvents(), "CHANNEL_FOO", "channel_create", "#") {
						refused(j, "refused", "call."+name+".*", "event "+name+" not supported")
					}
				},
			},
			{
				ID: "WS-BIND-005", Text: "A binding for calls that has not two words behind call MUST be refused with \"invalid format for call subscription : \" and the words, joined with a comma and a space.",
				Source: "websockets.md 5.1; bh_call:validate/2",
				Judge: func(j *suite.Judging) {
					for binding, words := range map[string]string{
						"call": "", "call.CHANNEL_CREATE": "CHANNEL_CREATE", "call.CHANNEL_CREATE.a.b": "CHANNEL_CREATE, a, b", "call.CHANNEL_FOO.a@b.c": "CHANNEL_FOO, a@b, c",
					} {
						refused(j, "refused", binding, "invalid format for call subscription : "+words)
					}
				},
			},
			{
				ID: "WS-BIND-006", Text: "A binding with the id of a call, encoded as in routing keys, MUST bring the events of that call and of no other.", Source: "websockets.md 5.1; amqp.md 2",
				Judge: func(j *suite.Judging) {
					member(j, "one", "of it", "subscription_key", fill(j, "call.{own}.CHANNEL_ANSWER.7d1f%40203%2E0%2E113%2E20"))
					none(j, "one", "of another", "its last")
				},
			},
			{
				ID: "WS-BIND-007", Text: "The routing_key of a call event MUST be call, the account, the event and the Call-ID encoded, whatever key it had on the bus.",
				Source: "websockets.md 5.1; amqp.md 2; amqp.md 9.2; kz_amqp_util:encode/1",
				Judge: func(j *suite.Judging) {
					for name, id := range encodedIDs() {
						member(j, own, "id "+name, "routing_key", fill(j, "call.{own}.CHANNEL_CREATE."+id))
					}
				},
			},
			{
				ID: "WS-BIND-008", Text: "A binding with * for the event and the id of a call MUST bring all nine events of that call.", Source: "websockets.md 5.1; amqp.md 9.2",
				Judge: func(j *suite.Judging) {
					member(j, "one", "its last", "subscription_key", fill(j, "call.{own}.CHANNEL_DESTROY.c-1"))
					member(j, "one", "its park", "subscription_key", fill(j, "call.{own}.PARK_PARKED.c-1"))
				},
			},
		},
	}
}

func otherEvents() []string {
	return strings.Fields("CHANNEL_UNBRIDGE CHANNEL_CONNECTED CHANNEL_DISCONNECTED DTMF CHANNEL_EXECUTE_COMPLETE")
}

// encodedIDs are ids of calls and their words in routing keys.
func encodedIDs() map[string]string {
	return map[string]string{
		"c-1@10.0.0.1": "c-1%4010%2E0%2E0%2E1", "c 2.x": "c+2%2Ex", "a+b~c_d": "a%2Bb~c_d", "a#b*c": "a%23b%2Ac", "ñ/%": "%C3%B1%2F%25", "sip:1001": "sip%3A1001",
	}
}

func doBindCall(ctx context.Context, p *probe.Probe) error {
	account, s, err := opened(ctx, p)
	if err != nil {
		return err
	}
	if err := tuned(ctx, p, s, account, "call.*.*", call("CHANNEL_CREATE", "warm", account.ID)); err != nil {
		return err
	}
	each, err := p.MustDial(ctx, "each")
	if err != nil {
		return err
	}
	for _, name := range callEvents() {
		if err := tuned(ctx, p, each, account, "call."+name+".*", call(name, "warm", account.ID)); err != nil {
			return err
		}
	}
	one, err := listening(ctx, p, "one", account, "call.CHANNEL_ANSWER.7d1f%40203%2E0%2E113%2E20", call("CHANNEL_ANSWER", "warm", account.ID, `"Call-ID":"7d1f@203.0.113.20"`))
	if err != nil {
		return err
	}
	if err := tuned(ctx, p, one, account, "call.*.c-1", call("CHANNEL_DESTROY", "c-1", account.ID)); err != nil {
		return err
	}
	bad, err := p.MustDial(ctx, "refused")
	if err != nil {
		return err
	}
	ask(ctx, bad, account, "call", "call.CHANNEL_CREATE", "call.CHANNEL_CREATE.a.b", "call.CHANNEL_FOO.a@b.c")
	for _, name := range append(otherEvents(), "CHANNEL_FOO", "channel_create", "#") {
		ask(ctx, bad, account, "call."+name+".*")
	}
	var all []named
	for _, name := range append(otherEvents(), callEvents()...) {
		all = append(all, named{name, call(name, "c-2", account.ID)})
	}
	for id := range encodedIDs() {
		all = append(all, named{"id " + id, call("CHANNEL_CREATE", "on-the-bus", account.ID, `"Call-ID":`+quoted(id))})
	}
	all = append(
		all, named{"of another", call("CHANNEL_ANSWER", "c-3", account.ID)}, named{"of it", call("CHANNEL_ANSWER", "c-4", account.ID, `"Call-ID":"7d1f@203.0.113.20"`)},
		named{"its park", call("PARK_PARKED", "c-1", account.ID)}, named{"its last", call("CHANNEL_DESTROY", "c-1", account.ID)}, named{"last", call("CHANNEL_CREATE", "c-5", account.ID)},
	)
	if err := publishAll(ctx, p, all...); err != nil {
		return err
	}
	awaitAll(ctx, p, "one", "of it", "its park", "its last")
	awaitAll(ctx, p, "each", callEvents()...)
	awaitAll(ctx, p, own, append(callEvents(), "last")...)
	for id := range encodedIDs() {
		p.AwaitEvent(ctx, own, "id "+id)
	}
	p.Settle(ctx)
	return nil
}

// awaitAll waits for the events of several messages together.
func awaitAll(ctx context.Context, p *probe.Probe, socket string, messages ...string) {
	p.Await(ctx, "the events of "+strings.Join(messages, ", ")+" on "+socket, p.Target.Patience.Delivery, func(v capture.View) bool {
		for _, name := range messages {
			if len(probe.EventsOf(v, socket, name)) == 0 {
				return false
			}
		}
		return true
	})
}
