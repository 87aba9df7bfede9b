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

// Outlet publishes events. Say and Publish are for one goroutine. To print a message takes
// as long as to think of it, so that is done by another.
type Outlet struct {
	bus *bus.Bus
	ctx context.Context //nolint:containedctx // its own life: a simulation says its events without one

	said    chan func() (name string, m bus.Message, err error)
	sending chan sending
	working sync.WaitGroup
	sent    atomic.Int64

	mu   sync.Mutex
	errs error
}

type sending struct {
	name string
	*bus.Sending
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
	o := &Outlet{bus: b, ctx: ctx, said: make(chan func() (string, bus.Message, error), Window), sending: make(chan sending, Window)}
	o.working.Go(o.send)
	o.working.Go(o.confirm)
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
	o.said <- func() (string, bus.Message, error) {
		m, err := e.Message()
		return e.Name(), Message(m), err
	}
}

// Publish is Say for a message that there is already; name is what an error calls it.
func (o *Outlet) Publish(name string, m bus.Message) {
	o.said <- func() (string, bus.Message, error) { return name, m, nil }
}

func (o *Outlet) send() {
	defer close(o.sending)
	for print := range o.said {
		name, m, err := print()
		if err != nil {
			o.failed(name, err)
			continue
		}
		begun, err := o.bus.Begin(o.ctx, m)
		if err != nil {
			o.failed(name, err)
			continue
		}
		o.sending <- sending{name, begun}
	}
}

func (o *Outlet) confirm() {
	for s := range o.sending {
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
	close(o.said)
	o.working.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	return errors.Join(o.errs, o.ctx.Err())
}
