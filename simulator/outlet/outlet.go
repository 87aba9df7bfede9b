// Package outlet is where a simulation meets the broker: it publishes what happens, in
// the order in which it happens, and never knows what that means.
package outlet

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// Window is how many messages may be unconfirmed before Say waits.
const Window = 1024

// Outlet publishes events. Say, Publish and Flush are for one goroutine at a time.
type Outlet struct {
	bus *bus.Bus
	ctx context.Context //nolint:containedctx // its own life: a simulation says its events without one

	sending chan sending
	waiting sync.WaitGroup
	sent    atomic.Int64

	mu   sync.Mutex
	errs error
}

type sending struct {
	name string
	*bus.Sending
	flushed chan struct{} // of a mark: closed once all before it is settled
}

// Declare has a bus know the exchanges of all events. It is to be called before the bus
// runs: a message for an exchange that the broker does not have yet ends the channel, and
// what was on its way comes again, out of its order.
func Declare(b *bus.Bus) {
	for _, kind := range kapi.Publications() {
		b.DeclareExchange(kind.Exchange, kapi.ExchangeType(kind.Exchange))
	}
}

// New returns an outlet, which works until ctx ends. The bus must be running, and have
// been declared the exchanges.
func New(ctx context.Context, b *bus.Bus) *Outlet {
	o := &Outlet{bus: b, ctx: ctx, sending: make(chan sending, Window)}
	o.waiting.Go(o.confirm)
	return o
}

// Message is a message as the bus takes it.
func Message(m kapi.Message) bus.Message {
	out := bus.Message{Exchange: m.Exchange, Key: m.Key, Body: m.Payload(), ContentEncoding: m.ContentEncoding()}
	if m.CallID != "" {
		out.Headers = map[string]any{"call-id": []byte(m.CallID)}
	}
	return out
}

// Say publishes an event. It waits while too many are unconfirmed.
func (o *Outlet) Say(e pbx.Event) {
	m, err := e.Message()
	if err != nil {
		o.failed(e.Name(), err)
		return
	}
	o.Publish(e.Name(), Message(m))
}

// Publish is Say for a message that there is already; name is what an error calls it.
func (o *Outlet) Publish(name string, m bus.Message) {
	begun, err := o.bus.Begin(o.ctx, m)
	if err != nil {
		o.failed(name, err)
		return
	}
	o.sending <- sending{name: name, Sending: begun}
}

// Flush returns when the broker has confirmed all that was said before, or that is not to
// be hoped for.
func (o *Outlet) Flush() {
	mark := sending{flushed: make(chan struct{})}
	o.sending <- mark
	<-mark.flushed
}

func (o *Outlet) confirm() {
	for s := range o.sending {
		if s.flushed != nil {
			close(s.flushed)
			continue
		}
		if err := s.Wait(o.ctx); err != nil {
			o.failed(s.name, err)
			continue
		}
		o.sent.Add(1)
	}
}

// failed keeps the first few of what went wrong.
func (o *Outlet) failed(name string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.errs == nil {
		o.errs = fmt.Errorf("%s not published: %w", name, err)
	}
}

// Sent is how many the broker has confirmed.
func (o *Outlet) Sent() int64 { return o.sent.Load() }

// Close returns when all is confirmed, or with why something is not: the first reason.
func (o *Outlet) Close() error {
	close(o.sending)
	o.waiting.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	return errors.Join(o.errs, o.ctx.Err())
}
