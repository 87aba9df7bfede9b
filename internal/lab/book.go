package lab

import (
	"sync/atomic"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// Book says when each event was given to the broker, and which are known to be sent.
// The publisher writes it and the receivers read it.
type Book struct {
	Events int   // numbered from 0
	Sent   *Bits // confirmed by the broker, and returned by none

	clock     clock.Clock
	began     time.Time
	published []atomic.Int64 // microseconds since began, and one; 0 is not yet
	handed    atomic.Int64
}

// NewBook is the book of so many events.
func NewBook(events int) *Book {
	wall := clock.System()
	return &Book{
		Events: events, Sent: NewBits(events), clock: wall, began: wall.Now(),
		published: make([]atomic.Int64, events),
	}
}

// Published is how many events have been given to the broker, confirmed or not.
func (b *Book) Published() int { return int(b.handed.Load()) }

func (b *Book) publish(n int) {
	b.published[n].Store(b.clock.Since(b.began).Microseconds() + 1)
	b.handed.Add(1)
}

// Age is how long ago an event was published; false for one that was not.
func (b *Book) Age(n int) (time.Duration, bool) {
	at := b.published[n].Load()
	if at == 0 {
		return 0, false
	}
	return b.clock.Since(b.began) - time.Duration(at-1)*time.Microsecond, true
}
