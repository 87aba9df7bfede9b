package sockets

import (
	"context"
	"fmt"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// unsubscribe is about what a socket has no longer.
func unsubscribe() suite.Group {
	return suite.Group{
		Name: "sockets/unsubscribe", Title: "Unsubscribing", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus}, Do: doUnsubscribe,
		Requirements: []suite.Requirement{
			{
				ID: "WS-UNS-001", Text: "The reply to an unsubscribe MUST have the binding in data.unsubscribed and what is left in data.subscribed, be it an empty list.",
				Source: "websockets.md 4.1; bh_events:unsubscribe/2",
				Judge:  func(j *suite.Judging) { accepted(j, "only", "drop", `{"unsubscribed":["call.*.*"],"subscribed":[]}`) },
			},
			{
				ID: "WS-UNS-002", Text: "An unsubscribe from what the socket does not have MUST succeed, with a reply of the same form.", Source: "websockets.md 4.1",
				Judge: func(j *suite.Judging) {
					accepted(j, "only", "drop again", `{"unsubscribed":["call.*.*"],"subscribed":[]}`)
					unsubscribed(j, own, "drop fax", "fax.status.*", "call.CHANNEL_ANSWER.*", "call.CHANNEL_BRIDGE.*", "call.CHANNEL_CREATE.*")
				},
			},
			{
				ID: "WS-UNS-003", Text: "An unsubscribe MUST take away the very binding that it names, and neither wider nor narrower ones.", Source: "websockets.md 4.1",
				Judge: func(j *suite.Judging) {
					unsubscribed(j, own, "drop all calls", "call.*.*", "call.CHANNEL_ANSWER.*", "call.CHANNEL_BRIDGE.*", "call.CHANNEL_CREATE.*")
					event(j, own, "create")
					event(j, own, "answer")
				},
			},
			{
				ID: "WS-UNS-004", Text: "An unsubscribe MUST leave the same binding of another account.", Source: "websockets.md 4.1; websockets.md 10.2",
				Judge: func(j *suite.Judging) {
					unsubscribed(j, own, "drop child", "call.CHANNEL_CREATE.*", "call.CHANNEL_ANSWER.*", "call.CHANNEL_BRIDGE.*", "call.CHANNEL_CREATE.*")
					event(j, own, "create")
					none(j, own, "create in child", "last")
				},
			},
			{
				ID: "WS-UNS-005", Text: "After the reply to an unsubscribe no event of the binding MUST come.", Source: "websockets.md 13; websockets.md 10.2",
				Judge: func(j *suite.Judging) { none(j, own, "bridge", "last") },
			},
			{
				ID: "WS-UNS-006", Text: "An unsubscribe MUST be validated as a subscribe is.", Source: "websockets.md 4.1; bh_events:validate_subscription/2",
				Judge: func(j *suite.Judging) {
					refused(j, own, "bad event", "event CHANNEL_FOO not supported")
					refused(j, own, "bad format", "invalid format for call subscription : CHANNEL_CREATE")
					refused(j, own, "no family", errUnavailable)
					refused(j, own, "no account", "missing required keys : account_id")
				},
			},
			{
				ID: "WS-UNS-007", Text: "An unsubscribe without data MUST be refused with \"missing required keys in data object\".", Source: "websockets.md 4.1", Dialects: []string{suite.Kazoo5, suite.Kazoo4},
				Judge: func(j *suite.Judging) { refused(j, own, "everything", "missing required keys in data object") },
			},
			{
				ID: "WS-UNS-008", Text: "An unsubscribe with an account alone MUST take away all bindings of that account, and one without data those of all.", Source: "dialects.md 1", Dialects: []string{suite.Talk}, Ours: true, Needs: []string{suite.Lab},
				Judge: func(j *suite.Judging) {
					unsubscribed(j, "sweeping", "of child", "call.CHANNEL_CREATE.*", "call.CHANNEL_ANSWER.*", "call.CHANNEL_CREATE.*")
					accepted(j, "sweeping", "everything", `{"unsubscribed":["call.CHANNEL_CREATE.*","call.CHANNEL_ANSWER.*"],"subscribed":[]}`)
				},
			},
			{
				ID: "WS-UNS-009", Text: "After an unsubscribe the same binding MUST be live again when it is subscribed to once more.", Source: "websockets.md 3; websockets.md 4.1",
				Judge: func(j *suite.Judging) { event(j, "only", "once more") },
			},
		},
	}
}

// unsubscribed wants the reply to an unsubscribe to name the binding and, in any order and
// however often, those that are left, which are given in order.
func unsubscribed(j *suite.Judging, socket, id, binding string, left ...string) {
	data, ok := status(j, socket, id, "success")
	if !ok {
		return
	}
	j.Equal("unsubscribed of "+id, `[`+quoted(binding)+`]`, data.Get("data.unsubscribed").Raw)
	j.Equal("bindings that are left after "+id, fmt.Sprint(left), fmt.Sprint(set(data.Get("data.subscribed"))))
}

// set is a list of texts in order, each once.
func set(list gjson.Result) []string {
	all := []string{}
	for _, one := range list.Array() {
		all = append(all, one.String())
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func doUnsubscribe(ctx context.Context, p *probe.Probe) error {
	account, s, err := opened(ctx, p)
	if err != nil {
		return err
	}
	child, err := p.NewAccount(ctx, "child", account)
	if err != nil {
		return err
	}
	for _, want := range []struct {
		of    probe.Account
		event string
	}{{account, "CHANNEL_CREATE"}, {account, "CHANNEL_ANSWER"}, {child, "CHANNEL_CREATE"}, {account, "CHANNEL_BRIDGE"}} {
		id := want.event + want.of.ID
		s.Command(ctx, id, command("subscribe", id, account.Token, want.of.ID, "call."+want.event+".*"))
		warm := call(want.event, "warm", want.of.ID)
		if err := p.Tune(ctx, s, warm.exchange, warm.key, warm.body); err != nil {
			return err
		}
	}
	s.Command(ctx, "drop fax", command("unsubscribe", "drop fax", account.Token, account.ID, "fax.status.*"))
	s.Command(ctx, "drop all calls", command("unsubscribe", "drop all calls", account.Token, account.ID, "call.*.*"))
	s.Command(ctx, "drop child", command("unsubscribe", "drop child", account.Token, child.ID, "call.CHANNEL_CREATE.*"))
	s.Command(ctx, "drop bridge", command("unsubscribe", "drop bridge", account.Token, account.ID, "call.CHANNEL_BRIDGE.*"))
	s.Command(ctx, "bad event", command("unsubscribe", "bad event", account.Token, account.ID, "call.CHANNEL_FOO.*"))
	s.Command(ctx, "bad format", command("unsubscribe", "bad format", account.Token, account.ID, "call.CHANNEL_CREATE"))
	s.Command(ctx, "no family", command("unsubscribe", "no family", account.Token, account.ID, "family.unknown"))
	s.Command(ctx, "no account", `{"action":"unsubscribe","request_id":"no account","data":{"binding":"call.*.*"}}`)
	if p.Target.Dialect != suite.Talk {
		s.Command(ctx, "everything", `{"action":"unsubscribe","request_id":"everything"}`)
	} else if err := sweep(ctx, p, account, child); err != nil {
		return err
	}
	only, err := p.MustDial(ctx, "only")
	if err != nil {
		return err
	}
	only.Command(ctx, "take", command("subscribe", "take", account.Token, account.ID, "call.*.*"))
	only.Command(ctx, "drop", command("unsubscribe", "drop", account.Token, account.ID, "call.*.*"))
	only.Command(ctx, "drop again", command("unsubscribe", "drop again", account.Token, account.ID, "call.*.*"))
	if err := tuned(ctx, p, only, account, "call.*.*", call("CHANNEL_HOLD", "warm", account.ID)); err != nil {
		return err
	}
	if err := publishAll(
		ctx, p, named{"create", call("CHANNEL_CREATE", "c1", account.ID)}, named{"create in child", call("CHANNEL_CREATE", "c2", child.ID)},
		named{"bridge", call("CHANNEL_BRIDGE", "c1", account.ID)}, named{"answer", call("CHANNEL_ANSWER", "c1", account.ID)},
		named{"once more", call("CHANNEL_UNHOLD", "c1", account.ID)}, named{"last", call("CHANNEL_ANSWER", "c3", account.ID)},
	); err != nil {
		return err
	}
	for _, name := range []string{"create", "answer", "last"} {
		p.AwaitEvent(ctx, own, name)
	}
	p.AwaitEvent(ctx, "only", "once more")
	p.Settle(ctx)
	return nil
}

// sweep unsubscribes from many at once.
func sweep(ctx context.Context, p *probe.Probe, account, child probe.Account) error {
	s, err := p.MustDial(ctx, "sweeping")
	if err != nil {
		return err
	}
	s.Command(ctx, "1", command("subscribe", "1", account.Token, account.ID, "call.CHANNEL_CREATE.*"))
	s.Command(ctx, "2", command("subscribe", "2", account.Token, account.ID, "call.CHANNEL_ANSWER.*"))
	s.Command(ctx, "3", command("subscribe", "3", account.Token, child.ID, "call.CHANNEL_CREATE.*"))
	s.Command(ctx, "of child", `{"action":"unsubscribe","request_id":"of child","data":{"account_id":"`+child.ID+`"}}`)
	s.Command(ctx, "everything", `{"action":"unsubscribe","request_id":"everything"}`)
	return nil
}

// ping is about the action of that name, which is no frame of the protocol.
func ping() suite.Group {
	return suite.Group{
		Name: "sockets/ping", Title: "The action ping", Needs: []string{suite.Accounts, suite.Sockets}, Do: doPing,
		Requirements: []suite.Requirement{
			{
				ID: "WS-PING-001", Text: "A ping MUST be answered with success and its request_id, without data and whoever's the socket is.", Source: "websockets.md 4.2; websockets.md 10.2",
				Judge: func(j *suite.Judging) {
					status(j, own, "p1", "success")
					status(j, own, "p2", "success")
				},
			},
			{
				ID: "WS-PING-002", Text: "A ping on a socket that has had no token MUST be refused with \"authentication token required\".", Source: "websockets.md 4.2",
				Judge: func(j *suite.Judging) { refused(j, own, "p0", "authentication token required") },
			},
			{
				ID: "WS-PING-003", Text: "A ping MUST be answered with pong as its data.response, in every dialect.", Source: "websockets.md 4.2; dialects.md 1; bh_ping:ping/2", Ours: true, Needs: []string{suite.Lab},
				Judge: func(j *suite.Judging) { accepted(j, own, "p2", `{"response":"pong"}`) },
			},
		},
	}
}

func doPing(ctx context.Context, p *probe.Probe) error {
	account, s, err := opened(ctx, p)
	if err != nil {
		return err
	}
	s.Command(ctx, "p0", `{"action":"ping","request_id":"p0"}`)
	s.Command(ctx, "p1", `{"action":"ping","request_id":"p1","auth_token":`+quoted(account.Token)+`}`)
	s.Command(ctx, "p2", `{"action":"ping","request_id":"p2"}`)
	return nil
}
