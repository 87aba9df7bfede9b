package probe_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// dripping is a probe of a group to whose receiver a request comes each pause, until the test ends.
func dripping(t *testing.T, pause, flow time.Duration) *probe.Probe {
	t.Helper()
	log := capture.NewLog(clock.System())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	t.Cleanup(func() { cancel(); <-ended })
	go func() {
		defer close(ended)
		for clock.Sleep(ctx, clock.System(), pause) == nil {
			log.Add(capture.Entry{Group: "group/one", Kind: capture.HookRequest, Name: "slow"})
		}
	}()
	return probe.New(&probe.Harness{
		Target: probe.Target{Patience: probe.Patience{Delivery: 400 * time.Millisecond, Flow: flow}}, Log: log, Clock: clock.System(), IDs: ids.Seeded(t.Name()),
	}, "group/one")
}

func TestWhatStillComesIsWaitedFor(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := dripping(t, 50*time.Millisecond, time.Minute)
	began := clock.System().Now()
	g.Expect(p.AwaitRequests(t.Context(), "slow", 20)).To(BeTrue())
	g.Expect(clock.System().Since(began)).To(BeNumerically(">", 400*time.Millisecond), "it took longer than one may take")
}

func TestWhatComesForEverIsNotWaitedForWithoutEnd(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := dripping(t, 50*time.Millisecond, 700*time.Millisecond)
	began := clock.System().Now()
	g.Expect(p.AwaitRequests(t.Context(), "slow", 1_000_000)).To(BeFalse())
	g.Expect(clock.System().Since(began)).To(BeNumerically("~", 700*time.Millisecond, 650*time.Millisecond))
	g.Expect(p.Seen().Named(capture.WaitedOut, "1000000 requests at slow")).To(HaveLen(1))
}

func TestWhatDoesNotComeIsWaitedForNoLongerThanItMayTake(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := dripping(t, time.Hour, time.Hour)
	g.Expect(p.AwaitRequests(t.Context(), "slow", 1)).To(BeFalse())
	g.Expect(p.Seen().Named(capture.WaitedOut, "1 requests at slow")).To(HaveLen(1))
}
