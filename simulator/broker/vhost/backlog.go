package vhost

import (
	"cmp"
	"slices"
)

// entry is a message in one queue.
type entry struct {
	message     *Message
	queue       *Queue
	position    uint64 // in the order of the queue's publishes
	expires     int64  // Unix time in ms; never when it does not
	redelivered bool
	returns     int // times it came back unacknowledged
}

// backlog is the messages of a queue that wait to be delivered, in the order in
// which they will be: by priority, then by position. One that comes back goes to
// its original place.
type backlog struct {
	levels []level // by priority, lowest first
	count  int
	bytes  int // of bodies
}

// level is the messages of one priority. Whatever was taken out had a lower
// position than all that is left in fresh, so what comes back goes before them.
type level struct {
	returned []*entry // by position, highest first
	fresh    []*entry // from taken on, by position, lowest first
	taken    int
}

func newBacklog(priorities int) backlog { return backlog{levels: make([]level, priorities)} }

// level is the one of a message: a higher priority than there is counts as the
// highest.
func (b *backlog) level(m *Message) *level {
	return &b.levels[min(int(m.priority), len(b.levels)-1)]
}

func (b *backlog) push(e *entry) {
	l := b.level(e.message)
	l.fresh = append(l.fresh, e)
	b.added(e)
}

// pushBack takes entries back that were taken out.
func (b *backlog) pushBack(entries []*entry) {
	for i := range b.levels {
		l := &b.levels[i]
		before := len(l.returned)
		for _, e := range entries {
			if b.level(e.message) == l {
				l.returned = append(l.returned, e)
				b.added(e)
			}
		}
		if len(l.returned) > before {
			l.settle(before)
		}
	}
}

// settle sorts returned, whose first entries are. Sorting 200,000 again for each
// single one that comes back would take hours.
func (l *level) settle(sorted int) {
	highestFirst := func(a, b *entry) int { return cmp.Compare(b.position, a.position) }
	if len(l.returned) != sorted+1 {
		slices.SortFunc(l.returned, highestFirst)
		return
	}
	e := l.returned[sorted]
	i, _ := slices.BinarySearchFunc(l.returned[:sorted], e, highestFirst)
	copy(l.returned[i+1:], l.returned[i:sorted])
	l.returned[i] = e
}

func (b *backlog) added(e *entry) {
	b.count++
	b.bytes += len(e.message.Body)
}

// head is the next one; nil when there is none.
func (b *backlog) head() *entry {
	if l := b.first(); l != nil {
		return l.head()
	}
	return nil
}

// pop takes the next one; nil when there is none.
func (b *backlog) pop() *entry {
	l := b.first()
	if l == nil {
		return nil
	}
	e := l.pop()
	b.count--
	b.bytes -= len(e.message.Body)
	return e
}

// first is the highest level that is not empty.
func (b *backlog) first() *level {
	for i := len(b.levels) - 1; i >= 0; i-- {
		if b.levels[i].head() != nil {
			return &b.levels[i]
		}
	}
	return nil
}

func (l *level) head() *entry {
	if n := len(l.returned); n > 0 {
		return l.returned[n-1]
	}
	if l.taken < len(l.fresh) {
		return l.fresh[l.taken]
	}
	return nil
}

// shrinkAbove is from how many taken entries on the front of fresh is given back.
const shrinkAbove = 1024

func (l *level) pop() *entry {
	if n := len(l.returned); n > 0 {
		e := l.returned[n-1]
		l.returned[n-1] = nil
		l.returned = l.returned[:n-1]
		return e
	}
	e := l.fresh[l.taken]
	l.fresh[l.taken] = nil
	l.taken++
	switch {
	case l.taken == len(l.fresh):
		if cap(l.fresh) > shrinkAbove {
			l.fresh = nil
		}
		l.fresh, l.taken = l.fresh[:0], 0
	case l.taken > shrinkAbove && l.taken > len(l.fresh)/2:
		l.fresh = append(make([]*entry, 0, 2*(len(l.fresh)-l.taken)), l.fresh[l.taken:]...)
		l.taken = 0
	}
	return e
}
