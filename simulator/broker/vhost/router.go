package vhost

import (
	"slices"

	"github.com/kazoolab/kazoolab/simulator/broker/topic"
	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// router is how an exchange of one type finds the bindings of a message.
type router interface {
	// add takes a binding, or refuses its key or arguments.
	add(*binding) *wire.Error
	remove(*binding)
	route(key string, m *Message, visit func(*binding))
}

func knownKind(kind string) bool {
	switch kind {
	case kindDirect, kindFanout, kindTopic, kindHeaders, kindHash:
		return true
	}
	return false
}

func newRouter(kind string, arguments wire.Table) router {
	switch kind {
	case kindFanout:
		return &fanout{}
	case kindTopic:
		return &byPattern{}
	case kindHeaders:
		return &byHeaders{}
	case kindHash:
		return newByHash(arguments)
	}
	return direct{}
}

// direct finds bindings whose key is the message's.
type direct map[string][]*binding

func (r direct) add(b *binding) *wire.Error {
	r[b.id.key] = append(r[b.id.key], b)
	return nil
}

func (r direct) remove(b *binding) {
	left := without(r[b.id.key], b)
	if len(left) == 0 {
		delete(r, b.id.key)
		return
	}
	r[b.id.key] = left
}

func (r direct) route(key string, _ *Message, visit func(*binding)) {
	for _, b := range r[key] {
		visit(b)
	}
}

// fanout finds all bindings.
type fanout struct{ all []*binding }

func (r *fanout) add(b *binding) *wire.Error {
	r.all = append(r.all, b)
	return nil
}

func (r *fanout) remove(b *binding) { r.all = without(r.all, b) }

func (r *fanout) route(_ string, _ *Message, visit func(*binding)) {
	for _, b := range r.all {
		visit(b)
	}
}

// byPattern finds bindings whose key is a pattern that matches.
type byPattern struct{ index topic.Index[*binding] }

func (r *byPattern) add(b *binding) *wire.Error {
	r.index.Insert(b.id.key, b)
	return nil
}

func (r *byPattern) remove(b *binding) { r.index.Remove(b.id.key, b) }

func (r *byPattern) route(key string, _ *Message, visit func(*binding)) { r.index.Match(key, visit) }

func without(list []*binding, b *binding) []*binding {
	return slices.DeleteFunc(list, func(other *binding) bool { return other == b })
}

// routed collects the queues of one message.
type routed struct {
	queues  []*Queue
	replies []*Consumer // of direct reply-to
}

// route finds the queues of a message, each once. The result is good until the
// next call.
func (v *Vhost) route(x *exchange, m *Message) *routed {
	keys := m.routingKeys(v.keys[:0], headerCC, headerBCC)
	v.keys = keys[:0]
	v.mark++
	v.found.queues, v.found.replies = v.found.queues[:0], v.found.replies[:0]
	if x.name == "" {
		for _, key := range keys {
			v.reach(v.queues[key])
			v.reachReply(key)
		}
		return &v.found
	}
	v.follow(x, keys, m)
	return &v.found
}

func (v *Vhost) reach(q *Queue) {
	if q != nil && q.mark != v.mark {
		q.mark = v.mark
		v.found.queues = append(v.found.queues, q)
	}
}

// follow visits an exchange and those behind it, each once, however they are
// bound to one another.
func (v *Vhost) follow(x *exchange, keys []string, m *Message) {
	if x.mark == v.mark {
		return
	}
	x.mark = v.mark
	matched := false
	var further []*exchange // visited later: routers are not entered twice at once
	for _, key := range keys {
		x.router.route(key, m, func(b *binding) {
			matched = true
			if b.queue != nil {
				v.reach(b.queue)
			} else {
				further = append(further, b.exchange)
			}
		})
	}
	for _, next := range further {
		v.follow(next, keys, m)
	}
	if !matched && x.alternate != "" {
		if next := v.exchanges[x.alternate]; next != nil {
			v.follow(next, keys, m)
		}
	}
}
