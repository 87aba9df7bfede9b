package disabler_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
)

func start() time.Time { return time.Date(2026, 11, 15, 12, 0, 0, 0, time.UTC) }

// The plain way to count: keep everything, look at everything.
type model struct {
	collapse bool
	failures map[disabler.Key][]time.Time
}

func (m *model) failed(hook disabler.Key, at time.Time) {
	if m.collapse {
		for _, known := range m.failures[hook] {
			if known.UnixMilli() == at.UnixMilli() {
				return
			}
		}
	}
	m.failures[hook] = append(m.failures[hook], at)
}

func (m *model) count(hook disabler.Key, now time.Time, within time.Duration) int {
	n := 0
	for _, at := range m.failures[hook] {
		if now.UnixMilli()-at.UnixMilli() < within.Milliseconds() {
			n++
		}
	}
	return n
}

// Whatever happens in whatever order, the tracker counts as the plain way does.
func TestTrackerCountsAsThePlainWayDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		collapse := rapid.Bool().Draw(t, "collapse")
		tracker := disabler.New(disabler.Options{Collapse: collapse})
		plain := &model{collapse: collapse, failures: map[disabler.Key][]time.Time{}}
		limits := map[disabler.Key]disabler.Limit{}
		var hooks []disabler.Key
		for account := range 2 {
			for id := range 2 {
				key := disabler.Key{AccountID: fmt.Sprint("a", account), HookID: fmt.Sprint("h", id)}
				hooks = append(hooks, key)
				limits[key] = disabler.Limit{
					Failures: rapid.IntRange(-1, 8).Draw(t, "failures"),
					Within:   time.Duration(rapid.IntRange(0, 50).Draw(t, "within")) * time.Millisecond,
				}
			}
		}
		now := start()
		hook := rapid.SampledFrom(hooks)
		t.Repeat(map[string]func(*rapid.T){
			"wait": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(0, 20_000).Draw(t, "microseconds")) * time.Microsecond)
			},
			"fail": func(t *rapid.T) {
				key := hook.Draw(t, "hook")
				// Failures that ended at one time are told in any order.
				at := now.Add(-time.Duration(rapid.IntRange(0, 3).Draw(t, "late")) * time.Millisecond)
				tracker.Failed(key, at, limits[key])
				plain.failed(key, at)
			},
			"forget": func(t *rapid.T) {
				key := hook.Draw(t, "hook")
				tracker.Forget(key)
				delete(plain.failures, key)
			},
			"forget account": func(t *rapid.T) {
				account := hook.Draw(t, "hook").AccountID
				tracker.ForgetAccount(account)
				for _, key := range hooks {
					if key.AccountID == account {
						delete(plain.failures, key)
					}
				}
			},
			"look": func(t *rapid.T) {
				key := hook.Draw(t, "hook")
				count := plain.count(key, now, limits[key].Within)
				want := disabler.Verdict{Failures: count, TooMany: count > 0 && count >= limits[key].Failures}
				if got := tracker.Look(key, now, limits[key]); got != want {
					t.Fatalf("%v within %v: %+v, want %+v", key, limits[key], got, want)
				}
			},
		})
	})
}

// A flood of failures neither changes a verdict nor fills the memory.
func TestAFloodIsBounded(t *testing.T) {
	for _, failures := range []int{1, 6, 500, disabler.MaxFailures, disabler.MaxFailures + 1} {
		tracker := disabler.New(disabler.Options{})
		hook := disabler.Key{AccountID: "a", HookID: "h"}
		limit := disabler.Limit{Failures: failures, Within: time.Hour}
		for i := range 2 * disabler.MaxFailures {
			tracker.Failed(hook, start().Add(time.Duration(i)*time.Microsecond), limit)
			want := i+1 >= failures && failures <= disabler.MaxFailures
			if i > 0 && i%997 == 0 || i+1 == failures {
				if got := tracker.Look(hook, start().Add(time.Second), limit); got.TooMany != want {
					t.Fatalf("limit %d after %d: %+v", failures, i+1, got)
				}
			}
		}
		want := min(max(failures, 128), disabler.MaxFailures)
		if got := tracker.Look(hook, start().Add(time.Second), limit); got.Failures != want {
			t.Errorf("limit %d: %d are kept, want %d", failures, got.Failures, want)
		}
	}
}

// When there is no more room, the hook that has not failed for longest is forgotten.
func TestTheHookThatFailedLongestAgoIsForgotten(t *testing.T) {
	const each = 33 // room that a hook with one failure takes
	tracker := disabler.New(disabler.Options{Room: 3 * each})
	limit := disabler.DefaultLimit()
	now := start()
	fail := func(id string) {
		now = now.Add(time.Second)
		tracker.Failed(disabler.Key{HookID: id}, now, limit)
	}
	for _, id := range []string{"a", "b", "c"} {
		fail(id)
	}
	tracker.Forget(disabler.Key{HookID: "b"})
	fail("b")
	fail("d") // a goes
	fail("c") // b goes: c takes one more
	got := map[string]int{}
	for _, key := range tracker.Hooks() {
		got[key.HookID] = tracker.Look(key, now, limit).Failures
	}
	if fmt.Sprint(got) != fmt.Sprint(map[string]int{"c": 2, "d": 1}) {
		t.Errorf("remembered: %v", got)
	}
}

func TestWhatIsTooOldGoesWithALook(t *testing.T) {
	tracker := disabler.New(disabler.Options{})
	hook := disabler.Key{HookID: "h"}
	tracker.Failed(hook, start(), disabler.DefaultLimit())
	tracker.Look(hook, start().Add(time.Minute-time.Millisecond), disabler.DefaultLimit())
	if len(tracker.Hooks()) != 1 {
		t.Error("a failure that still counts is gone")
	}
	tracker.Look(hook, start().Add(time.Minute), disabler.DefaultLimit())
	if len(tracker.Hooks()) != 0 {
		t.Error("a failure that no longer counts is remembered")
	}
}

// The cost of a failure, which must not grow with the hooks that fail.
func BenchmarkFailed(b *testing.B) {
	for _, hooks := range []int{1, 1000, 100_000} {
		b.Run(fmt.Sprint(hooks, "-hooks"), func(b *testing.B) {
			tracker := disabler.New(disabler.Options{})
			keys := make([]disabler.Key, hooks)
			for i := range keys {
				keys[i] = disabler.Key{AccountID: "a", HookID: fmt.Sprint(i)}
			}
			limit, at := disabler.DefaultLimit(), start()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				at = at.Add(time.Millisecond)
				tracker.Failed(keys[i%hooks], at, limit)
			}
		})
	}
}
