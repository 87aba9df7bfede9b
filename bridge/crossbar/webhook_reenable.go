package crossbar

import (
	"context"
	"errors"
	"slices"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
)

// reenableHooks switches on again what the bridge switched off by itself: the
// account's hooks or, below /descendants, those of its descendants as well. Hooks
// that someone switched off by hand stay off. The reference asks its webhooks
// application over the bus to do this; here it is done before the answer.
func (h *handler) reenableHooks(_ context.Context, req *request) (outcome, error) {
	accounts := []string{req.account.ID}
	if req.route.under("descendants") {
		accounts = append(accounts, h.Accounts.Descendants(req.account.ID)...)
	}
	switch value, ok := req.value("re-enable"); {
	case !ok:
		return outcome{}, violation("re-enable", "required", "re-enable is required to patch collections")
	case !slices.Contains([]any{true, "true"}, value):
		return outcome{}, violation("re-enable", "enum", "value not found in enumerated list of values",
			jobj.Member{Key: "target", Value: []any{true}})
	}
	return outcome{data: "hooks updated", commit: func(ctx context.Context) (outcome, error) {
		// All are told of together: a change may take a second to come back.
		var changes []kapi.DocChange
		defer func() { h.Changes.Publish(ctx, changes...) }()
		for _, id := range accounts {
			docs, err := h.hooksOf(ctx, id)
			if err != nil {
				return outcome{}, err
			}
			for _, doc := range docs {
				saved, on, err := h.reenableHook(ctx, req, doc)
				if err != nil {
					return outcome{}, err
				}
				if on {
					changes = append(changes, saved.Change(kapi.ActionEdited))
				}
			}
		}
		return outcome{data: "hooks updated"}, nil
	}}, nil
}

// reenableHook leaves alone what is on, and what a user switched off. A document that
// someone else writes meanwhile is looked at again.
func (h *handler) reenableHook(ctx context.Context, req *request, doc store.Document) (saved store.Document, on bool, err error) {
	for tries := 5; !doc.Deleted && disabler.Disabled(doc.Body); tries-- {
		doc.Body = disabler.Enable(doc.Body)
		saved, err = h.write(ctx, req, doc)
		if !errors.Is(err, store.ErrConflict) || tries == 0 {
			return saved, err == nil, err
		}
		doc, err = h.Store.Get(ctx, doc.DB, doc.ID)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return doc, false, nil
		case err != nil:
			return doc, false, err
		}
	}
	return doc, false, nil
}
