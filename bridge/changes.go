package bridge

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// changes keeps what this node remembers, accounts and hooks, true to the store.
// Everyone, this node included, learns of a write from its document-change message.
// A message can be missed, while there is no connection or when the writer dies
// before it is published; therefore the writes that the store has numbered are
// looked up whenever the connection is new, and every catchUpPause.
//
// So once REST has answered on the node that was asked, the change is live there, even
// if its message is late or lost; on the others it is within milliseconds, and within
// catchUpPause whatever happens.
// Documents themselves are read from the store, which all share: another node shows
// them as they are at once. What it takes from memory is which accounts there are, who
// may see whom, whose numbers are whose, the limits of failures and which hooks fire.
// Whoever makes an account on one node and asks another for it in the next moment may
// be told that there is none.
type changes struct {
	bus       *bus.Bus
	store     *store.Store
	directory *account.Directory
	hooks     *webhooks.Registry
	limits    *disabler.Settings
	clock     clock.Clock
	ids       *ids.Source
	log       *slog.Logger
	node      string
	dialect   fidelity.Dialect
	names     []string // of the hooks that it has
	compat    fidelity.Compat
	moved     func() // an account may have another place, other rights or another realm; nil if nobody asks

	running context.Context //nolint:containedctx // of everything that outlives a request
	loaded  chan struct{}   // closed after the first load
	once    sync.Once

	// remembering is held by whoever reads the store into memory: what is read early
	// must not be remembered late, over a change that was applied in between.
	remembering sync.Mutex
	known       int64 // the write up to which all are applied here

	mu      sync.Mutex
	waiting map[string]chan struct{} // by Msg-ID: closed when applied here
}

// applyLimit is how long a REST answer waits for the message of a change to come back to
// this node, which has then heard all that was published before. Afterwards the node
// applies the change without it, for what was created is to be live when the answer
// arrives: on a busy machine a second did not do, and an event that followed the answer
// found no hook. That is the only way past the message.
const applyLimit = time.Second

// lateLimit is how long a message may wait for the broker before the log says so.
const lateLimit = 5 * time.Second

// subscribe makes the node listen. Its queue is its own and unbounded: the
// reference's holds 100 messages and loses the rest (quirk stale-table).
func (c *changes) subscribe() (*bus.Subscription, error) {
	c.bus.DeclareExchange(kapi.ExchangeConfiguration, kapi.ExchangeType(kapi.ExchangeConfiguration))
	return c.bus.Consume(bus.Consumer{
		Queue: bus.Queue{Module: "changes", Exclusive: true, AutoDelete: true},
		Bindings: []bus.Binding{
			{Exchange: kapi.ExchangeConfiguration, Key: kapi.HookDocumentsKey},
			{Exchange: kapi.ExchangeConfiguration, Key: "*." + kapi.DatabaseAccounts + ".account.*"},
			{Exchange: kapi.ExchangeConfiguration, Key: "*." + kapi.DatabaseNumbers + ".number.*"},
			{Exchange: kapi.ExchangeConfiguration, Key: "*.*." + store.TypeAccountConfig + "." + kapi.ConfigWebhooks},
		},
		Prefetch: 100,
		OnUp: func() {
			c.catchUp()
			c.once.Do(func() { close(c.loaded) })
		},
		Handle: c.handle,
	})
}

// handle applies one change. The message is only a hint: the store says what is.
func (c *changes) handle(d bus.Delivery) {
	change, err := kapi.ParseDocChange(d.Body)
	if err != nil {
		c.log.Warn("change message dropped", "key", d.RoutingKey, "error", err)
	} else if err := c.apply(c.running, change); err != nil {
		c.log.Error("change not applied; looked up again", "key", d.RoutingKey, "error", err)
		c.catchUp()
	}
	if err := d.Ack(); err != nil {
		c.log.Debug("change not acknowledged", "error", err)
	}
	c.applied(gjson.GetBytes(d.Body, "Msg-ID").Str)
}

// Publish tells everyone of writes and returns when this node has applied them, or ctx
// ends. Publishing itself goes on until the broker has taken the messages, or the node
// ends: then those who were to hear of a document in no node's memory never will, and
// the log names it.
func (c *changes) Publish(ctx context.Context, docs ...kapi.DocChange) {
	limited, cancel := context.WithTimeout(ctx, applyLimit)
	defer cancel()
	waits := map[string]unheard{}
	defer c.forget(waits)
	for _, doc := range docs {
		id := c.ids.Hex(16) // the width kz_amqp_worker gives
		body, err := doc.Message(c.node, func() string { return id })
		if err != nil {
			c.log.Error("change not published", "db", doc.DB, "type", doc.Type, "error", err)
			continue
		}
		if c.listensTo(doc) {
			waits[id] = unheard{doc, c.expect(id)}
		}
		go c.send(bus.Message{Exchange: kapi.ExchangeConfiguration, Key: doc.Key(), Body: body})
	}
	for _, wait := range waits {
		select {
		case <-wait.applied:
		case <-limited.Done():
			if ctx.Err() == nil { // else nobody waits for the answer
				c.applyLate(wait.doc)
			}
		}
	}
}

// unheard is a change whose message has not come back.
type unheard struct {
	doc     kapi.DocChange
	applied chan struct{} // closed when it has been applied
}

// applyLate applies here what this node should have heard of by now.
func (c *changes) applyLate(doc kapi.DocChange) {
	c.log.Warn("change applied before its message came back", "key", doc.Key(), "limit", applyLimit)
	if err := c.apply(c.running, doc); err != nil {
		c.log.Error("change not applied yet", "key", doc.Key(), "error", err)
	}
}

// listensTo tells the changes that come back to this node: those of its bindings.
func (c *changes) listensTo(doc kapi.DocChange) bool {
	switch doc.Type {
	case store.TypeWebhook:
		return doc.DB == kapi.DatabaseWebhooks
	case store.TypeAccount:
		return doc.DB == kapi.DatabaseAccounts
	case store.TypeNumber:
		return doc.DB == kapi.DatabaseNumbers
	case store.TypeAccountConfig:
		return doc.ID == kapi.ConfigWebhooks
	}
	return false
}

func (c *changes) send(msg bus.Message) {
	late := c.clock.AfterFunc(lateLimit, func() {
		c.log.Warn("message waits for the broker", "exchange", msg.Exchange, "key", msg.Key, "since", lateLimit)
	})
	err := c.bus.Publish(c.running, msg)
	late.Stop()
	switch {
	case err == nil:
	case c.running.Err() != nil:
		c.log.Warn("message not published before the node ended", "exchange", msg.Exchange, "key", msg.Key)
	default:
		c.log.Error("message not published", "exchange", msg.Exchange, "key", msg.Key, "error", err)
	}
}

// expect registers interest in one message.
func (c *changes) expect(msgID string) chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	wait := make(chan struct{})
	c.waiting[msgID] = wait
	return wait
}

// forget ends the interest in messages that did not come back in time.
func (c *changes) forget(waits map[string]unheard) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for msgID := range waits {
		delete(c.waiting, msgID)
	}
}

func (c *changes) applied(msgID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if wait, ok := c.waiting[msgID]; ok {
		close(wait)
		delete(c.waiting, msgID)
	}
}
