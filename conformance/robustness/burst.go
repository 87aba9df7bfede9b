package robustness

import (
	"context"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// burst is about many events at once.
func burst() suite.Group {
	return suite.Group{
		Name: "robustness/burst", Title: "Many events at once", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus, suite.Lab},
		Do: doBurst,
		Requirements: []suite.Requirement{
			{
				ID: "RB-BURST-001", Text: "Each of 500 events that are published at once MUST reach a webhook.",
				Source: whatBecomes, Ours: true,
				Judge: func(j *suite.Judging) {
					allCame(j, "the hook", series("burst", burstCalls), forms(j.View, "hook", "call_id"))
				},
			},
			{
				ID: "RB-BURST-002", Text: "None of 500 events that are published at once MUST reach a webhook twice while nothing fails.",
				Source: whatBecomes, Ours: true,
				Judge: func(j *suite.Judging) {
					noneTwice(j, "the hook", series("burst", burstCalls), forms(j.View, "hook", "call_id"))
				},
			},
			{
				ID: "RB-BURST-003", Text: "Each of 500 events that are published at once MUST come to a websocket whose client reads, once.",
				Source: "docs/websockets.md, Settings, and what each costs", Ours: true, Needs: []string{suite.Sockets},
				Judge: func(j *suite.Judging) {
					noneTwice(j, "the socket", series("burst", burstCalls), frames(j.View, "socket", "call_id"))
				},
			},
		},
	}
}

const burstCalls = 500

func doBurst(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	if err := hook(ctx, p, "hook", account); err != nil {
		return err
	}
	if p.Target.Has(suite.Sockets) {
		s, err := p.MustDial(ctx, "socket")
		if err != nil {
			return err
		}
		if err := s.Subscribe(ctx, account, binding); err != nil {
			return err
		}
	}
	calls := series("burst", burstCalls)
	if err := p.PublishAll(ctx, callsOf(account, calls)); err != nil {
		return err
	}
	awaitCalls(ctx, p, "hook", calls)
	if p.Target.Has(suite.Sockets) {
		awaitFrames(ctx, p, "socket", calls)
	}
	p.Settle(ctx)
	return nil
}
