package replay

import (
	"container/heap"
	"time"
)

// Limits bound what is kept for all accounts together.
type Limits struct {
	Events int
	Bytes  int
}

// Buffer keeps events of type T, those of each account by themselves. When there is too
// much, the oldest of the account that keeps most goes: whoever is busy loses of their
// own. Not safe for concurrent use.
type Buffer[T any] struct {
	limits        Limits
	events, bytes int
	last          uint64               // of the moments counted: an event, a loss, the start of a pattern
	seen          map[string]*event[T] // by id; of those that have the same one, the oldest
	shares        map[string]*share[T] // by account
	fullest       ranking[T]
}

// Entry is an event that is kept, or replayed for a pattern.
type Entry[T any] struct {
	ID      string
	Value   T
	Bytes   int    // what it takes of the limit
	Pattern string // that it is replayed for
}

// New is an empty buffer.
func New[T any](limits Limits) *Buffer[T] {
	return &Buffer[T]{limits: limits, seen: map[string]*event[T]{}, shares: map[string]*share[T]{}}
}

// Keep begins to keep a pattern of an account's, unless it is kept already.
func (b *Buffer[T]) Keep(account, pattern string, now time.Time) {
	b.last++
	b.share(account).keep(pattern, b.last, now)
}

// Follow begins to keep a pattern that takes the place of another one: where that could
// be continued from, so can this, together with that as long as it is kept.
func (b *Buffer[T]) Follow(account, pattern, before string, now time.Time) {
	b.last++
	b.share(account).follow(pattern, before, b.last, now)
}

func (b *Buffer[T]) share(account string) *share[T] {
	s, there := b.shares[account]
	if !there {
		s = newShare[T](account, b.limits)
		b.shares[account] = s
		heap.Push(&b.fullest, s)
	}
	return s
}

// Drop forgets a pattern; its events go when their turn comes.
func (b *Buffer[T]) Drop(account, pattern string) {
	if s, there := b.shares[account]; there {
		s.drop(pattern)
		b.forget(s)
	}
}

// forget removes the share of an account of which nothing is kept.
func (b *Buffer[T]) forget(s *share[T]) {
	if len(s.tails) > 0 {
		return
	}
	for s.events.len() > 0 {
		b.evict(s)
	}
	heap.Remove(&b.fullest, s.rank)
	delete(b.shares, s.account)
}

// Missed says that events may have passed by unseen: what was before cannot be
// continued from.
func (b *Buffer[T]) Missed(now time.Time) {
	b.last++
	for _, s := range b.shares {
		s.missed(b.last, now)
	}
}

// Len is how many events are kept. One that is kept for two accounts counts twice.
func (b *Buffer[T]) Len() int { return b.events }

// Add keeps an event for the patterns that are kept among those given, by account.
func (b *Buffer[T]) Add(entry Entry[T], now time.Time, wanted map[string][]string) {
	e := &event[T]{Entry: entry, at: now, moment: b.last + 1}
	for account, patterns := range wanted {
		s, there := b.shares[account]
		if !there || !s.add(e, patterns) {
			continue
		}
		e.holders++
		b.events++
		b.bytes += e.Bytes
		heap.Fix(&b.fullest, s.rank)
	}
	if e.holders == 0 {
		return
	}
	b.last = e.moment
	if _, twice := b.seen[e.ID]; !twice {
		b.seen[e.ID] = e
	}
	for b.events > b.limits.Events || b.bytes > b.limits.Bytes {
		b.evict(b.fullest[0])
	}
}

// evict drops the oldest event of a share.
func (b *Buffer[T]) evict(s *share[T]) {
	e := s.evict()
	b.events--
	b.bytes -= e.Bytes
	if e.holders--; e.holders == 0 && b.seen[e.ID] == e {
		delete(b.seen, e.ID)
	}
	heap.Fix(&b.fullest, s.rank)
}

// Place is where somebody goes on from.
type Place struct {
	// IDs are those of the events that were seen last. The first place among them counts,
	// and they themselves are left out.
	IDs []string
	// At is the moment to go on from instead, for who has seen none; whole milliseconds.
	At time.Time
	// Skew is how much the clock of At may differ from the buffer's: what came so much
	// before it counts, too.
	Skew time.Duration
	// Agreed tells the patterns that were kept before At, whatever the clocks say, if they
	// were not begun anew since; nil is none.
	Agreed func(pattern string) bool
}

// Since returns the events of an account's patterns from a place on, in the order they
// came. An event of several patterns comes once for each. Missing are the patterns of
// which this may not be all.
func (b *Buffer[T]) Since(account string, patterns []string, from Place) (entries []Entry[T], missing []string) {
	s, there := b.shares[account]
	if !there {
		return nil, patterns
	}
	return s.since(patterns, from, b.moments(from.IDs))
}

// moments are those of events that are known.
func (b *Buffer[T]) moments(ids []string) (moments []uint64) {
	for _, id := range ids {
		if e, ok := b.seen[id]; ok {
			moments = append(moments, e.moment)
		}
	}
	return moments
}

// ranking is a heap of shares, the fullest first.
type ranking[T any] []*share[T]

// Len is that of heap.Interface, as the others are.
func (r ranking[T]) Len() int { return len(r) }

// Less ranks by fullness.
func (r ranking[T]) Less(i, j int) bool { return r[i].fullness() > r[j].fullness() }

// Swap changes two places.
func (r ranking[T]) Swap(i, j int) {
	r[i], r[j] = r[j], r[i]
	r[i].rank, r[j].rank = i, j
}

// Push adds at the end.
func (r *ranking[T]) Push(x any) {
	if s, ok := x.(*share[T]); ok {
		s.rank = len(*r)
		*r = append(*r, s)
	}
}

// Pop takes from the end.
func (r *ranking[T]) Pop() any {
	last := len(*r) - 1
	s := (*r)[last]
	(*r)[last] = nil
	*r = (*r)[:last]
	return s
}
