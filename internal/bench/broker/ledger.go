package main

import (
	"errors"
	"fmt"
	"sync/atomic"
)

// ledger judges what arrives: each of the messages from 0 once, as it was sent.
// Any goroutine may write to it.
type ledger struct {
	want int
	seen []atomic.Uint64 // a bit for each message
	all  chan struct{}   // closed when each has arrived

	arrived     atomic.Int64 // different ones
	twice       atomic.Int64 // had arrived before, and were not
	damaged     atomic.Int64 // other bytes than were sent, or a number that was not sent
	overtaken   atomic.Int64 // came to a consumer after a later one, and were not redelivered
	redelivered atomic.Int64 // marked so, whether they had arrived before or not
}

func newLedger(want int) *ledger {
	return &ledger{want: want, seen: make([]atomic.Uint64, want/64+1), all: make(chan struct{})}
}

// arrival is a message as a consumer got it.
type arrival struct {
	number      int
	intact      bool
	redelivered bool
}

// enter notes an arrival at the consumer whose last message had the number
// before, -1 for none, and returns what that number is now.
func (l *ledger) enter(a arrival, before int) int {
	if !a.intact || a.number >= l.want {
		l.damaged.Add(1)
		return before
	}
	if a.redelivered {
		l.redelivered.Add(1)
	} else if a.number < before {
		l.overtaken.Add(1)
	}
	bit := uint64(1) << (a.number % 64)
	if l.seen[a.number/64].Or(bit)&bit == 0 {
		if l.arrived.Add(1) == int64(l.want) {
			close(l.all)
		}
	} else if !a.redelivered {
		l.twice.Add(1)
	}
	return max(before, a.number)
}

// verdict is nil when nothing was lost and nothing arrived that should not have.
func (l *ledger) verdict() error {
	var faults []error
	fault := func(n int64, what string) {
		if n != 0 {
			faults = append(faults, fmt.Errorf("%d messages %s", n, what))
		}
	}
	fault(int64(l.want)-l.arrived.Load(), "never arrived")
	fault(l.twice.Load(), "arrived twice and were not marked as redelivered")
	fault(l.damaged.Load(), "arrived damaged")
	fault(l.overtaken.Load(), "arrived after a later one")
	return errors.Join(faults...)
}
