package sockets

import (
	"context"
	"fmt"
	"slices"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// errUnavailable is what is said of a family that there is not, among others.
const errUnavailable = "no available subscriptions to requested binding"

// subscribe is about the data of subscribe and of its reply.
func subscribe() suite.Group {
	return suite.Group{
		Name: "sockets/subscribe", Title: "Subscribing", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus}, Do: doSubscribe,
		Requirements: []suite.Requirement{
			{
				ID: "WS-SUB-001", Text: "The reply to the first subscribe MUST have the binding as the only one in data.subscribed, and no other data.", Source: "websockets.md 3.1; bh_events:subscribe/2",
				Judge: func(j *suite.Judging) { accepted(j, own, "call", `{"subscribed":["call.CHANNEL_CREATE.*"]}`) },
			},
			{
				ID: "WS-SUB-002", Text: "The reply to a later subscribe MUST have in data.subscribed all bindings of the socket, and no others.", Source: "websockets.md 3.1; bh_context:client_bindings/1",
				Judge: func(j *suite.Judging) {
					if data, ok := status(j, own, "every", "success"); ok {
						j.Equal("bindings, each once", "[call.*.* call.CHANNEL_CREATE.* object.doc_created.*]", fmt.Sprint(set(data.Get("data.subscribed"))))
					}
				},
			},
			{
				ID: "WS-SUB-003", Text: "Data.subscribed SHOULD have bindings in the order in which they were subscribed to, one for each key that they have on the bus.",
				Source: "websockets.md 3.1; websockets.md 14; bh_context:client_bindings/1",
				Judge: func(j *suite.Judging) {
					accepted(j, own, "documents", `{"subscribed":["call.CHANNEL_CREATE.*","object.doc_created.*","object.doc_created.*"]}`)
					accepted(j, own, "every", `{"subscribed":["call.CHANNEL_CREATE.*","object.doc_created.*","object.doc_created.*",`+
						`"call.*.*","call.*.*","call.*.*","call.*.*","call.*.*","call.*.*","call.*.*","call.*.*","call.*.*"]}`)
				},
			},
			{
				ID: "WS-SUB-004", Text: "A subscribe whose data is missing, empty or no object MUST be refused with \"missing required keys in data object\".", Source: "websockets.md 3.1; bh_events:validate_subscription/2",
				Judge: func(j *suite.Judging) {
					for _, id := range []string{"no data", "empty data", "text for data"} {
						refused(j, own, id, "missing required keys in data object")
					}
				},
			},
			{
				ID: "WS-SUB-005", Text: "A subscribe without account_id or binding MUST be refused with \"missing required keys : \" and those that are missing, in this order.", Source: "websockets.md 3.1; bh_events:validate_subscription/2",
				Judge: func(j *suite.Judging) {
					refused(j, own, "no binding", "missing required keys : binding")
					refused(j, own, "no account", "missing required keys : account_id")
					refused(j, own, "neither", "missing required keys : account_id, binding")
				},
			},
			{
				ID: "WS-SUB-006", Text: "A list of bindings without binding MUST be refused with \"missing required keys : binding\".", Source: "websockets.md 3.1; websockets.md 7.4", Dialects: []string{suite.Kazoo5, suite.Kazoo4},
				Judge: func(j *suite.Judging) { refused(j, "list", "list alone", "missing required keys : binding") },
			},
			{
				ID: "WS-SUB-007", Text: "Where binding and a list of bindings are given, the list MUST be passed over.", Source: "websockets.md 3.1", Dialects: []string{suite.Kazoo5, suite.Kazoo4},
				Judge: func(j *suite.Judging) { accepted(j, "list", "both", `{"subscribed":["call.CHANNEL_CREATE.*"]}`) },
			},
			{
				ID: "WS-SUB-008", Text: "A list of bindings MUST be subscribed to as a whole, each binding once.", Source: "dialects.md 1; websockets.md 3.2", Dialects: []string{suite.Talk}, Ours: true, Needs: []string{suite.Lab},
				Judge: func(j *suite.Judging) {
					accepted(j, "list", "list alone", `{"subscribed":["call.CHANNEL_CREATE.*","object.doc_created.user"]}`)
				},
			},
			{
				ID: "WS-SUB-009", Text: "Of a list of bindings nothing MUST be subscribed to when one of them is refused.", Source: "dialects.md 1; websockets.md 3.2", Dialects: []string{suite.Talk}, Ours: true, Needs: []string{suite.Lab},
				Judge: func(j *suite.Judging) {
					refused(j, "list", "one is bad", "event CHANNEL_FOO not supported")
					accepted(j, "list", "what is left", `{"unsubscribed":["fax.status.*"],"subscribed":["call.CHANNEL_CREATE.*","object.doc_created.user"]}`)
				},
			},
			{
				ID: "WS-SUB-010", Text: "A subscribe to a family that does not exist MUST be refused with \"" + errUnavailable + "\".", Source: "websockets.md 3.1; websockets.md 7.4",
				Judge: func(j *suite.Judging) {
					for _, binding := range []string{"family.unknown", "calls.*.*", "Call.*.*"} {
						refused(j, own, "to "+binding, errUnavailable)
					}
				},
			},
			{
				ID: "WS-SUB-011", Text: "A subscribe to what the socket has already MUST succeed, and bring no second frame of an event.", Source: "websockets.md 3.3",
				Judge: func(j *suite.Judging) {
					accepted(j, "twice", "again", `{"subscribed":["call.CHANNEL_CREATE.*"]}`)
					event(j, "twice", "create")
				},
			},
			{
				ID: "WS-SUB-012", Text: "An event that two bindings of a socket match MUST come in two frames, one with each subscribed_key.", Source: "websockets.md 3.3; websockets.md 5.7",
				Judge: func(j *suite.Judging) {
					var keys []string
					for _, e := range probe.EventsOf(j.View, own, "create") {
						keys = append(keys, read(e).Get("subscribed_key").Str)
					}
					slices.Sort(keys)
					j.Equal("subscribed_key of the frames", "[call.*.* call.CHANNEL_CREATE.*]", fmt.Sprint(keys), probe.EventsOf(j.View, own, "create")...)
				},
			},
			{
				ID: "WS-SUB-013", Text: "A binding that a socket has for two accounts SHOULD stand twice in data.subscribed.", Source: "websockets.md 3.1; websockets.md 14",
				Judge: func(j *suite.Judging) {
					accepted(j, "twice", "of child", `{"subscribed":["call.CHANNEL_CREATE.*","call.CHANNEL_CREATE.*"]}`)
				},
			},
			{
				ID: "WS-SUB-014", Text: "A subscribe whose account_id is a number MUST be refused.", Source: "websockets.md 2.3; websockets.md 14",
				Judge: func(j *suite.Judging) { status(j, own, "account by number", "error") },
			},
			{
				ID: "WS-SUB-015", Text: "One socket MUST be able to have bindings of several accounts, of which each event comes once.", Source: "websockets.md 3.1; websockets.md 10.2",
				Judge: func(j *suite.Judging) {
					member(j, "twice", "create", "subscription_key", fill(j, "call.{own}.CHANNEL_CREATE.*"))
					member(j, "twice", "create in child", "subscription_key", fill(j, "call.{child}.CHANNEL_CREATE.*"))
				},
			},
		},
	}
}

func doSubscribe(ctx context.Context, p *probe.Probe) error {
	account, s, err := opened(ctx, p)
	if err != nil {
		return err
	}
	child, err := p.NewAccount(ctx, "child", account)
	if err != nil {
		return err
	}
	s.Command(ctx, "call", command("subscribe", "call", account.Token, account.ID, "call.CHANNEL_CREATE.*"))
	s.Command(ctx, "documents", command("subscribe", "documents", account.Token, account.ID, "object.doc_created.*"))
	s.Command(ctx, "every", command("subscribe", "every", account.Token, account.ID, "call.*.*"))
	for _, c := range []struct{ id, data string }{
		{"empty data", `{}`},
		{"text for data", `"account"`},
		{"no binding", `{"account_id":"` + account.ID + `"}`},
		{"no account", `{"binding":"call.*.*"}`},
		{"neither", `{"foo":1}`},
		{"account by number", `{"account_id":5,"binding":"call.*.*"}`},
		{"to family.unknown", `{"account_id":"` + account.ID + `","binding":"family.unknown"}`},
		{"to calls.*.*", `{"account_id":"` + account.ID + `","binding":"calls.*.*"}`},
		{"to Call.*.*", `{"account_id":"` + account.ID + `","binding":"Call.*.*"}`},
	} {
		s.Command(ctx, c.id, `{"action":"subscribe","request_id":`+quoted(c.id)+`,"data":`+c.data+`}`)
	}
	s.Command(ctx, "no data", `{"action":"subscribe","request_id":"no data"}`)
	if err := p.Tune(ctx, s, "callevt", "call.CHANNEL_CREATE.warm", call("CHANNEL_CREATE", "warm", account.ID).body); err != nil {
		return err
	}
	if err := subscribeLists(ctx, p, account); err != nil {
		return err
	}
	twice, err := listening(ctx, p, "twice", account, "call.CHANNEL_CREATE.*", call("CHANNEL_CREATE", "warm", account.ID))
	if err != nil {
		return err
	}
	twice.Command(ctx, "again", command("subscribe", "again", account.Token, account.ID, "call.CHANNEL_CREATE.*"))
	twice.Command(ctx, "of child", command("subscribe", "of child", account.Token, child.ID, "call.CHANNEL_CREATE.*"))
	if err := p.Tune(ctx, twice, "callevt", "call.CHANNEL_CREATE.warm", call("CHANNEL_CREATE", "warm", child.ID).body); err != nil {
		return err
	}
	if err := publishAll(ctx, p, named{"create", call("CHANNEL_CREATE", "c1", account.ID)}, named{"create in child", call("CHANNEL_CREATE", "c2", child.ID)}); err != nil {
		return err
	}
	p.AwaitEvent(ctx, own, "create")
	p.AwaitEvent(ctx, "twice", "create")
	p.AwaitEvent(ctx, "twice", "create in child")
	p.Settle(ctx)
	return nil
}

// subscribeLists asks for several bindings in one command.
func subscribeLists(ctx context.Context, p *probe.Probe, account probe.Account) error {
	list, err := p.MustDial(ctx, "list")
	if err != nil {
		return err
	}
	data := func(rest string) string {
		return `,"auth_token":` + quoted(account.Token) + `,"data":{"account_id":"` + account.ID + `",` + rest + `}}`
	}
	list.Command(ctx, "list alone", `{"action":"subscribe","request_id":"list alone"`+data(`"bindings":["call.CHANNEL_CREATE.*","object.doc_created.user","call.CHANNEL_CREATE.*"]`))
	list.Command(ctx, "both", `{"action":"subscribe","request_id":"both"`+data(`"binding":"call.CHANNEL_CREATE.*","bindings":["object.doc_created.user"]`))
	list.Command(ctx, "one is bad", `{"action":"subscribe","request_id":"one is bad"`+data(`"bindings":["fax.object.*","call.CHANNEL_FOO.*","fax.status.*"]`))
	list.Command(ctx, "what is left", command("unsubscribe", "what is left", account.Token, account.ID, "fax.status.*"))
	return nil
}
