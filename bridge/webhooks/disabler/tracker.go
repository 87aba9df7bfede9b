package disabler

import (
	"container/list"
	"slices"
	"sync"
	"time"
)

// Key names one version of a hook: its owner, its id and the revision of its document,
// as a number. An edit makes another version, which has no failures yet.
type Key struct {
	AccountID, HookID string
	Revision          int64
}

// Limit is how many failures within which time are too many.
type Limit struct {
	// Failures is the number that switches a hook off. Below 1 it is 1; one above
	// MaxFailures is never reached, as no more are remembered of a hook.
	Failures int
	// Within is the time that counts: failures strictly younger than it do.
	Within time.Duration
}

// Verdict is what is known of a hook at one moment.
type Verdict struct {
	Failures int  // that count; more than MaxFailures are not told apart
	TooMany  bool // as many as the limit, or more
}

const (
	// MaxFailures is how many failures of one hook are remembered at most: 80 kB.
	MaxFailures = 10_000
	// leastKept is how many are remembered however low the limit is, so that
	// people see by how much it was passed.
	leastKept = 128
	// hookCost is what an entry takes beside its failures, in failures of 8 bytes.
	hookCost = 32
	// defaultRoom is how many failures all hooks may have together, hookCost
	// included: 64 MiB, or a quarter of a million hooks with one each.
	defaultRoom = 8 << 20
)

// Failures are what a Tracker knows of one hook. Times are milliseconds since 1970.
type Failures struct {
	Key
	Times   []int64 // ascending; none once they are forgotten
	Expires int64   // from then on none of them counts
	forgot  bool    // what was handed over before is void, and nobody knows yet
}

// Options say how a Tracker counts. The zero value is ready to use.
type Options struct {
	// Collapse makes one failure of two of a hook in the same millisecond, as the
	// reference does (quirk failure-per-millisecond).
	Collapse bool
	// Room bounds what is remembered of all hooks together: each failure takes 1,
	// each hook 32 more. When it is full, the hook whose last failure is the
	// longest ago is forgotten. 0 is 8 Mi, which are 64 MiB of memory.
	Room int
}

// Tracker remembers failures. A failure costs no more than a look-up and a place at
// the end of a list, however many hooks there are. Safe for use by many goroutines.
type Tracker struct {
	options Options

	mu      sync.Mutex
	hooks   map[Key]*list.Element // of *entry
	order   *list.List            // the hook that failed last stands last
	taking  int                   // of Options.Room
	changed map[Key]struct{}      // since they were handed over; also those that were forgotten
}

type entry struct {
	Failures
	changed bool
}

// New makes a tracker that knows of no failure.
func New(options Options) *Tracker {
	if options.Room == 0 {
		options.Room = defaultRoom
	}
	return &Tracker{options: options, hooks: map[Key]*list.Element{}, order: list.New(), changed: map[Key]struct{}{}}
}

// Failed remembers that a hook failed. The limit says what is worth remembering.
func (t *Tracker) Failed(hook Key, at time.Time, limit Limit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	element := t.hooks[hook]
	if element == nil {
		_, forgot := t.changed[hook]
		element = t.order.PushBack(&entry{Failures: Failures{Key: hook, forgot: forgot}})
		t.hooks[hook] = element
		t.taking += hookCost
	}
	t.order.MoveToBack(element)
	e, _ := element.Value.(*entry)
	t.taking += e.add(at.UnixMilli(), t.options.Collapse)
	newest := e.Times[len(e.Times)-1]
	e.Expires = newest + limit.Within.Milliseconds()
	t.taking -= e.dropUntil(newest - limit.Within.Milliseconds())
	t.taking -= e.dropAllBut(min(max(limit.Failures, leastKept), MaxFailures))
	t.change(e)
	for t.taking > t.options.Room && t.order.Len() > 1 {
		t.remove(t.order.Front())
	}
}

func (t *Tracker) change(e *entry) {
	if !e.changed {
		e.changed = true
		t.changed[e.Key] = struct{}{}
	}
}

// add puts a time in its place, which is nearly always the last, and returns how
// many there are more.
func (e *entry) add(at int64, collapse bool) int {
	place, found := slices.BinarySearch(e.Times, at)
	if found && collapse {
		return 0
	}
	e.Times = slices.Insert(e.Times, place, at)
	return 1
}

// dropUntil forgets the times up to and including one, and returns how many.
func (e *entry) dropUntil(last int64) int {
	n, _ := slices.BinarySearch(e.Times, last+1)
	e.Times = e.Times[n:]
	return n
}

// dropAllBut forgets the oldest times beyond a number, and returns how many. What
// is cut off at the front goes when the slice grows next.
func (e *entry) dropAllBut(kept int) int {
	n := max(len(e.Times)-kept, 0)
	e.Times = e.Times[n:]
	return n
}

// Look says what is to be done about a hook now, and forgets what no longer counts.
// others are the times that other nodes remember of it.
func (t *Tracker) Look(hook Key, now time.Time, limit Limit, others ...[]int64) Verdict {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := now.UnixMilli() - limit.Within.Milliseconds() // that counts no longer
	var own []int64
	if element := t.hooks[hook]; element != nil {
		e, _ := element.Value.(*entry)
		t.taking -= e.dropUntil(last)
		if own = e.Times; len(own) == 0 {
			t.remove(element)
		}
	}
	count := len(own)
	if len(others) > 0 {
		count = min(t.together(last, append(others, own)), MaxFailures)
	}
	return Verdict{Failures: count, TooMany: count > 0 && count >= limit.Failures}
}

// together counts the times of several nodes that are younger than last.
func (t *Tracker) together(last int64, times [][]int64) int {
	all := slices.Concat(times...)
	slices.Sort(all)
	n, _ := slices.BinarySearch(all, last+1)
	if all = all[n:]; t.options.Collapse {
		all = slices.Compact(all)
	}
	return len(all)
}

// Hooks lists those with failures, in no order.
func (t *Tracker) Hooks() []Key {
	t.mu.Lock()
	defer t.mu.Unlock()
	hooks := make([]Key, 0, len(t.hooks))
	for hook := range t.hooks {
		hooks = append(hooks, hook)
	}
	return hooks
}

// Forget drops a hook's failures.
func (t *Tracker) Forget(hook Key) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if element := t.hooks[hook]; element != nil {
		t.remove(element)
		t.changed[hook] = struct{}{}
	}
}

// Changed hands over the failures of hooks that have changed since it last did, of
// limit hooks at most. What was merely too old, or had no room, is no change.
func (t *Tracker) Changed(limit int) []Failures {
	t.mu.Lock()
	defer t.mu.Unlock()
	changed := make([]Failures, 0, min(limit, len(t.changed)))
	for hook := range t.changed {
		if len(changed) == limit {
			break
		}
		delete(t.changed, hook)
		failures := Failures{Key: hook, forgot: true}
		if element := t.hooks[hook]; element != nil {
			e, _ := element.Value.(*entry)
			failures = e.Failures
			failures.Times = slices.Clone(e.Times)
			e.changed, e.forgot = false, false
		}
		changed = append(changed, failures)
	}
	return changed
}

// Again has what was handed over counted as changed, as it is now: it has not
// arrived.
func (t *Tracker) Again(handed []Failures) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, failures := range handed {
		element := t.hooks[failures.Key]
		switch {
		case element != nil:
			e, _ := element.Value.(*entry)
			e.forgot = e.forgot || failures.forgot
			t.change(e)
		case failures.forgot:
			t.changed[failures.Key] = struct{}{}
		}
	}
}

func (t *Tracker) remove(element *list.Element) {
	e, _ := t.order.Remove(element).(*entry)
	delete(t.hooks, e.Key)
	if !e.forgot {
		delete(t.changed, e.Key)
	}
	t.taking -= hookCost + len(e.Times)
}
