package vhost

import (
	"cmp"
	"slices"
)

// unacked is a delivery that waits for its acknowledgement. A settled one has no
// entry.
type unacked struct {
	tag      uint64
	entry    *entry
	consumer *Consumer // nil for basic.get
}

// ledger is the unacknowledged deliveries of a channel by tag. Tags only grow, so
// the oldest stand first, where most acknowledgements fall.
type ledger struct {
	rows []unacked // from first on
	from int
	open int // rows that are not settled
}

func (l *ledger) add(u unacked) {
	l.rows = append(l.rows, u)
	l.open++
}

// take settles a tag, or all up to it, and appends their rows to taken. It
// reports whether the tag was there; 0 with multiple always is.
func (l *ledger) take(taken []unacked, tag uint64, multiple bool) ([]unacked, bool) {
	if tag == 0 && multiple {
		return l.takeAll(taken), true
	}
	i, found := slices.BinarySearchFunc(l.rows[l.from:], tag, func(u unacked, tag uint64) int { return cmp.Compare(u.tag, tag) })
	i += l.from
	if !found || l.rows[i].entry == nil {
		return taken, false
	}
	first := i
	if multiple {
		first = l.from
	}
	for j := first; j <= i; j++ {
		if l.rows[j].entry != nil {
			taken = append(taken, l.rows[j])
			l.open--
		}
		l.rows[j].entry, l.rows[j].consumer = nil, nil
	}
	l.compact()
	return taken, true
}

func (l *ledger) takeAll(taken []unacked) []unacked {
	for _, u := range l.rows[l.from:] {
		if u.entry != nil {
			taken = append(taken, u)
		}
	}
	*l = ledger{}
	return taken
}

// putBack undoes take: in a transaction that is rolled back.
func (l *ledger) putBack(rows []unacked) {
	all := append(l.takeAll(nil), rows...)
	slices.SortFunc(all, func(a, b unacked) int { return cmp.Compare(a.tag, b.tag) })
	*l = ledger{rows: all, open: len(all)}
}

// compact gives back the rows that are settled once they are more than the others.
func (l *ledger) compact() {
	for l.from < len(l.rows) && l.rows[l.from].entry == nil {
		l.from++
	}
	if settled := len(l.rows) - l.open; settled <= shrinkAbove || settled <= l.open {
		if l.open == 0 {
			l.rows, l.from = l.rows[:0], 0
		}
		return
	}
	l.rows = slices.DeleteFunc(l.rows, func(u unacked) bool { return u.entry == nil })
	l.from = 0
}
