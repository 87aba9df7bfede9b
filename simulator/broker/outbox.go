package broker

import (
	"sync"
	"sync/atomic"

	"github.com/kazoolab/kazoolab/simulator/broker/vhost"
)

// outbox is what waits to be written to a connection. Whoever has something for
// the client adds it and goes on; one goroutine writes.
type outbox struct {
	signal chan struct{} // there is something, or nothing more will come

	mu     sync.Mutex
	items  []item
	bytes  int  // added and not yet written
	full   bool // someone was told so
	over   atomic.Bool
	idle   bool // the writer waits for signal
	sealed bool // nothing more is taken
}

// item is complete frames, and then the content of a message when there is one.
// The frames of a delivery are left to the writer, which has no lock to hold.
type item struct {
	frames   []byte
	delivery vhost.Delivery
}

// Room of an outbox in bytes: above roomHigh no consumer of the connection gets
// more, below roomLow they do again. It holds 160 events of 1.6 KB, enough to fill
// a write while the next are made; more only delays the other consumers of a
// queue. Above roomMost nothing more is done for the connection until it reads.
const (
	roomHigh = 256 << 10
	roomLow  = roomHigh / 2
	roomMost = 4 * roomHigh
)

func newOutbox() *outbox { return &outbox{signal: make(chan struct{}, 1)} }

func (o *outbox) add(i item) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.sealed {
		return
	}
	o.items = append(o.items, i)
	o.bytes += i.size()
	o.over.Store(o.bytes > roomMost)
	o.wake()
}

// seal takes nothing more but these frames.
func (o *outbox) seal(last []byte) {
	if len(last) > 0 {
		o.add(item{frames: last})
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sealed = true
	o.wake()
}

func (o *outbox) wake() {
	if !o.idle {
		return
	}
	o.idle = false
	select {
	case o.signal <- struct{}{}:
	default: // the last one is not taken yet: a heartbeat was due at the same time
	}
}

// ready reports whether there is room for a delivery. After a no, written tells
// when there is again.
func (o *outbox) ready() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.bytes >= roomHigh {
		o.full = true
	}
	return o.bytes < roomHigh
}

// overflows reports whether more than roomMost waits.
func (o *outbox) overflows() bool { return o.over.Load() }

// backlog is the bytes that wait.
func (o *outbox) backlog() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes
}

// take hands all items to the writer, in exchange for the memory of the last ones.
// Without any it returns none, and the writer is to wait for signal; last says
// that no more will come.
func (o *outbox) take(spent []item) (items []item, last bool) {
	clear(spent)
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.items) == 0 {
		o.idle = !o.sealed
		return nil, o.sealed
	}
	items, o.items = o.items, spent[:0]
	return items, false
}

// written takes bytes off the count. refill says that consumers who were told
// that there is no room may have more; relieved that a reader that waits may not
// have to any longer.
func (o *outbox) written(bytes int) (refill, relieved bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.bytes -= bytes
	relieved = o.over.Load() || o.bytes == 0
	o.over.Store(o.bytes > roomMost)
	if o.full && o.bytes < roomLow {
		o.full, refill = false, true
	}
	return refill, relieved
}

// itemOverhead is what a delivery's frames take beside properties and body.
const itemOverhead = 128

func (i *item) size() int {
	n := len(i.frames)
	if m := i.delivery.Message; m != nil {
		n += itemOverhead + len(m.Properties) + len(m.Body)
	}
	return n
}
