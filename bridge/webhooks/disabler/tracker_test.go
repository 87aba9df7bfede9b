package disabler_test

import (
	"fmt"
	"slices"
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

// nodes are trackers that tell each other of what they remember.
type nodes struct {
	trackers [2]*disabler.Tracker
	written  [2]map[disabler.Key][]int64
}

// write hands over what has changed on a node, some of it again and again.
func (n *nodes) write(t *rapid.T, node int) {
	for {
		changed := n.trackers[node].Changed(rapid.IntRange(1, 3).Draw(t, "at once"))
		if len(changed) == 0 {
			return
		}
		if rapid.IntRange(0, 2).Draw(t, "lost") == 0 {
			n.trackers[node].Again(changed)
			continue
		}
		for _, failures := range changed {
			n.written[node][failures.Key] = failures.Times
		}
	}
}

// Whatever happens in whatever order, the trackers of two nodes count together as the
// plain way does.
func TestTrackersCountAsThePlainWayDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		collapse := rapid.Bool().Draw(t, "collapse")
		all := &nodes{}
		for node := range all.trackers {
			all.trackers[node] = disabler.New(disabler.Options{Collapse: collapse})
			all.written[node] = map[disabler.Key][]int64{}
		}
		plain := &model{collapse: collapse, failures: map[disabler.Key][]time.Time{}}
		limits := map[disabler.Key]disabler.Limit{}
		var hooks []disabler.Key
		for id := range 2 {
			for revision := range 2 {
				key := disabler.Key{AccountID: "a", HookID: fmt.Sprint("h", id), Revision: int64(revision)}
				hooks = append(hooks, key)
				limits[key] = disabler.Limit{
					Failures: rapid.IntRange(-1, 8).Draw(t, "failures"),
					Within:   time.Duration(rapid.IntRange(0, 50).Draw(t, "within")) * time.Millisecond,
				}
			}
		}
		now := start()
		hook, node := rapid.SampledFrom(hooks), rapid.IntRange(0, 1)
		t.Repeat(map[string]func(*rapid.T){
			"wait": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(0, 20_000).Draw(t, "microseconds")) * time.Microsecond)
			},
			"fail": func(t *rapid.T) {
				key := hook.Draw(t, "hook")
				// Failures that ended at one time are told in any order.
				at := now.Add(-time.Duration(rapid.IntRange(0, 3).Draw(t, "late")) * time.Millisecond)
				all.trackers[node.Draw(t, "node")].Failed(key, at, limits[key])
				plain.failed(key, at)
			},
			"forget": func(t *rapid.T) {
				key := hook.Draw(t, "hook")
				for _, tracker := range all.trackers {
					tracker.Forget(key)
				}
				delete(plain.failures, key)
			},
			"write": func(t *rapid.T) { all.write(t, node.Draw(t, "node")) },
			"look": func(t *rapid.T) {
				key, node := hook.Draw(t, "hook"), node.Draw(t, "node")
				all.write(t, 1-node)
				count := plain.count(key, now, limits[key].Within)
				want := disabler.Verdict{Failures: count, TooMany: count > 0 && count >= limits[key].Failures}
				if got := all.trackers[node].Look(key, now, limits[key], all.written[1-node][key]); got != want {
					t.Fatalf("%v within %v: %+v, want %+v", key, limits[key], got, want)
				}
			},
		})
	})
}

// What has not been told can be told again, and what was told is told once.
func TestChangesAreHandedOverOnce(t *testing.T) {
	tracker, limit := disabler.New(disabler.Options{Room: 5 * 33}), disabler.DefaultLimit()
	key := func(i int) disabler.Key { return disabler.Key{HookID: fmt.Sprint(i)} }
	expect := func(what string, changed []disabler.Failures, want ...string) {
		t.Helper()
		got := []string{}
		for _, f := range changed {
			got = append(got, fmt.Sprint(f.HookID, ":", len(f.Times), "/", f.Expires))
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	at := start()
	expires := func(at time.Time) int64 { return at.Add(limit.Within).UnixMilli() }
	for i := range 4 {
		tracker.Failed(key(i), at, limit)
	}
	first := tracker.Changed(2)
	if len(first) != 2 {
		t.Fatalf("%d at once", len(first))
	}
	tracker.Again(first)
	expect("all", tracker.Changed(9),
		fmt.Sprint("0:1/", expires(at)), fmt.Sprint("1:1/", expires(at)), fmt.Sprint("2:1/", expires(at)), fmt.Sprint("3:1/", expires(at)))
	expect("nothing new", tracker.Changed(9))

	later := at.Add(time.Second)
	tracker.Failed(key(0), later, limit)
	tracker.Forget(key(1))
	tracker.Forget(key(7)) // which never failed
	tracker.Failed(key(4), later, limit)
	tracker.Failed(key(5), later, limit) // no more room: 2, the oldest, goes without a word
	handed := tracker.Changed(9)
	want := []string{fmt.Sprint("0:2/", expires(later)), "1:0/0", fmt.Sprint("4:1/", expires(later)), fmt.Sprint("5:1/", expires(later))}
	expect("one more, one less, one too many", handed, want...)
	tracker.Again(handed)
	expect("again", tracker.Changed(9), want...)

	tracker.Look(key(3), at.Add(limit.Within), limit) // too old
	tracker.Again(first)
	expect("what has gone since is not told", slices.DeleteFunc(tracker.Changed(9), func(f disabler.Failures) bool { return f.HookID == "0" }))
}

// A hook that was switched on again, then fails, then is quiet until that failure is too
// old: other nodes must hear that what they know of it is void.
func TestWhatWasForgottenIsToldThoughTheHookFailedSince(t *testing.T) {
	limit, key := disabler.DefaultLimit(), disabler.Key{HookID: "h"}
	for what, handed := range map[string]bool{"nothing was handed over since": false, "what was has not arrived": true} {
		tracker := disabler.New(disabler.Options{})
		tracker.Failed(key, start(), limit)
		tracker.Changed(1)
		tracker.Forget(key)
		tracker.Failed(key, start(), limit)
		var lost []disabler.Failures
		if handed {
			lost = tracker.Changed(1)
		}
		tracker.Look(key, start().Add(limit.Within), limit)
		tracker.Again(lost)
		if told := tracker.Changed(1); len(told) != 1 || told[0].Key != key || len(told[0].Times) != 0 {
			t.Errorf("%s: %+v is told", what, told)
		}
	}
}

// The limit that can be reached on one node can be reached on several, no other.
func TestMoreThanIsRememberedOfOneNodeIsNotToldApart(t *testing.T) {
	tracker := disabler.New(disabler.Options{})
	other := make([]int64, disabler.MaxFailures)
	for i := range other {
		other[i] = start().UnixMilli()
	}
	tracker.Failed(disabler.Key{HookID: "h"}, start(), disabler.DefaultLimit())
	for limit, want := range map[int]bool{disabler.MaxFailures: true, disabler.MaxFailures + 1: false} {
		got := tracker.Look(disabler.Key{HookID: "h"}, start(), disabler.Limit{Failures: limit, Within: time.Minute}, other)
		if got != (disabler.Verdict{Failures: disabler.MaxFailures, TooMany: want}) {
			t.Errorf("%d: %+v", limit, got)
		}
	}
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
