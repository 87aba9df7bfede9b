package stage

import (
	"slices"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/broker/topic"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// wire is a bus within one process and one timeline: what is published is heard in its order, at
// the same moment, after whoever published it has returned.
type wire struct {
	line   *timeline.Timeline
	bound  map[string]*topic.Index[ear] // by exchange
	orders map[ear]int                  // in which they came, so that each run is the same
	tap    func(exchange, key string, message jobj.Object)
}

// ear is a queue of somebody who listens.
type ear struct {
	queue string
	of    *listener
}

// listener is an application on the bus.
type listener struct {
	wire *wire
	hear func(queue string, message jobj.Object)
}

func newWire(line *timeline.Timeline) *wire {
	return &wire{line: line, bound: map[string]*topic.Index[ear]{}, orders: map[ear]int{}}
}

// join returns the bus of an application, whose messages hear is given.
func (w *wire) join(hear func(queue string, message jobj.Object)) *listener {
	return &listener{wire: w, hear: hear}
}

// Publish is that of the applications' Bus.
func (l *listener) Publish(exchange, key string, message jobj.Object) {
	l.wire.publish(exchange, key, message)
}

// Bind is that of the applications' Bus.
func (l *listener) Bind(queue, exchange, key string) {
	index := l.wire.bound[exchange]
	if index == nil {
		index = &topic.Index[ear]{}
		l.wire.bound[exchange] = index
	}
	e := ear{queue, l}
	if _, known := l.wire.orders[e]; !known {
		l.wire.orders[e] = len(l.wire.orders)
	}
	index.Remove(pattern(exchange, key), e) // a binding is there once
	index.Insert(pattern(exchange, key), e)
}

// Unbind is that of the applications' Bus.
func (l *listener) Unbind(queue, exchange, key string) {
	if index := l.wire.bound[exchange]; index != nil {
		index.Remove(pattern(exchange, key), ear{queue, l})
	}
}

// pattern is a binding key as an exchange of its type takes it: only a topic's has wild cards.
func pattern(exchange, key string) string {
	if kapi.ExchangeType(exchange) == "fanout" {
		return "#"
	}
	return key
}

// publish has those hear a message who are bound for it when it is published.
func (w *wire) publish(exchange, key string, message jobj.Object) {
	if w.tap != nil {
		w.tap(exchange, key, message)
	}
	index := w.bound[exchange]
	if index == nil {
		return
	}
	var ears []ear
	index.Match(key, func(e ear) {
		if !slices.Contains(ears, e) { // a queue gets a message once
			ears = append(ears, e)
		}
	})
	if len(ears) == 0 {
		return
	}
	if read, err := jobj.ParseObject(jobj.Append(nil, message)); err == nil { // a copy, with numbers as they come over a bus
		message = read
	}
	slices.SortFunc(ears, func(a, b ear) int { return w.orders[a] - w.orders[b] })
	for _, e := range ears {
		w.line.After(0, func() { e.of.hear(e.queue, message) })
	}
}
