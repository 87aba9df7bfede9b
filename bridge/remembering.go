package bridge

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/internal/clock"
)

const (
	// catchUpPause is how long a node may be without a change of which it has missed
	// the message. A look that finds nothing new costs one row.
	catchUpPause = 30 * time.Second
	// catchUpPage is how many writes are looked up at once.
	catchUpPage = 500
)

// run catches up now and then, until ctx ends.
func (c *changes) run(ctx context.Context) {
	for clock.Sleep(ctx, c.clock, catchUpPause) == nil {
		if err := c.tryCatchUp(ctx); err != nil && ctx.Err() == nil {
			c.log.Error("changes cannot be looked up", "error", err, "retry_in", catchUpPause)
		}
	}
}

// catchUp returns when this node has applied all that was written before, or when it
// ends.
func (c *changes) catchUp() {
	for c.running.Err() == nil {
		err := c.tryCatchUp(c.running)
		if err == nil {
			return
		}
		c.log.Error("changes cannot be looked up", "error", err)
		if clock.Sleep(c.running, c.clock, time.Second) != nil {
			return
		}
	}
}

// tryCatchUp applies the writes that have been made since it last did, which takes
// nothing away from those that were applied already. After very many everything is
// read again.
func (c *changes) tryCatchUp(ctx context.Context) error {
	c.remembering.Lock()
	defer c.remembering.Unlock()
	for {
		writes, err := c.store.Writes(ctx, c.known, catchUpPage)
		switch {
		case errors.Is(err, store.ErrForgotten):
			return c.loadAll(ctx)
		case err != nil || len(writes) == 0:
			return err
		}
		for _, w := range writes {
			if err := c.remember(ctx, c.changeOf(w)); err != nil {
				return err
			}
			c.known = w.Seq
		}
	}
}

// changeOf is the change that a write was, as far as remember asks. In 4.3 the hooks
// of an account that was deleted go on until the next start: there nobody is told
// whose the hooks were.
func (c *changes) changeOf(w store.Write) kapi.DocChange {
	change := kapi.DocChange{DB: w.DB, ID: w.ID, Type: w.Type, AccountID: w.AccountID}
	if _, ok := c.directory.Get(w.AccountID); !ok && c.dialect == fidelity.V43 {
		change.AccountID = ""
	}
	return change
}

// load reads everything from the store.
func (c *changes) load(ctx context.Context) error {
	c.remembering.Lock()
	defer c.remembering.Unlock()
	return c.loadAll(ctx)
}

func (c *changes) loadAll(ctx context.Context) error {
	known, err := c.store.LastWrite(ctx)
	if err != nil {
		return err
	}
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
	c.tellMoved()
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
	c.known = known
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

// apply makes this node remember a document as it is now.
func (c *changes) apply(ctx context.Context, change kapi.DocChange) error {
	c.remembering.Lock()
	defer c.remembering.Unlock()
	return c.remember(ctx, change)
}

func (c *changes) remember(ctx context.Context, change kapi.DocChange) error {
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
			c.put(account.FromDocument(doc))
			return nil
		}
		c.directory.Remove(change.ID)
		c.tellMoved()
		c.hooks.AccountDeleted(change.ID, c.dialect)
		c.limits.Remove(change.ID)
	case kapi.DatabaseNumbers:
		c.directory.SetNumber(change.ID, doc.AccountID) // "" when gone
	case kapi.DatabaseWebhooks:
		c.applyHook(change, doc, gone)
	}
	return nil
}

// put remembers an account, and says so when it has become another one for those who
// may see it.
func (c *changes) put(a account.Account) {
	old, known := c.directory.Get(a.ID)
	c.directory.Put(a)
	if known && (old.Superduper != a.Superduper || old.Realm != a.Realm || !slices.Equal(old.Tree, a.Tree)) {
		c.tellMoved()
	}
}

func (c *changes) tellMoved() {
	if c.moved != nil {
		c.moved()
	}
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
