package webhooks

import (
	"context"
	"time"

	"github.com/kazoolab/kazoolab/bridge/store"
)

// Bounds of what is taken out of the store at once, beside the pace: a hook may have
// one of maxPart parts of what is free of that, and one reading so many bytes.
const (
	maxPart     = 4
	maxOutBytes = 4 << 20
	maxAllowed  = 1024
)

// otherPause is the time between two looks at a backlog that somebody else has to
// do something about: the node that has it, or whoever switched the hook off.
const otherPause = 3 * time.Second

// takeOut takes a hook's parked deliveries out, as many as may be in hand.
func (p *parking) takeOut(ctx context.Context, b *backlog) {
	p.taking.Lock()
	defer p.taking.Unlock()
	p.mu.Lock()
	b.adapt(p.clock.Now(), p.usual(), p.pace.alone)
	room := min(b.allowed-len(b.hand), max((p.pace.most-p.out+maxPart-1)/maxPart, b.least(p.answering)-len(b.hand)))
	after, parked, skip := b.after, b.parked, len(b.hand)
	wait := p.stopped || room <= 0 || p.clock.Now().Before(b.resume) || p.hooks[b.HookKey] != b
	p.mu.Unlock()
	if wait {
		return
	}
	asking, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	mine, err := p.mayTakeOut(asking, b, parked)
	if err != nil {
		p.pause(ctx, b, err)
	}
	if !mine {
		return
	}
	p.mu.Lock()
	b.reading, b.ended = true, map[string]bool{}
	p.mu.Unlock()
	rows, err := p.backlogs.ParkedAfter(asking, b.HookKey, after, room+skip, maxOutBytes)
	if err != nil {
		p.pause(ctx, b, err)
	}
	if out := p.hand(ctx, b, rows, room); err == nil && out == 0 && len(rows) < room+skip {
		p.nothing(asking, b, after, parked)
	}
}

// adapt allows a hook whose rows are soon gone twice as many, and one for which they last
// half of that, down to the usual, which is all while there is somebody to be held up. A
// row is in memory until its removal is stored, some 50 ms, and longer where it is tried
// again: with the usual number a receiver that took 10,000 events a second had 1,700 of
// them once all were parked.
func (b *backlog) adapt(now time.Time, usual int, alone bool) {
	const quick, slow = 250 * time.Millisecond, time.Second
	if b.allowed < usual || b.taken.IsZero() {
		return
	}
	switch lasted := now.Sub(b.taken); {
	case !alone:
		b.allowed = usual
	case lasted < quick && len(b.hand) <= b.allowed/2:
		b.allowed = min(2*b.allowed, maxAllowed)
	case lasted > slow:
		b.allowed = max(b.allowed/2, usual)
	}
}

// mayTakeOut says whether the hook is live, and this the node that takes its
// deliveries out.
func (p *parking) mayTakeOut(ctx context.Context, b *backlog, parked int) (bool, error) {
	switch state, err := p.state(ctx, b.HookKey); {
	case err != nil:
		return false, err
	case state == hookOff:
		p.hold(b)
		return false, nil
	case state == hookGone:
		if err := p.drop(ctx, b); err != nil {
			return false, err
		}
	}
	p.mu.Lock()
	claimed := b.claimed
	p.mu.Unlock()
	if claimed {
		return true, nil
	}
	claim, err := p.backlogs.Claim(ctx, p.node, b.HookKey)
	if err != nil {
		return false, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch claim {
	case store.Claimed:
		b.claimed = true
	case store.ClaimedByOther:
		b.resume = p.clock.Now().Add(otherPause)
	case store.NoBacklog:
		p.forget(b, parked)
	}
	return b.claimed, nil
}

// hand puts rows into their lanes and says how many were not there yet.
func (p *parking) hand(ctx context.Context, b *backlog, rows []store.Parked, room int) int {
	var out []*inHand
	p.mu.Lock()
	b.off, b.reading = false, false
	for _, row := range rows {
		if len(out) == room {
			break
		}
		// One that has ended while the store was read has most often its outcome, and
		// would be delivered again, as 113 of 7,000 events were.
		if !b.hand[row.ID] && !b.ended[row.ID] {
			d := &inHand{what: row, stored: true, since: p.clock.Now()}
			b.hand[row.ID] = true
			out = append(out, d)
		}
		b.after = row.ID
	}
	p.out += len(out)
	if len(out) > 0 {
		b.taken = p.clock.Now()
	}
	p.mu.Unlock()
	for _, d := range out {
		if p.unpack(d) {
			p.resume(ctx, d)
		} else {
			p.done(d, entry{})
		}
	}
	return len(out)
}

// nothing is told that no delivery was found behind a row. From the first row on that
// means that the hook has none parked any more, unless some are on their way.
func (p *parking) nothing(ctx context.Context, b *backlog, after string, parked int) {
	p.mu.Lock()
	coming := b.writing > 0 || b.parked != parked
	if after != "" {
		b.after = ""
		p.ask(b)
	}
	// From here on nothing is behind what is in hand, so that a hook whose events come
	// without a pause finds its way out of the store.
	b.passed = after == "" && !coming
	wait := !b.passed || len(b.hand) > 0
	p.mu.Unlock()
	if wait {
		return
	}
	left, err := p.backlogs.Unclaim(ctx, p.node, b.HookKey)
	if err != nil {
		p.pause(ctx, b, err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	b.claimed = false
	if b.passed = b.passed && left == 0; b.passed {
		p.forget(b, parked)
	}
}

// forget ends the backlog of a hook, unless there has been something parked for it
// since it was seen to be empty.
func (p *parking) forget(b *backlog, parked int) {
	if len(b.hand) == 0 && b.writing == 0 && b.parked == parked {
		delete(p.hooks, b.HookKey)
	}
}

// drop deletes what waits for a hook that is gone.
func (p *parking) drop(ctx context.Context, b *backlog) error {
	n, err := p.backlogs.DropParked(ctx, b.HookKey)
	if n > 0 {
		p.metrics.abandoned.Add(float64(n))
		p.log.Warn("parked deliveries dropped: their hook is gone", "hook_id", b.HookID, "account_id", b.AccountID, "deliveries", n)
	}
	return err
}

// hold leaves the deliveries of a hook that is off where they are.
func (p *parking) hold(b *backlog) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !b.off {
		p.log.Info("parked deliveries wait: their hook is switched off", "hook_id", b.HookID, "account_id", b.AccountID)
	}
	b.off = true
	b.resume = p.clock.Now().Add(otherPause)
}

func (p *parking) pause(ctx context.Context, b *backlog, err error) {
	if ctx.Err() == nil {
		p.log.Warn("parked deliveries cannot be taken out", "error", err, "hook_id", b.HookID, "retry_in", seenPause)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	b.claimed = false
	b.resume = p.clock.Now().Add(seenPause)
}
