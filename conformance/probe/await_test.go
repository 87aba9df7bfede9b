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
func dripping(t *testing.T, pause time.Duration, patience probe.Patience) *probe.Probe {
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
		Target: probe.Target{Patience: patience}, Log: log, Clock: clock.System(), IDs: ids.Seeded(t.Name()),
	}, "group/one")
}

func TestWhatStillComesIsWaitedFor(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := dripping(t, 300*time.Millisecond, probe.Patience{Delivery: 5 * time.Second, Flow: time.Hour})
	began := clock.System().Now()
	g.Expect(p.AwaitRequests(t.Context(), "slow", 20)).To(BeTrue())
	g.Expect(clock.System().Since(began)).To(BeNumerically(">", 5*time.Second), "it took longer than one may take")
}

func TestWhatComesForEverIsNotWaitedForWithoutEnd(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := dripping(t, 50*time.Millisecond, probe.Patience{Delivery: 2 * time.Second, Flow: 3 * time.Second})
	began := clock.System().Now()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	g.Expect(p.AwaitRequests(ctx, "slow", 1_000_000)).To(BeFalse())
	g.Expect(clock.System().Since(began)).To(BeNumerically(">=", 3*time.Second))
	g.Expect(p.Seen().Named(capture.WaitedOut, "1000000 requests at slow")).To(HaveLen(1))
}

func TestWhatDoesNotComeIsWaitedForNoLongerThanItMayTake(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := dripping(t, time.Hour, probe.Patience{Delivery: 400 * time.Millisecond, Flow: time.Hour})
	g.Expect(p.AwaitRequests(t.Context(), "slow", 1)).To(BeFalse())
	g.Expect(p.Seen().Named(capture.WaitedOut, "1 requests at slow")).To(HaveLen(1))
}
