package cli

import (
	"context"
	"log/slog"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/simulator/broker/topic"
	"github.com/kazoolab/kazoolab/simulator/outlet"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// appBus is what the applications of a simulated cluster say and hear over a broker. All of them hear by
// one queue there, whose bindings come and go with their calls; which of their own queues a message is
// for is found out here.
type appBus struct {
	ctx  context.Context //nolint:containedctx // its own life: the bus hands messages over without one
	line *timeline.Timeline
	out  *outlet.Outlet
	log  *slog.Logger
	sub  *bus.Subscription

	// Of the timeline's goroutine:
	bound  map[string]*topic.Index[listening] // by exchange
	counts map[bus.Binding]int
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
	a := &appBus{
		ctx: ctx, line: line, out: out, log: log, bound: map[string]*topic.Index[listening]{}, counts: map[bus.Binding]int{},
	}
	var err error
	a.sub, err = b.Consume(bus.Consumer{
		Queue: bus.Queue{Module: "kazoo_apps", Exclusive: true, AutoDelete: true}, NoAck: true, Handle: a.hear,
		OnUp: func() { _ = line.Do(ctx, missed) },
	})
	if err != nil {
		return nil, err
	}
	return a, a.sub.WaitReady(ctx)
}

// hear takes a message of the broker's to whoever is bound to it.
func (a *appBus) hear(d bus.Delivery) {
	message, err := jobj.ParseObject(d.Body)
	if err != nil {
		a.log.Warn("a message to the applications cannot be read", "key", d.RoutingKey, "error", err)
		return
	}
	_ = a.line.Do(a.ctx, func() { // that it has ended is no one's fault
		index := a.bound[d.Exchange]
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
	})
}

// awaitBound has something follow on the timeline once the broker has a binding: nothing is missed from
// then on.
func (a *appBus) awaitBound(binding bus.Binding, then func()) {
	leave := a.line.Stay()
	go func() {
		_ = a.sub.Bound(a.ctx, binding) // ctx has ended, or it follows as soon as possible
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
	index := p.bus.bound[exchange]
	if index == nil {
		index = &topic.Index[listening]{}
		p.bus.bound[exchange] = index
	}
	index.Insert(key, listening{p, queue})
	binding := bus.Binding{Exchange: exchange, Key: key}
	if p.bus.counts[binding]++; p.bus.counts[binding] == 1 {
		p.bus.sub.Want(binding)
	}
}

// Unbind ends that.
func (p *appPort) Unbind(queue, exchange, key string) {
	index := p.bus.bound[exchange]
	if index == nil || !index.Remove(key, listening{p, queue}) {
		return
	}
	binding := bus.Binding{Exchange: exchange, Key: key}
	if p.bus.counts[binding]--; p.bus.counts[binding] == 0 {
		delete(p.bus.counts, binding)
		p.bus.sub.Drop(binding)
	}
}
