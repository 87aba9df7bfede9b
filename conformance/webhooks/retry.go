package webhooks

import (
	"context"
	"fmt"
	"time"

	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// retry is about what is tried again, when, and how often.
func retry() suite.Group {
	return suite.Group{
		Name: "webhooks/retry", Title: "What is tried again", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus},
		Do: doRetry,
		Requirements: []suite.Requirement{
			{
				ID: "WH-RETRY-001", Text: "A try that ends without an answer MUST be made again while tries are left.",
				Source: "webhooks.md 7.1; webhooks_util:retry_hook/3",
				Judge: func(j *suite.Judging) {
					j.Count("tries at a receiver that closes two times", 3, j.Requests("closes-twice"))
				},
			},
			{
				ID: "WH-RETRY-002", Text: "Between the end of a try and the next there MUST be 2 s.",
				Source: "webhooks.md 7.1; webhooks_util:retry_hook/3",
				Judge:  judgePause,
			},
			{
				ID: "WH-RETRY-003", Text: "An answer with any status MUST end the tries.",
				Source: "webhooks.md 7.1; webhooks_util:handle_resp/5",
				Judge:  func(j *suite.Judging) { j.Count("tries at a receiver that answers 503", 1, j.Requests("answers-503")) },
			},
		},
	}
}

func doRetry(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	drop := probe.Answer{Drop: true}
	if _, err := p.Hook(ctx, "closes-twice", account, "channel_create", map[string]any{"retries": 3}, drop, drop, probe.Answer{}); err != nil {
		return err
	}
	if _, err := p.Hook(ctx, "answers-503", account, "channel_create", map[string]any{"retries": 3}, probe.Answer{Status: 503}); err != nil {
		return err
	}
	if err := p.Publish(ctx, "create", "callevt", messages.CallKey("CHANNEL_CREATE", "retry"), messages.Call("CHANNEL_CREATE", "retry", account.ID)); err != nil {
		return err
	}
	p.AwaitRequests(ctx, "answers-503", 1)
	p.AwaitRequests(ctx, "closes-twice", 3)
	p.Settle(ctx)
	return nil
}

func judgePause(j *suite.Judging) {
	tries := j.Requests("closes-twice")
	if len(tries) < 2 {
		j.Failf("there are %d tries, so no pause between two", len(tries))
		return
	}
	for i, next := range tries[1:] {
		ended, found := j.Answering(tries[i].Seq)
		if !found {
			j.Fail("the try has no end", tries[i])
			continue
		}
		// Timers of a busy machine are late by tens of milliseconds, never early.
		if pause := next.At - ended.At; pause < 1950*time.Millisecond || pause > 4*time.Second {
			j.Differs(fmt.Sprintf("pause before try %d", i+2), []byte("2s"), []byte(pause.String()), ended, next)
		}
	}
}
