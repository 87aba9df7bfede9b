package lanes

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

func TestOneCallsEventsStayInOrder(t *testing.T) {
	const calls, events = 20, 50
	l := New(Config{Width: 4, Total: 100, Room: 1000, Clock: clock.System()})
	var mu sync.Mutex
	got := map[string][]int{}
	for event := range events {
		for call := range calls {
			name := fmt.Sprint(call)
			l.Add(Key{"a", "h"}, name, Job{Do: func() {
				mu.Lock()
				defer mu.Unlock()
				got[name] = append(got[name], event)
			}})
		}
	}
	l.Wait()
	for call, order := range got {
		if len(order) != events || !slices.IsSorted(order) {
			t.Errorf("call %s: %v", call, order)
		}
	}
	if len(got) != calls {
		t.Errorf("%d calls served, want %d", len(got), calls)
	}
	if len(l.lines) != 0 {
		t.Errorf("%d idle hooks are remembered", len(l.lines))
	}
}

func TestAHookHasNoMoreRequestsAtOnceThanItsWidth(t *testing.T) {
	const width, jobs = 3, 30
	l := New(Config{Width: width, Total: 100, Room: 1000, Clock: clock.System()})
	var mu sync.Mutex
	now, most := 0, 0
	arrived := make(chan struct{}, jobs)
	release := make(chan struct{})
	for call := range jobs {
		l.Add(Key{"a", "h"}, fmt.Sprint(call), Job{Do: func() {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			arrived <- struct{}{}
			<-release
			mu.Lock()
			now--
			mu.Unlock()
		}})
	}
	for range width {
		<-arrived
	}
	close(release)
	l.Wait()
	if most != width {
		t.Errorf("%d ran at once, want %d", most, width)
	}
}

func TestAStuckHookHoldsUpNobodyElse(t *testing.T) {
	l := New(Config{Width: 1, Total: 100, Room: 1000, Clock: clock.System()})
	stuck := make(chan struct{})
	for range 100 {
		l.Add(Key{"a", "slow"}, "c", Job{Do: func() { <-stuck }})
	}
	served := make(chan struct{})
	l.Add(Key{"a", "quick"}, "c", Job{Do: func() { close(served) }})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	select {
	case <-served:
	case <-ctx.Done():
		t.Error("the quick hook waits for the stuck one")
	}
	close(stuck)
	l.Wait()
}

func TestABusyCallDoesNotStarveTheOthers(t *testing.T) {
	l := New(Config{Width: 1, Total: 100, Room: 1000, Clock: clock.System()})
	var order []string
	start := make(chan struct{})
	l.Add(Key{"a", "h"}, "busy", Job{Do: func() { <-start }})
	for range 3 {
		l.Add(Key{"a", "h"}, "busy", Job{Do: func() { order = append(order, "busy") }})
	}
	l.Add(Key{"a", "h"}, "other", Job{Do: func() { order = append(order, "other") }})
	close(start)
	l.Wait()
	if want := []string{"other", "busy", "busy", "busy"}; !slices.Equal(order, want) {
		t.Errorf("served %v, want %v", order, want)
	}
}
