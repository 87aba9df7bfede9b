package vhost

import "github.com/kazoolab/kazoolab/simulator/broker/wire"

// Channel is a channel's part of a virtual host. Its methods are called by one
// goroutine.
type Channel struct {
	vhost   *Vhost
	session *Session
	number  uint16

	consumers   map[string]*Consumer
	blocked     []*Consumer // that had no credit or no room when it was their turn, and are not active
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
