package bridge

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
)

// migrate rewrites the hook documents of Kazoo 3.22 where the dialect has no such
// hooks any more (webhooks_util:load_hooks/1). It runs once, before hooks are
// loaded; other nodes read the documents when they load.
func (c *changes) migrate(ctx context.Context) error {
	if c.dialect == fidelity.Talk {
		return nil
	}
	documents, err := c.store.List(ctx, store.Query{DB: kapi.DatabaseWebhooks, Type: store.TypeWebhook})
	if err != nil {
		return fmt.Errorf("migrate hooks: %w", err)
	}
	for _, doc := range documents {
		if doc.Deleted {
			continue
		}
		// The same id each time: whoever is cut short, or comes second, makes no third.
		digest := md5.Sum([]byte(doc.ID + "_error"))
		extra := store.Document{DB: doc.DB, ID: hex.EncodeToString(digest[:]), Type: doc.Type, AccountID: doc.AccountID}
		migrated, other, ok := webhooks.Migrate(doc.Body, doc.ID, extra.ID)
		if !ok {
			continue
		}
		doc.Body, extra.Body = migrated, other
		if other != nil {
			if _, err := c.store.Save(ctx, extra); err != nil && !errors.Is(err, store.ErrConflict) {
				return fmt.Errorf("migrate hook %s: %w", doc.ID, err)
			}
		}
		switch _, err := c.store.Save(ctx, doc); {
		case errors.Is(err, store.ErrConflict): // another node was first
			continue
		case err != nil:
			return fmt.Errorf("migrate hook %s: %w", doc.ID, err)
		}
		c.log.Info("hook migrated", "hook_id", doc.ID, "account_id", doc.AccountID, "type", migrated.String("type"), "other_id", migrated.String("other_id"))
	}
	return nil
}
