package broker

import (
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/simulator/broker/vhost"
	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// writer writes a connection's outbox to its socket, as much at once as there is.
type writer struct {
	*connection

	buffer  []byte
	pending int // bytes of the items in buffer, as outbox counts them
}

// writeAt is from how many bytes on the buffer is written although more follows.
const writeAt = 64 << 10

// write runs until the outbox is sealed and empty, or the socket fails.
func (c *connection) write() {
	defer close(c.written)
	w := writer{connection: c}
	silence := clock.System().NewTimer(forever)
	defer silence.Stop()
	var items []item
	for {
		var last bool
		items, last = c.out.take(items)
		switch {
		case last:
			return
		case items == nil:
			select {
			case <-c.out.signal:
				continue
			case <-silence.Chan():
				w.buffer = wire.AppendHeartbeat(w.buffer)
			}
		default:
			for i := range items {
				if w.item(&items[i]) != nil {
					return
				}
			}
		}
		if w.flush() != nil {
			return
		}
		silence.Reset(c.silenceLimit())
	}
}

// forever is a wait of a timer that is not used.
const forever = 1 << 62 * time.Nanosecond

// silenceLimit is how long the client may hear nothing: half the heartbeat, so
// that it never waits for the whole of it.
func (c *connection) silenceLimit() time.Duration {
	if h := c.heartbeat.Load(); h > 0 {
		return time.Duration(h) * time.Second / 2
	}
	return forever
}

// item encodes one item, and writes what the buffer should not hold.
func (w *writer) item(i *item) error {
	w.buffer = append(w.buffer, i.frames...)
	w.pending += i.size()
	if d := &i.delivery; d.Message != nil {
		if i.frames == nil {
			w.buffer = wire.AppendDeliver(w.buffer, d.Channel, wire.BasicDeliver{
				ConsumerTag: d.ConsumerTag, DeliveryTag: d.Tag, Redelivered: d.Redelivered,
				Exchange: d.Message.Exchange, RoutingKey: d.Message.RoutingKey,
			})
		}
		if err := w.content(d); err != nil {
			return err
		}
	}
	if len(w.buffer) >= writeAt {
		return w.flush()
	}
	return nil
}

func (w *writer) content(d *vhost.Delivery) error {
	m, start := d.Message, len(w.buffer)
	w.buffer = wire.BeginContentHeader(w.buffer, d.Channel, len(m.Body))
	w.buffer = wire.EndFrame(append(w.buffer, m.Properties...), start)
	for body := m.Body; len(body) > 0; {
		n := min(w.frameMax-wire.FrameOverhead, len(body))
		w.buffer = wire.AppendBody(w.buffer, d.Channel, body[:n])
		body = body[n:]
		if len(w.buffer) >= writeAt && len(body) > 0 {
			if err := w.send(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush writes the buffer, and tells whoever waits for room.
func (w *writer) flush() error {
	if err := w.send(); err != nil {
		return err
	}
	refill, relieved := w.out.written(w.pending)
	w.pending = 0
	if refill {
		w.session.Resume()
	}
	if refill || relieved {
		w.nudge()
	}
	return nil
}

func (w *writer) send() error {
	_, err := w.socket.Write(w.buffer)
	w.buffer = w.buffer[:0]
	if err != nil {
		_ = w.socket.Close() // so that the reader ends, too
	}
	return err
}
