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
	if c.parting {
		return c.socket.Read(p)
	}
	for {
		c.confirmAll()
		for c.leaving() == nil && c.mustWait() {
			select {
			case <-c.nudges:
			case <-c.written: // the socket failed, which nothing shows here but the writer's end
				return 0, net.ErrClosed
			}
		}
		_ = c.socket.SetReadDeadline(c.patience())
		// Looked at after the deadline is set, so that neither wake-up can be lost.
		if c.leaving() != nil {
			return 0, errShut
		}
		if c.woken.Swap(false) {
			continue
		}
		n, err := c.socket.Read(p)
		if n == 0 && errors.Is(err, os.ErrDeadlineExceeded) {
			if c.leaving() != nil {
				return 0, errShut
			}
			if c.woken.Swap(false) {
				continue
			}
		}
		return n, err
	}
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
	_ = c.socket.SetReadDeadline(time.Unix(1, 0))
}

// mustWait reports whether to read no more for now: answers pile up unread, or
// memory is short and the client was told. In the latter case a client whose
// consumers wait for room that its own acknowledgements would make is read on, a
// buffer at a time: they may stand behind the publishes of the same connection,
// and the alarm would never end. As its publishes are not confirmed meanwhile, it
// soon has no more of those to send; block ends the others.
func (c *connection) mustWait() bool {
	waiting := c.out.backlog()
	return waiting > roomMost || c.isBlocked() && (waiting > 0 || !c.session.Starving())
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

// meterMin is the least limit that overdraft is measured by: below it, what is on
// its way already can be more.
const meterMin = 16 << 20

// block is called after each publish: the first one during an alarm blocks the
// connection (RabbitMQ's connection.blocked).
func (c *connection) block(meter *vhost.Meter) {
	if !meter.Raised() {
		return
	}
	if meter.Used() > overdraft*max(meter.Limit(), meterMin) {
		c.shut(wire.Errorf(wire.ResourceError, "out of memory: this connection publishes without confirms and "+
			"without regard to connection.blocked, and its own acknowledgements stand behind its publishes"))
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
	if !was {
		return
	}
	if c.client.can("connection.blocked") {
		c.send(0, &wire.ConnectionUnblocked{})
	}
	c.nudge()
	c.wake() // for the confirms that were held back
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
