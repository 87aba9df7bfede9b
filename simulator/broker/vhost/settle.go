package vhost

import (
	"slices"

	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// Ack settles one delivery, or all up to it. Tag 0 with multiple is all there are.
func (c *Channel) Ack(tag uint64, multiple bool) *wire.Error {
	return c.settle(settlement{tag: tag, multiple: multiple, as: acknowledged})
}

// Nack puts deliveries back, or drops them as rejected.
func (c *Channel) Nack(tag uint64, multiple, requeue bool) *wire.Error {
	as := rejected
	if requeue {
		as = requeued
	}
	return c.settle(settlement{tag: tag, multiple: multiple, as: as})
}

// Recover puts everything back that is not acknowledged.
func (c *Channel) Recover() {
	c.vhost.mu.Lock()
	defer c.vhost.unlock()
	c.requeue(c.unacked.takeAll(nil))
	c.resume()
}

type fate int

const (
	acknowledged fate = iota
	rejected
	requeued
)

type settlement struct {
	tag      uint64
	multiple bool
	as       fate
}

func (c *Channel) settle(s settlement) *wire.Error {
	v := c.vhost
	v.mu.Lock()
	defer v.unlock()
	taken, ok := c.unacked.take(c.taken[:0], s.tag, s.multiple)
	if !ok {
		return wire.Errorf(wire.PreconditionFailed, "unknown delivery tag %d", s.tag)
	}
	if c.transaction != nil {
		c.transaction.settled = append(c.transaction.settled, settled{slices.Clone(taken), s.as})
		return nil
	}
	c.apply(taken, s.as)
	clear(taken)
	c.taken = taken[:0]
	return nil
}

func (c *Channel) apply(taken []unacked, as fate) {
	switch as {
	case requeued:
		c.requeue(taken)
	default:
		for _, u := range taken {
			c.leave(u)
			if as == rejected {
				u.entry.queue.bin(u.entry, reasonRejected)
			} else {
				u.entry.queue.counts.Acknowledged++
				c.vhost.release(u.entry)
			}
		}
	}
	c.resume()
}

// leave takes a delivery off the counts of its consumer and queue.
func (c *Channel) leave(u unacked) {
	u.entry.queue.unacked--
	if u.consumer != nil {
		u.consumer.unacked--
		c.outstanding--
	}
}

// requeue puts deliveries back as the client asked, and delivers them again once all
// are back.
func (c *Channel) requeue(taken []unacked) {
	for _, q := range c.putBack(taken, true) {
		q.advance()
	}
}

// putBack puts deliveries back and returns the queues that have them again. asked
// says that the client did ask for it.
func (c *Channel) putBack(taken []unacked, asked bool) []*Queue {
	var back queues
	entries := map[*Queue][]*entry{}
	for _, u := range taken {
		c.leave(u)
		q := u.entry.queue
		if q.takesBack(u.entry) {
			back.add(q)
			entries[q] = append(entries[q], u.entry)
		}
	}
	for _, q := range back.list {
		q.putBack(entries[q], asked)
	}
	return back.list
}

// takesBack counts a return, and reports whether the entry may wait again.
func (q *Queue) takesBack(e *entry) bool {
	e.redelivered = true
	e.returns++
	switch {
	case q.deleted:
		q.vhost.release(e)
		return false
	case q.settings.deliveryLimit != unset && int64(e.returns) > q.settings.deliveryLimit:
		q.bin(e, reasonDeliveryLimit)
		return false
	}
	return true
}

// putBack puts entries, in the order of their deliveries, where they wait again:
// to their places; in a quorum queue to the front, in the order of their returns.
// What a client gives back to a quorum queue without a delivery limit goes to the
// end, so that a message that nobody can take stops no other.
func (q *Queue) putBack(entries []*entry, asked bool) {
	if !q.settings.quorum {
		q.ready.pushBack(entries)
		return
	}
	toEnd := asked && q.settings.deliveryLimit == unset
	for _, e := range entries {
		q.position++
		e.position = q.position
		if toEnd {
			q.ready.push(e)
		}
	}
	if !toEnd {
		q.ready.pushBack(entries)
	}
}
