package crossbar

import (
	"context"
	"slices"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

func (h *handler) listChildren(ctx context.Context, req *request) (outcome, error) {
	return h.listAccounts(ctx, req, h.Accounts.Children(req.account.ID), childSummary)
}

func (h *handler) listDescendants(ctx context.Context, req *request) (outcome, error) {
	return h.listAccounts(ctx, req, h.Accounts.Descendants(req.account.ID), func(doc store.Document) jobj.Object {
		tree, _ := doc.Body.Get("pvt_tree")
		return summary(doc, jobj.Member{Key: "tree", Value: tree})
	})
}

// listSiblings shows the accounts beside one. Nobody sees those beside his own.
func (h *handler) listSiblings(ctx context.Context, req *request) (outcome, error) {
	if req.caller.ID == req.account.ID && !req.caller.Superduper {
		return outcome{}, forbidden()
	}
	var siblings []string
	if tree := req.account.Tree; len(tree) > 0 {
		siblings = h.Accounts.Children(tree[len(tree)-1])
	}
	return h.listAccounts(ctx, req, siblings, childSummary)
}

func childSummary(doc store.Document) jobj.Object {
	return summary(doc, jobj.Member{Key: descendants, Value: doc.Body.Int(descendants)})
}

func summary(doc store.Document, more jobj.Member) jobj.Object {
	return jobj.Object{
		{Key: "id", Value: doc.ID},
		{Key: "name", Value: doc.Body.String("name")},
		{Key: "realm", Value: doc.Body.String("realm")},
		more,
		{Key: "flags", Value: []any{}},
	}
}

func (h *handler) listAccounts(ctx context.Context, req *request, ids []string, show func(store.Document) jobj.Object) (outcome, error) {
	var rows []row
	for _, id := range ids {
		doc, err := h.load(ctx, kapi.DatabaseAccounts, id, store.TypeAccount, id)
		if err != nil {
			if f := h.faultOf(req, err); f.message == "bad_identifier" { //nolint:contextcheck // the request has its own
				continue // deleted a moment ago
			}
			return outcome{}, err
		}
		rows = append(rows, row{key: doc.Body.String("name"), id: doc.ID, value: show(doc), stored: stored(doc)})
	}
	return req.listing(rows, true)
}

// listParents shows the accounts above one as far up as the caller may see; above
// his own, all of them.
func (h *handler) listParents(_ context.Context, req *request) (outcome, error) {
	if req.caller.ID == req.account.ID {
		return h.named(req.account.Tree), nil
	}
	return h.named(visible(req)), nil
}

// showTree shows the way from the caller's account down to the one above the
// path's; it is empty for his own.
func (h *handler) showTree(_ context.Context, req *request) (outcome, error) {
	if req.caller.ID == req.account.ID {
		return h.named(nil), nil
	}
	return h.named(visible(req)), nil
}

// visible cuts an account's tree at the caller's account. To a superduper caller
// beside the tree all of it is visible.
func visible(req *request) []string {
	return req.account.Tree[max(0, slices.Index(req.account.Tree, req.caller.ID)):]
}

func (h *handler) named(ids []string) outcome {
	data := make([]any, 0, len(ids))
	for _, id := range ids {
		if a, ok := h.Accounts.Get(id); ok {
			data = append(data, jobj.Object{{Key: "id", Value: a.ID}, {Key: "name", Value: a.Name}})
		}
	}
	return outcome{data: data, list: &page{unpaged: true}}
}
