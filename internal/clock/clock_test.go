package clock_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/kazoolab/kazoolab/internal/clock"
)

func TestSleepFollowsTheInjectedClock(t *testing.T) {
	fake := clockwork.NewFakeClock()
	woke := make(chan error, 1)
	go func() { woke <- clock.Sleep(t.Context(), fake, time.Hour) }()
	if err := fake.BlockUntilContext(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	fake.Advance(time.Hour)
	if err := <-woke; err != nil {
		t.Error(err)
	}
}

func TestSleepEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, d := range []time.Duration{0, time.Hour} {
		if err := clock.Sleep(ctx, clockwork.NewFakeClock(), d); !errors.Is(err, context.Canceled) {
			t.Errorf("after %v: %v", d, err)
		}
	}
}

func TestTheMachinesClockIsBehindAnAdjustable(t *testing.T) {
	machine := clockwork.NewFakeClock()
	lab := clock.NewAdjustable(machine)
	if err := lab.Advance(time.Hour); err != nil {
		t.Fatal(err)
	}
	if clock.Machine(lab) != clock.Clock(machine) || clock.Machine(machine) != clock.Clock(machine) {
		t.Error("another clock than that of the machine")
	}
}
