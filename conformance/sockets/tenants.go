package sockets

import (
	"context"
	"net/http"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// tenants is about holes that a Kazoo has and we do not: it would do harm to try them there.
func tenants() suite.Group {
	return suite.Group{
		Name: "sockets/tenants", Title: "Holes that are not there", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus, suite.Lab}, Do: doTenants,
		Requirements: []suite.Requirement{
			{
				ID: "WS-ISO-008", Text: "An unsubscribe MUST NOT silence another socket, be it of the same account, from the same binding, or from one that was never had.", Source: "websockets.md 14; design.md 3", Ours: true,
				Judge: func(j *suite.Judging) {
					for _, name := range []string{"last call", "last document", "last fax", "last conference"} {
						event(j, own, name)
					}
				},
			},
			{
				ID: "WS-ISO-009", Text: "An unsubscribe from one of two bindings that stand for the same key of the bus, as fax.object.doc_created and object.doc_created.fax do, MUST NOT silence the other.",
				Source: "websockets.md 14; design.md 3", Ours: true,
				Judge: func(j *suite.Judging) {
					member(j, "two names", "fax document", "subscribed_key", "object.doc_created.fax")
				},
			},
			{
				ID: "WS-ISO-010", Text: "A word of a message that is a wildcard MUST NOT carry its event to other accounts.", Source: "websockets.md 5.7; design.md 3", Ours: true,
				Needs: []string{suite.Admin},
				Judge: func(j *suite.Judging) {
					event(j, "all", "fax of all")
					none(j, own, "fax of all", "last fax")
					none(j, own, "call of all", "last call")
				},
			},
			{
				ID: "WS-ISO-011", Text: "A socket that has events of an account MUST be closed with the code 1008 when that account is deleted.", Source: "websockets.md 9; design.md 3", Ours: true,
				Judge: func(j *suite.Judging) {
					code(j, "parent", "1008")
					event(j, "parent", "while it was")
				},
			},
			{
				ID: "WS-ISO-012", Text: "A socket MUST NOT be shown by its id under an account that is not its own.", Source: "websockets.md 8; websockets.md 14; design.md 3", Ours: true,
				Judge: func(j *suite.Judging) {
					j.Status("socket as own", "200")
					j.Status("socket as sibling", "404")
				},
			},
			{
				ID: "WS-ISO-013", Text: "The list of an account's sockets MUST NOT have those of the caller's own account among them.", Source: "websockets.md 8; websockets.md 14; design.md 3", Ours: true,
				Judge: func(j *suite.Judging) {
					if got, ok := j.Status("sockets of child", "200"); ok {
						j.Equal("data", "[]", read(got).Get("data").Raw, got)
					}
					if got, ok := j.Status("sockets of own", "200"); ok && len(read(got).Get("data").Array()) == 0 {
						j.Fail("the caller's own list is empty, too", got)
					}
				},
			},
		},
	}
}

func doTenants(ctx context.Context, p *probe.Probe) error {
	of, s, err := family(ctx, p)
	if err != nil {
		return err
	}
	account, sibling, child := of.own, of.sibling, of.child
	meddler, err := p.MustDial(ctx, "meddler")
	if err != nil {
		return err
	}
	stranger, err := p.MustDial(ctx, "stranger")
	if err != nil {
		return err
	}
	for _, want := range samples(p, account) {
		if err := tuned(ctx, p, s, account, want.name, want.message); err != nil {
			return err
		}
		if err := tuned(ctx, p, meddler, account, want.name, want.message); err != nil {
			return err
		}
	}
	for _, want := range samples(p, account) {
		for _, id := range []string{"drop ", "drop again "} {
			meddler.Command(ctx, id+want.name, command("unsubscribe", id+want.name, account.Token, account.ID, want.name))
			stranger.Command(ctx, id+want.name, command("unsubscribe", id+want.name, sibling.Token, account.ID, want.name))
		}
	}
	monthly := messages.Database(account.ID) + "-" + month(p)
	document := change("doc_created", monthly, "fax", "f1", account.ID)
	two, err := listening(ctx, p, "two names", account, "fax.object.doc_created", document)
	if err != nil {
		return err
	}
	if err := two.Subscribe(ctx, account, "object.doc_created.fax"); err != nil {
		return err
	}
	two.Command(ctx, "drop", command("unsubscribe", "drop", account.Token, account.ID, "fax.object.doc_created"))
	if err := haveAll(ctx, p, account); err != nil {
		return err
	}
	if err := publishAll(ctx, p, named{"fax of all", fax("*", "j1")}, named{"call of all", call("CHANNEL_CREATE", "c1", "*")}, named{"fax document", document}); err != nil {
		return err
	}
	kinds := []string{"call", "document", "fax", "conference", "presence"}
	for i, want := range samples(p, account) {
		if err := publish(ctx, p, "last "+kinds[i], want.message); err != nil {
			return err
		}
		p.AwaitEvent(ctx, own, "last "+kinds[i])
	}
	awaitAll(ctx, p, "two names", "fax document")
	p.Settle(ctx)
	if err := peep(ctx, p, account, sibling, child); err != nil {
		return err
	}
	return bereave(ctx, p, account, child)
}

// haveAll has a socket get the faxes of all, so that the broker hands on what is nobody's.
func haveAll(ctx context.Context, p *probe.Probe, account probe.Account) error {
	if !p.Target.Has(suite.Admin) {
		return nil
	}
	_, err := listening(ctx, p, "all", probe.Account{ID: "*", Token: p.Target.Parent.Token}, "fax.status.*", fax(account.ID, "warm"))
	return err
}

// peep asks for the socket under accounts that it is of, and of which it is not.
func peep(ctx context.Context, p *probe.Probe, account, sibling, child probe.Account) error {
	// The id is what the list says: a client is never told it.
	list, err := p.RESTUntil(ctx, "session", probe.Request{Method: http.MethodGet, Path: "/v2/accounts/" + account.ID + "/websockets", Token: account.Token}, p.Target.Patience.Delivery, probe.Lists)
	if err != nil {
		return err
	}
	id := list.Data().Get("0").Str
	if first := list.Data().Get("0"); first.IsObject() {
		id = first.Get("websocket_session_id").Str
	}
	for _, step := range []struct {
		name, path string
		caller     probe.Account
		holds      func(probe.Response) bool // bridges have 2 s to answer, whatever stands still meanwhile
	}{
		{"socket as own", "/v2/accounts/" + account.ID + "/websockets/" + id, account, shown},
		{"socket as sibling", "/v2/accounts/" + sibling.ID + "/websockets/" + id, sibling, func(got probe.Response) bool { return got.Status < http.StatusInternalServerError }},
		{"sockets of own", "/v2/accounts/" + account.ID + "/websockets", account, probe.Lists},
		{"sockets of child", "/v2/accounts/" + child.ID + "/websockets", account, shown},
	} {
		if _, err := p.RESTUntil(ctx, step.name, probe.Request{Method: http.MethodGet, Path: step.path, Token: step.caller.Token}, p.Target.Patience.Delivery, step.holds); err != nil {
			return err
		}
	}
	return nil
}

// bereave has a socket of an account lose the account below it.
func bereave(ctx context.Context, p *probe.Probe, account, child probe.Account) error {
	parent, err := p.MustDial(ctx, "parent")
	if err != nil {
		return err
	}
	parent.Command(ctx, "child", command("subscribe", "child", account.Token, child.ID, "call.CHANNEL_CREATE.*"))
	create := call("CHANNEL_CREATE", "c1", child.ID)
	if err := p.Tune(ctx, parent, create.exchange, create.key, create.body); err != nil {
		return err
	}
	if err := publish(ctx, p, "while it was", create); err != nil {
		return err
	}
	p.AwaitEvent(ctx, "parent", "while it was")
	if _, err := p.MustREST(ctx, "delete child", probe.Request{Method: http.MethodDelete, Path: "/v2/accounts/" + child.ID, Token: account.Token}); err != nil {
		return err
	}
	p.Await(ctx, "the end of parent", p.Target.Patience.Close, func(v capture.View) bool {
		_, ended := closed(v, "parent")
		return ended
	})
	return nil
}
