package cli

import (
	"context"
	"time"

	"github.com/kazoolab/kazoolab/internal/receiver"
	"github.com/kazoolab/kazoolab/simulator/scenario"
	"github.com/kazoolab/kazoolab/simulator/scenario/verdict"
)

// check judges what must have come by now.
func (p *play) check(ctx context.Context, list []scenario.Expected) error {
	if err := p.line.Do(ctx, p.letGo); err != nil {
		return err
	}
	p.judged = append(p.judged, p.await(ctx, list)...)
	return ctx.Err()
}

// await judges until all is met, or until that is hopeless, or patience is at an end. What
// is met and could still become too much is judged once more after a moment's silence, which
// begins when no request is unanswered and none that broke off is to be tried again; for
// that, too, patience is the bound.
func (p *play) await(ctx context.Context, list []scenario.Expected) []judgement {
	const silence = 300 * time.Millisecond
	var judged []judgement
	began := p.wall.Now()
	for _, x := range list {
		settled := false
		for {
			changed := p.evidence.Changed()
			v := p.judge(ctx, x)
			left := x.Within - p.wall.Since(began)
			busy := min(p.evidence.Busy(x.Receiver, p.elapsed()), left)
			if v.Met && (settled && busy <= 0 || !v.Bounded) || v.Hopeless || !v.Met && left <= 0 {
				judged = append(judged, judgement{x.Line, x.Of, v.Met, v.Report})
				break
			}
			pause := left
			if v.Met {
				pause = max(busy, 0) + silence
			} else if x.Of == scenario.OverREST {
				pause = min(left, silence) // it tells of no change
			}
			settled = !p.more(ctx, changed, pause)
			if ctx.Err() != nil {
				return judged
			}
		}
	}
	return judged
}

// more waits for what comes, and tells whether anything has.
func (p *play) more(ctx context.Context, changed <-chan struct{}, limit time.Duration) bool {
	timer := p.wall.NewTimer(max(limit, 0))
	defer timer.Stop()
	select {
	case <-changed:
		return true
	case <-timer.Chan():
	case <-ctx.Done():
	}
	return false
}

func (p *play) judge(ctx context.Context, x scenario.Expected) verdict.Verdict {
	if x.Of == scenario.OverREST {
		if err := p.ask(ctx, x.REST); err != nil {
			return verdict.Verdict{Report: err.Error()}
		}
		return verdict.Verdict{Met: true}
	}
	v, err := onStage(ctx, p.line, func() verdict.Verdict { return verdict.Judge(x, p.evidence, p.stage.Lookup) })
	if err != nil {
		return verdict.Verdict{Report: err.Error()}
	}
	return v
}

// witness has what a receiver has got be evidence, and later that it has answered.
func (p *play) witness(name string, r receiver.Request) {
	if r.Outcome == "" {
		p.evidence.AtReceiver(name, verdict.Webhook(p.elapsed(), r))
		return
	}
	p.evidence.Answered(name, p.elapsed(), r.BrokenOff())
}

// begin has the play begin now.
func (p *play) begin() {
	now := p.wall.Now()
	p.began.Store(&now)
}

// elapsed is how long the play has been going on, on the wall.
func (p *play) elapsed() time.Duration { return p.wall.Since(*p.began.Load()) }
