package robustness

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// order is about the order in which the events of one call come.
func order() suite.Group {
	return suite.Group{
		Name: "robustness/order", Title: "The order of one call's events", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus, suite.Lab},
		Do: doOrder,
		Requirements: []suite.Requirement{
			{
				ID: "RB-ORD-001", Text: "The events of one call MUST reach a webhook in the order in which they were published.",
				Source: whatBecomes, Ours: true, Needs: []string{suite.OneNode},
				Judge: func(j *suite.Judging) {
					ordered(j, "quick", series("quick", orderedEvents), forms(j.View, "quick", "caller_id_name"))
				},
			},
			{
				ID: "RB-ORD-002", Text: "The events of one call MUST reach a webhook in the order in which they were published where its receiver is so slow that they wait for it.",
				Source: whatBecomes, Ours: true, Needs: []string{suite.OneNode},
				Judge: func(j *suite.Judging) {
					ordered(j, "slow", series("slow", slowEvents), forms(j.View, "slow", "caller_id_name"))
				},
			},
			{
				ID: "RB-ORD-003", Text: "The next event of a call MUST NOT be sent to a webhook before the one before it has been answered.",
				Source: whatBecomes, Ours: true, Needs: []string{suite.OneNode},
				Judge: judgeOneAtATime,
			},
			{
				ID: "RB-ORD-004", Text: "An event MUST NOT wait for the answer to an event of another call.",
				Source: whatBecomes, Ours: true, Needs: []string{suite.OneNode},
				Judge: func(j *suite.Judging) {
					until, was := heldUp(j, "held")
					if !was {
						return
					}
					for _, e := range j.Requests("held") {
						if member(e, "caller_id_name") == "other-000" && e.Seq < until {
							return
						}
					}
					j.Failf("the event of another call has not come while one was held")
				},
			},
			{
				ID: "RB-ORD-005", Text: "The events of one call MUST come to a websocket in the order in which they were published.",
				Source: "docs/websockets.md, Resume and gaps", Ours: true, Needs: []string{suite.Sockets},
				Judge: func(j *suite.Judging) {
					ordered(j, "the socket", series("quick", orderedEvents), frames(j.View, "socket", "caller_id_name"))
				},
			},
		},
	}
}

// slowEvents are more than may wait for a slow receiver in memory.
const orderedEvents, slowEvents = 60, 110

// ordered wants the events of a series, and in their order.
func ordered(j *suite.Judging, where string, due, came []string) {
	came = slices.DeleteFunc(slices.Clone(came), func(name string) bool { return !slices.Contains(due, name) })
	allCame(j, where, due, came)
	for i := 1; i < len(came); i++ {
		if came[i] <= came[i-1] {
			j.Differs("order at "+where, []byte(came[i-1]+" before "+came[i]), []byte(came[i]+" after it"))
			return
		}
	}
}

// answering is how long the receiver takes for each event of a call. That an answer is given
// is written down a moment later, when the next event may be there: so the time is judged.
const answering = 5 * time.Millisecond

func judgeOneAtATime(j *suite.Judging) {
	requests := j.Requests("quick")
	if len(requests) < orderedEvents {
		j.Count("events of one call", orderedEvents, requests)
		return
	}
	for i, next := range requests[1:] {
		if passed := next.At - requests[i].At; passed < answering-time.Microsecond {
			j.Differs("time between two events of a call, each of which takes the receiver 5 ms", []byte("5ms or more"), []byte(passed.String()), requests[i], next)
			return
		}
	}
}

func doOrder(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	slowAccount, err := p.NewAccount(ctx, "slow", p.Target.Parent)
	if err != nil {
		return err
	}
	heldAccount, err := p.NewAccount(ctx, "held", p.Target.Parent)
	if err != nil {
		return err
	}
	hold := make(chan struct{})
	release := sync.OnceFunc(func() { close(hold) })
	defer release()
	// An answer that takes a little has those that do not wait overtake each other.
	if err := hook(ctx, p, "quick", account, probe.Answer{After: answering}); err != nil {
		return err
	}
	if err := hook(ctx, p, "slow", slowAccount, probe.Answer{After: 20 * time.Millisecond}); err != nil {
		return err
	}
	if err := hook(ctx, p, "held", heldAccount, probe.Answer{Hold: hold}, probe.Answer{}); err != nil {
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
	slow := series("slow", slowEvents)
	all := slices.Concat(
		ofOne(account, "call-quick", series("quick", orderedEvents)), ofOne(slowAccount, "call-slow", slow[:slowEvents-20]),
		ofOne(heldAccount, "call-held", series("held", 2)),
	)
	if err := p.PublishAll(ctx, all); err != nil {
		return err
	}
	p.AwaitRequests(ctx, "held", 1)
	p.AwaitRequests(ctx, "slow", 3) // how slow it is, is known now
	if err := p.PublishAll(ctx, ofOne(slowAccount, "call-slow", slow[slowEvents-20:])); err != nil {
		return err
	}
	if err := p.PublishAll(ctx, ofOne(heldAccount, "call-other", series("other", 1))); err != nil {
		return err
	}
	p.AwaitRequests(ctx, "held", 2)
	p.Note(released, "")
	release()
	p.AwaitRequests(ctx, "held", 3)
	p.AwaitRequests(ctx, "quick", orderedEvents)
	p.AwaitRequests(ctx, "slow", slowEvents)
	if p.Target.Has(suite.Sockets) {
		p.Await(ctx, "the events on the socket", p.Target.Patience.Delivery, func(v capture.View) bool {
			return len(probe.Events(v, "socket")) >= orderedEvents
		})
	}
	return nil
}
