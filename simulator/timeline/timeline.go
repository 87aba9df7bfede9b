// Package timeline is a simulation's time. It owns what is to happen when, and how
// fast that time passes: as on the wall, faster, or as fast as the machine can. All
// that happens is run by one goroutine, in the order of its time and, at one time, in
// the order in which it was planned, so that a run can be repeated. It never knows
// what happens.
package timeline

import (
	"container/heap"
	"context"
	"fmt"
	"math"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// Config is how time passes.
type Config struct {
	// Start is the first moment; the zero time means the wall's.
	Start time.Time
	// Speed is how much faster than the wall's the time passes: 1 is as fast, 60 a minute
	// a second, and 0 as fast as what happens can be run.
	Speed float64
	// Wall is the machine's clock. Required.
	Wall clock.Clock
}

// Timeline runs what is planned. Its methods but Do are for what it runs, and for
// before it runs.
type Timeline struct {
	speed float64
	wall  clock.Clock

	now     time.Time
	planned plan
	counts  int // of what is planned, what is waited for
	order   int64
	held    int // while above zero the time stands still
	stays   int // while above zero the run does not end
	outside chan func()

	// The time was since when the wall's was from.
	since, from time.Time
}

// New returns a timeline on which nothing is planned.
func New(c Config) *Timeline {
	start := c.Start
	if start.IsZero() {
		start = c.Wall.Now()
	}
	start = start.UTC().Truncate(time.Microsecond)
	return &Timeline{speed: c.Speed, wall: c.Wall, now: start, outside: make(chan func())}
}

// Now is the present moment, in the resolution of the wire.
func (t *Timeline) Now() time.Time { return t.now }

// After plans something for d from now; at once where d is not positive.
func (t *Timeline) After(d time.Duration, do func()) *Planned { return t.At(t.now.Add(d), do) }

// At plans something for a moment; for now where that has passed.
func (t *Timeline) At(when time.Time, do func()) *Planned {
	if when.Before(t.now) {
		when = t.now
	}
	t.counts++
	return t.plan(when, &Planned{line: t, do: do, counts: true})
}

// Meanwhile plans something for d from now that nobody waits for: it happens only while
// something else is planned, too.
func (t *Timeline) Meanwhile(d time.Duration, do func()) {
	t.plan(t.now.Add(d), &Planned{line: t, do: do})
}

// Lastly plans something for now that happens when nothing else is left for now.
func (t *Timeline) Lastly(do func()) *Planned {
	t.counts++
	p := &Planned{line: t, do: do, counts: true, when: t.now, order: math.MaxInt64}
	heap.Push(&t.planned, p)
	return p
}

func (t *Timeline) plan(when time.Time, p *Planned) *Planned {
	t.order++
	p.when, p.order = when.Truncate(time.Microsecond), t.order
	heap.Push(&t.planned, p)
	return p
}

// Planned is something that will happen.
type Planned struct {
	line   *Timeline
	when   time.Time
	order  int64
	do     func()
	counts bool
	place  int // among what is planned
}

// Cancel makes it not happen, and leaves nothing of it. That it has happened is no error.
func (p *Planned) Cancel() {
	if p.do == nil {
		return
	}
	heap.Remove(&p.line.planned, p.place)
	p.over()
}

// over says that it waits no more.
func (p *Planned) over() {
	if p.counts {
		p.line.counts--
	}
	p.do = nil
}

// Pace has the time pass at another speed from now on; see Config.Speed.
func (t *Timeline) Pace(speed float64) {
	t.speed = speed
	t.mark()
}

// Hold lets the time stand still until release is called, for what has to be waited
// for on the wall. What is planned for now still happens.
func (t *Timeline) Hold() (release func()) {
	t.held++
	return func() {
		t.held--
		t.mark()
	}
}

// Stay has Run go on, though nothing is planned, until leave is called: something is to come
// from outside. What nobody waits for does not happen meanwhile.
func (t *Timeline) Stay() (leave func()) {
	t.stays++
	return func() { t.stays-- }
}

// Do has something happen now, from any goroutine, and returns when it has. It returns
// ctx's error when that ends first; it may happen all the same then.
func (t *Timeline) Do(ctx context.Context, do func()) error {
	done := make(chan struct{})
	if err := t.Hand(ctx, func() { do(); close(done) }); err != nil {
		return err
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Hand has something happen now, as Do, and does not wait until it has.
func (t *Timeline) Hand(ctx context.Context, do func()) error {
	select {
	case t.outside <- do:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run runs what is planned, and what that plans in turn, until nothing is left and
// nothing holds the time or stays, or until ctx ends, whose error it returns. With forever it
// waits for more when nothing is left.
func (t *Timeline) Run(ctx context.Context, forever bool) error {
	t.mark()
	for came := false; ; {
		// What comes from outside and what is planned for now take turns: neither waits for all of the other.
		if came = !(came && t.pressing()) && t.take(); came {
			continue
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("the simulation was ended: %w", err)
		}
		next := t.next()
		var err error
		switch {
		case t.counts == 0 && t.held == 0 && t.stays > 0 && !forever:
			came, err = t.await(ctx, nil)
		case t.counts == 0 && t.held == 0 && !forever:
			return nil
		case next != nil && t.due(next):
			heap.Pop(&t.planned)
			t.now = next.when
			do := next.do
			next.over()
			do()
		default:
			came, err = t.await(ctx, next)
		}
		if err != nil {
			return err
		}
	}
}

// take has something happen that has come from outside, if anything has.
func (t *Timeline) take() bool {
	select {
	case do := <-t.outside:
		t.catchUp()
		do()
		return true
	default:
		return false
	}
}

// pressing says that something is planned for now, and not to be the last.
func (t *Timeline) pressing() bool {
	next := t.next()
	return next != nil && !next.when.After(t.now) && next.order != math.MaxInt64
}

// next is what happens next; nil when nothing is planned.
func (t *Timeline) next() *Planned {
	if len(t.planned) == 0 {
		return nil
	}
	return t.planned[0]
}

func (t *Timeline) due(p *Planned) bool {
	switch {
	case !p.when.After(t.now):
		return true
	case t.held > 0:
		return false
	case t.speed == 0:
		return true
	}
	return !p.when.After(t.byWall())
}

// await returns when the next may be due, or something has come from outside.
func (t *Timeline) await(ctx context.Context, next *Planned) (came bool, err error) {
	var alarm <-chan time.Time
	if next != nil && t.held == 0 {
		wait := time.Duration(float64(next.when.Sub(t.byWall())) / t.speed)
		timer := t.wall.NewTimer(max(wait, 0))
		defer timer.Stop()
		alarm = timer.Chan()
	}
	select {
	case do := <-t.outside:
		t.catchUp()
		do()
		return true, nil
	case <-alarm:
		return false, nil
	case <-ctx.Done():
		return false, fmt.Errorf("the simulation was ended: %w", ctx.Err())
	}
}

// mark notes that from now on the time passes with the wall's.
func (t *Timeline) mark() { t.since, t.from = t.now, t.wall.Now() }

// byWall is how far the time has come as the wall's has passed.
func (t *Timeline) byWall() time.Time {
	return t.since.Add(time.Duration(float64(t.wall.Since(t.from)) * t.speed))
}

// catchUp brings the time to where the wall's is, but not beyond what is planned.
func (t *Timeline) catchUp() {
	if t.speed == 0 || t.held > 0 {
		return
	}
	now := t.byWall().Truncate(time.Microsecond)
	if next := t.next(); next != nil && next.when.Before(now) {
		now = next.when
	}
	if now.After(t.now) {
		t.now = now
	}
}

// Behind is how late on the wall that is which happens now; 0 where it is not, or no time
// passes there.
func (t *Timeline) Behind() time.Duration {
	if t.speed == 0 || t.held > 0 {
		return 0
	}
	return max(time.Duration(float64(t.byWall().Sub(t.now))/t.speed), 0)
}

// Waiting is how much is planned.
func (t *Timeline) Waiting() int { return t.counts }

// plan is a heap by time, then order.
type plan []*Planned

// Len is heap.Interface's.
func (p *plan) Len() int { return len(*p) }

// Less is heap.Interface's.
func (p *plan) Less(i, j int) bool {
	a, b := (*p)[i], (*p)[j]
	if a.when.Equal(b.when) {
		return a.order < b.order
	}
	return a.when.Before(b.when)
}

// Swap is heap.Interface's.
func (p *plan) Swap(i, j int) {
	(*p)[i], (*p)[j] = (*p)[j], (*p)[i]
	(*p)[i].place, (*p)[j].place = i, j
}

// Push is heap.Interface's.
func (p *plan) Push(x any) {
	planned := x.(*Planned) //nolint:forcetypeassert // by plan and Lastly alone
	planned.place = len(*p)
	*p = append(*p, planned)
}

// Pop is heap.Interface's.
func (p *plan) Pop() any {
	last := len(*p) - 1
	x := (*p)[last]
	(*p)[last] = nil
	*p = (*p)[:last]
	return x
}
