package broker

import (
	"errors"
	"net"
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
	for !c.parting {
		c.confirmAll()
		if err := c.pause(); err != nil {
			return 0, err
		}
		until := c.patience()
		_ = c.socket.SetReadDeadline(until)
		// Looked at after the deadline is set, so that neither wake-up can be lost.
		if c.leaving() != nil {
			return 0, errShut
		}
		if c.woken.Swap(false) {
			continue
		}
		n, err := c.socket.Read(p)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) || !until.IsZero() && !clock.System().Now().Before(until) {
			return n, err
		}
		// The deadline was moved to wake this goroutine.
	}
	return c.socket.Read(p)
}

// pause waits for as long as no more is to be asked of the broker.
func (c *connection) pause() error {
	for c.mustWait() {
		if c.leaving() != nil {
			return errShut
		}
		select {
		case <-c.nudges:
		case <-c.written: // the socket failed, which nothing shows here but the writer's end
			return net.ErrClosed
		}
	}
	return nil
}

// patience is until when something has to be heard of the client: one that was
// silent for two heartbeats is gone (specification, 4.2.7).
func (c *connection) patience() time.Time {
	if c.login.Load() == nil {
		return c.handshakeEnd
	}
	if h := c.heartbeat.Load(); h > 0 {
		return clock.System().Now().Add(2 * time.Duration(h) * time.Second)
	}
	return time.Time{}
}

// wake has a reader that waits for its socket look again.
func (c *connection) wake() {
	c.woken.Store(true)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.saidGoodbye {
		_ = c.socket.SetReadDeadline(time.Unix(1, 0))
	}
}

// mustWait reports whether to read no more for now: answers pile up unread, or
// memory is short and the client was told. In the latter case a client that holds
// deliveries is read on, a buffer at a time: their acknowledgements may stand behind
// publishes of the same connection, and the alarm would never end. As those are not
// confirmed meanwhile, it soon has no more to send; block ends the others.
func (c *connection) mustWait() bool {
	if c.out.overflows() {
		return true
	}
	if !c.isBlocked() {
		c.overdrawn = false
		return false
	}
	c.overdrawn = c.out.backlog() == 0 && c.session.Holds()
	return !c.overdrawn
}

func (c *connection) isBlocked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.blocked
}

// nudge has a waiting reader look again.
func (c *connection) nudge() {
	select {
	case c.nudges <- struct{}{}:
	default: // it has not looked since the last one
	}
}

// overdraft is the multiple of the limit at which a connection that is read on
// although it is blocked has to end. Without it a client that publishes as fast
// as it can beside its own consumer grows by some 70 MB/s.
const overdraft = 2

// overdraftMin is the least number of bytes at which that happens: with a small
// limit, what is on its way already can be more.
const overdraftMin = 32 << 20

// block is called after each publish: the first one during an alarm blocks the
// connection (RabbitMQ's connection.blocked).
func (c *connection) block() {
	meter := c.broker.env.Meter
	if !meter.Raised() {
		return
	}
	if c.overdrawn && c.isBlocked() && meter.Used() > max(overdraft*meter.Limit(), overdraftMin) {
		c.shut(wire.Errorf(wire.ResourceError, "out of memory: this connection is blocked, was read on for the sake of its acknowledgements, "+
			"and publishes without confirms and without regard to connection.blocked"))
		return
	}
	c.mu.Lock()
	first := !c.blocked
	if first {
		c.blocked, c.overdrawn = true, false
		c.tellBlocked(&wire.ConnectionBlocked{Reason: "low on memory"})
	}
	c.mu.Unlock()
	if first {
		c.log.Warn("a publisher has to wait for memory", "bytes", meter.Used(), "limit", meter.Limit())
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
	if was {
		c.blocked = false
		c.tellBlocked(&wire.ConnectionUnblocked{})
	}
	c.mu.Unlock()
	if was {
		c.nudge()
		c.wake() // for the confirms that were held back
	}
}

// tellBlocked is called with mu held, so that what the client hears last is true.
func (c *connection) tellBlocked(m wire.Method) {
	if c.client.can("connection.blocked") {
		c.send(0, m)
	}
}

// The methods below make a connection the outlet of its session.

// Ready implements vhost.Outlet.
func (c *connection) Ready() bool { return c.out.ready() }

// Overflows implements vhost.Outlet.
func (c *connection) Overflows() bool { return c.out.overflows() }

// Deliver implements vhost.Outlet.
func (c *connection) Deliver(d vhost.Delivery) { c.out.add(item{delivery: d}) }

// Cancel implements vhost.Outlet.
func (c *connection) Cancel(channel uint16, consumerTag string) {
	if c.client.can("consumer_cancel_notify") {
		c.send(channel, &wire.BasicCancel{ConsumerTag: consumerTag, NoWait: true})
	}
}
