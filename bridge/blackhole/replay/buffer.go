package replay

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits bound what all patterns keep together. The oldest events go first.
type Limits struct {
	Events int
	Bytes  int
}

// Buffer keeps events of type T. Not safe for concurrent use.
type Buffer[T any] struct {
	limits Limits
	last   uint64 // of the moments counted: an event, a loss, the start of a pattern
	events queue[*event[T]]
	bytes  int
	seen   map[string]*event[T] // by id; of those that have the same one, the oldest
	tails  map[string]*tail[T]  // by pattern
}

// Entry is an event that is kept, or replayed for a pattern.
type Entry[T any] struct {
	ID      string
	Value   T
	Pattern string // that it is replayed for
}

type event[T any] struct {
	Entry[T]
	moment uint64
	at     time.Time
	bytes  int
	tails  []*tail[T]
}

// tail is what is kept of one pattern.
type tail[T any] struct {
	from   time.Time // of what was before, something may be missing; whole milliseconds, as marks are
	lost   uint64    // the last moment of which something is not kept, or no longer
	events queue[*event[T]]
}

// New is an empty buffer.
func New[T any](limits Limits) *Buffer[T] {
	return &Buffer[T]{limits: limits, seen: map[string]*event[T]{}, tails: map[string]*tail[T]{}}
}

// Keep begins to keep a pattern, unless it is kept already.
func (b *Buffer[T]) Keep(pattern string, now time.Time) {
	if _, kept := b.tails[pattern]; kept {
		return
	}
	b.last++
	b.tails[pattern] = &tail[T]{from: now.Truncate(time.Millisecond), lost: b.last}
}

// Drop forgets a pattern; its events go when their turn comes.
func (b *Buffer[T]) Drop(pattern string) { delete(b.tails, pattern) }

// Missed says that events may have passed by unseen: what was before cannot be
// continued from.
func (b *Buffer[T]) Missed(now time.Time) {
	b.last++
	for _, t := range b.tails {
		t.lost, t.from = b.last, next(now)
	}
}

// Len is how many events are kept.
func (b *Buffer[T]) Len() int { return b.events.len() }

// Add keeps an event for the patterns that are kept among those given. Bytes is what it
// takes of the limit.
func (b *Buffer[T]) Add(entry Entry[T], bytes int, now time.Time, patterns []string) {
	e := &event[T]{Entry: entry, at: now, bytes: bytes}
	for _, pattern := range patterns {
		if t, kept := b.tails[pattern]; kept {
			e.tails = append(e.tails, t)
		}
	}
	if len(e.tails) == 0 {
		return
	}
	b.last++
	e.moment = b.last
	for _, t := range e.tails {
		t.events.push(e)
	}
	b.events.push(e)
	b.bytes += bytes
	if _, twice := b.seen[e.ID]; !twice {
		b.seen[e.ID] = e
	}
	for b.events.len() > b.limits.Events || b.bytes > b.limits.Bytes {
		b.evict()
	}
}

// evict drops the oldest event, which is the oldest of each of its patterns, too.
func (b *Buffer[T]) evict() {
	e := b.events.pop()
	b.bytes -= e.bytes
	if b.seen[e.ID] == e {
		delete(b.seen, e.ID)
	}
	for _, t := range e.tails {
		t.events.pop()
		// Something later may be lost already.
		t.lost = max(t.lost, e.moment)
		if from := next(e.at); from.After(t.from) {
			t.from = from
		}
	}
}

// Mark is a place in the course of events for who has seen none yet: that of a moment.
func Mark(now time.Time) string { return markSign + strconv.FormatInt(now.UnixMilli(), 10) }

const markSign = "@"

// Since returns the events of patterns that came after those with the ids given, which
// are the last that somebody has seen, in the order they came; the first place among
// them counts, and they themselves are left out. Instead of ids it may be one Mark. An
// event of several patterns comes once for each. Missing are the patterns of which this
// may not be all.
func (b *Buffer[T]) Since(patterns, ids []string) (entries []Entry[T], missing []string) {
	type found struct {
		moment uint64
		Entry[T]
	}
	var all []found
	for _, pattern := range patterns {
		t, kept := b.tails[pattern]
		if !kept {
			missing = append(missing, pattern)
			continue
		}
		after, covered := b.place(t, ids)
		if !covered {
			missing = append(missing, pattern)
		}
		for e := range t.events.all {
			if e.moment > after && !slices.Contains(ids, e.ID) {
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
func (b *Buffer[T]) place(t *tail[T], ids []string) (after uint64, covered bool) {
	if moment, ok := markTime(ids); ok {
		after = b.last
		for e := range b.events.all {
			if !e.at.Before(moment) {
				after = e.moment - 1
				break
			}
		}
		return after, !t.from.After(moment)
	}
	found := false
	for _, id := range ids {
		if e, ok := b.seen[id]; ok && (!found || e.moment < after) {
			after, found = e.moment, true
		}
	}
	return after, found && after >= t.lost
}

func markTime(ids []string) (time.Time, bool) {
	if len(ids) != 1 {
		return time.Time{}, false
	}
	text, isMark := strings.CutPrefix(ids[0], markSign)
	ms, err := strconv.ParseInt(text, 10, 64)
	return time.UnixMilli(ms), isMark && err == nil
}

// next is the first moment of which a mark is after t.
func next(t time.Time) time.Time { return t.Truncate(time.Millisecond).Add(time.Millisecond) }
