package sockets

import (
	"context"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// nobody is an account that does not exist.
const nobody = "00000000000000000000000000000bad"

// rights is about whose events a socket may have.
func rights() suite.Group {
	return suite.Group{
		Name: "sockets/rights", Title: "Whose events a socket may have", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus}, Do: doRights,
		Requirements: []suite.Requirement{
			{
				ID: "WS-AUTZ-001", Text: "An account MUST be allowed to subscribe to its own events.", Source: "websockets.md 2.3; bh_authz_subscribe:authorize/2",
				Judge: func(j *suite.Judging) { accepted(j, own, "of own", `{"subscribed":["call.CHANNEL_CREATE.*"]}`) },
			},
			{
				ID: "WS-AUTZ-002", Text: "An account MUST get the events of an account below it, at any depth, that it subscribes to.", Source: "websockets.md 2.3; bh_authz_subscribe:authorize/2",
				Judge: func(j *suite.Judging) {
					member(j, own, "in grandchild", "subscription_key", fill(j, "call.{grandchild}.CHANNEL_ANSWER.*"))
					member(j, own, "in grandchild", "data.custom_channel_vars.account_id", fill(j, "{grandchild}"))
				},
			},
			{
				ID: "WS-AUTZ-003", Text: "An account MUST NOT be allowed to subscribe to the events of the account above it, which is refused with \"unauthorized account id\".",
				Source: "websockets.md 2.3; bh_authz_subscribe:authorize/2",
				Judge: func(j *suite.Judging) {
					refused(j, "child", "of own", "unauthorized account id")
					status(j, "child", "of child", "success")
				},
			},
			{
				ID: "WS-AUTZ-004", Text: "An account MUST NOT be allowed to subscribe to the events of another below the same one, which is refused with \"unauthorized account id\".",
				Source: "websockets.md 2.3; bh_authz_subscribe:authorize/2",
				Judge:  func(j *suite.Judging) { refused(j, own, "of sibling", "unauthorized account id") },
			},
			{
				ID: "WS-AUTZ-005", Text: "A subscribe for an account that does not exist MUST be refused with \"unauthorized account id\".", Source: "websockets.md 2.3",
				Judge: func(j *suite.Judging) { refused(j, own, "of nobody", "unauthorized account id") },
			},
			{
				ID: "WS-AUTZ-006", Text: "A subscribe for the account * MUST be refused with \"unauthorized wildcard account id\" to all but superduper admins.", Source: "websockets.md 2.3; bh_authz_subscribe:authorize/2",
				Judge: func(j *suite.Judging) { refused(j, own, "of all", "unauthorized wildcard account id") },
			},
			{
				ID: "WS-AUTZ-007", Text: "A subscribe that is refused MUST NOT bring events.", Source: "websockets.md 2.3",
				Judge: func(j *suite.Judging) {
					none(j, own, "in sibling", "last")
					none(j, "child", "in own", "last in child")
				},
			},
			{
				ID: "WS-AUTZ-008", Text: "An unsubscribe MUST be answered with success whatever account it names, since it is not authorised.", Source: "websockets.md 2.3; websockets.md 4.1",
				Judge: func(j *suite.Judging) {
					if data, ok := status(j, own, "no longer of sibling", "success"); ok {
						j.Equal("unsubscribed", `["call.CHANNEL_CREATE.*"]`, data.Get("data.unsubscribed").Raw)
					}
				},
			},
			{
				ID: "WS-AUTZ-009", Text: "The name of an account's database MUST be taken for its id when the right to it is checked.", Source: "websockets.md 2.3",
				Judge: func(j *suite.Judging) {
					status(j, own, "by database", "success")
					refused(j, own, "sibling by database", "unauthorized account id")
				},
			},
		},
	}
}

func doRights(ctx context.Context, p *probe.Probe) error {
	of, s, err := family(ctx, p)
	if err != nil {
		return err
	}
	account, sibling, child := of.own, of.sibling, of.child
	grandchild, err := p.NewAccount(ctx, "grandchild", child)
	if err != nil {
		return err
	}
	below, err := p.MustDial(ctx, "child")
	if err != nil {
		return err
	}
	const create = "call.CHANNEL_CREATE.*"
	s.Command(ctx, "of own", command("subscribe", "of own", account.Token, account.ID, create))
	s.Command(ctx, "of grandchild", command("subscribe", "of grandchild", account.Token, grandchild.ID, "call.CHANNEL_ANSWER.*"))
	s.Command(ctx, "of sibling", command("subscribe", "of sibling", account.Token, sibling.ID, create))
	s.Command(ctx, "of nobody", command("subscribe", "of nobody", account.Token, nobody, create))
	s.Command(ctx, "of all", command("subscribe", "of all", account.Token, "*", create))
	s.Command(ctx, "no longer of sibling", command("unsubscribe", "no longer of sibling", account.Token, sibling.ID, create))
	s.Command(ctx, "by database", command("subscribe", "by database", account.Token, messages.Database(account.ID), "fax.status.*"))
	s.Command(ctx, "sibling by database", command("subscribe", "sibling by database", account.Token, messages.Database(sibling.ID), "fax.status.*"))
	below.Command(ctx, "of child", command("subscribe", "of child", child.Token, child.ID, create))
	below.Command(ctx, "of own", command("subscribe", "of own", child.Token, account.ID, create))

	for _, live := range []struct {
		socket *probe.Socket
		call   message
	}{
		{s, call("CHANNEL_CREATE", "warm", account.ID)}, {s, call("CHANNEL_ANSWER", "warm", grandchild.ID)}, {below, call("CHANNEL_CREATE", "warm", child.ID)},
	} {
		if err := p.Tune(ctx, live.socket, live.call.exchange, live.call.key, live.call.body); err != nil {
			return err
		}
	}
	if err := publishAll(
		ctx, p, named{"in grandchild", call("CHANNEL_ANSWER", "a", grandchild.ID)}, named{"in sibling", call("CHANNEL_CREATE", "b", sibling.ID)},
		named{"in own", call("CHANNEL_CREATE", "c", account.ID)}, named{"last in child", call("CHANNEL_CREATE", "d", child.ID)}, named{"last", call("CHANNEL_CREATE", "e", account.ID)},
	); err != nil {
		return err
	}
	p.AwaitEvent(ctx, own, "in grandchild")
	p.AwaitEvent(ctx, "child", "last in child")
	p.AwaitEvent(ctx, own, "last")
	p.Settle(ctx)
	return nil
}

// everyAccount is about the account *. While somebody has all calls, a Kazoo of 4.x hands
// each call event out twice (websockets.md 14, 3): nothing else can run beside it.
func everyAccount() suite.Group {
	return suite.Group{
		Name: "sockets/everyone", Title: "The account of all accounts", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus, suite.Admin}, Alone: true, Do: doEveryAccount,
		Requirements: []suite.Requirement{
			{
				ID: "WS-AUTZ-010", Text: "A superduper admin who subscribes to calls of the account * MUST get those of every account, with * in the subscription_key and the call's own account in the routing_key.",
				Source: "websockets.md 2.3; websockets.md 5.1; bh_call:bindings/2",
				Judge: func(j *suite.Judging) {
					for _, name := range []string{"own", "child"} {
						got := seen(j, "in "+name)
						if len(got) == 0 {
							j.Failf("no event of the account %s", name)
							continue
						}
						frame := read(got[0])
						j.Equal("subscription_key", "call.*.CHANNEL_CREATE.*", frame.Get("subscription_key").Str, got[0])
						j.Equal("routing_key", fill(j, "call.{"+name+"}.CHANNEL_CREATE.c-"+name), frame.Get("routing_key").Str, got[0])
					}
				},
			},
			{
				ID: "WS-AUTZ-011", Text: "A call event other than CHANNEL_CREATE and CHANNEL_DESTROY that names no account MUST reach subscribers to the account * alone, with undefined for the account in its routing_key.",
				Source: "websockets.md 5.1; amqp.md 8; kz_hooks_util:handle_call_event/2",
				Judge: func(j *suite.Judging) {
					got := seen(j, "of nobody")
					if len(got) == 0 {
						j.Fail("no event of the call without an account")
						return
					}
					j.Equal("routing_key", "call.undefined.CHANNEL_ANSWER.c-nobody", read(got[0]).Get("routing_key").Str, got[0])
					none(j, own, "of nobody", "last")
				},
			},
			{
				ID: "WS-AUTZ-014", Text: "A CHANNEL_CREATE or CHANNEL_DESTROY that names no account, and whose dialled number is nobody's, MUST NOT come to anybody, subscribers to the account * included.",
				Source: "amqp.md 8; websockets.md 5.1; kz_hooks_util:handle_call_event/2",
				Judge: func(j *suite.Judging) {
					if len(seen(j, "of nobody")) == 0 {
						j.Fail("the socket got nothing of other calls without an account")
						return
					}
					j.Count("events of a new call without an account", 0, seen(j, "new of nobody"))
				},
			},
			{
				ID: "WS-AUTZ-012", Text: "Documents of the account * MUST be refused with \"no available subscriptions to requested binding\".", Source: "websockets.md 5.2; bh_object:bindings/2",
				Judge: func(j *suite.Judging) {
					refused(j, "all", "object.*.*", "no available subscriptions to requested binding")
					refused(j, "all", "fax.object.*", "no available subscriptions to requested binding")
				},
			},
			{
				ID: "WS-AUTZ-013", Text: "A superduper admin who subscribes to fax.status.* of the account * MUST get the statuses of every account.", Source: "websockets.md 5.3; bh_fax:bindings/2",
				Judge: func(j *suite.Judging) {
					got := seen(j, "fax of child")
					if len(got) == 0 {
						j.Fail("no status of a fax")
						return
					}
					j.Equal("subscription_key", "fax.status.*.*", read(got[0]).Get("subscription_key").Str, got[0])
				},
			},
		},
	}
}

// seen are the events of a message, of which an older Kazoo may make two.
func seen(j *suite.Judging, message string) []capture.Entry {
	return probe.EventsOf(j.View, "all", message+" "+j.Fact("run"))
}

func doEveryAccount(ctx context.Context, p *probe.Probe) error {
	account, s, err := opened(ctx, p)
	if err != nil {
		return err
	}
	child, err := p.NewAccount(ctx, "child", account)
	if err != nil {
		return err
	}
	all, err := p.MustDial(ctx, "all")
	if err != nil {
		return err
	}
	everybody := probe.Account{ID: "*", Token: p.Target.Parent.Token}
	ask(ctx, all, everybody, "object.*.*", "fax.object.*")
	run := p.ID() // this socket may see what others do
	p.Note("run", run)
	for _, want := range []struct {
		binding string
		message message
	}{
		{"call.CHANNEL_CREATE.*", call("CHANNEL_CREATE", "warm", account.ID)}, {"call.CHANNEL_ANSWER.*", call("CHANNEL_ANSWER", "warm", account.ID)}, {"fax.status.*", fax(account.ID, "warm")},
	} {
		if err := tuned(ctx, p, all, everybody, want.binding, want.message); err != nil {
			return err
		}
	}
	if err := tuned(ctx, p, s, account, "call.*.*", call("CHANNEL_ANSWER", "warm", account.ID)); err != nil {
		return err
	}
	if err := publishAll(
		ctx, p, named{"in own " + run, call("CHANNEL_CREATE", "c-own", account.ID)}, named{"in child " + run, call("CHANNEL_CREATE", "c-child", child.ID)},
		named{"new of nobody " + run, call("CHANNEL_CREATE", "c-new", "", `"Custom-Channel-Vars":{}`, `"Request":"no-number@acme.example.com"`, `"To":"no-number@acme.example.com"`)},
		named{"of nobody " + run, call("CHANNEL_ANSWER", "c-nobody", "", `"Custom-Channel-Vars":{"Owner-ID":"9c0a"}`)}, named{"of nobody", call("CHANNEL_ANSWER", "c-nobody", "", `"Custom-Channel-Vars":{}`)},
		named{"fax of child " + run, fax(child.ID, "j1")}, named{"last", call("CHANNEL_ANSWER", "last", account.ID)},
	); err != nil {
		return err
	}
	for _, name := range []string{"in own ", "in child ", "of nobody ", "fax of child "} {
		p.AwaitEvent(ctx, "all", name+run)
	}
	p.AwaitEvent(ctx, own, "last")
	p.Settle(ctx)
	return nil
}
