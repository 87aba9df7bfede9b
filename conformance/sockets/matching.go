package sockets

import (
	"context"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// matching is about which keys of events match which subscription keys. Another socket of
// the account has fax.status.#, so that the broker hands on all, and what is shown is how
// the bridge matches.
func matching() suite.Group {
	return suite.Group{
		Name: "sockets/matching", Title: "How keys are matched", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus}, Do: doMatching,
		Requirements: []suite.Requirement{
			{
				ID: "WS-MATCH-001", Text: "A * in a binding MUST match any one word, and neither none nor two.", Source: "websockets.md 5.7; blackhole_bindings:bh_match/2",
				Judge: func(j *suite.Judging) {
					event(j, "star", "one word")
					none(j, "star", "two words", "last")
					none(j, "star", "no word", "last")
				},
			},
			{
				ID: "WS-MATCH-002", Text: "A # at the end of a binding MUST match any number of words, none included.", Source: "websockets.md 5.7; blackhole_bindings:bh_match/2",
				Judge: func(j *suite.Judging) {
					for _, name := range []string{"one word", "two words", "no word"} {
						event(j, own, name)
					}
				},
			},
			{
				ID: "WS-MATCH-003", Text: "A word MUST match the same bytes alone, upper and lower case apart.", Source: "websockets.md 5.7; blackhole_bindings:bh_match/2",
				Judge: func(j *suite.Judging) {
					event(j, "word", "same word")
					none(j, "word", "other case", "last same")
					none(j, "word", "longer word", "last same")
				},
			},
			{
				ID: "WS-MATCH-004", Text: "A * in the key of an event MUST match any one word of a binding.", Source: "websockets.md 5.7; blackhole_bindings:bh_match/2",
				Judge: func(j *suite.Judging) {
					event(j, "word", "star in key")
					none(j, "word", "one word", "last same")
				},
			},
			{
				ID: "WS-MATCH-005", Text: "The binding call.<EVENT>.# MUST bring the events of all calls.", Source: "websockets.md 5.1; websockets.md 5.7",
				Judge: func(j *suite.Judging) {
					member(j, own, "call", "subscription_key", fill(j, "call.{own}.CHANNEL_CREATE.#"))
				},
			},
			{
				ID: "WS-MATCH-006", Text: "An event MUST come in one frame for each binding that matches, whichever wildcards they have.", Source: "websockets.md 5.7",
				Judge: func(j *suite.Judging) { j.Count("frames of a status", 3, probe.EventsOf(j.View, "three", "same word")) },
			},
		},
	}
}

func doMatching(ctx context.Context, p *probe.Probe) error {
	account, s, err := opened(ctx, p)
	if err != nil {
		return err
	}
	if err := tuned(ctx, p, s, account, "fax.status.#", fax(account.ID, "warm")); err != nil {
		return err
	}
	if err := tuned(ctx, p, s, account, "call.CHANNEL_CREATE.#", call("CHANNEL_CREATE", "warm", account.ID)); err != nil {
		return err
	}
	if _, err := listening(ctx, p, "star", account, "fax.status.*", fax(account.ID, "warm")); err != nil {
		return err
	}
	if _, err := listening(ctx, p, "word", account, "fax.status.j1", fax(account.ID, "j1")); err != nil {
		return err
	}
	three, err := p.MustDial(ctx, "three")
	if err != nil {
		return err
	}
	for _, binding := range []string{"fax.status.#", "fax.status.*", "fax.status.j1"} {
		if err := tuned(ctx, p, three, account, binding, fax(account.ID, "j1")); err != nil {
			return err
		}
	}
	bare := fax(account.ID, "")
	bare.key = "fax.status." + account.ID
	if err := publishAll(
		ctx, p, named{"one word", fax(account.ID, "j2")}, named{"two words", fax(account.ID, "j2.more")}, named{"no word", bare},
		named{"same word", fax(account.ID, "j1")}, named{"other case", fax(account.ID, "J1")}, named{"longer word", fax(account.ID, "j11")}, named{"star in key", fax(account.ID, "*")},
		named{"call", call("CHANNEL_CREATE", "c1", account.ID)}, named{"last", fax(account.ID, "j3")}, named{"last same", fax(account.ID, "j1")},
	); err != nil {
		return err
	}
	awaitAll(ctx, p, own, "one word", "two words", "no word", "call", "last")
	awaitAll(ctx, p, "star", "one word", "last")
	awaitAll(ctx, p, "word", "same word", "star in key", "last same")
	awaitAll(ctx, p, "three", "same word")
	p.Settle(ctx)
	return nil
}
