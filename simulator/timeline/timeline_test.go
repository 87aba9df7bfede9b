package timeline_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

func start() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }

func TestAllHappensInTheOrderOfItsTime(t *testing.T) {
	g := NewWithT(t)
	line := timeline.New(timeline.Config{Start: start(), Wall: clock.System()})
	var seen []string
	note := func(what string) func() {
		return func() { seen = append(seen, what+line.Now().Format(" 15:04:05")) }
	}
	line.After(time.Hour, note("third"))
	line.After(time.Minute, func() {
		note("first")()
		line.After(-time.Second, note("at once"))
		line.At(start().Add(2*time.Minute), note("last of its time"))
	})
	line.After(2*time.Minute, note("second"))
	cancelled := line.After(time.Second, note("never"))
	cancelled.Cancel()
	g.Expect(line.Run(t.Context(), false)).To(Succeed())
	g.Expect(seen).To(Equal([]string{
		"first 09:01:00", "at once 09:01:00", "second 09:02:00", "last of its time 09:02:00", "third 10:00:00",
	}))
}

func TestWhatComesLastlyComesAfterAllOfItsTime(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	line := timeline.New(timeline.Config{Start: start(), Wall: clock.System()})
	var seen []string
	note := func(what string) func() { return func() { seen = append(seen, what) } }
	line.After(time.Second, note("later"))
	line.Lastly(note("lastly"))
	line.Lastly(note("never")).Cancel()
	line.After(0, func() {
		note("now")()
		line.After(0, note("then"))
	})
	g.Expect(line.Run(t.Context(), false)).To(Succeed())
	g.Expect(seen).To(Equal([]string{"now", "then", "lastly", "later"}))
}

func TestTimePassesAtItsSpeed(t *testing.T) {
	g := NewWithT(t)
	wall := clockwork.NewFakeClockAt(start())
	line := timeline.New(timeline.Config{Wall: wall, Speed: 60})
	happened := make(chan time.Time, 2)
	line.After(time.Minute, func() { happened <- line.Now() })
	line.After(2*time.Minute, func() { happened <- line.Now() })
	ended := make(chan error, 1)
	go func() { ended <- line.Run(t.Context(), false) }()
	g.Expect(wall.BlockUntilContext(t.Context(), 1)).To(Succeed())
	g.Expect(happened).To(BeEmpty())
	wall.Advance(time.Second)
	g.Expect(<-happened).To(Equal(start().Add(time.Minute)))
	g.Expect(wall.BlockUntilContext(t.Context(), 1)).To(Succeed())
	wall.Advance(time.Second)
	g.Expect(<-happened).To(Equal(start().Add(2 * time.Minute)))
	g.Expect(<-ended).To(Succeed())
}

func TestTimeGoesOnAtAnotherPace(t *testing.T) {
	g := NewWithT(t)
	wall := clockwork.NewFakeClockAt(start())
	line := timeline.New(timeline.Config{Wall: wall})
	line.After(time.Hour, func() {})
	g.Expect(line.Run(t.Context(), false)).To(Succeed())
	line.Pace(1)
	happened := make(chan time.Time, 1)
	line.After(time.Minute, func() { happened <- line.Now() })
	ended := make(chan error, 1)
	go func() { ended <- line.Run(t.Context(), false) }()
	g.Expect(wall.BlockUntilContext(t.Context(), 1)).To(Succeed())
	wall.Advance(59 * time.Second)
	g.Consistently(happened, "20ms").ShouldNot(Receive())
	wall.Advance(time.Second)
	g.Expect(<-happened).To(Equal(start().Add(time.Hour + time.Minute)))
	g.Expect(<-ended).To(Succeed())
}

func TestWhatComesFromOutsideHappensNow(t *testing.T) {
	g := NewWithT(t)
	wall := clockwork.NewFakeClockAt(start())
	line := timeline.New(timeline.Config{Wall: wall, Speed: 1})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- line.Run(ctx, true) }()
	wall.Advance(5 * time.Second)
	var at time.Time
	g.Expect(line.Do(t.Context(), func() { at = line.Now() })).To(Succeed())
	g.Expect(at).To(BeTemporally("~", start().Add(5*time.Second), 5*time.Second))
	cancel()
	g.Expect(<-ended).To(MatchError(context.Canceled))
	g.Expect(line.Do(ctx, func() {})).To(MatchError(context.Canceled))
}

func TestTimeStandsStillWhileItIsHeld(t *testing.T) {
	g := NewWithT(t)
	line := timeline.New(timeline.Config{Start: start(), Wall: clock.System()})
	var release func()
	var seen []string
	line.After(time.Second, func() {
		release = line.Hold()
		line.After(0, func() { seen = append(seen, "now") })
	})
	line.After(2*time.Second, func() { seen = append(seen, "later") })
	ended := make(chan error, 1)
	go func() { ended <- line.Run(t.Context(), false) }()
	g.Expect(line.Do(t.Context(), func() {})).To(Succeed())
	held := func() (stands bool) {
		g.Expect(line.Do(t.Context(), func() { stands = len(seen) == 1 })).To(Succeed())
		return stands
	}
	g.Eventually(held).WithContext(t.Context()).Should(BeTrue())
	g.Consistently(held, "50ms").Should(BeTrue())
	g.Expect(line.Do(t.Context(), func() { release() })).To(Succeed())
	g.Expect(<-ended).To(Succeed())
	g.Expect(seen).To(Equal([]string{"now", "later"}))
}

// What is to come from outside keeps the run from its end, and lets nothing happen that
// nobody waits for.
func TestStayingWaitsForWhatComesFromOutside(t *testing.T) {
	g := NewWithT(t)
	line := timeline.New(timeline.Config{Start: start(), Wall: clock.System()})
	leave := line.Stay()
	var seen []string
	line.Meanwhile(time.Second, func() { seen = append(seen, "meanwhile") })
	ended := make(chan error, 1)
	go func() { ended <- line.Run(t.Context(), false) }()
	g.Expect(line.Do(t.Context(), func() { line.After(500*time.Millisecond, func() { seen = append(seen, "planned") }) })).To(Succeed())
	planned := func() (has bool) {
		g.Expect(line.Do(t.Context(), func() { has = len(seen) > 0 })).To(Succeed())
		return has
	}
	g.Eventually(planned).WithContext(t.Context()).Should(BeTrue())
	g.Expect(line.Do(t.Context(), leave)).To(Succeed())
	g.Expect(<-ended).To(Succeed())
	g.Expect(seen).To(Equal([]string{"planned"}))
}

func TestItSaysHowLateItIs(t *testing.T) {
	g := NewWithT(t)
	wall := clockwork.NewFakeClockAt(start())
	line := timeline.New(timeline.Config{Wall: wall, Speed: 1})
	var behind []time.Duration
	note := func() { behind = append(behind, line.Behind()) }
	line.After(time.Second, func() {
		note()
		wall.Advance(3 * time.Second) // what happens takes long
	})
	line.After(2*time.Second, note) // the last, behind which nothing waits
	ended := make(chan error, 1)
	go func() { ended <- line.Run(t.Context(), false) }()
	g.Expect(wall.BlockUntilContext(t.Context(), 1)).To(Succeed())
	wall.Advance(time.Second)
	g.Expect(<-ended).To(Succeed())
	g.Expect(behind).To(Equal([]time.Duration{0, 2 * time.Second}))
}

func TestWhatIsPlannedForNowWaitsForOneFromOutsideAtMost(t *testing.T) {
	g := NewWithT(t)
	const many = 50
	line := timeline.New(timeline.Config{Start: start(), Wall: clock.System()})
	leave := line.Stay()
	var seen []string
	var ready, all sync.WaitGroup
	hand := func(do func()) {
		all.Go(func() {
			ready.Done()
			if err := line.Hand(t.Context(), do); err != nil {
				t.Error(err)
			}
		})
	}
	note := func(what string) func() {
		return func() {
			if seen = append(seen, what); len(seen) > many {
				leave()
			}
		}
	}
	ready.Add(many + 1)
	hand(func() {
		line.After(0, note("planned"))
		for range many {
			hand(note("outside"))
		}
		ready.Wait() // each comes next
	})
	g.Expect(line.Run(t.Context(), false)).To(Succeed())
	all.Wait()
	g.Expect(seen).To(HaveLen(many + 1))
	g.Expect(seen[0]).To(Equal("planned"))
}

// What is cancelled is gone at once, however far away its time was; the rest happens in its order.
func TestNothingIsLeftOfWhatIsCancelled(t *testing.T) {
	g := NewWithT(t)
	line := timeline.New(timeline.Config{Start: start(), Wall: clock.System()})
	var seen []int
	for i := range 1000 {
		n := i * 7919 % 1000
		p := line.After(time.Duration(n)*time.Hour, func() { seen = append(seen, n) })
		if n%10 != 0 {
			p.Cancel()
			p.Cancel() // no error
		}
	}
	g.Expect(line.Kept()).To(Equal(100))
	g.Expect(line.Waiting()).To(Equal(100))
	g.Expect(line.Run(t.Context(), false)).To(Succeed())
	g.Expect(seen).To(HaveLen(100))
	g.Expect(slices.IsSorted(seen)).To(BeTrue())
	g.Expect(line.Kept()).To(BeZero())
}
