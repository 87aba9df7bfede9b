package vhost

import (
	"slices"

	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// Consumer takes messages of one queue for one channel.
type Consumer struct {
	tag       string
	channel   *Channel
	queue     *Queue // nil for the one of direct reply-to
	noAck     bool
	exclusive bool
	priority  int64
	prefetch  int // 0 is no limit
	arguments wire.Table

	unacked int
	gone    bool
	token   string // of direct reply-to
}

// consumers of one queue.
type consumers struct {
	all       []*Consumer // in the order in which they came
	active    []*Consumer // those that may be able to take one, next first
	exclusive bool        // one has the queue for itself
	single    *Consumer   // of a queue with a single active consumer
}

// ConsumeSpec is what basic.consume asks for.
type ConsumeSpec struct {
	Queue     string
	Tag       string // made up when empty
	NoAck     bool
	Exclusive bool
	Arguments wire.Table
}

// Consume starts a consumer. started is told its tag before the first delivery.
func (c *Channel) Consume(spec ConsumeSpec, started func(tag string)) *wire.Error {
	v := c.vhost
	v.mu.Lock()
	defer v.unlock()
	if spec.Tag == "" {
		spec.Tag = "amq.ctag-" + v.token()
	}
	if c.consumers[spec.Tag] != nil {
		return wire.Errorf(wire.NotAllowed, "attempt to reuse consumer tag '%s'", spec.Tag)
	}
	if spec.Queue == replyQueue {
		return c.consumeReplies(spec, started)
	}
	q, err := c.queue(spec.Queue)
	if err != nil {
		return err
	}
	if err := c.checkConsume(q, spec); err != nil {
		return err
	}
	consumer := &Consumer{
		tag: spec.Tag, channel: c, queue: q, noAck: spec.NoAck, exclusive: spec.Exclusive,
		priority: priorityOf(spec.Arguments), prefetch: c.prefetch, arguments: spec.Arguments,
	}
	c.consumers[spec.Tag] = consumer
	started(spec.Tag)
	q.consumed.all = append(q.consumed.all, consumer)
	q.consumed.exclusive = spec.Exclusive
	q.activate(consumer)
	q.advance()
	return nil
}

func (c *Channel) checkConsume(q *Queue, spec ConsumeSpec) *wire.Error {
	switch {
	case q.consumed.exclusive, spec.Exclusive && (len(q.consumed.all) > 0 || q.settings.singleActive):
		return wire.Errorf(wire.AccessRefused, "queue '%s' in vhost '%s' in exclusive use", q.name, c.vhost.name)
	case q.settings.quorum && c.limit > 0:
		return wire.Errorf(wire.NotImplemented, "queue '%s' in vhost '%s' does not support global qos", q.name, c.vhost.name)
	}
	if value, ok := spec.Arguments.Get(argPriority); ok {
		if reason := isInteger(value); reason != "" {
			return c.vhost.errArgument(argPriority, q.name, reason)
		}
	}
	return nil
}

func priorityOf(arguments wire.Table) int64 {
	value, _ := arguments.Get(argPriority)
	n, _ := wire.Integer(value)
	return n
}

// Cancel ends a consumer; one that is not there is no error. What it has not
// acknowledged stays with the channel.
func (c *Channel) Cancel(tag string) {
	v := c.vhost
	v.mu.Lock()
	defer v.unlock()
	consumer := c.consumers[tag]
	if consumer == nil {
		return
	}
	consumer.forget()
	c.blocked = slices.DeleteFunc(c.blocked, func(other *Consumer) bool { return other == consumer })
	if consumer.queue != nil {
		consumer.queue.drop(consumer)
		consumer.queue.bereaved()
	}
}

// forget takes the consumer out of its channel.
func (c *Consumer) forget() {
	c.gone = true
	delete(c.channel.consumers, c.tag)
	if c.token != "" {
		delete(c.channel.vhost.replies, c.token)
		c.channel.replies = nil
	}
}

// drop takes a consumer off the queue. bereaved is to follow.
func (q *Queue) drop(c *Consumer) {
	same := func(other *Consumer) bool { return other == c }
	q.consumed.all = slices.DeleteFunc(q.consumed.all, same)
	q.consumed.active = slices.DeleteFunc(q.consumed.active, same)
	if c.exclusive {
		q.consumed.exclusive = false
	}
	if q.consumed.single == c {
		q.consumed.single = nil
	}
}

// bereaved does what follows when consumers have gone: another becomes the single
// active one, or the queue ends, or the wait of x-expires begins.
func (q *Queue) bereaved() {
	switch {
	case q.deleted:
	case len(q.consumed.all) > 0:
		if q.settings.singleActive && q.consumed.single == nil {
			q.activate(q.successor())
			q.advance()
		}
	case q.autoDelete:
		q.delete()
	default:
		q.used()
	}
}

// successor is the next single active consumer: the one that came first, on a
// classic queue among those with the highest priority.
func (q *Queue) successor() *Consumer {
	next := q.consumed.all[0]
	for _, c := range q.consumed.all {
		if !q.settings.quorum && c.priority > next.priority {
			next = c
		}
	}
	return next
}

// activate puts a consumer behind the active ones of its priority. On a queue
// with a single active consumer the others stand by.
func (q *Queue) activate(c *Consumer) {
	if q.settings.singleActive {
		if q.consumed.single == nil {
			q.consumed.single = c
		}
		if q.consumed.single != c {
			return
		}
	}
	i := len(q.consumed.active)
	for i > 0 && q.consumed.active[i-1].priority < c.priority {
		i--
	}
	q.consumed.active = slices.Insert(q.consumed.active, i, c)
}

// next is the consumer whose turn it is: the one among those with the highest
// priority that waited longest.
func (q *Queue) next() *Consumer {
	for len(q.consumed.active) > 0 {
		active := q.consumed.active
		c := active[0]
		if !c.ready() {
			q.consumed.active = slices.Delete(active, 0, 1)
			c.channel.blocked = append(c.channel.blocked, c)
			continue
		}
		i := 1
		for i < len(active) && active[i].priority == c.priority {
			active[i-1] = active[i]
			i++
		}
		active[i-1] = c
		return c
	}
	return nil
}

// dispatch delivers as much as the consumers can take.
func (q *Queue) dispatch() {
	for q.ready.count > 0 {
		c := q.next()
		if c == nil {
			return
		}
		e := q.ready.pop()
		if e.expires != never && e.expires < q.vhost.nowMS() {
			q.bin(e, reasonExpired)
			continue
		}
		c.take(e)
	}
}

// ready reports whether the consumer can take a message now.
func (c *Consumer) ready() bool { return c.channel.session.outlet.Ready() && c.hasCredit() }

// hasCredit reports whether the prefetch limits let it.
func (c *Consumer) hasCredit() bool {
	ch := c.channel
	return c.noAck || (c.prefetch == 0 || c.unacked < c.prefetch) && (ch.limit == 0 || ch.outstanding < ch.limit)
}

func (c *Consumer) take(e *entry) {
	e.queue.countDelivery(e)
	tag := c.channel.assign(e, c.noAck, c)
	c.channel.session.outlet.Deliver(Delivery{
		Channel: c.channel.number, ConsumerTag: c.tag, Tag: tag, Redelivered: e.redelivered, Message: e.visible(1),
	})
}

func (q *Queue) countDelivery(e *entry) {
	q.counts.Delivered++
	if e.redelivered {
		q.counts.Redelivered++
	}
}

// visible is the message as its receiver sees it: a quorum queue says how often
// it came back, from a number of times on.
func (e *entry) visible(from int) *Message {
	if !e.queue.settings.quorum || e.returns < from {
		return e.message
	}
	headers := e.message.table().Set("x-delivery-count", int64(e.returns)).Sorted()
	return e.message.with(func(p *wire.Properties) { p.SetHeaders(headers) })
}
