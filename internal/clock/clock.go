// Package clock is the only door to time. It owns the choice between the
// system's clock, one that can be put forward and a test's, and never decides what
// time is used for:
// everything that reads time or waits takes a Clock, and the linter bans the
// time package's own functions elsewhere.
//
// Socket deadlines, dialling, TLS and heartbeats stay on real time, because the
// peer's clock cannot be moved.
package clock

import (
	"context"
	"time"

	"github.com/jonboulle/clockwork"
)

// Clock reads time and waits. Tests pass clockwork.NewFakeClockAt.
type Clock = clockwork.Clock

// System is the machine's own clock.
func System() Clock { return clockwork.NewRealClock() }

// Sleep waits for d or until ctx ends, in which case it returns ctx's error.
func Sleep(ctx context.Context, c Clock, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := c.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.Chan():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
