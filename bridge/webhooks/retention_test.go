package webhooks_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/store/storetest"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// keeper is a store with attempts on a clock that stands still unless it is moved.
type keeper struct {
	*store.Store
	clock *clockwork.FakeClock
}

func newKeeper(t *testing.T) *keeper {
	t.Helper()
	k := &keeper{clock: clockwork.NewFakeClockAt(time.Date(2026, time.November, 15, 12, 0, 0, 0, time.UTC))}
	var err error
	k.Store, err = store.Open(t.Context(), storetest.URL(t), store.Options{
		Clock: k.clock, IDs: ids.Seeded("keeper"), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	return k
}

// fill records n attempts of a hook now, a microsecond apart.
func (k *keeper) fill(t *testing.T, hook string, n int) {
	t.Helper()
	var attempts []store.Attempt
	for i := range n {
		at := k.clock.Now().Add(time.Duration(i) * time.Microsecond)
		attempts = append(attempts, store.Attempt{
			ID: fmt.Sprint(hook, "-", i, "-", at.UnixMicro()), AccountID: "a1", HookID: hook, Created: kapi.Gregorian(at), CreatedAt: at,
		})
	}
	if err := k.AddAttempts(t.Context(), attempts); err != nil {
		t.Fatal(err)
	}
}

// left counts the attempts by hook.
func (k *keeper) left(t *testing.T) map[string]int {
	t.Helper()
	attempts, err := k.Attempts(t.Context(), store.AttemptQuery{})
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, a := range attempts {
		counts[a.HookID]++
	}
	return counts
}

// sweeping runs the retention and returns when it has swept once; step lets it
// sweep again after some time.
func (k *keeper) sweeping(t *testing.T, r webhooks.Retention) (step func(time.Duration)) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	r.Clock, r.Log = k.clock, slog.New(slog.DiscardHandler)
	if r.Bin == nil {
		r.Bin = k.Store
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	swept := func() {
		t.Helper()
		if err := k.clock.BlockUntilContext(ctx, 1); err != nil {
			t.Fatal("no sweep came to its end")
		}
	}
	swept()
	return func(d time.Duration) {
		t.Helper()
		k.clock.Advance(d)
		swept()
	}
}

func TestOldAttemptsGo(t *testing.T) {
	g, k := NewWithT(t), newKeeper(t)
	k.fill(t, "before", 1500)
	k.clock.Advance(time.Hour)
	k.fill(t, "later", 3)
	step := k.sweeping(t, webhooks.Retention{Keep: 2 * time.Hour})
	g.Expect(k.left(t)).To(Equal(map[string]int{"before": 1500, "later": 3}))
	step(time.Hour)
	g.Expect(k.left(t)).To(Equal(map[string]int{"before": 1500, "later": 3}), "two hours old is not older than two hours")
	step(time.Minute)
	g.Expect(k.left(t)).To(Equal(map[string]int{"later": 3}))
	step(time.Hour)
	g.Expect(k.left(t)).To(BeEmpty())
}

func TestTheOldestBeyondANumberGo(t *testing.T) {
	g, k := NewWithT(t), newKeeper(t)
	k.fill(t, "before", 1000)
	k.clock.Advance(time.Second)
	k.fill(t, "later", 700)
	step := k.sweeping(t, webhooks.Retention{Max: 800})
	g.Expect(k.left(t)).To(Equal(map[string]int{"before": 100, "later": 700}))
	k.clock.Advance(time.Second)
	k.fill(t, "now", 50)
	step(time.Minute)
	g.Expect(k.left(t)).To(Equal(map[string]int{"before": 50, "later": 700, "now": 50}))
}

func TestAttemptsMayBeKeptForEver(t *testing.T) {
	g, k := NewWithT(t), newKeeper(t)
	k.fill(t, "before", 10)
	k.clock.Advance(1000 * time.Hour)
	webhooks.Retention{Bin: k.Store, Clock: k.clock, Log: slog.New(slog.DiscardHandler)}.Run(t.Context())
	g.Expect(k.left(t)).To(Equal(map[string]int{"before": 10}))
}

func TestAStoreThatRefusesIsAskedAgain(t *testing.T) {
	g, k := NewWithT(t), newKeeper(t)
	k.fill(t, "before", 10)
	k.clock.Advance(time.Hour)
	bin := &refusingBin{AttemptBin: k.Store, refuse: 2}
	step := k.sweeping(t, webhooks.Retention{Bin: bin, Keep: time.Minute})
	g.Expect(k.left(t)).To(HaveLen(1))
	step(time.Minute)
	step(time.Minute)
	g.Expect(k.left(t)).To(BeEmpty())
}

type refusingBin struct {
	webhooks.AttemptBin
	refuse int
}

func (b *refusingBin) DeleteAttempts(ctx context.Context, before int64) (int64, error) {
	if b.refuse--; b.refuse >= 0 {
		return 0, errors.New("disk full")
	}
	return b.AttemptBin.DeleteAttempts(ctx, before)
}
