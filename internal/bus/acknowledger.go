package bus

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// Bounds of what is done while the broker does not know it yet.
const (
	// ackPause is how long an acknowledgement waits for others, at most twice. One by
	// one, they took 17 to 20 of the bridge's 170 us for an event, as each is a write.
	ackPause = 10 * time.Millisecond
	// ackMost is how many wait where the prefetch window does not ask for fewer.
	ackMost = 128
)

// acker is the channel of an acknowledger.
type acker interface {
	Ack(tag uint64, multiple bool) error
	Nack(tag uint64, multiple, requeue bool) error
}

// acknowledger tells the broker which deliveries of a channel are done, with one
// message for all up to a tag. What is done while an earlier delivery is not is held
// back for a moment, in case that one follows, and else told by itself. Safe for use
// by many goroutines.
type acknowledger struct {
	channel  acker
	together func(send func() error) error // makes one write of several
	most     int

	mu      sync.Mutex
	through uint64 // each delivery up to here is done
	// last is the highest of those that the broker holds; 0 for none. A tag that it
	// does not hold ends the channel, even where it stands for several.
	last    uint64
	beyond  map[uint64]bool // done, above through; true for those the broker knows of
	waiting []uint64        // of beyond, those it does not know of
	aged    int             // how many of waiting have waited for a whole pause
	untold  int             // done in all and not told
	timer   clockwork.Timer // runs while anything is untold
	ended   bool
}

func newAcknowledger(channel acker, together func(func() error) error, prefetch int, c clock.Clock) *acknowledger {
	most := ackMost
	if prefetch > 0 {
		most = min(max(prefetch/4, 1), ackMost)
	}
	a := &acknowledger{channel: channel, together: together, most: most, beyond: map[uint64]bool{}}
	a.timer = c.AfterFunc(ackPause, a.tick)
	a.timer.Stop()
	return a
}

// ack is called once for a delivery; of one that is done already the broker hears at
// once, and ends the channel.
func (a *acknowledger) ack(tag uint64) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch _, done := a.beyond[tag]; {
	case a.ended:
		return ErrStale
	case done, tag <= a.through:
		return stale(a.channel.Ack(tag, false))
	}
	a.done(tag, false)
	a.untold++
	switch {
	case a.untold >= a.most:
		return a.tell(true)
	case a.untold == 1:
		a.timer.Reset(ackPause)
	}
	return nil
}

// nack gives a delivery back at once.
func (a *acknowledger) nack(tag uint64, requeue bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.channel.Nack(tag, false, requeue); err != nil {
		return stale(err)
	}
	a.done(tag, true)
	return nil
}

func (a *acknowledger) done(tag uint64, known bool) {
	if tag != a.through+1 {
		a.beyond[tag] = known
		if !known {
			a.waiting = append(a.waiting, tag)
		}
		return
	}
	for next := true; next; known, next = a.beyond[a.through+1] {
		a.through++
		delete(a.beyond, a.through)
		if !known {
			a.last = a.through
		}
	}
}

func (a *acknowledger) tick() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ended || a.tell(false) != nil || a.untold == 0 {
		return
	}
	a.timer.Reset(ackPause)
}

// tell sends what is untold, but for what may be told with others yet if not all is
// to be sent. The caller holds the lock.
func (a *acknowledger) tell(all bool) error {
	if a.last > 0 {
		if err := a.channel.Ack(a.last, true); err != nil {
			return stale(err)
		}
		a.last = 0
	}
	var alone []uint64
	held := a.waiting[:0]
	for i, tag := range a.waiting {
		switch {
		case tag <= a.through:
		case all || i < a.aged:
			alone = append(alone, tag)
		default:
			held = append(held, tag)
		}
	}
	if err := a.tellEach(alone); err != nil {
		return stale(err)
	}
	a.waiting, a.aged, a.untold = held, len(held), len(held)
	return nil
}

func (a *acknowledger) tellEach(tags []uint64) error {
	if len(tags) == 0 {
		return nil
	}
	return a.together(func() error {
		for _, tag := range tags {
			if err := a.channel.Ack(tag, false); err != nil {
				return err
			}
			a.beyond[tag] = true
		}
		return nil
	})
}

// end sends what is untold; nothing can be acknowledged afterwards.
func (a *acknowledger) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ended {
		return
	}
	a.ended = true
	a.timer.Stop()
	_ = a.tell(true) // lost with the channel, the broker delivers it again
}

// stale is ErrStale with its cause; nil for nil.
func stale(err error) error {
	if err == nil || errors.Is(err, ErrStale) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrStale, err)
}
