package webhooks

import (
	"context"
	"fmt"
	"math"
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
			{
				ID: "WH-RETRY-004", Text: "A hook's retries MUST be the number of tries at a receiver that never answers, the first one included.",
				Source: "webhooks.md 7.1; webhooks.md 2; webhooks_util:retry_hook/3",
				Judge: func(j *suite.Judging) {
					j.Count("tries with retries 1", 1, j.Requests("one-try"))
					j.Count("tries with retries 3", 3, j.Requests("never-answers"))
				},
			},
			{
				ID: "WH-RETRY-005", Text: "A hook that was made without retries MUST be tried twice.",
				Source: "webhooks.md 2; webhooks.md 7.1; kzd_webhooks:retries/1",
				Judge:  func(j *suite.Judging) { j.Count("tries without retries", 2, j.Requests("default")) },
			},
			{
				ID: "WH-RETRY-006", Text: "With retries 0 a hook MUST be tried once.",
				Source: "webhooks.md 7.1; webhooks.md 2; kzd_webhooks:retries/1",
				Judge:  func(j *suite.Judging) { j.Count("tries with retries 0", 1, j.Requests("none")) },
			},
			{
				ID: "WH-RETRY-007", Text: "A status that follows a try without an answer MUST end the tries, whatever is left of them.",
				Source: "webhooks.md 7.1; webhooks_util:handle_resp/5",
				Judge: func(j *suite.Judging) {
					j.Count("tries at a receiver that closes, then answers 500", 2, j.Requests("closes-then-500"))
				},
			},
			{
				ID: "WH-RETRY-008", Text: "Every try MUST send the same request: method, target, header and body.",
				Source: "webhooks.md 7.1; webhooks_util:retry_hook/3",
				Judge: func(j *suite.Judging) {
					for _, receiver := range []string{"closes-twice", "closes-get"} {
						judgeSame(j, receiver)
					}
				},
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
	retries := func(n int) doc { return doc{"retries": n} }
	if err := makeHooks(
		ctx, p, account,
		hook{name: "closes-twice", event: "channel_create", fields: retries(3), answers: []probe.Answer{drop, drop, {}}},
		hook{name: "answers-503", event: "channel_create", fields: retries(3), answers: []probe.Answer{{Status: 503}}},
		hook{name: "one-try", event: "channel_create", fields: retries(1), answers: []probe.Answer{drop}},
		hook{name: "never-answers", event: "channel_create", fields: retries(3), answers: []probe.Answer{drop}},
		hook{name: "default", event: "channel_create", answers: []probe.Answer{drop}},
		hook{name: "none", event: "channel_create", fields: retries(0), answers: []probe.Answer{drop}},
		hook{name: "closes-then-500", event: "channel_create", fields: retries(4), answers: []probe.Answer{drop, {Status: 500}}},
		hook{name: "closes-get", event: "channel_create", fields: doc{"retries": 2, "http_verb": "get"}, answers: []probe.Answer{drop, {}}},
	); err != nil {
		return err
	}
	if err := p.Publish(ctx, "create", "callevt", messages.CallKey("CHANNEL_CREATE", "retry"), messages.Call("CHANNEL_CREATE", "retry", account.ID)); err != nil {
		return err
	}
	expectTries(ctx, p, map[string]int{
		"closes-twice": 3, "answers-503": 1, "one-try": 1, "never-answers": 3, "default": 2, "none": 1, "closes-then-500": 2, "closes-get": 2,
	})
	// A try too many would come 2 s after the last.
	return p.Pause(ctx, "a fourth try would come now", 2500*time.Millisecond)
}

func judgePause(j *suite.Judging) {
	tries := j.Requests("closes-twice")
	if len(tries) < 2 {
		j.Failf("there are %d tries, so no pause between two", len(tries))
		return
	}
	const promptly = 7 * time.Second // of which 5 s may be those of a busy machine
	shortest := time.Duration(math.MaxInt64)
	for i, next := range tries[1:] {
		ended, found := j.Answering(tries[i].Seq)
		if !found {
			j.Fail("the try has no end", tries[i])
			continue
		}
		// Timers are never early, but the end of a try may be written down late, when the pause has
		// begun long since; the try itself is written down before it ends.
		if pause := next.At - tries[i].At; pause < 1950*time.Millisecond {
			j.Differs(fmt.Sprintf("pause before try %d", i+2), []byte("2s"), []byte(pause.String()), tries[i], next)
		}
		shortest = min(shortest, next.At-ended.At)
	}
	if shortest > promptly {
		j.Differs("the shortest of the pauses", []byte("2s"), []byte(shortest.String()), tries...)
	}
}

func judgeSame(j *suite.Judging, receiver string) {
	tries := j.Requests(receiver)
	if len(tries) < 2 {
		j.Failf("there are %d tries at %s, so no two to compare", len(tries), receiver)
		return
	}
	for _, next := range tries[1:] {
		j.Equal("request line at "+receiver, tries[0].Head, next.Head, tries[0], next)
		j.Equal("header at "+receiver, fmt.Sprint(tries[0].Header), fmt.Sprint(next.Header), tries[0], next)
		j.Equal("body at "+receiver, string(tries[0].Body), string(next.Body), tries[0], next)
	}
}
