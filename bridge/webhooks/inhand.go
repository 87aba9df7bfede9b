package webhooks

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks/journal"
	"github.com/kazoolab/kazoolab/bridge/webhooks/lanes"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// taken is a message of the bus on its way to hooks. It is acknowledged when each of
// its deliveries is safe, and left to the broker when one cannot be.
type taken struct {
	Message
	left   atomic.Int64 // deliveries that are not safe yet
	lost   atomic.Bool
	failed atomic.Pointer[failure] // why it is to be buried; nil when it is not
	finish func(lost bool)         // called once
}

// settle notes that one of its deliveries is safe, or given up to the broker.
func (t *taken) settle(safe bool) {
	if !safe {
		t.lost.Store(true)
	}
	if t.left.Add(-1) == 0 {
		t.finish(t.lost.Load())
	}
}

// inHand is a delivery in memory: an event for a hook.
type inHand struct {
	hook *Hook
	ev   *event
	from *taken       // nil for one from the store
	what store.Parked // without an id until it is stored
	// since is when it was taken, in the machine's time.
	since time.Time
	order int64 // its place among those of its hook
	// broken is why the event of one from the store cannot be read; nil when it can.
	broken error

	mu      sync.Mutex
	stored  bool // has a row, or soon will: entries are written in their order
	over    bool // its outcome is known
	settled bool
}

func (d *inHand) key() *store.ParkedKey { return &d.what.ParkedKey }

// settle tells the message it came with, once.
func (d *inHand) settle(safe bool) {
	d.mu.Lock()
	told := d.settled
	d.settled = true
	d.mu.Unlock()
	if !told && d.from != nil {
		d.from.settle(safe)
	}
}

// close ends it, and tells whether it has a row that is to be removed.
func (d *inHand) close() (stored bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	return d.stored
}

// isStored tells whether it has a row, or soon will.
func (d *inHand) isStored() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stored
}

// stale tells that the broker has taken the message back, and nothing is stored: it
// will come again.
func (d *inHand) stale() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stored || d.from == nil || d.from.Stale == nil || !d.from.Stale() {
		return false
	}
	d.over = true // nor will it be stored any more
	return true
}

// forget lets go of what a delivery that is over has no use for: it may stand in line
// to be looked at for another second.
func (d *inHand) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ev, d.hook, d.from = nil, nil, nil
	if !d.stored {
		d.what.Body = nil
	}
}

// newInHand takes a delivery in hand.
func (e *Engine) newInHand(hook *Hook, ev *event, from *taken) *inHand {
	id := e.dep.IDs.Hex(eventIDLength)
	if x := hook.Extras; x != nil && len(x.Secrets) > 0 {
		id += e.dep.IDs.Hex(messageIDLength - eventIDLength)
	}
	return &inHand{
		hook: hook, ev: ev, from: from, since: clock.Machine(e.dep.Clock).Now(),
		what: store.Parked{
			ParkedKey: store.ParkedKey{HookKey: hook.parkedAs()}, EventID: id, At: e.dep.Clock.Now(),
			ContentType: plain(from.ContentType), ContentEncoding: plain(from.ContentEncoding),
			RoutingKey: plain(from.RoutingKey), Body: from.Body,
		},
	}
}

// plain is text that any store takes: AMQP carries any bytes in such places.
func plain(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", "")
}

// admit runs a delivery in its lane, or parks it when its turn would be long in coming.
func (e *Engine) admit(ctx context.Context, d *inHand) {
	job := lanes.Job{Do: func() { e.run(ctx, d) }}
	if e.parking != nil {
		job.Later = func() {
			e.parking.park(d)
			e.parkedInstead(d, journal.TooSlow)
		}
		if e.parking.take(d) {
			e.parkedInstead(d, journal.Behind)
			return
		}
	}
	e.lanes.Add(lanes.Key(d.key().HookKey), d.ev.lane, job)
}

// parkedInstead notes that a delivery has not had a turn.
func (e *Engine) parkedInstead(d *inHand, reason string) {
	e.rememberParking(d.ev, d.hook, d, reason)
	e.metrics.deliveries.Dec()
}

// ownMark begins the ids under which the deliveries of hooks are parked that callflows
// brought: no document has such an id.
const ownMark = "callflow:"

// maxOwnID is how long the id of such a hook may be to stand there itself: a callflow
// may have made up any, and keys of tables are bounded.
const maxOwnID = 128

// parkedAs names the hook where its deliveries are parked.
func (h *Hook) parkedAs() store.HookKey {
	if h.Own {
		id := h.ID
		if len(id) > maxOwnID {
			sum := sha256.Sum256([]byte(id))
			id = hex.EncodeToString(sum[:])
		}
		return store.HookKey{AccountID: h.AccountID, HookID: ownMark + id}
	}
	return store.HookKey{AccountID: h.AccountID, HookID: h.ID}
}

// unpack reads the event of a delivery that comes from the store; false when there is
// nothing to deliver.
func (e *Engine) unpack(d *inHand) bool {
	read, err := e.read(Message{Body: d.what.Body, ContentType: d.what.ContentType, ContentEncoding: d.what.ContentEncoding})
	if err != nil {
		e.dep.Log.Error("a parked event cannot be read any more", "hook_id", d.what.HookID, "error", err)
		d.broken = err
		d.hook, d.ev = &Hook{ID: d.what.HookID, AccountID: d.what.AccountID}, &event{lane: d.what.ID}
		return true
	}
	owner, known := e.owner(read)
	if _, own := strings.CutPrefix(d.what.HookID, ownMark); own && read.Own != nil {
		if d.hook, err = parseOwn(Prepare(read.Own, e.cfg.Dialect, e.cfg.Compat)); err != nil {
			return false
		}
		owner.ID = d.hook.AccountID
	} else if d.hook = e.dep.Hooks.Get(d.what.AccountID, d.what.HookID); d.hook == nil {
		d.hook = &Hook{ID: d.what.HookID, AccountID: d.what.AccountID} // gone this very moment
	} else if !known {
		e.dep.Log.Info("a parked event is dropped: its account is gone", "hook_id", d.what.HookID)
		return false
	}
	d.ev = e.newEvent(read, owner)
	return true
}

// resume puts a delivery that comes from the store in its lane.
func (e *Engine) resume(ctx context.Context, d *inHand) {
	e.metrics.deliveries.Inc()
	e.lanes.Resume(lanes.Key(d.key().HookKey), d.ev.lane, func() { e.run(ctx, d) })
}

// hookState is what is known of a hook that has parked deliveries.
func (e *Engine) hookState(ctx context.Context, key store.HookKey) (hookState, error) {
	if strings.HasPrefix(key.HookID, ownMark) || e.dep.Hooks.Get(key.AccountID, key.HookID) != nil {
		return hookLive, nil
	}
	doc, err := e.dep.Documents.Get(ctx, kapi.DatabaseWebhooks, key.HookID)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && (doc.Deleted || doc.AccountID != key.AccountID):
		return hookGone, nil
	case err != nil:
		return hookOff, err
	}
	return hookOff, nil
}
