package vhost

import "github.com/kazoolab/kazoolab/simulator/broker/wire"

// Outcome is what became of a publish.
type Outcome struct {
	Unroutable bool // no queue has it
	Rejected   bool // a queue that is full refused it
}

// Publish routes a message to its queues. In a transaction it waits for Commit,
// and the outcome is empty.
func (c *Channel) Publish(m *Message, mandatory bool) (Outcome, *wire.Error) {
	v := c.vhost
	v.mu.Lock()
	defer v.unlock()
	x, err := v.exchange(m.Exchange)
	if err != nil {
		return Outcome{}, err
	}
	if x.internal {
		return Outcome{}, wire.Errorf(wire.AccessRefused, "cannot publish to internal exchange '%s' in vhost '%s'", x.name, v.name)
	}
	if c.transaction != nil {
		c.transaction.publishes = append(c.transaction.publishes, publishing{m, mandatory})
		v.env.Meter.Add(m.size())
		return Outcome{}, nil
	}
	return v.publish(x, m), nil
}

func (v *Vhost) publish(x *exchange, m *Message) Outcome {
	found := v.route(x, m)
	// RabbitMQ returns a mandatory answer of direct reply-to although it delivers it.
	outcome := Outcome{Unroutable: len(found.queues) == 0}
	m = m.withoutBCC()
	for _, q := range found.queues {
		if !q.enqueue(m) {
			outcome.Rejected = true
		}
	}
	for _, reply := range found.replies {
		reply.reply(m)
	}
	return outcome
}

// enqueue takes a message, and reports false when the queue is full and refuses.
func (q *Queue) enqueue(m *Message) bool {
	if q.settings.overflow != dropHead && q.refuses(m) {
		if q.settings.overflow == rejectPublishDLX {
			q.letterFor(m, reasonMaxLength)
		}
		return false
	}
	q.position++
	q.counts.Published++
	e := &entry{message: m, queue: q, position: q.position, expires: q.expiry(m)}
	q.vhost.hold(m)
	q.ready.push(e)
	q.advance()
	return true
}

// advance does what is due after any change of a queue or of what its consumers can
// take: delivers, drops what is too much, and ends what is next and too old.
func (q *Queue) advance() {
	q.dispatch()
	if q.settings.overflow == dropHead {
		q.dropOverflow()
	}
	q.expire()
}

// hold and release count a message once, however many queues have it.
func (v *Vhost) hold(m *Message) {
	if m.holders++; m.holders == 1 {
		v.env.Meter.Add(m.size())
		return
	}
	v.env.Meter.Add(entryOverhead)
}

// entryOverhead is what each further queue with the same message costs.
const entryOverhead = 100

func (v *Vhost) release(e *entry) {
	if e.message.holders--; e.message.holders == 0 {
		v.env.Meter.Add(-e.message.size())
		return
	}
	v.env.Meter.Add(-entryOverhead)
}

// overflows reports whether the queue would be over a limit with that much more.
func (q *Queue) overflows(messages, bytes int) bool {
	s := &q.settings
	return s.maxLength != unset && int64(q.ready.count+messages) > s.maxLength ||
		s.maxBytes != unset && int64(q.ready.bytes+bytes) > s.maxBytes
}

// refuses reports whether there is no room for a message. A quorum queue stops
// only once it is over its limit.
func (q *Queue) refuses(m *Message) bool {
	if q.settings.quorum {
		return q.overflows(0, 0)
	}
	return q.overflows(1, len(m.Body))
}

func (q *Queue) dropOverflow() {
	for q.ready.count > 0 && q.overflows(0, 0) {
		q.bin(q.ready.pop(), reasonMaxLength)
	}
}

// expiry is when a message that comes in now ends, by its own expiration or the
// queue's, whichever is first.
func (q *Queue) expiry(m *Message) int64 {
	ttl := q.settings.ttl
	if ttl == unset || m.expiration != never && m.expiration < ttl {
		ttl = m.expiration
	}
	if ttl == never {
		return never
	}
	return q.vhost.nowMS() + ttl
}

// expire ends the messages whose time has come, as far as they are next to be
// delivered: one behind a longer-lived one waits, as in RabbitMQ.
func (q *Queue) expire() {
	head := q.ready.head()
	if head == nil || head.expires == never {
		return
	}
	now := q.vhost.nowMS()
	for head != nil && head.expires != never && head.expires <= now {
		q.bin(q.ready.pop(), reasonExpired)
		head = q.ready.head()
	}
	if head != nil && head.expires != never {
		q.wakeAt(head.expires)
	}
}
