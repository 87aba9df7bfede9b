package vhost

import (
	"maps"
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
	// Overflows reports whether so much waits that what can be lost is to be.
	Overflows() bool
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

// Close ends the session's channels and exclusive queues.
func (s *Session) Close() {
	v := s.vhost
	v.mu.Lock()
	defer v.unlock()
	v.closeChannels(slices.Collect(maps.Keys(s.channels)))
	for q := range s.exclusive {
		q.delete()
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

// Holds reports whether the client has deliveries that it has not acknowledged.
func (s *Session) Holds() bool {
	s.vhost.mu.Lock()
	defer s.vhost.mu.Unlock()
	for c := range s.channels {
		if c.unacked.open > 0 || c.transaction != nil && len(c.transaction.settled) > 0 {
			return true
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
	c.vhost.closeChannels([]*Channel{c})
}

// closeChannels ends channels together: first all their consumers go, so that
// nothing is delivered to what is about to end; then what they held is put back,
// and only then do others get it, in order.
func (v *Vhost) closeChannels(channels []*Channel) {
	var lost, changed []*Queue
	for _, c := range channels {
		delete(c.session.channels, c)
		c.rollback()
		c.blocked = nil
		for _, consumer := range c.consumers {
			consumer.forget()
			if consumer.queue != nil {
				consumer.queue.drop(consumer)
				lost = appendOnce(lost, consumer.queue)
			}
		}
	}
	for _, c := range channels {
		for _, q := range c.putBack(c.unacked.takeAll(nil), false) {
			changed = appendOnce(changed, q)
		}
	}
	for _, q := range lost {
		q.bereaved()
	}
	for _, q := range changed {
		q.advance()
	}
}

func appendOnce(queues []*Queue, q *Queue) []*Queue {
	if slices.Contains(queues, q) {
		return queues
	}
	return append(queues, q)
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
			consumer.queue.advance()
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
	q.expire()
	e := q.ready.pop()
	if e == nil {
		return false, nil
	}
	q.countDelivery(e)
	q.expire() // the next one may be due
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
	var queues []*Queue
	entries := map[*Queue][]*entry{}
	for _, u := range taken {
		c.leave(u)
		q := u.entry.queue
		if q.takesBack(u.entry) {
			queues = appendOnce(queues, q)
			entries[q] = append(entries[q], u.entry)
		}
	}
	for _, q := range queues {
		q.putBack(entries[q], asked)
	}
	return queues
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
