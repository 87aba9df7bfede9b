package sockets

import (
	"context"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// bindPresence is about presence.KIND.WORD, which 4.3 does not have.
func bindPresence() suite.Group {
	newer := []string{suite.Talk, suite.Kazoo5}
	return suite.Group{
		Name: "sockets/bind-presence", Title: "Bindings for presence", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus}, Do: doBindPresence,
		Requirements: []suite.Requirement{
			{
				ID: "WS-BIND-060", Text: "The bindings presence.dialog, presence.mwi_updates and presence.update MUST bring the account's states of that kind, with kind, realm encoded and the word as their subscription_key.",
				Source: "websockets.md 5.5; amqp.md 15; bh_presence:bindings/2", Dialects: newer,
				Judge: func(j *suite.Judging) {
					for _, kind := range presenceKinds() {
						member(j, own, kind, "subscription_key", fill(j, kind+".{realm}.*"))
						member(j, own, kind, "routing_key", fill(j, kind+".{realm}.1001"))
					}
				},
			},
			{
				ID: "WS-BIND-061", Text: "The subscribed_key of a state and the reply's data.subscribed SHOULD have the binding without its first word presence.", Source: "websockets.md 5.5; websockets.md 14; bh_presence:bindings/2", Dialects: newer,
				Judge: func(j *suite.Judging) {
					member(j, own, "dialog", "subscribed_key", "dialog.*")
					accepted(j, own, "subscribe presence.dialog.*", `{"subscribed":["dialog.*"]}`)
				},
			},
			{
				ID: "WS-BIND-062", Text: "A binding with the id of a call MUST bring the states of that call and of no other.", Source: "websockets.md 5.5; amqp.md 9.2", Dialects: newer,
				Judge: func(j *suite.Judging) {
					member(j, "one", "of c1", "subscription_key", fill(j, "dialog.{realm}.c1"))
					none(j, "one", "dialog", "of c1")
				},
			},
			{
				ID: "WS-BIND-063", Text: "A kind that does not exist MUST be refused with \"event <E> not supported\".", Source: "websockets.md 5.5; bh_presence:validate/2", Dialects: newer,
				Judge: func(j *suite.Judging) {
					refused(j, "refused", "presence.probes.x", "event probes not supported")
					refused(j, "refused", "presence.*.x", "event * not supported")
				},
			},
			{
				ID: "WS-BIND-064", Text: "The binding presence without words MUST be refused with \"invalid format for presence subscription : \".", Source: "websockets.md 5.5; bh_presence:validate/2", Dialects: newer,
				Judge: func(j *suite.Judging) {
					refused(j, "refused", "presence", "invalid format for presence subscription : ")
				},
			},
			{
				ID: "WS-BIND-065", Text: "A kind without its word, or with two, MUST be refused with \"" + errUnavailable + "\".", Source: "websockets.md 5.5; bh_presence:bindings/2", Dialects: newer,
				Judge: func(j *suite.Judging) {
					refused(j, "refused", "presence.dialog", errUnavailable)
					refused(j, "refused", "presence.dialog.a.b", errUnavailable)
				},
			},
			{
				ID: "WS-BIND-066", Text: "What the list of bindings shows for presence, as dialog.X, MUST be refused with \"" + errUnavailable + "\", since it lacks the family.", Source: "websockets.md 5.5; websockets.md 8.2",
				Judge: func(j *suite.Judging) { refused(j, "refused", "dialog.x", errUnavailable) },
			},
			{
				ID: "WS-BIND-067", Text: "Bindings for presence MUST be refused with \"" + errUnavailable + "\".", Source: "websockets.md 1.3; websockets.md 5.5", Dialects: []string{suite.Kazoo4},
				Judge: func(j *suite.Judging) {
					for _, kind := range presenceKinds() {
						refused(j, "refused", "presence."+kind+".*", errUnavailable)
					}
				},
			},
		},
	}
}

func presenceKinds() []string { return []string{"dialog", "mwi_updates", "update"} }

func doBindPresence(ctx context.Context, p *probe.Probe) error {
	account, s, err := opened(ctx, p)
	if err != nil {
		return err
	}
	p.Note("realm", account.Realm)
	bad, err := p.MustDial(ctx, "refused")
	if err != nil {
		return err
	}
	ask(ctx, bad, account, "presence.probes.x", "presence.*.x", "presence", "presence.dialog", "presence.dialog.a.b", "dialog.x")
	if p.Target.Dialect == suite.Kazoo4 {
		ask(ctx, bad, account, "presence.dialog.*", "presence.mwi_updates.*", "presence.update.*")
		return nil
	}
	names := map[string]string{"dialog": "dialog_update", "mwi_updates": "mwi_update", "update": "update"}
	for _, kind := range presenceKinds() {
		if err := tuned(ctx, p, s, account, "presence."+kind+".*", presence(kind, names[kind], account.Realm, "warm")); err != nil {
			return err
		}
	}
	if _, err := listening(ctx, p, "one", account, "presence.dialog.c1", presence("dialog", "dialog_update", account.Realm, "c1")); err != nil {
		return err
	}
	for _, kind := range presenceKinds() {
		if err := publish(ctx, p, kind, presence(kind, names[kind], account.Realm, "1001")); err != nil {
			return err
		}
	}
	if err := publish(ctx, p, "of c1", presence("dialog", "dialog_update", account.Realm, "c1")); err != nil {
		return err
	}
	awaitAll(ctx, p, own, presenceKinds()...)
	awaitAll(ctx, p, "one", "of c1")
	p.Settle(ctx)
	return nil
}
