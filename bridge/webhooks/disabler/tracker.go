package disabler

import (
	"container/list"
	"slices"
	"sync"
	"time"
)

// Key names a hook: its owner and its id.
type Key struct{ AccountID, HookID string }

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

	mu     sync.Mutex
	hooks  map[Key]*list.Element // of *entry
	order  *list.List            // the hook that failed last stands last
	taking int                   // of Options.Room
}

type entry struct {
	key   Key
	times []int64 // milliseconds since 1970, ascending
}

// New makes a tracker that knows of no failure.
func New(options Options) *Tracker {
	if options.Room == 0 {
		options.Room = defaultRoom
	}
	return &Tracker{options: options, hooks: map[Key]*list.Element{}, order: list.New()}
}

// Failed remembers that a hook failed. The limit says what is worth remembering.
func (t *Tracker) Failed(hook Key, at time.Time, limit Limit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	element := t.hooks[hook]
	if element == nil {
		element = t.order.PushBack(&entry{key: hook})
		t.hooks[hook] = element
		t.taking += hookCost
	}
	t.order.MoveToBack(element)
	e, _ := element.Value.(*entry)
	t.taking += e.add(at.UnixMilli(), t.options.Collapse)
	newest := e.times[len(e.times)-1]
	t.taking -= e.dropUntil(newest - limit.Within.Milliseconds())
	t.taking -= e.dropAllBut(min(max(limit.Failures, leastKept), MaxFailures))
	for t.taking > t.options.Room && t.order.Len() > 1 {
		t.remove(t.order.Front())
	}
}

// add puts a time in its place, which is nearly always the last, and returns how
// many there are more.
func (e *entry) add(at int64, collapse bool) int {
	place, found := slices.BinarySearch(e.times, at)
	if found && collapse {
		return 0
	}
	e.times = slices.Insert(e.times, place, at)
	return 1
}

// dropUntil forgets the times up to and including one, and returns how many.
func (e *entry) dropUntil(last int64) int {
	n, _ := slices.BinarySearch(e.times, last+1)
	e.times = e.times[n:]
	return n
}

// dropAllBut forgets the oldest times beyond a number, and returns how many. What
// is cut off at the front goes when the slice grows next.
func (e *entry) dropAllBut(kept int) int {
	n := max(len(e.times)-kept, 0)
	e.times = e.times[n:]
	return n
}

// Look says what is to be done about a hook now, and forgets what no longer counts.
func (t *Tracker) Look(hook Key, now time.Time, limit Limit) Verdict {
	t.mu.Lock()
	defer t.mu.Unlock()
	element := t.hooks[hook]
	if element == nil {
		return Verdict{}
	}
	e, _ := element.Value.(*entry)
	t.taking -= e.dropUntil(now.UnixMilli() - limit.Within.Milliseconds())
	count := len(e.times)
	if count == 0 {
		t.remove(element)
	}
	return Verdict{Failures: count, TooMany: count > 0 && count >= limit.Failures}
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

// Forget drops a hook's failures, as an edit of the hook does.
func (t *Tracker) Forget(hook Key) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if element := t.hooks[hook]; element != nil {
		t.remove(element)
	}
}

// ForgetAccount drops the failures of all hooks of an account, as its deletion does.
func (t *Tracker) ForgetAccount(accountID string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for hook, element := range t.hooks {
		if hook.AccountID == accountID {
			t.remove(element)
		}
	}
}

func (t *Tracker) remove(element *list.Element) {
	e, _ := t.order.Remove(element).(*entry)
	delete(t.hooks, e.key)
	t.taking -= hookCost + len(e.times)
}
