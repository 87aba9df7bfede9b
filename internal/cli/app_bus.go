package cli

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/simulator/broker/topic"
	"github.com/kazoolab/kazoolab/simulator/outlet"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// appBus is what the applications of a simulated cluster say and hear over a broker. All of them hear by
// one queue there, whose bindings come and go with their calls, but for those queues that nodes share;
// which of their own queues a message is for is found out here.
type appBus struct {
	ctx  context.Context //nolint:containedctx // its own life: the bus hands messages over without one
	bus  *bus.Bus
	line *timeline.Timeline
	out  *outlet.Outlet
	log  *slog.Logger
	own  *appQueue

	shared map[string]*appQueue // by the application's name for it; of the timeline's goroutine
}

// appQueue is a queue at the broker.
type appQueue struct {
	*bus.Subscription // nil while a queue that is shared is listened to by nobody

	// Of the timeline's goroutine:
	bound  map[string]*topic.Index[listening] // by exchange
	counts map[bus.Binding]int
}

func newAppQueue() *appQueue {
	return &appQueue{bound: map[string]*topic.Index[listening]{}, counts: map[bus.Binding]int{}}
}

// listening is a queue of one of the applications.
type listening struct {
	port  *appPort
	queue string
}

// newAppBus returns one that works until ctx ends. The bus must have been declared the exchanges. missed is
// called on the timeline whenever messages may have been missed.
func newAppBus(
	ctx context.Context, b *bus.Bus, out *outlet.Outlet, line *timeline.Timeline, missed func(), log *slog.Logger,
) (*appBus, error) {
	a := &appBus{ctx: ctx, bus: b, line: line, out: out, log: log, own: newAppQueue(), shared: map[string]*appQueue{}}
	var err error
	if a.own.Subscription, err = b.Consume(bus.Consumer{
		Queue: bus.Queue{Module: "kazoo_apps", Exclusive: true, AutoDelete: true}, NoAck: true,
		Handle: func(d bus.Delivery) { a.hear(a.own, d) },
		OnUp:   func() { _ = line.Do(ctx, missed) },
	}); err != nil {
		return nil, err
	}
	return a, a.own.WaitReady(ctx)
}

const (
	// staleAfter is how long a message to a shared queue waits for somebody who takes it: cf_pivot waits no longer.
	staleAfter = 10 * time.Second
	// unusedFor is how long a shared queue outlives a broker's restart that none of its nodes has seen.
	unusedFor = time.Minute
)

// share has an application hear what comes to one of its queues by a queue of the broker's that others
// have as well: each message reaches one of them. listen binds it, on the timeline, and has whatever hears it
// there: messages come from then on, those that others have left waiting first. What is not handed over
// when this ends is another's. It is not called by the timeline's goroutine.
func (a *appBus) share(ctx context.Context, queue, name string, listen func()) error {
	q := newAppQueue()
	var err error
	if ended := a.line.Do(ctx, func() {
		a.shared[queue] = q
		listen()
		q.Subscription, err = a.bus.Consume(bus.Consumer{
			Queue: bus.Queue{
				Name: name, Durable: true, AutoDelete: true, // RabbitMQ takes what is neither durable nor exclusive for a thing of the past
				Args: amqp.Table{"x-message-ttl": staleAfter.Milliseconds(), "x-expires": unusedFor.Milliseconds()},
			},
			Bindings: slices.Collect(maps.Keys(q.counts)),
			Handle: func(d bus.Delivery) {
				if a.hear(q, d) {
					_ = d.Ack() // one whose channel is gone is delivered again
				}
			},
		})
	}); ended != nil {
		return ended
	}
	if err != nil {
		return err
	}
	return q.WaitReady(ctx)
}

// queue is the one at the broker by which an application's is heard.
func (a *appBus) queue(name string) *appQueue {
	if q, ok := a.shared[name]; ok {
		return q
	}
	return a.own
}

// hear takes a message of the broker's to whoever is bound to it. It tells whether that is done: the
// time may have ended, which is no one's fault.
func (a *appBus) hear(q *appQueue, d bus.Delivery) bool {
	message, err := jobj.ParseObject(d.Body)
	if err != nil {
		a.log.Warn("a message to the applications cannot be read", "key", d.RoutingKey, "error", err)
		return true
	}
	return a.line.Do(a.ctx, func() {
		index := q.bound[d.Exchange]
		if index == nil {
			return
		}
		var all []listening
		seen := map[listening]bool{}
		index.Match(d.RoutingKey, func(l listening) {
			if !seen[l] { // a queue has a message once
				seen[l] = true
				all = append(all, l)
			}
		})
		for _, l := range all {
			l.port.hear(l.queue, message)
		}
	}) == nil
}

// awaitBound has something follow on the timeline once the broker has a binding: nothing is missed from
// then on.
func (a *appBus) awaitBound(binding bus.Binding, then func()) {
	leave := a.line.Stay()
	go func() {
		_ = a.own.Bound(a.ctx, binding) // ctx has ended, or it follows as soon as possible
		_ = a.line.Do(a.ctx, func() {
			leave()
			then()
		})
	}()
}

// port is the bus as one application has it; hear takes what it is bound to.
func (a *appBus) port(hear func(queue string, message jobj.Object)) *appPort {
	return &appPort{a, hear}
}

// appPort is the Bus of an application. It is for the goroutine of the timeline.
type appPort struct {
	bus  *appBus
	hear func(queue string, message jobj.Object)
}

// Publish sends a message that is whole.
func (p *appPort) Publish(exchange, key string, message jobj.Object) {
	p.bus.out.Publish("a message to "+exchange, bus.Message{Exchange: exchange, Key: key, Body: jobj.Append(nil, message)})
}

// Bind has messages handed to the application from when the broker has the binding.
func (p *appPort) Bind(queue, exchange, key string) {
	q := p.bus.queue(queue)
	index := q.bound[exchange]
	if index == nil {
		index = &topic.Index[listening]{}
		q.bound[exchange] = index
	}
	index.Insert(key, listening{p, queue})
	binding := bus.Binding{Exchange: exchange, Key: key}
	if q.counts[binding]++; q.counts[binding] == 1 && q.Subscription != nil { // else it begins with that
		q.Want(binding)
	}
}

// Unbind ends that.
func (p *appPort) Unbind(queue, exchange, key string) {
	q := p.bus.queue(queue)
	index := q.bound[exchange]
	if index == nil || !index.Remove(key, listening{p, queue}) {
		return
	}
	binding := bus.Binding{Exchange: exchange, Key: key}
	if q.counts[binding]--; q.counts[binding] == 0 {
		delete(q.counts, binding)
		q.Drop(binding)
	}
}
