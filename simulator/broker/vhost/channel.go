package vhost

import (
	"slices"

	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// Outlet takes what a virtual host has for one connection. It is called under
// the virtual host's lock, must not wait and must not call back.
type Outlet interface {
	// Ready reports whether there is room. When it said no, and there is again,
	// Session.Resume is to be called.
	Ready() bool
	// Deliver takes a message for a consumer.
	Deliver(d Delivery)
	// Cancel tells that a consumer ended with its queue.
	Cancel(channel uint16, consumerTag string)
}

// Delivery is a message on its way to a consumer.
type Delivery struct {
	Channel     uint16
	ConsumerTag string
	Tag         uint64
	Redelivered bool
	Message     *Message
}

// Session is a connection's part of a virtual host: its channels, and the queues
// that are its own.
type Session struct {
	vhost     *Vhost
	outlet    Outlet
	channels  map[*Channel]struct{}
	exclusive map[*Queue]struct{}
}

// Open begins a session; nil when the virtual host is deleted.
func (v *Vhost) Open(outlet Outlet) *Session {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.deleted {
		return nil
	}
	s := &Session{vhost: v, outlet: outlet, channels: map[*Channel]struct{}{}, exclusive: map[*Queue]struct{}{}}
	v.sessions[s] = struct{}{}
	return s
}

// Vhost is the one that the session is part of.
func (s *Session) Vhost() *Vhost { return s.vhost }

// Close ends the session's channels and exclusive queues.
func (s *Session) Close() {
	v := s.vhost
	v.mu.Lock()
	defer v.unlock()
	// Exclusive queues first, so that nothing is put back into them.
	for q := range s.exclusive {
		q.delete()
	}
	for c := range s.channels {
		c.close()
	}
	delete(v.sessions, s)
}

// Resume delivers what waited for the outlet.
func (s *Session) Resume() {
	s.vhost.mu.Lock()
	defer s.vhost.unlock()
	for c := range s.channels {
		c.resume()
	}
}

// Starving reports whether messages wait that a consumer of the session may only
// have after it acknowledged others.
func (s *Session) Starving() bool {
	s.vhost.mu.Lock()
	defer s.vhost.mu.Unlock()
	for c := range s.channels {
		for _, consumer := range c.blocked {
			if !consumer.gone && consumer.queue.ready.count > 0 && !consumer.hasCredit() {
				return true
			}
		}
	}
	return false
}

// Channel is a channel's part of a virtual host. Its methods are called by one
// goroutine.
type Channel struct {
	vhost   *Vhost
	session *Session
	number  uint16

	consumers   map[string]*Consumer
	blocked     []*Consumer // that had no credit or no room when it was their turn
	lastQueue   string
	prefetch    int // of consumers to come; 0 is no limit
	limit       int // of the whole channel; 0 is no limit
	tag         uint64
	unacked     ledger
	outstanding int // unacknowledged ones of consumers
	taken       []unacked
	transaction *transaction
	replies     *Consumer // of direct reply-to
}

// Channel opens a channel.
func (s *Session) Channel(number uint16) *Channel {
	s.vhost.mu.Lock()
	defer s.vhost.mu.Unlock()
	c := &Channel{vhost: s.vhost, session: s, number: number, consumers: map[string]*Consumer{}}
	s.channels[c] = struct{}{}
	return c
}

// Close ends the channel's consumers and puts back what it has not acknowledged.
func (c *Channel) Close() {
	c.vhost.mu.Lock()
	defer c.vhost.unlock()
	c.close()
}

func (c *Channel) close() {
	delete(c.session.channels, c)
	c.rollback()
	for _, consumer := range c.consumers {
		consumer.forget()
		if consumer.queue != nil {
			consumer.queue.removeConsumer(consumer)
		}
	}
	c.blocked = nil
	c.requeue(c.unacked.takeAll(nil), false)
}

// SetPrefetch limits unacknowledged deliveries; 0 is no limit. Of one consumer
// each, for those to come; or of the channel as a whole (RabbitMQ's reading of
// basic.qos).
func (c *Channel) SetPrefetch(count int, global bool) {
	c.vhost.mu.Lock()
	defer c.vhost.unlock()
	if !global {
		c.prefetch = count
		return
	}
	c.limit = count
	c.resume()
}

// assign gives an entry the next delivery tag, and keeps account of it unless it
// needs no acknowledgement.
func (c *Channel) assign(e *entry, noAck bool, consumer *Consumer) uint64 {
	c.tag++
	if noAck {
		c.vhost.release(e)
		return c.tag
	}
	e.queue.unacked++
	c.unacked.add(unacked{c.tag, e, consumer})
	if consumer != nil {
		consumer.unacked++
		c.outstanding++
	}
	return c.tag
}

// resume makes the consumers that were out of credit or room active again.
func (c *Channel) resume() {
	if len(c.blocked) == 0 {
		return
	}
	waiting := c.blocked
	c.blocked = nil
	for _, consumer := range waiting {
		switch {
		case consumer.gone:
		case !consumer.ready():
			c.blocked = append(c.blocked, consumer)
		default:
			consumer.blocked = false
			consumer.queue.activate(consumer)
			consumer.queue.dispatch()
		}
	}
}

// Got is the answer to basic.get.
type Got struct {
	Tag         uint64
	Redelivered bool
	Message     *Message
	Left        int // messages that wait
}

// Get takes one message. got is told of it before any other delivery, and not at
// all when there is none.
func (c *Channel) Get(name string, noAck bool, got func(Got)) (found bool, err *wire.Error) {
	v := c.vhost
	v.mu.Lock()
	defer v.unlock()
	q, err := c.queue(name)
	if err != nil {
		return false, err
	}
	q.used()
	q.expire(v.nowMS())
	e := q.ready.pop()
	if e == nil {
		return false, nil
	}
	q.countDelivery(e)
	tag := c.assign(e, noAck, nil)
	got(Got{Tag: tag, Redelivered: e.redelivered, Message: e.visible(0), Left: q.ready.count})
	return true, nil
}

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
	c.requeue(c.unacked.takeAll(nil), true)
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
		c.requeue(taken, true)
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

// requeue puts deliveries back, and delivers them again once all are back. asked
// says that the client did ask for it.
func (c *Channel) requeue(taken []unacked, asked bool) {
	var queues []*Queue
	back := func(u unacked, toEnd bool) {
		q := u.entry.queue
		if toEnd != (asked && q.returnsToEnd()) {
			return
		}
		c.leave(u)
		if q.putBack(u.entry, toEnd) && !slices.Contains(queues, q) {
			queues = append(queues, q)
		}
	}
	for _, u := range slices.Backward(taken) { // the last goes first, which costs least
		back(u, false)
	}
	for _, u := range taken {
		back(u, true)
	}
	for _, q := range queues {
		q.dispatch()
		q.dropOverflow()
		q.expire(q.vhost.nowMS())
	}
}

// returnsToEnd: what a client gives back to a quorum queue without a delivery limit
// does not go to its place, so that a message that nobody can take stops no other.
func (q *Queue) returnsToEnd() bool { return q.settings.quorum && q.settings.deliveryLimit == unset }

// putBack reports whether the entry waits in the queue again.
func (q *Queue) putBack(e *entry, toEnd bool) bool {
	e.redelivered = true
	e.returns++
	switch {
	case q.deleted:
		q.vhost.release(e)
		return false
	case q.settings.deliveryLimit != unset && int64(e.returns) > q.settings.deliveryLimit:
		q.bin(e, reasonDeliveryLimit)
		return false
	case toEnd:
		q.position++
		e.position = q.position
		q.ready.push(e)
	default:
		q.ready.pushBack(e)
	}
	return true
}
