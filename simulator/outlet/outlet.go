// Package outlet is where a simulation meets the broker: it publishes what happens, in
// the order in which it happens, and never knows what that means.
package outlet

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// Window is how many messages may be unconfirmed before Say waits.
const Window = 1024

// Outlet publishes events. Say, Publish and Flush are for one goroutine at a time. To print
// a message takes as long as to think of it, so that is done by another.
type Outlet struct {
	bus *bus.Bus
	ctx context.Context //nolint:containedctx // its own life: a simulation says its events without one

	clock   Clock // nil is the bus's
	said    chan saying
	sending chan sending
	working sync.WaitGroup
	begun   atomic.Int64
	over    atomic.Int64 // confirmed or failed
	sent    atomic.Int64

	mu   sync.Mutex
	errs error
}

// Clock tells the time.
type Clock interface{ Now() time.Time }

// saying is a message before it is printed.
type saying struct {
	compose func() (name string, m bus.Message, err error)
	flushed chan struct{} // of a mark in place of a message: closed once all before it is settled
}

type sending struct {
	name string
	*bus.Sending
	flushed chan struct{}
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
	o := &Outlet{bus: b, ctx: ctx, said: make(chan saying, Window), sending: make(chan sending, Window)}
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

// Follow has messages bear the time of a clock in place of the bus's, such as that of the
// simulation, which stands in their bodies. It is to be called before the first.
func (o *Outlet) Follow(clock Clock) { o.clock = clock }

// Say publishes an event. It waits while too many are unconfirmed.
func (o *Outlet) Say(e pbx.Event) {
	at := o.now()
	o.say(func() (string, bus.Message, error) {
		m, err := e.Message()
		out := Message(m)
		out.Timestamp = at
		return e.Name(), out, err
	})
}

// Publish is Say for a message that there is already; name is what an error calls it.
func (o *Outlet) Publish(name string, m bus.Message) {
	if m.Timestamp == 0 {
		m.Timestamp = o.now()
	}
	o.say(func() (string, bus.Message, error) { return name, m, nil })
}

// now is 0 where the bus knows the time.
func (o *Outlet) now() int64 {
	if o.clock == nil {
		return 0
	}
	return o.clock.Now().UnixMicro()
}

func (o *Outlet) say(message func() (name string, m bus.Message, err error)) {
	o.begun.Add(1)
	o.said <- saying{compose: message}
}

func (o *Outlet) send() {
	defer close(o.sending)
	for s := range o.said {
		if s.flushed != nil {
			o.sending <- sending{flushed: s.flushed}
			continue
		}
		name, m, err := s.compose()
		if err != nil {
			o.failed(name, err)
			continue
		}
		begun, err := o.bus.Begin(o.ctx, m)
		if err != nil {
			o.failed(name, err)
			continue
		}
		o.sending <- sending{name: name, Sending: begun}
	}
}

// Flush returns when the broker has confirmed all that was said before, or that is not to
// be hoped for.
func (o *Outlet) Flush() {
	flushed := make(chan struct{})
	o.said <- saying{flushed: flushed}
	<-flushed
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
		o.over.Add(1)
		o.sent.Add(1)
	}
}

// failed keeps the first few of what went wrong.
func (o *Outlet) failed(name string, err error) {
	o.over.Add(1)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.errs == nil {
		o.errs = fmt.Errorf("%s not published: %w", name, err)
	}
}

// Sent is how many the broker has confirmed.
func (o *Outlet) Sent() int64 { return o.sent.Load() }

// Waiting tells that the broker has yet to confirm something.
func (o *Outlet) Waiting() bool { return o.begun.Load() > o.over.Load() }

// Close returns when all is confirmed, or with why something is not: the first reason.
func (o *Outlet) Close() error {
	close(o.said)
	o.working.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	return errors.Join(o.errs, o.ctx.Err())
}
