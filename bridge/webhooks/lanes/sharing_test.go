package lanes

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"
)

// crowd is lanes whose jobs run until they are let go.
type crowd struct {
	*Lanes
	clock   *clockwork.FakeClock
	release chan struct{}

	mu   sync.Mutex
	runs map[Key]int
	all  []Key // in the order in which they began
}

func newCrowd(t *testing.T, cfg Config) *crowd {
	t.Helper()
	c := &crowd{clock: clockwork.NewFakeClock(), release: make(chan struct{}), runs: map[Key]int{}}
	cfg.Clock = c.clock
	c.Lanes = New(cfg)
	t.Cleanup(func() {
		c.open()
		c.Wait()
		if len(c.lines)+len(c.shares)+len(c.turns) > 0 {
			t.Errorf("%d hooks, %d accounts and %d turns are left", len(c.lines), len(c.shares), len(c.turns))
		}
	})
	return c
}

func (c *crowd) open() {
	select {
	case <-c.release:
	default:
		close(c.release)
	}
}

func (c *crowd) job(key Key) func() {
	return func() {
		c.mu.Lock()
		c.runs[key]++
		c.all = append(c.all, key)
		c.mu.Unlock()
		<-c.release
		c.mu.Lock()
		c.runs[key]--
		c.mu.Unlock()
	}
}

// add gives so many jobs of different calls, and says how many were taken.
func (c *crowd) add(key Key, jobs int) (taken int) {
	for i := range jobs {
		taken++
		c.Add(key, fmt.Sprint(i), Job{Do: c.job(key), Later: func() { taken-- }})
	}
	return taken
}

func (c *crowd) running(key Key) func() int {
	return func() int {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.runs[key]
	}
}

func hookOf(account string, n int) Key { return Key{account, fmt.Sprint("h", n)} }

// However many receivers hang, there is something left for the next.
func TestStuckHooksLeaveRoomForOthers(t *testing.T) {
	g := NewWithT(t)
	c := newCrowd(t, Config{Width: 64, Total: 128, Room: 100_000})
	for n := range 20 {
		c.add(hookOf(fmt.Sprint("a", n), n), 100)
	}
	g.Eventually(c.Running).Should(BeNumerically(">", 80))
	g.Expect(c.Running()).To(BeNumerically("<", 128))
	quick := hookOf("other", 0)
	c.add(quick, 1)
	g.Eventually(c.running(quick)).Should(Equal(1))
}

func TestAnAccountLeavesAsMuchAsItTakes(t *testing.T) {
	g := NewWithT(t)
	c := newCrowd(t, Config{Width: 8, Total: 100, Room: 100_000})
	for n := range 100 {
		c.add(hookOf("greedy", n), 10)
	}
	g.Eventually(c.Running).Should(BeNumerically("~", 50, 1))
	for n := range 4 {
		c.add(hookOf("modest", n), 2)
	}
	g.Eventually(c.Running).Should(BeNumerically("~", 58, 1), "all of the modest one's")
}

func TestAccountsTakeTurns(t *testing.T) {
	g := NewWithT(t)
	c := newCrowd(t, Config{Width: 1, Total: 1, Room: 100_000})
	first := hookOf("a0", 0)
	c.add(first, 1)
	g.Eventually(c.running(first)).Should(Equal(1))
	for n := range 50 {
		c.add(hookOf("busy", n), 1)
	}
	c.add(hookOf("quiet", 0), 1)
	c.open()
	c.Wait()
	g.Expect(c.all[:3]).To(Equal([]Key{first, hookOf("busy", 0), hookOf("quiet", 0)}))
}

func TestWhatWouldWaitTooLongIsRefused(t *testing.T) {
	cfg := Config{Width: 4, Total: 100, Room: 1000, Patience: time.Second}
	slow := hookOf("a", 0)
	t.Run("a receiver that hangs", func(t *testing.T) {
		g := NewWithT(t)
		c := newCrowd(t, cfg)
		g.Expect(c.add(slow, 10)).To(Equal(10), "nobody knows yet")
		c.clock.Advance(time.Minute)
		g.Expect(c.add(slow, 1)).To(Equal(0))
		g.Expect(c.add(hookOf("a", 1), 1)).To(Equal(1), "another hook's")
		c.Resume(slow, "x", c.job(slow))
	})
	t.Run("one whose queue is long, though it answers", func(t *testing.T) {
		g := NewWithT(t)
		c := newCrowd(t, cfg)
		first, begun := make(chan struct{}), make(chan struct{})
		c.Add(slow, "first", Job{Do: func() { close(begun); <-first }})
		c.add(slow, 3)
		g.Eventually(c.running(slow)).Should(Equal(3))
		g.Eventually(begun).Should(BeClosed())
		c.clock.Advance(900 * time.Millisecond)
		close(first)
		g.Eventually(c.Running).Should(Equal(3))
		// One of four takes 0.9 s, so the fifth that waits would have its turn after 1.1 s.
		g.Expect(c.add(slow, 20)).To(Equal(1+4), "one place is free, and four may wait for theirs")
	})
	t.Run("when all are stuck", func(t *testing.T) {
		g := NewWithT(t)
		c := newCrowd(t, Config{Width: 4, Total: 4, Room: 1000, Patience: time.Second})
		for n := range 4 {
			c.add(hookOf(fmt.Sprint("a", n), n), 1)
		}
		c.clock.Advance(time.Minute)
		g.Expect(c.add(hookOf("b", 0), 1)).To(Equal(0))
	})
}

func TestWhoBringsMoreWaitsForRoom(t *testing.T) {
	g := NewWithT(t)
	c := newCrowd(t, Config{Width: 2, Total: 10, Room: 3})
	g.Expect(c.Await(t.Context())).To(Succeed())
	c.add(hookOf("a", 0), 5) // two run
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g.Expect(c.Await(ctx)).To(MatchError(context.Canceled))
	room := make(chan error)
	go func() { room <- c.Await(t.Context()) }()
	g.Consistently(room).WithTimeout(50 * time.Millisecond).ShouldNot(Receive())
	c.open()
	g.Eventually(room).Should(Receive(BeNil()))
}

func TestTheRoomIsNotLeftToThoseWhoWaitForASilentReceiver(t *testing.T) {
	g := NewWithT(t)
	c := newCrowd(t, Config{Width: 2, Total: 10, Room: 6, Patience: time.Second})
	silent, quick := hookOf("a", 0), hookOf("b", 0)
	var late []int
	for i := range 8 { // two run, of the calls 0 and 1
		c.Add(silent, fmt.Sprint(i%3), Job{Do: c.job(silent), Later: func() { late = append(late, i) }})
	}
	g.Eventually(c.running(silent)).Should(Equal(2))
	c.Resume(silent, "2", c.job(silent))
	c.clock.Advance(time.Millisecond) // the quick one's begin later
	c.add(quick, 2)
	room := make(chan error)
	go func() { room <- c.Await(t.Context()) }()
	g.Expect(c.clock.BlockUntilContext(t.Context(), 1)).To(Succeed())
	c.clock.Advance(time.Second)
	g.Eventually(room).Should(Receive(BeNil()))
	g.Expect(late).To(ConsistOf(2, 3, 4, 5, 6, 7))
	for call := range 3 {
		of := slices.DeleteFunc(slices.Clone(late), func(i int) bool { return i%3 != call })
		g.Expect(slices.IsSorted(of)).To(BeTrue(), "in their order: %v", of)
	}
	c.open()
	c.Wait()
	g.Expect(c.all).To(HaveLen(2+1+2), "those that ran, the resumed one, the quick one's")
}
