package replay

import (
	"cmp"
	"slices"
	"time"
)

// share is what is kept of one account.
type share[T any] struct {
	account string
	limits  Limits
	rank    int // its place in the ranking
	bytes   int
	events  queue[held[T]]
	tails   map[string]*tail[T] // by pattern
}

type event[T any] struct {
	Entry[T]
	moment  uint64
	at      time.Time
	holders int // shares
}

// held is an event in a share.
type held[T any] struct {
	*event[T]
	tails []*tail[T]
}

// tail is what is kept of one pattern.
type tail[T any] struct {
	from   time.Time // of what was before, something may be missing; whole milliseconds, as marks are
	lost   uint64    // the last moment of which something is not kept, or no longer
	begun  uint64    // the moment when it began to be kept; lost is later once something is
	events queue[*event[T]]
	before *tail[T]  // what it took the place of, while that is kept
	latest *event[T] // of all it ever had
}

func newShare[T any](account string, limits Limits) *share[T] {
	return &share[T]{account: account, limits: limits, tails: map[string]*tail[T]{}}
}

// fullness is how much of the limits it takes, the one of which it takes more.
func (s *share[T]) fullness() float64 {
	return max(float64(s.events.len())/float64(max(s.limits.Events, 1)), float64(s.bytes)/float64(max(s.limits.Bytes, 1)))
}

func (s *share[T]) keep(pattern string, moment uint64, now time.Time) {
	if _, kept := s.tails[pattern]; !kept {
		s.tails[pattern] = &tail[T]{from: now.Truncate(time.Millisecond), lost: moment, begun: moment}
	}
}

func (s *share[T]) follow(pattern, before string, moment uint64, now time.Time) {
	t, kept := s.tails[before]
	if _, there := s.tails[pattern]; there || !kept {
		s.keep(pattern, moment, now)
		return
	}
	s.tails[pattern] = &tail[T]{from: t.from, lost: t.lost, begun: t.begun, before: t}
}

// drop forgets a pattern. What it had is lost for the one that took its place.
func (s *share[T]) drop(pattern string) {
	gone := s.tails[pattern]
	delete(s.tails, pattern)
	for _, t := range s.tails {
		if t.before != gone || gone == nil {
			continue
		}
		t.before, t.lost = nil, max(t.lost, gone.lost)
		if gone.from.After(t.from) {
			t.from = gone.from
		}
		if e := gone.latest; e != nil {
			t.forget(e)
		}
	}
}

// forget says that an event is not kept, or no longer. Something later may be lost
// already.
func (t *tail[T]) forget(e *event[T]) {
	t.lost = max(t.lost, e.moment)
	if from := next(e.at); from.After(t.from) {
		t.from = from
	}
}

func (s *share[T]) missed(moment uint64, now time.Time) {
	for _, t := range s.tails {
		t.lost, t.from = moment, next(now)
	}
}

// add is false where none of the patterns is kept.
func (s *share[T]) add(e *event[T], patterns []string) bool {
	h := held[T]{event: e}
	for _, pattern := range patterns {
		if t, kept := s.tails[pattern]; kept {
			h.tails = append(h.tails, t)
			t.events.push(e)
			t.latest = e
		}
	}
	if len(h.tails) == 0 {
		return false
	}
	s.events.push(h)
	s.bytes += e.Bytes
	return true
}

// evict drops the oldest event, which is the oldest of each of its patterns, too.
func (s *share[T]) evict() *event[T] {
	h := s.events.pop()
	s.bytes -= h.Bytes
	for _, t := range h.tails {
		t.events.pop()
		t.forget(h.event)
	}
	return h.event
}

func (s *share[T]) since(patterns []string, from Place, known []uint64) (entries []Entry[T], missing []string) {
	type found struct {
		moment uint64
		Entry[T]
	}
	var all []found
	for _, pattern := range patterns {
		t, kept := s.tails[pattern]
		if !kept {
			missing = append(missing, pattern)
			continue
		}
		after, covered := t.place(pattern, from, known)
		if !covered {
			missing = append(missing, pattern)
		}
		for e := range t.events.all {
			if e.moment > after && !slices.Contains(from.IDs, e.ID) {
				entry := e.Entry
				entry.Pattern = pattern
				all = append(all, found{e.moment, entry})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b found) int { return cmp.Compare(a.moment, b.moment) })
	for _, one := range all {
		entries = append(entries, one.Entry)
	}
	return entries, missing
}

// place is the moment after which to go on, and whether all since then is kept.
func (t *tail[T]) place(pattern string, from Place, known []uint64) (after uint64, covered bool) {
	if from.At.IsZero() {
		if len(known) == 0 {
			return 0, false
		}
		after = slices.Min(known)
		return after, after >= t.lost
	}
	at := from.At.Add(-from.Skew)
	for e := range t.events.all {
		if !e.at.Before(at) {
			break
		}
		after = e.moment
	}
	if !t.from.After(at) {
		return after, true
	}
	// It began by then, but by this clock perhaps a little later.
	untouched := t.lost == t.begun && !t.from.After(from.At.Add(from.Skew))
	return after, untouched && from.Agreed != nil && from.Agreed(pattern)
}

// next is the first moment of which a mark is after t.
func next(t time.Time) time.Time { return t.Truncate(time.Millisecond).Add(time.Millisecond) }
