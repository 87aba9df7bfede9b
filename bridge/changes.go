package bridge

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// changes keeps what this node remembers, accounts and hooks, true to the store.
// Everyone, this node included, learns of a write from its document-change
// message; there is no second path. What is lost while the broker is away is
// healed by reading everything again whenever the connection is new.
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

	running context.Context //nolint:containedctx // of everything that outlives a request
	loaded  chan struct{}   // closed after the first load
	once    sync.Once

	// remembering is held by whoever reads the store into memory: what is read early
	// must not be remembered late, over a change that was applied in between.
	remembering sync.Mutex

	mu      sync.Mutex
	waiting map[string]chan struct{} // by Msg-ID: closed when applied here
}

// applyLimit is how long a REST answer waits for this node to have applied a
// change, so that what was created is live when the answer arrives.
const applyLimit = time.Second

// subscribe makes the node listen. Its queue is its own and unbounded: the
// reference's holds 100 messages and loses the rest (quirk stale-table).
func (c *changes) subscribe() (*bus.Subscription, error) {
	c.bus.DeclareExchange(kapi.ExchangeConfiguration, kapi.ExchangeType(kapi.ExchangeConfiguration))
	return c.bus.Consume(bus.Consumer{
		Queue: bus.Queue{Exclusive: true, AutoDelete: true},
		Bindings: []bus.Binding{
			{Exchange: kapi.ExchangeConfiguration, Key: kapi.HookDocumentsKey},
			{Exchange: kapi.ExchangeConfiguration, Key: "*." + kapi.DatabaseAccounts + ".account.*"},
			{Exchange: kapi.ExchangeConfiguration, Key: "*." + kapi.DatabaseNumbers + ".number.*"},
			{Exchange: kapi.ExchangeConfiguration, Key: "*.*." + store.TypeAccountConfig + "." + kapi.ConfigWebhooks},
		},
		Prefetch: 100,
		OnUp:     c.reload,
		Handle:   c.handle,
	})
}

// reload reads everything from the store, until it succeeds.
func (c *changes) reload() {
	for c.running.Err() == nil {
		err := c.load(c.running)
		if err == nil {
			c.once.Do(func() { close(c.loaded) })
			return
		}
		c.log.Error("accounts and hooks cannot be loaded", "error", err)
		if clock.Sleep(c.running, c.clock, time.Second) != nil {
			return
		}
	}
}

func (c *changes) load(ctx context.Context) error {
	c.remembering.Lock()
	defer c.remembering.Unlock()
	var tree []account.Account
	for doc, err := range c.store.Each(ctx, store.Query{DB: kapi.DatabaseAccounts, Type: store.TypeAccount}) {
		if err != nil {
			return err
		}
		tree = append(tree, account.FromDocument(doc))
	}
	owners := map[string]string{}
	for doc, err := range c.store.Each(ctx, store.Query{DB: kapi.DatabaseNumbers, Type: store.TypeNumber}) {
		if err != nil {
			return err
		}
		owners[doc.ID] = doc.AccountID
	}
	configs, err := c.store.Find(ctx, store.AccountConfigs, kapi.ConfigWebhooks)
	if err != nil {
		return err
	}
	c.directory.Replace(tree, owners)
	limits := make(map[string]jobj.Object, len(configs))
	for _, doc := range configs {
		limits[doc.AccountID] = doc.Body
	}
	c.limits.Replace(limits)
	documents, hooks := 0, []*webhooks.Hook(nil)
	for doc, err := range c.store.Each(ctx, store.Query{DB: kapi.DatabaseWebhooks, Type: store.TypeWebhook}) {
		if err != nil {
			return err
		}
		documents++
		if hook := c.parse(doc); hook != nil {
			hooks = append(hooks, hook)
		}
	}
	c.hooks.Replace(hooks)
	c.log.Info("accounts and hooks loaded", "accounts", len(tree), "hooks", len(hooks), "documents", documents)
	return nil
}

// parse makes a document a live hook, or nil: one that cannot be read is logged
// and skipped, and the others load (webhooks_util:load_hooks/1).
func (c *changes) parse(doc store.Document) *webhooks.Hook {
	if doc.Deleted || !webhooks.Loadable(doc.Body) {
		return nil
	}
	hook, err := c.read(doc)
	if err != nil {
		c.log.Warn("webhook not loaded", "hook_id", doc.ID, "account_id", doc.AccountID, "error", err)
		return nil
	}
	return hook
}

// read makes a document a hook, on or off. The error is a *webhooks.DocumentError.
func (c *changes) read(doc store.Document) (*webhooks.Hook, error) {
	owner := doc.AccountID
	if known, ok := c.directory.Get(owner); ok {
		owner = known.ID // of which all hooks of the account share one copy
	}
	body := webhooks.Prepare(doc.Body, c.dialect, c.compat)
	hook, err := webhooks.ParseHook(doc.ID, owner, body, c.names)
	if err != nil {
		return nil, err
	}
	hook.Revision = doc.Revision()
	return hook, nil
}

// handle applies one change. The message is only a hint: the store says what is.
func (c *changes) handle(d bus.Delivery) {
	change, err := kapi.ParseDocChange(d.Body)
	if err != nil {
		c.log.Warn("change message dropped", "key", d.RoutingKey, "error", err)
	} else if err := c.apply(c.running, change); err != nil {
		c.log.Error("change not applied; reading everything again", "key", d.RoutingKey, "error", err)
		c.reload()
	}
	if err := d.Ack(); err != nil {
		c.log.Debug("change not acknowledged", "error", err)
	}
	c.applied(gjson.GetBytes(d.Body, "Msg-ID").Str)
}

func (c *changes) apply(ctx context.Context, change kapi.DocChange) error {
	c.remembering.Lock()
	defer c.remembering.Unlock()
	doc, err := c.store.Get(ctx, change.DB, change.ID)
	gone := errors.Is(err, store.ErrNotFound) || err == nil && doc.Deleted
	if err != nil && !gone {
		return err
	}
	if change.Type == store.TypeAccountConfig {
		c.applyConfig(change, doc, gone)
		return nil
	}
	switch change.DB {
	case kapi.DatabaseAccounts:
		if !gone {
			c.directory.Put(account.FromDocument(doc))
			return nil
		}
		c.directory.Remove(change.ID)
		c.hooks.AccountDeleted(change.ID, c.dialect)
		c.limits.Remove(change.ID)
	case kapi.DatabaseNumbers:
		c.directory.SetNumber(change.ID, doc.AccountID) // "" when gone
	case kapi.DatabaseWebhooks:
		c.applyHook(change, doc, gone)
	}
	return nil
}

func (c *changes) applyConfig(change kapi.DocChange, doc store.Document, gone bool) {
	switch owner, _ := kapi.AccountOfDB(change.DB); {
	case gone:
		c.limits.Remove(owner)
	case doc.Type == store.TypeAccountConfig && doc.ID == kapi.ConfigWebhooks && doc.AccountID == owner:
		c.limits.Set(owner, doc.Body)
	}
}

// applyHook makes a hook live as it is now. An edit gives it a fresh start: its
// failures were those of the old version (webhooks_listener:handle_config/3).
func (c *changes) applyHook(change kapi.DocChange, doc store.Document, gone bool) {
	if gone {
		c.hooks.Remove(cmp.Or(doc.AccountID, change.AccountID), change.ID)
		return
	}
	if hook := c.parse(doc); hook != nil {
		c.hooks.Set(hook)
		return
	}
	c.hooks.Remove(doc.AccountID, doc.ID)
}

// Publish tells everyone of writes and returns when this node has applied them,
// at the latest after applyLimit. Publishing itself goes on until the broker has
// taken the messages.
func (c *changes) Publish(ctx context.Context, docs ...kapi.DocChange) {
	ctx, cancel := context.WithTimeout(ctx, applyLimit)
	defer cancel()
	waits := map[string]chan struct{}{}
	defer c.forget(waits)
	for _, doc := range docs {
		id := c.ids.Hex(16) // the width kz_amqp_worker gives
		body, err := doc.Message(c.node, func() string { return id })
		if err != nil {
			c.log.Error("change not published", "db", doc.DB, "type", doc.Type, "error", err)
			continue
		}
		if c.listensTo(doc) {
			waits[id] = c.expect(id)
		}
		go c.send(bus.Message{Exchange: kapi.ExchangeConfiguration, Key: doc.Key(), Body: body})
	}
	for _, wait := range waits {
		select {
		case <-wait:
		case <-ctx.Done():
			c.log.Warn("change not applied here yet", "limit", applyLimit)
			return
		}
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
	if err := c.bus.Publish(c.running, msg); err != nil && c.running.Err() == nil {
		c.log.Error("change not published", "exchange", msg.Exchange, "error", err)
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
func (c *changes) forget(waits map[string]chan struct{}) {
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
