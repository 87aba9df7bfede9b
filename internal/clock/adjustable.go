package clock

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
)

// MaxAhead is how far an Adjustable can be put ahead altogether: ten years, so that
// no date that is made from it leaves what databases and tokens can hold.
const MaxAhead = 10 * 365 * 24 * time.Hour

// Adjustable is a clock that runs with another and can be put forward. Whatever waits
// for a moment that is thereby passed goes on at once, in the order of those moments.
// What begins to wait afterwards waits its full time: nothing is caught up with. Safe
// for use by many goroutines.
type Adjustable struct {
	base Clock

	mu    sync.Mutex
	ahead time.Duration
	// alarms are those that are set, by the moment they are due; of those due at one
	// moment the first set is first.
	alarms []*alarm
	wake   clockwork.Timer // of base, for the first alarm; nil until there has been one
}

// NewAdjustable returns a clock that agrees with base until it is put forward.
func NewAdjustable(base Clock) *Adjustable { return &Adjustable{base: base} }

// Advance puts the clock forward. It refuses to go back, and beyond MaxAhead in all.
func (c *Adjustable) Advance(by time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if by < 0 {
		return fmt.Errorf("%s would put the clock back", by)
	}
	if by > MaxAhead-c.ahead {
		return fmt.Errorf("%s would put the clock more than %s ahead of the machine's; it is %s ahead", by, MaxAhead, c.ahead)
	}
	c.ahead += by
	c.ring()
	return nil
}

// Ahead is how far the clock has been put forward.
func (c *Adjustable) Ahead() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ahead
}

// Now is base's time and what the clock is ahead of it.
func (c *Adjustable) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

// Since is the time from t until now.
func (c *Adjustable) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// Until is the time from now until t.
func (c *Adjustable) Until(t time.Time) time.Duration { return t.Sub(c.Now()) }

// Sleep returns after d.
func (c *Adjustable) Sleep(d time.Duration) { <-c.After(d) }

// After returns a channel that gets the time after d.
func (c *Adjustable) After(d time.Duration) <-chan time.Time { return c.NewTimer(d).Chan() }

// NewTimer returns a timer whose channel gets the time after d.
func (c *Adjustable) NewTimer(d time.Duration) clockwork.Timer {
	return c.start(newChannelAlarm(c), d)
}

// AfterFunc calls f in a goroutine of its own after d. The timer has no channel.
func (c *Adjustable) AfterFunc(d time.Duration, f func()) clockwork.Timer {
	return c.start(&alarm{clock: c, ring: func(time.Time) { go f() }}, d)
}

func (c *Adjustable) start(a *alarm, d time.Duration) clockwork.Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(a, d)
	return timer{a}
}

// NewTicker returns a ticker whose channel gets the time every d. Ticks that nobody
// takes in time, and all but one of those that an advance passes, are left out. Like
// time.NewTicker it panics when d is not positive.
func (c *Adjustable) NewTicker(d time.Duration) clockwork.Ticker {
	t := ticker{newChannelAlarm(c)}
	t.Reset(d)
	return t
}

func (c *Adjustable) now() time.Time { return c.base.Now().Add(c.ahead) }

// set makes an alarm due after d. The lock is held.
func (c *Adjustable) set(a *alarm, d time.Duration) {
	a.due = c.now().Add(d)
	c.insert(a)
	if c.alarms[0] == a {
		c.ring()
	}
}

func (c *Adjustable) insert(a *alarm) {
	at, _ := slices.BinarySearchFunc(c.alarms, a, func(x, a *alarm) int {
		if x.due.After(a.due) {
			return 1
		}
		return -1
	})
	c.alarms = slices.Insert(c.alarms, at, a)
}

// unset takes an alarm back and says whether it was set. The lock is held.
func (c *Adjustable) unset(a *alarm) bool {
	at := slices.Index(c.alarms, a)
	if at < 0 {
		return false
	}
	c.alarms = slices.Delete(c.alarms, at, at+1)
	return true
}

// ring rings all that is due, and has base wake it for the next. The lock is held.
func (c *Adjustable) ring() {
	now := c.now()
	for len(c.alarms) > 0 && !c.alarms[0].due.After(now) {
		a := c.alarms[0]
		c.alarms = slices.Delete(c.alarms, 0, 1)
		a.ring(now)
		if a.period > 0 {
			a.due = now.Add(a.period - now.Sub(a.due)%a.period)
			c.insert(a)
		}
	}
	switch {
	case len(c.alarms) == 0:
	case c.wake == nil:
		c.wake = c.base.AfterFunc(c.alarms[0].due.Sub(now), c.awake)
	default:
		c.wake.Reset(c.alarms[0].due.Sub(now))
	}
}

func (c *Adjustable) awake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ring()
}
