package crossbar

import (
	"context"
	"net/http"
	"slices"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

const (
	treeKey     = "pvt_tree"
	previousKey = "pvt_previous_tree"
	resellerOn  = "pvt_reseller"
)

// moveAccount puts an account, with all below it, below another one
// (crossbar_util:move_account/2).
func (h *handler) moveAccount(_ context.Context, req *request) (outcome, error) {
	to := req.object().String("to")
	if to == "" {
		return outcome{}, violation("to", "required", "Field 'to' is required")
	}
	if !req.caller.Superduper {
		return outcome{}, forbidden()
	}
	target, ok := h.Accounts.Get(to)
	if !ok {
		return outcome{}, badIdentifier(to)
	}
	moved := req.account
	if isMaster(moved) || target.ID == moved.ID || slices.Contains(target.Tree, moved.ID) {
		req.hint("to: an account cannot be below itself, nor the master account below any")
		return outcome{}, forbidden()
	}
	o := outcome{data: jobj.Object{}}
	o.commit = func(ctx context.Context) (outcome, error) {
		release, err := h.accountWrites.Take(ctx)
		if err != nil {
			return outcome{}, err
		}
		defer release()
		above := append(slices.Clone(target.Tree), target.ID)
		for _, id := range append([]string{moved.ID}, h.Accounts.Descendants(moved.ID)...) {
			if err := h.retree(ctx, req, id, moved.ID, above); err != nil {
				return outcome{}, err
			}
		}
		for _, parent := range []string{parentOf(moved), target.ID} {
			if err := h.countDescendants(ctx, req, parent); err != nil {
				return outcome{}, err
			}
		}
		return h.getAccount(ctx, req)
	}
	return o, nil
}

func parentOf(a account.Account) string {
	if len(a.Tree) == 0 {
		return ""
	}
	return a.Tree[len(a.Tree)-1]
}

// retree exchanges what is above the moved account in the tree of one. accountWrites
// must be held.
func (h *handler) retree(ctx context.Context, req *request, id, movedID string, above []string) error {
	doc, err := h.accountDocument(ctx, id)
	if err != nil {
		return err
	}
	old := account.FromDocument(doc).Tree
	tree := above
	if i := slices.Index(old, movedID); i >= 0 {
		tree = slices.Concat(above, old[i:])
	}
	doc.Body = doc.Body.Set(previousKey, list(old)).Set(treeKey, list(tree)).Set(resellerKey, h.resellerAbove(tree))
	_, err = h.saveAccount(ctx, req, doc)
	return err
}

// resellerAbove is the nearest account of a tree that sells; "" when none does.
func (h *handler) resellerAbove(tree []string) string {
	for _, id := range slices.Backward(tree) {
		if a, ok := h.Accounts.Get(id); ok && a.IsReseller {
			return id
		}
	}
	return ""
}

// makeReseller and endReseller say whether an account sells to those below it
// (kz_services_reseller).
func (h *handler) makeReseller(ctx context.Context, req *request) (outcome, error) {
	return h.setReseller(ctx, req, true)
}

func (h *handler) endReseller(ctx context.Context, req *request) (outcome, error) {
	return h.setReseller(ctx, req, false)
}

func (h *handler) setReseller(ctx context.Context, req *request, sells bool) (outcome, error) {
	below := h.Accounts.Descendants(req.account.ID)
	switch {
	case !req.caller.Superduper || isMaster(req.account):
		return outcome{}, forbidden()
	case slices.ContainsFunc(below, func(id string) bool { a, _ := h.Accounts.Get(id); return a.IsReseller }):
		req.hint("one of the accounts below it is a reseller")
		return outcome{}, systemFault(http.StatusInternalServerError, "account_has_descendants", "account has descendants")
	}
	doc, err := h.accountDocument(ctx, req.account.ID)
	if err != nil {
		return outcome{}, err
	}
	return outcome{data: h.accountView(req, doc), revision: doc.Rev, commit: func(ctx context.Context) (outcome, error) {
		release, err := h.accountWrites.Take(ctx)
		if err != nil {
			return outcome{}, err
		}
		defer release()
		if err := h.editAccount(ctx, req, req.account.ID, func(doc *store.Document) { doc.Body = doc.Body.Set(resellerOn, sells) }); err != nil {
			return outcome{}, err
		}
		reseller := req.account.ID
		if !sells {
			reseller = h.resellerAbove(req.account.Tree)
		}
		for _, id := range below {
			if err := h.editAccount(ctx, req, id, func(doc *store.Document) { doc.Body = doc.Body.Set(resellerKey, reseller) }); err != nil {
				return outcome{}, err
			}
		}
		return h.getAccount(ctx, req)
	}}, nil
}

// editAccount changes one account. accountWrites must be held.
func (h *handler) editAccount(ctx context.Context, req *request, id string, change func(*store.Document)) error {
	doc, err := h.accountDocument(ctx, id)
	if err != nil {
		return err
	}
	change(&doc)
	_, err = h.saveAccount(ctx, req, doc)
	return err
}
