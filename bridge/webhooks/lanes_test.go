package webhooks

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestOneCallsEventsStayInOrder(t *testing.T) {
	const calls, events = 20, 50
	l := newLanes(4)
	var mu sync.Mutex
	got := map[string][]int{}
	for event := range events {
		for call := range calls {
			name := fmt.Sprint(call)
			l.add(hookKey{"a", "h"}, name, func() {
				mu.Lock()
				defer mu.Unlock()
				got[name] = append(got[name], event)
			})
		}
	}
	l.wait()
	for call, order := range got {
		if len(order) != events || !slices.IsSorted(order) {
			t.Errorf("call %s: %v", call, order)
		}
	}
	if len(got) != calls {
		t.Errorf("%d calls served, want %d", len(got), calls)
	}
	if len(l.hooks) != 0 {
		t.Errorf("%d idle hooks are remembered", len(l.hooks))
	}
}

func TestAHookHasNoMoreRequestsAtOnceThanItsWidth(t *testing.T) {
	const width, jobs = 3, 30
	l := newLanes(width)
	var mu sync.Mutex
	now, most := 0, 0
	arrived := make(chan struct{}, jobs)
	release := make(chan struct{})
	for call := range jobs {
		l.add(hookKey{"a", "h"}, fmt.Sprint(call), func() {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			arrived <- struct{}{}
			<-release
			mu.Lock()
			now--
			mu.Unlock()
		})
	}
	for range width {
		<-arrived
	}
	close(release)
	l.wait()
	if most != width {
		t.Errorf("%d ran at once, want %d", most, width)
	}
}

func TestAStuckHookHoldsUpNobodyElse(t *testing.T) {
	l := newLanes(1)
	stuck := make(chan struct{})
	for range 100 {
		l.add(hookKey{"a", "slow"}, "c", func() { <-stuck })
	}
	served := make(chan struct{})
	l.add(hookKey{"a", "quick"}, "c", func() { close(served) })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	select {
	case <-served:
	case <-ctx.Done():
		t.Error("the quick hook waits for the stuck one")
	}
	close(stuck)
	l.wait()
}

func TestABusyCallDoesNotStarveTheOthers(t *testing.T) {
	l := newLanes(1)
	var order []string
	start := make(chan struct{})
	l.add(hookKey{"a", "h"}, "busy", func() { <-start })
	for range 3 {
		l.add(hookKey{"a", "h"}, "busy", func() { order = append(order, "busy") })
	}
	l.add(hookKey{"a", "h"}, "other", func() { order = append(order, "other") })
	close(start)
	l.wait()
	if want := []string{"other", "busy", "busy", "busy"}; !slices.Equal(order, want) {
		t.Errorf("served %v, want %v", order, want)
	}
}
