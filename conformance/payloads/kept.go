package payloads

import (
	"context"
	"strconv"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// kept is about connections that are used again. It is alone: the receivers of all groups
// are one host to the target, and what another group drops on a kept connection may be sent
// again at once, as HTTP lets a client do.
func kept() suite.Group {
	return suite.Group{
		Name: "payloads/kept", Title: "Connections that are kept", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus}, Alone: true,
		Do: doKept,
		Requirements: []suite.Requirement{
			{
				ID: "WH-CONN-010", Text: "A connection that a receiver leaves open SHOULD be used again for what follows.",
				Source: "webhooks.md 6.6",
				Judge:  judgeKept,
			},
		},
	}
}

func doKept(ctx context.Context, p *probe.Probe) error {
	account, err := standing(ctx, p)
	if err != nil {
		return err
	}
	if _, err := p.Hook(ctx, "kept", account, "mms", nil, probe.Answer{Keep: true}); err != nil {
		return err
	}
	for n := range 3 {
		if err := publish(ctx, p, account, textMessage("mms", "kept-"+strconv.Itoa(n), usual()...)); err != nil {
			return err
		}
		p.Await(ctx, "an answer of kept", p.Target.Patience.Delivery, func(v capture.View) bool {
			return len(v.Named(capture.HookAnswer, "kept")) > n
		})
	}
	return nil
}

func judgeKept(j *suite.Judging) {
	answers := j.Named(capture.HookAnswer, "kept")
	if !cameBack(answers) {
		j.Fail("no two requests came by one connection, of "+strconv.Itoa(len(answers)), answers...)
	}
}

// cameBack tells whether two of the requests that were answered came by one connection.
func cameBack(answers []capture.Entry) bool {
	known := map[string]bool{}
	for _, answer := range answers {
		from, found := answer.Value("from")
		if found && known[from] {
			return true
		}
		known[from] = true
	}
	return false
}
