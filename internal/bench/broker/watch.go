package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// stallLimit is how long nothing at all may move.
const stallLimit = 10 * time.Second

var errStalled = errors.New("stalled")

// watch returns an error with the state of both ends when nothing has moved for
// stallLimit, and nil when ctx ends first.
func (p *pass) watch(ctx context.Context) error {
	wall := clock.System()
	moved, progress := wall.Now(), p.progress()
	for clock.Sleep(ctx, wall, time.Second/2) == nil {
		if now := p.progress(); now != progress {
			moved, progress = wall.Now(), now
		} else if wall.Since(moved) >= stallLimit {
			return fmt.Errorf("%w for %s: %s\n%s", errStalled, stallLimit, progress, p.broker.state(ctx))
		}
	}
	return nil
}

// progress is how far each count has come.
type progress struct{ published, confirmed, arrived, damaged, redelivered, acked, blocked, unblocked int64 }

func (p *pass) progress() progress {
	return progress{
		published: p.published.Load(), confirmed: p.confirmed.Load(),
		arrived: p.ledger.arrived.Load(), damaged: p.ledger.damaged.Load(),
		redelivered: p.ledger.redelivered.Load(), acked: p.acked.Load(),
		blocked: p.blocked.Load(), unblocked: p.unblocked.Load(),
	}
}

func (p progress) String() string {
	return fmt.Sprintf("published %d, confirmed %d, arrived %d whole, %d damaged, %d redelivered, acknowledged %d, blocked %d and unblocked %d times",
		p.published, p.confirmed, p.arrived, p.damaged, p.redelivered, p.acked, p.blocked, p.unblocked)
}
