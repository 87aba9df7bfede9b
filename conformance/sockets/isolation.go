package sockets

import (
	"context"

	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// isolation is about sockets and accounts that must not be able to harm each other.
func isolation() suite.Group {
	return suite.Group{
		Name: "sockets/isolation", Title: "Accounts apart", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus}, Do: doIsolation,
		Requirements: []suite.Requirement{
			{
				ID: "WS-ISO-001", Text: "Call events of another account MUST NOT come, be it below or beside.", Source: "websockets.md 5.1; websockets.md 13",
				Judge: func(j *suite.Judging) {
					none(j, own, "call of sibling", "last call")
					none(j, own, "call of child", "last call")
				},
			},
			{
				ID: "WS-ISO-002", Text: "Document events of another account MUST NOT come.", Source: "websockets.md 5.2; websockets.md 13",
				Judge: func(j *suite.Judging) {
					none(j, own, "document of sibling", "last document")
					none(j, own, "document of child", "last document")
				},
			},
			{
				ID: "WS-ISO-003", Text: "Fax events of another account MUST NOT come.", Source: "websockets.md 5.3; websockets.md 13",
				Judge: func(j *suite.Judging) { none(j, own, "fax of sibling", "last fax") },
			},
			{
				ID: "WS-ISO-004", Text: "Events of a conference of another account that has the same id MUST NOT come.", Source: "websockets.md 5.4; websockets.md 13",
				Judge: func(j *suite.Judging) { none(j, own, "conference of sibling", "last conference") },
			},
			{
				ID: "WS-ISO-005", Text: "Presence of another account's realm MUST NOT come.", Source: "websockets.md 5.5; websockets.md 13", Dialects: []string{suite.Talk, suite.Kazoo5},
				Judge: func(j *suite.Judging) { none(j, own, "presence of sibling", "last presence") },
			},
			{
				ID: "WS-ISO-006", Text: "The other account's socket with the same bindings MUST get its own events meanwhile.", Source: "websockets.md 13",
				Judge: func(j *suite.Judging) {
					event(j, "sibling", "call of sibling")
					event(j, "sibling", "fax of sibling")
					none(j, "sibling", "last call", "call of sibling")
				},
			},
			{
				ID: "WS-ISO-007", Text: "A socket that ends MUST NOT take from another socket what both were subscribed to.", Source: "websockets.md 9; websockets.md 14",
				Judge: func(j *suite.Judging) {
					event(j, own, "last document")
					event(j, own, "last fax")
				},
			},
		},
	}
}

// kin is the group's own account, one beside and one below it.
type kin struct{ own, sibling, child probe.Account }

// family opens a socket of the group's own account, and makes the others.
func family(ctx context.Context, p *probe.Probe) (of kin, s *probe.Socket, err error) {
	if of.own, s, err = opened(ctx, p); err == nil {
		of.sibling, err = p.NewAccount(ctx, "sibling", p.Target.Parent)
	}
	if err == nil {
		of.child, err = p.NewAccount(ctx, "child", of.own)
	}
	return of, s, err
}

func doIsolation(ctx context.Context, p *probe.Probe) error {
	of, s, err := family(ctx, p)
	if err != nil {
		return err
	}
	account, sibling, child := of.own, of.sibling, of.child
	theirs, err := p.MustDial(ctx, "sibling")
	if err != nil {
		return err
	}
	gone, err := p.MustDial(ctx, "gone")
	if err != nil {
		return err
	}
	for _, who := range []struct {
		socket  *probe.Socket
		account probe.Account
	}{{s, account}, {theirs, sibling}, {gone, account}} {
		for _, want := range samples(p, who.account) {
			if err := tuned(ctx, p, who.socket, who.account, want.name, want.message); err != nil {
				return err
			}
		}
	}
	gone.Cut()
	kinds := []string{"call", "document", "fax", "conference", "presence"}
	for i, want := range samples(p, sibling) {
		if err := publish(ctx, p, kinds[i]+" of sibling", want.message); err != nil {
			return err
		}
	}
	if err := publishAll(
		ctx, p, named{"call of child", call("CHANNEL_CREATE", "c1", child.ID)}, named{"document of child", change("doc_edited", messages.Database(child.ID), "device", "d1", child.ID)},
	); err != nil {
		return err
	}
	for i, want := range samples(p, account) {
		if err := publish(ctx, p, "last "+kinds[i], want.message); err != nil {
			return err
		}
		p.AwaitEvent(ctx, own, "last "+kinds[i])
	}
	awaitAll(ctx, p, "sibling", "call of sibling", "fax of sibling")
	p.Settle(ctx)
	return nil
}

// samples are bindings and messages of an account, one of each family.
func samples(p *probe.Probe, account probe.Account) []named {
	all := []named{
		{"call.CHANNEL_CREATE.*", call("CHANNEL_CREATE", "c2", account.ID)}, {"object.doc_edited.device", change("doc_edited", messages.Database(account.ID), "device", "d2", account.ID)},
		{"fax.status.*", fax(account.ID, "j2")}, {"conference.event.cf1.*", conferenceEvent("lock", account.ID, "cf1", "c2")},
	}
	if p.Target.Dialect != suite.Kazoo4 {
		all = append(all, named{"presence.update.*", presence("update", "update", account.Realm, "u1")})
	}
	return all
}
