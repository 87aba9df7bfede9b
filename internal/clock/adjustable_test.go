package clock_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"
	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// step is one thing that happens to a clock. Durations are seconds.
type step struct {
	do    string
	after int // how long, or how far
	which int // of the alarms set before, counted from the last, for stop and reset
}

func (s step) String() string { return fmt.Sprintf("%s(%d,%d)", s.do, s.after, s.which) }

func script() *rapid.Generator[[]step] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		return step{
			do:    rapid.SampledFrom([]string{"timer", "after", "func", "sleep", "ticker", "stop", "reset", "pass", "advance"}).Draw(t, "do"),
			after: rapid.IntRange(0, 9).Draw(t, "after"),
			which: rapid.IntRange(0, 3).Draw(t, "which"),
		}
	}), 1, 40)
}

// Whatever the order of time that passes and time that is skipped: what waits goes on
// exactly once, never before its time, and at the first moment that is not too early.
func TestWaitingEndsExactlyOnceAndNeverEarly(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := script().Draw(rt, "steps")
		want := expected(steps)
		var got [][]int
		synctest.Test(t, func(*testing.T) { got = play(steps) })
		NewWithT(rt).Expect(got).To(Equal(want))
	})
}

// play returns the seconds at which each alarm rang, in the order they were set.
func play(steps []step) [][]int {
	c := clock.NewAdjustable(clock.System())
	began := c.Now()
	second := func(t time.Time) int { return int(t.Sub(began) / time.Second) }
	var mu sync.Mutex
	var rang [][]int
	var taps []func() // take what has arrived
	var set []clockedAlarm
	note := func(i int, at time.Time) {
		mu.Lock()
		defer mu.Unlock()
		rang[i] = append(rang[i], second(at))
	}
	watch := func(i int, ch <-chan time.Time) {
		taps = append(taps, func() {
			select {
			case at := <-ch:
				note(i, at)
			default:
			}
		})
	}
	for _, s := range steps {
		d := time.Duration(s.after) * time.Second
		i := len(rang)
		if slices.Contains([]string{"timer", "after", "func", "sleep", "ticker"}, s.do) {
			rang = append(rang, []int{})
			set = append(set, nil)
		}
		switch s.do {
		case "timer":
			timer := c.NewTimer(d)
			set[i] = timer
			watch(i, timer.Chan())
		case "after":
			watch(i, c.After(d))
		case "func":
			set[i] = c.AfterFunc(d, func() { note(i, c.Now()) })
		case "sleep":
			go func() {
				c.Sleep(d)
				note(i, c.Now())
			}()
		case "ticker":
			ticker := c.NewTicker(d + time.Second)
			set[i] = tickerAlarm{ticker}
			watch(i, ticker.Chan())
		case "stop", "reset":
			at := len(set) - 1 - s.which
			if at < 0 || set[at] == nil {
				continue
			}
			if s.do == "stop" {
				set[at].Stop()
			} else {
				set[at].Reset(d + time.Second)
			}
		case "pass":
			clock.System().Sleep(d)
		case "advance":
			_ = c.Advance(d)
		}
		synctest.Wait()
		for _, tap := range taps {
			tap()
		}
	}
	for _, a := range set { // what sleeps still must not outlive the bubble
		if a != nil {
			a.Stop()
		}
	}
	got := make([][]int, len(rang))
	mu.Lock()
	for i := range rang {
		got[i] = slices.Clone(rang[i])
	}
	mu.Unlock()
	_ = c.Advance(time.Hour)
	return got
}

type clockedAlarm interface {
	Reset(d time.Duration) bool
	Stop() bool
}

type tickerAlarm struct {
	t interface {
		Reset(d time.Duration)
		Stop()
	}
}

func (a tickerAlarm) Reset(d time.Duration) bool { a.t.Reset(d); return true }
func (a tickerAlarm) Stop() bool                 { a.t.Stop(); return true }

// expected is what play returns, from whole seconds and no clock.
func expected(steps []step) [][]int {
	type alarm struct {
		due, period int
		set, fixed  bool // fixed: cannot be stopped
		rang        []int
	}
	now := 0
	var alarms []*alarm
	// until rings what is due by then; when says what time it is at that moment.
	until := func(then int, when func(due int) int) {
		for _, a := range alarms {
			if !a.set || a.due > then {
				continue
			}
			a.rang = append(a.rang, when(a.due))
			a.set = a.period > 0
			for a.set && a.due <= then {
				a.due += a.period
			}
		}
		now = then
	}
	for _, s := range steps {
		switch s.do {
		case "timer", "func":
			alarms = append(alarms, &alarm{due: now + s.after, set: true, rang: []int{}})
		case "after", "sleep":
			alarms = append(alarms, &alarm{due: now + s.after, set: true, fixed: true, rang: []int{}})
		case "ticker":
			alarms = append(alarms, &alarm{due: now + s.after + 1, period: s.after + 1, set: true, rang: []int{}})
		case "stop", "reset":
			at := len(alarms) - 1 - s.which
			if at < 0 || alarms[at].fixed {
				continue
			}
			a := alarms[at]
			a.set, a.due = s.do == "reset", now+s.after+1
			if a.period > 0 {
				a.period = s.after + 1
			}
		case "pass":
			until(now+s.after, func(due int) int { return due })
		case "advance":
			until(now+s.after, func(int) int { return now + s.after })
		}
		until(now, func(int) int { return now })
	}
	rang := [][]int{}
	for _, a := range alarms {
		rang = append(rang, a.rang)
	}
	return rang
}

func TestWhatIsStoppedReportsWhetherItHadYetToRing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		c := clock.NewAdjustable(clock.System())
		timer := c.NewTimer(time.Minute)
		g.Expect(timer.Stop()).To(BeTrue())
		g.Expect(timer.Stop()).To(BeFalse())
		g.Expect(timer.Reset(time.Minute)).To(BeFalse())
		g.Expect(c.Advance(time.Minute)).To(Succeed())
		g.Expect(timer.Reset(time.Minute)).To(BeTrue(), "it rang, but nobody heard")
		g.Expect(timer.Chan()).NotTo(Receive(), "what rang before the reset is gone")
		g.Expect(c.Advance(time.Minute)).To(Succeed())
		g.Expect(timer.Chan()).To(Receive())
		g.Expect(timer.Stop()).To(BeFalse())
	})
}

func TestTheClockRunsAndIsAheadByWhatItWasPutForward(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		machine := clock.System()
		c := clock.NewAdjustable(machine)
		began := c.Now()
		g.Expect(began).To(Equal(machine.Now()))
		g.Expect(c.Advance(time.Hour)).To(Succeed())
		machine.Sleep(time.Second)
		g.Expect(c.Since(began)).To(Equal(time.Hour + time.Second))
		g.Expect(c.Until(began)).To(Equal(-time.Hour - time.Second))
		g.Expect(c.Ahead()).To(Equal(time.Hour))
	})
}

func TestTheClockGoesNeitherBackNorTooFar(t *testing.T) {
	g := NewWithT(t)
	c := clock.NewAdjustable(clock.System())
	g.Expect(c.Advance(-time.Nanosecond)).To(MatchError(ContainSubstring("back")))
	g.Expect(c.Advance(0)).To(Succeed())
	g.Expect(c.Advance(clock.MaxAhead - time.Second)).To(Succeed())
	g.Expect(c.Advance(2 * time.Second)).To(MatchError(ContainSubstring("ahead")))
	g.Expect(c.Advance(1<<63 - 1)).NotTo(Succeed())
	g.Expect(c.Advance(time.Second)).To(Succeed())
	g.Expect(c.Ahead()).To(Equal(clock.MaxAhead))
}

func TestATickerNeedsAPeriod(t *testing.T) {
	g := NewWithT(t)
	c := clock.NewAdjustable(clock.System())
	g.Expect(func() { c.NewTicker(0) }).To(Panic())
	ticker := c.NewTicker(time.Hour)
	defer ticker.Stop()
	g.Expect(func() { ticker.Reset(-1) }).To(Panic())
}

// Everything at once, for the race detector: no timer is lost or rings twice.
func TestManyGoroutinesShareAClock(t *testing.T) {
	g := NewWithT(t)
	c := clock.NewAdjustable(clock.System())
	const users = 8
	var waiting, done sync.WaitGroup
	for range users {
		waiting.Add(1)
		done.Go(func() {
			timers := make([]<-chan time.Time, 200)
			for i := range timers {
				timers[i] = c.After(time.Duration(i+1) * time.Hour)
				stopped := c.NewTimer(time.Hour)
				stopped.Reset(time.Duration(i) * time.Minute)
				stopped.Stop()
			}
			waiting.Done()
			for _, timer := range timers {
				<-timer
			}
		})
	}
	waiting.Wait()
	for range 200 {
		g.Expect(c.Advance(time.Hour)).To(Succeed())
	}
	done.Wait()
	g.Expect(c.Ahead()).To(Equal(200 * time.Hour))
}
