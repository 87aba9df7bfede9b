package vhost

import (
	"maps"
	"slices"
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

// closeChannels ends channels together: first all their consumers go, so that
// nothing is delivered to what is about to end; then what they held is put back,
// and only then do others get it, in order.
func (v *Vhost) closeChannels(channels []*Channel) {
	var lost, changed queues
	for _, c := range channels {
		delete(c.session.channels, c)
		c.rollback()
		c.blocked = nil
		for _, consumer := range c.consumers {
			consumer.forget()
			if consumer.queue != nil {
				consumer.queue.drop(consumer)
				lost.add(consumer.queue)
			}
		}
	}
	for _, c := range channels {
		for _, q := range c.putBack(c.unacked.takeAll(nil), false) {
			changed.add(q)
		}
	}
	for _, q := range lost.list {
		q.bereaved()
	}
	for _, q := range changed.list {
		q.advance()
	}
}

// queues is a set that keeps its order.
type queues struct {
	list []*Queue
	has  map[*Queue]struct{}
}

func (s *queues) add(q *Queue) {
	if _, ok := s.has[q]; ok {
		return
	}
	if s.has == nil {
		s.has = map[*Queue]struct{}{}
	}
	s.has[q] = struct{}{}
	s.list = append(s.list, q)
}
