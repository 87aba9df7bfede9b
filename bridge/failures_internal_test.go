package bridge

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
)

func (f *failing) write(t *testing.T) {
	t.Helper()
	NewWithT(t).Expect(f.failures.write(t.Context())).To(BeFalse(), "all is written at once")
}

// rows are what the store has, by node.
func (f *failing) rows(t *testing.T) map[string]int {
	t.Helper()
	rows := map[string]int{}
	for row, err := range f.cfg.Store.EachFailures(t.Context(), store.FailureQuery{}) {
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		rows[row.Node] += len(row.Times)
	}
	return rows
}

func TestFailuresOfTwoNodesSwitchAHookOff(t *testing.T) {
	g, f := NewWithT(t), newFailing(t, nil)
	other := f.another(t)
	f.fail(3)
	other.fail(3)
	f.check(t.Context())
	g.Expect(f.count(t)).To(Equal(3), "the other has not written yet")

	other.write(t)
	g.Expect(f.count(t)).To(Equal(6))
	g.Expect(other.count(t)).To(Equal(3))
	other.check(t.Context())
	g.Expect(other.changes).To(BeEmpty())
	f.check(t.Context())
	g.Expect(f.changes).To(HaveLen(1))
	g.Expect(disabler.Disabled(f.doc(t).Body)).To(BeTrue())
	g.Expect(f.count(t)).To(BeZero())
	g.Eventually(f.sent).Should(Receive())
	g.Expect(f.counted(t)).To(Equal(1.0))
}

// A failure counts on another node for as long as on its own.
func TestFailuresOfAnotherNodeGrowOld(t *testing.T) {
	g, f := NewWithT(t), newFailing(t, nil)
	other := f.another(t)
	other.fail(3)
	other.write(t)
	f.clock.Advance(time.Minute - 2*time.Millisecond)
	g.Expect(f.count(t)).To(Equal(2))
	f.fail(3)
	f.check(t.Context())
	g.Expect(f.changes).To(BeEmpty())
}

// Failures of one millisecond are one, also when two nodes met them, but in corrected.
func TestFailuresOfOneMillisecondOnTwoNodes(t *testing.T) {
	f := newFailing(t, nil)
	other := f.another(t)
	f.Failed(f.hook, f.clock.Now())
	other.Failed(other.hook, f.clock.Now())
	other.write(t)
	NewWithT(t).Expect(f.count(t)).To(Equal(1))
}

func TestOfTwoNodesThatFindTheSameOneSwitchesOff(t *testing.T) {
	g, f := NewWithT(t), newFailing(t, nil)
	other := f.another(t)
	f.fail(6)
	other.fail(6)
	f.between = func() { other.check(t.Context()) }
	f.check(t.Context())
	g.Expect(other.changes).To(HaveLen(1))
	g.Expect(f.changes).To(BeEmpty())
	g.Eventually(f.sent).Should(Receive())
	g.Consistently(f.sent).WithTimeout(20 * time.Millisecond).ShouldNot(Receive())
	f.write(t)
	other.write(t)
	g.Expect(f.rows(t)).To(BeEmpty())
}

// An edit is a fresh start for all nodes, whenever they hear of it.
func TestAnEditForgetsTheFailuresOfAllNodes(t *testing.T) {
	g, f := NewWithT(t), newFailing(t, nil)
	other := f.another(t)
	f.fail(3)
	other.fail(5)
	other.write(t)
	f.edit(t)
	f.load(t)
	g.Expect(f.count(t)).To(BeZero())

	other.fail(1) // of the version that it still has
	other.write(t)
	g.Expect(f.rows(t)).To(Equal(map[string]int{other.failures.node: 6}))
	f.check(t.Context())
	other.check(t.Context())
	g.Expect(f.changes).To(BeEmpty())
	g.Expect(other.changes).To(BeEmpty())
	g.Expect(disabler.Disabled(f.doc(t).Body)).To(BeFalse())

	other.load(t)
	f.fail(3)
	other.fail(3)
	other.write(t)
	g.Expect(f.rows(t)).To(Equal(map[string]int{other.failures.node: 3}), "what was of no use any more is gone")
	f.check(t.Context())
	g.Expect(f.changes).To(HaveLen(1))
}

func TestARestartForgetsNothing(t *testing.T) {
	for _, stillToCome := range []int{0, 1} {
		g, f := NewWithT(t), newFailing(t, nil)
		f.fail(6 - stillToCome)
		ctx, stop := context.WithCancel(t.Context())
		stop()
		f.failures.run(ctx) // a clean stop writes
		after := f.another(t)
		after.fail(stillToCome)
		after.check(t.Context())
		g.Expect(after.changes).To(HaveLen(1))
	}
}

// Nodes that are no more leave rows behind, which go when they no longer count.
func TestWhatHasExpiredIsSwept(t *testing.T) {
	g, f := NewWithT(t), newFailing(t, nil)
	f.fail(1)
	f.write(t)
	other := f.another(t)
	f.clock.Advance(time.Minute - time.Millisecond)
	other.failures.sweep(t.Context())
	g.Expect(f.rows(t)).To(HaveLen(1))
	f.clock.Advance(time.Millisecond)
	other.failures.sweep(t.Context())
	g.Expect(f.rows(t)).To(BeEmpty())
}

// While the store is away failures are counted in memory, and written later.
func TestAStoreThatIsAwayLosesNoFailure(t *testing.T) {
	g, f := NewWithT(t), newFailing(t, nil)
	f.refuse = errors.New("connection refused")
	f.fail(2)
	g.Expect(f.failures.write(t.Context())).To(BeFalse())
	f.fail(3)
	g.Expect(f.failures.write(t.Context())).To(BeFalse())
	g.Expect(f.count(t)).To(Equal(5))
	f.refuse = nil
	f.write(t)
	g.Expect(f.rows(t)).To(Equal(map[string]int{f.failures.node: 5}))
}

func TestFailuresAreWrittenWithinASecond(t *testing.T) {
	g, f := NewWithT(t), newFailing(t, nil)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.failures.run(ctx)
	}()
	waits := func(n int) { g.Expect(f.clock.BlockUntilContext(t.Context(), n)).To(Succeed()) }
	waits(1) // for the next sweep
	f.fail(2)
	waits(2)
	f.fail(1)
	g.Expect(f.rows(t)).To(BeEmpty())
	f.clock.Advance(writePause)
	g.Eventually(t.Context(), f.rows).WithArguments(t).Should(Equal(map[string]int{f.failures.node: 3}))

	f.fail(1)
	stop()
	<-ended
	g.Expect(f.rows(t)).To(Equal(map[string]int{f.failures.node: 4}), "the rest is written at the end")
}

// However many hooks fail, the store has time for others.
func TestManyHooksAreWrittenInTurns(t *testing.T) {
	g, f := NewWithT(t), newFailing(t, nil)
	const most = writeChunk * writeChunks
	for i := range most + 50 {
		f.Failed(&webhooks.Hook{ID: fmt.Sprint(i), AccountID: failingAccount}, f.clock.Now())
	}
	<-f.failures.changed
	g.Expect(f.failures.write(t.Context())).To(BeTrue())
	g.Expect(f.batches).To(HaveLen(writeChunks))
	g.Expect(f.batches).To(HaveEach(writeChunk))
	g.Expect(f.failures.changed).To(Receive(), "it goes on in a second")
	f.write(t)
	g.Expect(f.rows(t)).To(Equal(map[string]int{f.failures.node: most + 50}))
}
