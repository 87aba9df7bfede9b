package robustness

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

const whatBecomes = "docs/operating.md, What becomes of an event"

// hanging is about receivers that take a request and say nothing, and those beside them.
func hanging() suite.Group {
	return suite.Group{
		Name: "robustness/hanging", Title: "A receiver that hangs harms nobody else", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus, suite.Lab},
		Do: doHanging,
		Requirements: []suite.Requirement{
			{
				ID: "RB-SLOW-001", Text: "While one webhook's receiver gives no answer, each event MUST reach the other webhooks of the account before that one answers again.",
				Source: whatBecomes, Ours: true,
				Judge: func(j *suite.Judging) {
					if until, was := heldUp(j, "hangs"); was {
						inTime(j, "answers", series("beside", hangingCalls), until)
					}
				},
			},
			{
				ID: "RB-SLOW-002", Text: "While a webhook's receiver gives no answer, each event MUST reach the webhooks of other accounts before that one answers again.",
				Source: whatBecomes, Ours: true,
				Judge: func(j *suite.Judging) {
					if until, was := heldUp(j, "hangs"); was {
						inTime(j, "elsewhere", series("elsewhere", 10), until)
					}
				},
			},
			{
				ID: "RB-SLOW-003", Text: "A webhook that is made while another's receiver gives no answer MUST be given the next event before that one answers again.",
				Source: whatBecomes, Ours: true,
				Judge: func(j *suite.Judging) {
					if until, was := heldUp(j, "hangs"); was {
						inTime(j, "made-meanwhile", series("meanwhile", meanwhileCalls), until)
					}
				},
			},
			{
				ID: "RB-SLOW-004", Text: "Every event that came while a receiver gave no answer MUST reach it once it answers again.",
				Source: whatBecomes, Ours: true,
				Judge: func(j *suite.Judging) {
					if _, was := heldUp(j, "hangs"); was {
						allCame(j, "hangs", hung(), forms(j.View, "hangs", "call_id"))
					}
				},
			},
			{
				ID: "RB-SLOW-005", Text: "An event that waited for a receiver SHOULD NOT reach it twice when no request to it has failed.",
				Source: whatBecomes, Ours: true,
				Judge: func(j *suite.Judging) {
					if _, was := heldUp(j, "hangs"); was {
						noneTwice(j, "hangs", hung(), forms(j.View, "hangs", "call_id"))
					}
				},
			},
			{
				ID: "RB-SLOW-006", Text: "While a webhook's receiver refuses connections, and another gives no answer, each event MUST reach the other webhooks of the account.",
				Source: whatBecomes, Ours: true,
				Judge: func(j *suite.Judging) {
					if j.Fact("hook nowhere") == "" {
						j.Failf("there was no hook whose receiver refuses connections")
						return
					}
					if until, was := heldUp(j, "hangs"); was {
						inTime(j, "answers", series("beside", hangingCalls), until)
					}
				},
			},
			{
				ID: "RB-SLOW-007", Text: "While receivers give no answer, the REST API MUST answer requests within 4.5 s.",
				Source: whatBecomes, Ours: true,
				Judge: func(j *suite.Judging) {
					if _, was := heldUp(j, "hangs"); !was {
						return
					}
					judgeMeanwhile(j)
				},
			},
		},
	}
}

// judgeMeanwhile lets one of several answers be late: a busy machine stands still once.
func judgeMeanwhile(j *suite.Judging) {
	const step = "hooks meanwhile"
	answers := j.Named(capture.RestAnswer, step)
	if len(answers) == 0 {
		j.Failf("the request %q has no answer", step)
		return
	}
	var took []time.Duration
	for _, a := range answers {
		j.Equal("status of "+step, "200", a.Head, a)
		for _, e := range j.Named(capture.RestRequest, step) {
			if e.Seq == a.Ref {
				took = append(took, a.At-e.At)
			}
		}
	}
	slices.Sort(took)
	if n := max(len(took)-2, 0); took[n] > prompt {
		j.Differs("time until REST answers", []byte("at most "+prompt.String()), []byte(took[n].String()), answers...)
	}
}

// hangingCalls are more than one receiver is given at once; meanwhileCalls follow when it has
// said nothing for long.
const hangingCalls, meanwhileCalls = 150, 30

// hung are all that the receiver that hangs is to be given.
func hung() []string {
	return append(series("beside", hangingCalls), series("meanwhile", meanwhileCalls)...)
}

func doHanging(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	other, err := p.NewAccount(ctx, "other", p.Target.Parent)
	if err != nil {
		return err
	}
	hold := make(chan struct{})
	release := sync.OnceFunc(func() { close(hold) })
	defer release()
	if err := hook(ctx, p, "hangs", account, probe.Answer{Hold: hold}); err != nil {
		return err
	}
	// Nobody listens at port 1.
	if _, err := p.HookTo(ctx, "nowhere", account, "channel_create", p.Refusing(), map[string]any{"http_verb": "post", "retries": 3}); err != nil {
		return err
	}
	if err := hook(ctx, p, "answers", account); err != nil {
		return err
	}
	if err := hook(ctx, p, "elsewhere", other); err != nil {
		return err
	}
	beside, elsewhere := series("beside", hangingCalls), series("elsewhere", 10)
	if err := p.PublishAll(ctx, append(callsOf(account, beside), callsOf(other, elsewhere)...)); err != nil {
		return err
	}
	awaitCalls(ctx, p, "answers", beside)
	awaitCalls(ctx, p, "elsewhere", elsewhere)
	// Longer than that, a delivery does not keep its message, but is written to the store, and
	// what comes for a receiver that says nothing for so long is put aside.
	if err := p.Pause(ctx, "what takes longer than a second is stored", 1500*time.Millisecond); err != nil {
		return err
	}
	for range 3 {
		if _, err := p.REST(ctx, "hooks meanwhile", probe.Request{Method: http.MethodGet, Path: "/v2/accounts/" + account.ID + "/webhooks", Token: account.Token}); err != nil {
			return err
		}
	}
	if err := hook(ctx, p, "made-meanwhile", account); err != nil {
		return err
	}
	meanwhile := series("meanwhile", meanwhileCalls)
	if err := p.PublishAll(ctx, callsOf(account, meanwhile)); err != nil {
		return err
	}
	awaitCalls(ctx, p, "made-meanwhile", meanwhile)
	p.Note(released, "")
	release()
	awaitCalls(ctx, p, "hangs", hung())
	p.Settle(ctx)
	return nil
}
