package webhooks

import (
	"context"
	"time"

	"github.com/kazoolab/kazoolab/bridge/store"
)

// live shows other nodes that this one lives, frees what dead ones held, and finds
// the hooks that have parked deliveries.
func (p *parking) live(ctx context.Context) {
	p.living.Lock()
	defer p.living.Unlock()
	if p.left {
		return
	}
	asking, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	found, err := p.showLife(asking)
	if err != nil {
		p.seen = time.Time{}
		if ctx.Err() == nil {
			p.log.Warn("the store takes no sign of life", "error", err, "retry_in", seenPause)
		}
		p.unclaimed()
		return
	}
	var waiting int64
	p.mu.Lock()
	for _, b := range found {
		waiting += b.Waiting
		if p.hooks[b.HookKey] == nil && !p.stopped {
			p.ask(p.hook(b.HookKey))
		}
	}
	p.mu.Unlock()
	p.metrics.backlog.Set(float64(waiting))
	p.metrics.backlogHooks.Set(float64(len(found)))
}

func (p *parking) showLife(ctx context.Context) ([]store.Backlog, error) {
	now := p.clock.Now()
	if now.Sub(p.shown) > deadAfter/2 { // others may have thought this node dead
		p.unclaimed()
	}
	if err := p.backlogs.Seen(ctx, p.node); err != nil {
		return nil, err
	}
	p.shown = now
	// After an outage of the store no node has been seen for long: the others get
	// the time to be seen again. At the start only those are free that cannot be.
	after := longDead
	switch {
	case p.seen.IsZero():
		p.seen = now
	case now.Sub(p.seen) >= deadAfter:
		after = deadAfter
	}
	if err := p.backlogs.Reap(ctx, p.node, after); err != nil {
		return nil, err
	}
	return p.backlogs.Backlogs(ctx, "")
}

// unclaimed has every claim made again: while the store was away another node may
// have thought this one dead.
func (p *parking) unclaimed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range p.hooks {
		b.claimed = false
	}
}

// leave frees what this node holds, for the others.
func (p *parking) leave(ctx context.Context) {
	p.living.Lock()
	defer p.living.Unlock()
	p.left = true
	if err := p.backlogs.Leave(ctx, p.node); err != nil {
		p.log.Warn("what this node held stays held until others find it dead", "error", err, "after", deadAfter)
	}
}
