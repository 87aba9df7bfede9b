package bus

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// closeLimit is how long the broker may take to say goodbye.
const closeLimit = 2 * time.Second

// session is one connection's life.
type session struct {
	bus      *Bus
	ctx      context.Context //nolint:containedctx // the connection's own life, which ends with it
	conn     *amqp.Connection
	socket   *socket
	topology *topology
	tasks    sync.WaitGroup

	mu   sync.Mutex
	acks []*acknowledger // of the channels that consume
}

// connect makes one connection and serves it until it is lost or ctx ends. The
// error says why it ended.
func (b *Bus) connect(ctx context.Context) error {
	conn, line, err := b.dial(ctx)
	if err != nil {
		return err
	}
	sessionCtx, cancel := context.WithCancel(ctx)
	s := &session{bus: b, ctx: sessionCtx, conn: conn, socket: line}
	s.topology = newTopology(s)
	closed := conn.NotifyClose(make(chan *amqp.Error, 1))
	blocked := conn.NotifyBlocked(make(chan amqp.Blocking))
	s.tasks.Go(func() {
		for block := range blocked { // until the connection is closed
			b.blocked(block)
		}
	})
	s.tasks.Go(func() {
		standing := s.topology.declare()
		b.begin(s)
		s.topology.keep(standing)
	})

	select {
	case reason := <-closed:
		err = errors.New("closed by the client")
		if reason != nil {
			err = reason
		}
	case <-ctx.Done():
	}
	cancel()
	b.end()
	deadline := clock.System().Now().Add(closeLimit)
	_ = line.SetDeadline(deadline)
	s.acknowledge()
	_ = conn.CloseDeadline(deadline) // lost or not, it is over
	_ = line.Close()
	s.tasks.Wait()
	return err
}

// begin opens the connection to publishers and consumers.
func (b *Bus) begin(s *session) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.ctx.Err() != nil {
		return
	}
	b.session = s
	for _, sub := range b.subscriptions {
		s.serve(sub)
	}
	s.tasks.Go(s.publish)
	b.status.connected()
}

func (b *Bus) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.session = nil
}

// serve runs the subscription on this connection. The caller holds the bus's lock.
func (s *session) serve(sub *Subscription) {
	// At once, not when its goroutine gets to run: awaitConsumers would take what
	// was tried on the last connection for this one.
	sub.change(sub.lose)
	s.tasks.Go(func() { sub.serve(s) })
}

// acknowledging keeps the acknowledger of a channel until forget is called.
func (s *session) acknowledging(a *acknowledger) (forget func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acks = append(s.acks, a)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.acks = slices.DeleteFunc(s.acks, func(other *acknowledger) bool { return other == a })
	}
}

// acknowledge tells the broker what is done, before the connection is closed.
func (s *session) acknowledge() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.acks {
		a.end()
	}
}

// awaitConsumers returns when each consumer's queue has been bound, or could not be.
func (s *session) awaitConsumers() {
	s.bus.mu.Lock()
	subs := slices.Clone(s.bus.subscriptions)
	s.bus.mu.Unlock()
	for _, sub := range subs {
		_ = sub.wait(s.ctx, func() bool { return sub.tried || sub.wish != toConsume })
	}
}

// rebind has every consumer bind its queue again, and the other queues declared:
// bindings go with a deleted exchange, messages with a deleted queue.
func (s *session) rebind() {
	s.topology.refresh()
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	for _, sub := range s.bus.subscriptions {
		sub.unbound()
	}
}

// dial connects and logs in. The socket is returned beside the connection to be
// closed by force: the library's own close waits for a write in progress.
func (b *Bus) dial(ctx context.Context) (*amqp.Connection, *socket, error) {
	var line *socket
	properties := amqp.NewConnectionProperties()
	if b.config.Name != "" {
		properties.SetClientConnectionName(b.config.Name)
	}
	dialer := net.Dialer{Timeout: b.config.DialTimeout}
	stop := func() bool { return true }
	conn, err := amqp.DialConfig(b.config.URL, amqp.Config{
		Heartbeat:  b.config.Heartbeat,
		Properties: properties,
		Dial: func(network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			line = &socket{Conn: conn}
			stop = context.AfterFunc(ctx, func() { _ = line.Close() })
			// The library lifts the deadline after the login.
			return line, line.SetDeadline(clock.System().Now().Add(b.config.DialTimeout))
		},
	})
	stop()
	if err != nil {
		if line != nil {
			_ = line.Close()
		}
		return nil, nil, fmt.Errorf("connect: %w", loginRefused(withoutURL(err)))
	}
	return conn, line, nil
}

// withoutURL strips the text of the URL, and with it the password, from the
// error of a URL that cannot be parsed.
func withoutURL(err error) error {
	if syntax, ok := errors.AsType[*url.Error](err); ok {
		return syntax.Err
	}
	return err
}
