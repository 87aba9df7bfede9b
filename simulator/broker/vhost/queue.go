package vhost

import (
	"strings"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// Queue holds messages for consumers.
type Queue struct {
	vhost      *Vhost
	name       string
	durable    bool
	autoDelete bool
	owner      *Session // of an exclusive queue
	arguments  wire.Table
	settings   settings

	bindings map[*binding]struct{}
	ready    backlog
	unacked  int
	position uint64 // of the message published last
	consumed consumers
	deleted  bool
	mark     uint64 // the routing that found it last
	counts   Counts

	unused int64 // Unix time in ms since when x-expires counts
	timer  clockwork.Timer
	wake   int64 // when timer fires, Unix time in ms; 0 is not at all
}

// Counts are how many messages took which way since the queue was declared.
type Counts struct{ Published, Delivered, Redelivered, Acknowledged uint64 }

// QueueSpec is what a declaration asks for.
type QueueSpec struct {
	Name       string
	Durable    bool
	Exclusive  bool
	AutoDelete bool
	Arguments  wire.Table

	serverNamed bool
}

// QueueStatus is what a declaration answers.
type QueueStatus struct {
	Name      string
	Ready     int // messages
	Consumers int
}

// DeclareQueue makes a queue, or checks that it is there as asked for. Without a
// name it gets one, amq.gen- and 22 letters.
func (c *Channel) DeclareQueue(spec QueueSpec) (QueueStatus, *wire.Error) {
	v := c.vhost
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.deleted {
		return QueueStatus{}, wire.Errorf(wire.ConnectionForced, "vhost '%s' is deleted", v.name)
	}
	if spec.Name == replyQueue {
		return replyStatus(spec.Name), nil
	}
	if spec.serverNamed = spec.Name == ""; spec.serverNamed {
		spec.Name = "amq.gen-" + v.token()
	}
	q := v.queues[spec.Name]
	switch {
	case q != nil:
		if err := c.session.mayUse(q); err != nil {
			return QueueStatus{}, err
		}
		if spec.Exclusive != (q.owner != nil) {
			return QueueStatus{}, errLocked(q)
		}
		if err := q.checkEquivalence(spec); err != nil {
			return QueueStatus{}, err
		}
		q.used()
	case !spec.serverNamed && strings.HasPrefix(spec.Name, reservedPrefix):
		return QueueStatus{}, errReserved("queue", spec.Name)
	default:
		s, err := v.parseSettings(spec)
		if err != nil {
			return QueueStatus{}, err
		}
		q = v.newQueue(spec, s)
		if spec.Exclusive {
			q.owner = c.session
			c.session.exclusive[q] = struct{}{}
		}
	}
	c.lastQueue = q.name
	return q.status(), nil
}

func (v *Vhost) newQueue(spec QueueSpec, s settings) *Queue {
	q := &Queue{
		vhost: v, name: spec.Name, durable: spec.Durable, autoDelete: spec.AutoDelete, arguments: spec.Arguments,
		settings: s, bindings: map[*binding]struct{}{}, ready: newBacklog(s.priorities),
	}
	v.queues[q.name] = q
	q.used()
	return q
}

// CheckQueue is the passive declaration.
func (c *Channel) CheckQueue(name string) (QueueStatus, *wire.Error) {
	v := c.vhost
	v.mu.Lock()
	defer v.mu.Unlock()
	if token, ok := strings.CutPrefix(name, replyPrefix); ok && v.replies[token] != nil || name == replyQueue {
		return replyStatus(name), nil
	}
	q, err := c.named(name)
	if err != nil {
		return QueueStatus{}, err
	}
	q.used()
	c.lastQueue = q.name
	return q.status(), nil
}

func (q *Queue) status() QueueStatus {
	return QueueStatus{Name: q.name, Ready: q.ready.count, Consumers: len(q.consumed.all)}
}

// Purge drops the messages that wait, and returns how many.
func (c *Channel) Purge(name string) (int, *wire.Error) {
	v := c.vhost
	v.mu.Lock()
	defer v.mu.Unlock()
	q, err := c.queue(name)
	if err != nil {
		return 0, err
	}
	return q.purge(), nil
}

func (q *Queue) purge() int {
	n := q.ready.count
	for e := q.ready.pop(); e != nil; e = q.ready.pop() {
		q.vhost.release(e)
	}
	return n
}

// DeleteQueue ends a queue and returns how many messages waited in it. One that
// is not there is no error.
func (c *Channel) DeleteQueue(name string, ifUnused, ifEmpty bool) (int, *wire.Error) {
	v := c.vhost
	v.mu.Lock()
	defer v.mu.Unlock()
	q, err := c.queue(name)
	if err != nil {
		if err.Code == wire.NotFound && name != "" {
			return 0, nil
		}
		return 0, err
	}
	switch {
	case ifUnused && len(q.consumed.all) > 0:
		return 0, wire.Errorf(wire.PreconditionFailed, "queue '%s' in vhost '%s' in use", q.name, v.name)
	case ifEmpty && q.ready.count > 0:
		return 0, wire.Errorf(wire.PreconditionFailed, "queue '%s' in vhost '%s' not empty", q.name, v.name)
	}
	n := q.ready.count
	q.delete()
	return n, nil
}

// delete ends the queue. Its messages go, those under way included, and its
// consumers are told.
func (q *Queue) delete() {
	if q.deleted {
		return
	}
	q.deleted = true
	delete(q.vhost.queues, q.name)
	if q.owner != nil {
		delete(q.owner.exclusive, q)
	}
	for b := range q.bindings {
		q.vhost.unbind(b)
	}
	for _, c := range q.consumed.all {
		c.forget()
		c.channel.session.outlet.Cancel(c.channel.number, c.tag)
	}
	q.consumed = consumers{}
	q.purge()
	if q.timer != nil {
		q.timer.Stop()
	}
}

// queue finds one that this channel may use; "" is the last it declared.
func (c *Channel) queue(name string) (*Queue, *wire.Error) {
	if name == "" {
		if c.lastQueue == "" {
			return nil, errNoQueueDeclared()
		}
		name = c.lastQueue
	}
	return c.named(name)
}

func (c *Channel) named(name string) (*Queue, *wire.Error) {
	q := c.vhost.queues[name]
	if q == nil {
		return nil, wire.Errorf(wire.NotFound, "no queue '%s' in vhost '%s'", name, c.vhost.name)
	}
	return q, c.session.mayUse(q)
}

func errNoQueueDeclared() *wire.Error {
	return wire.Errorf(wire.NotFound, "no previously declared queue")
}

func (s *Session) mayUse(q *Queue) *wire.Error {
	if q.owner != nil && q.owner != s {
		return errLocked(q)
	}
	return nil
}

func errLocked(q *Queue) *wire.Error {
	return wire.Errorf(wire.ResourceLocked, "cannot obtain exclusive access to locked queue '%s' in vhost '%s'. "+
		"It could be originally declared on another connection or the exclusive property value does not match that of the original declaration.",
		q.name, q.vhost.name)
}

// used begins the wait of x-expires anew: the queue was declared, got from, or
// lost its last consumer.
func (q *Queue) used() {
	if q.settings.expires == unset {
		return
	}
	q.unused = q.vhost.nowMS()
	q.wakeAt(q.unused + q.settings.expires)
}

// wakeAt sees to it that tick is called at that time, or before.
func (q *Queue) wakeAt(ms int64) {
	if q.wake != 0 && q.wake <= ms {
		return
	}
	q.wake = ms
	wait := time.Duration(ms-q.vhost.nowMS()) * time.Millisecond
	if q.timer == nil {
		q.timer = q.vhost.env.Clock.AfterFunc(wait, q.tick)
		return
	}
	q.timer.Reset(wait)
}

// tick does what time brings: the end of messages and of the queue itself.
func (q *Queue) tick() {
	v := q.vhost
	v.mu.Lock()
	defer v.unlock()
	q.wake = 0
	if q.deleted {
		return
	}
	now := v.nowMS()
	if q.settings.expires != unset && len(q.consumed.all) == 0 {
		end := q.unused + q.settings.expires
		if now >= end {
			q.delete()
			return
		}
		q.wakeAt(end)
	}
	q.expire()
}
