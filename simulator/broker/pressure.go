package broker

import (
	"errors"
	"os"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/simulator/broker/vhost"
	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// patientReader reads a connection's socket when it is time to. It is asked for
// more only once all that came before has been dealt with.
type patientReader struct{ *connection }

func (r patientReader) Read(p []byte) (int, error) {
	c := r.connection
	if c.parting {
		return c.socket.Read(p)
	}
	c.confirmAll()
	for c.leaving() == nil && c.mustWait() {
		<-c.nudges
	}
	if h := c.heartbeat.Load(); h > 0 {
		// A client that was silent for two heartbeats is gone (specification, 4.2.7).
		_ = c.socket.SetReadDeadline(clock.System().Now().Add(2 * time.Duration(h) * time.Second))
	}
	if c.leaving() != nil {
		return 0, errShut // after the deadline was set, so that shut's wake-up cannot be lost
	}
	n, err := c.socket.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) && c.leaving() != nil {
		err = errShut
	}
	return n, err
}

// mustWait reports whether to read no more for now: answers pile up unread, or
// memory is short and the client was told. In the latter case a client whose
// consumers wait for room that its own acknowledgements would make is read on, a
// buffer at a time: they may stand behind the publishes of the same connection,
// and the alarm would never end.
func (c *connection) mustWait() bool {
	waiting := c.out.backlog()
	if waiting > roomMost {
		return true
	}
	c.mu.Lock()
	blocked := c.blocked
	c.mu.Unlock()
	return blocked && (waiting > 0 || !c.session.Starving())
}

// nudge has a waiting reader look again.
func (c *connection) nudge() {
	select {
	case c.nudges <- struct{}{}:
	default: // it has not looked since the last one
	}
}

// block is called after each publish: the first one during an alarm blocks the
// connection (RabbitMQ's connection.blocked).
func (c *connection) block(meter *vhost.Meter) {
	if !meter.Raised() {
		return
	}
	c.mu.Lock()
	first := !c.blocked
	c.blocked = true
	c.mu.Unlock()
	if first && c.client.can("connection.blocked") {
		c.send(0, &wire.ConnectionBlocked{Reason: "low on memory"})
	}
	if !meter.Raised() {
		c.unblock() // it ended in between, and this connection may have been passed by
	}
}

// unblock ends what block began. Any goroutine may call it, under a virtual
// host's lock too.
func (c *connection) unblock() {
	c.mu.Lock()
	was := c.blocked
	c.blocked = false
	c.mu.Unlock()
	if was && c.client.can("connection.blocked") {
		c.send(0, &wire.ConnectionUnblocked{})
	}
	c.nudge()
}

// Ready, Deliver and Cancel make a connection the outlet of its session.

// Ready implements vhost.Outlet.
func (c *connection) Ready() bool { return c.out.ready() }

// Deliver implements vhost.Outlet.
func (c *connection) Deliver(d vhost.Delivery) { c.out.add(item{delivery: d}) }

// Cancel implements vhost.Outlet.
func (c *connection) Cancel(channel uint16, consumerTag string) {
	if c.client.can("consumer_cancel_notify") {
		c.send(channel, &wire.BasicCancel{ConsumerTag: consumerTag, NoWait: true})
	}
}
