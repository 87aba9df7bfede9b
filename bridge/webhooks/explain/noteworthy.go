package explain

import (
	"context"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// Noteworthy leaves out the changes of documents that nobody waits for: those for
// which no hook fired, of accounts of which no hook, nor any above, is for them. A
// login is one such change, and so is every edit of a hook.
func (x *Explainer) Noteworthy(ctx context.Context, events []Summary, mayKnow MayKnow) ([]Summary, error) {
	awaited := map[string]bool{}
	var kept []Summary
	for _, s := range events {
		if s.Event == payload.HookObject && s.Fired == 0 {
			if _, known := awaited[s.Account.ID]; !known {
				var err error
				if awaited[s.Account.ID], err = x.awaits(ctx, s.Account.ID, mayKnow); err != nil {
					return nil, err
				}
			}
			if !awaited[s.Account.ID] {
				continue
			}
		}
		kept = append(kept, s)
	}
	return kept, nil
}

// awaits says whether a hook of an account or of one above is for changes of
// documents, whatever its state.
func (x *Explainer) awaits(ctx context.Context, accountID string, mayKnow MayKnow) (bool, error) {
	if accountID == "" {
		return false, nil
	}
	for _, id := range append([]string{accountID}, x.Accounts.Ancestors(accountID)...) {
		if !mayKnow(id) {
			continue
		}
		docs, err := x.Documents.List(ctx, store.Query{
			DB: kapi.DatabaseWebhooks, Type: store.TypeWebhook, AccountID: id, Limit: maxDocuments,
		})
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(docs, func(doc store.Document) bool {
			listens := strings.ToLower(doc.Body.String("hook"))
			return listens == payload.HookObject || listens == webhooks.EventAll
		}) {
			return true, nil
		}
	}
	return false, nil
}
