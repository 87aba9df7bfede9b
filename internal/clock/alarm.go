package clock

import (
	"time"

	"github.com/jonboulle/clockwork"
)

// alarm is what an Adjustable rings: a timer, or a ticker when it has a period. The
// lock of its clock guards it.
type alarm struct {
	clock  *Adjustable
	due    time.Time
	period time.Duration
	ring   func(now time.Time)
	c      chan time.Time // nil for AfterFunc
}

func newChannelAlarm(clock *Adjustable) *alarm {
	c := make(chan time.Time, 1)
	return &alarm{clock: clock, c: c, ring: func(now time.Time) {
		select {
		case c <- now:
		default: // a tick that nobody has taken is there still
		}
	}}
}

// Chan is where the time arrives.
func (a *alarm) Chan() <-chan time.Time { return a.c }

// clear takes back what has not been received, so that after Stop and Reset nothing
// old arrives (as time.Timer since Go 1.23), and says whether anything was there.
func (a *alarm) clear() bool {
	select {
	case <-a.c:
		return true
	default:
		return false
	}
}

// stop reports whether the alarm was set, or had rung unheard. The lock is held.
func (a *alarm) stop() bool {
	unheard := a.clear()
	return a.clock.unset(a) || unheard
}

// timer is a clockwork.Timer.
type timer struct{ *alarm }

var _ clockwork.Clock = (*Adjustable)(nil)

// Stop is that of time.Timer.
func (t timer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	return t.stop()
}

// Reset is that of time.Timer.
func (t timer) Reset(d time.Duration) bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	was := t.stop()
	t.clock.set(t.alarm, d)
	return was
}

// ticker is a clockwork.Ticker.
type ticker struct{ *alarm }

// Stop is that of time.Ticker.
func (t ticker) Stop() {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	t.stop()
}

// Reset is that of time.Ticker, which panics when d is not positive.
func (t ticker) Reset(d time.Duration) {
	if d <= 0 {
		t.clock.base.NewTicker(d) // panics, in the words of the standard library
	}
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	t.stop()
	t.period = d
	t.clock.set(t.alarm, d)
}
