package crossbar

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// accountsFamily is cb_accounts.
func (h *handler) accountsFamily() family {
	one := func(word string, operations ...operation) clause {
		return clause{args: []string{"*", word}, operations: operations}
	}
	get := func(act action) operation { return operation{method: http.MethodGet, within: act} }
	return family{name: "accounts", clauses: []clause{
		{operations: []operation{{method: http.MethodPut, bare: h.createAccount}}},
		{args: []string{"*"}, operations: []operation{
			get(h.getAccount),
			{method: http.MethodPut, within: h.createAccount},
			{method: http.MethodPost, within: h.replaceAccount},
			{method: http.MethodPatch, within: h.patchAccount},
			{method: http.MethodDelete, within: h.deleteAccount, unless: func(req *request) bool { return isMaster(req.account) }},
		}},
		one("children", get(h.listChildren)),
		one("descendants", get(h.listDescendants)),
		one("siblings", get(h.listSiblings)),
		one("parents", get(h.listParents)),
		one("tree", get(h.showTree)),
		one("move", operation{method: http.MethodPost, within: h.moveAccount}),
		one("reseller",
			operation{method: http.MethodPut, within: h.makeReseller},
			operation{method: http.MethodDelete, within: h.endReseller}),
		one("api_key", get(h.getAPIKey), operation{method: http.MethodPut, within: h.renewAPIKey}),
	}}
}

// isMaster tells the root of the tree that may do everything.
func isMaster(a account.Account) bool { return a.Superduper && len(a.Tree) == 0 }

// accountDocument reads an account from its own database, or else the copy that
// all accounts have in one database.
func (h *handler) accountDocument(ctx context.Context, id string) (store.Document, error) {
	for _, db := range []string{kapi.AccountDB(id), kapi.DatabaseAccounts} {
		doc, err := h.Store.Get(ctx, db, id)
		if errors.Is(err, store.ErrNotFound) || err == nil && doc.Deleted {
			continue
		}
		return doc, err
	}
	return store.Document{}, badIdentifier(id)
}

// saveAccount writes an account into its own database, and the copy into the one
// of all accounts, and tells everyone of both. The copy follows whatever its
// revision was. accountWrites must be held.
func (h *handler) saveAccount(ctx context.Context, req *request, doc store.Document) (store.Document, error) {
	doc.Body = req.stamp(doc)
	own := doc
	if own.DB != kapi.AccountDB(doc.ID) {
		own.DB, own.Rev = kapi.AccountDB(doc.ID), ""
	}
	shared := doc
	shared.DB, shared.Rev = kapi.DatabaseAccounts, ""
	switch old, err := h.Store.Get(ctx, shared.DB, shared.ID); {
	case err == nil:
		shared.Rev = old.Rev
	case !errors.Is(err, store.ErrNotFound):
		return doc, err
	}
	var changes []kapi.DocChange
	for _, one := range []*store.Document{&own, &shared} {
		action := kapi.ActionEdited
		if one.Rev == "" {
			action = kapi.ActionCreated
		}
		saved, err := h.Store.Save(ctx, *one)
		if err != nil {
			return doc, err
		}
		*one = saved
		changes = append(changes, saved.Change(action))
	}
	h.Changes.Publish(ctx, changes...)
	return own, nil
}

func (h *handler) getAccount(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.accountDocument(ctx, req.account.ID)
	if err != nil {
		return outcome{}, err
	}
	return outcome{data: h.accountView(req, doc), revision: doc.Rev}, nil
}

// accountView is an account with what is worked out of its place in the tree
// (cb_accounts:leak_pvt_fields/1).
func (h *handler) accountView(req *request, doc store.Document) jobj.Object {
	place := account.FromDocument(doc)
	if known, ok := h.Accounts.Get(doc.ID); ok {
		place.ResellerID = known.ResellerID
	}
	view := public(doc).
		Set("wnm_allow_additions", doc.Body.Bool(false, "pvt_wnm_allow_additions")).
		Set("superduper_admin", place.Superduper).
		Set("created", doc.Created).
		Set("enabled", place.Enabled).
		Set("reseller_id", place.ResellerID).
		Set("is_reseller", place.IsReseller).
		Set("billing_mode", h.billingMode(req, place))
	if preference := doc.Body.String("pvt_notification_preference"); preference != "" {
		view = view.Set("notification_preference", preference)
	}
	if key := doc.Body.String(apiKey); key != "" && req.flag("include_api_key", false) {
		view = view.Set("api_key", key)
	}
	return view
}

func (h *handler) billingMode(req *request, a account.Account) string {
	reseller, _ := h.Accounts.Get(a.ResellerID)
	switch {
	case req.caller.ID == a.ResellerID:
		return "limits_only"
	case isMaster(reseller):
		return "normal"
	}
	return "manual"
}

// replaceAccount merges: what is left out stays, except the realm, which is drawn
// again (cb_accounts, recorded).
func (h *handler) replaceAccount(ctx context.Context, req *request) (outcome, error) {
	realm, err := h.randomRealm(ctx)
	if err != nil {
		return outcome{}, err
	}
	return h.changeAccount(ctx, req, func(old, data jobj.Object) jobj.Object {
		if !data.Has("realm") {
			old = old.Set("realm", realm)
		}
		return old.Merge(data)
	})
}

func (h *handler) patchAccount(ctx context.Context, req *request) (outcome, error) {
	return h.changeAccount(ctx, req, jobj.Object.Merge)
}

func (h *handler) changeAccount(ctx context.Context, req *request, merge func(old, data jobj.Object) jobj.Object) (outcome, error) {
	doc, err := h.accountDocument(ctx, req.account.ID)
	if err != nil {
		return outcome{}, err
	}
	if _, isArray := req.data.([]any); isArray {
		_, err := check(h.accountForm, req.data)
		return outcome{}, err
	}
	body, err := h.checkAccountForm(ctx, merge(publicMembers(doc.Body), req.object()), doc.ID)
	if err != nil {
		return outcome{}, err
	}
	doc.Body = replaced(doc.Body, body)
	return outcome{data: h.accountView(req, doc), revision: doc.Rev, commit: func(ctx context.Context) (outcome, error) {
		release, err := h.accountWrites.Take(ctx)
		if err != nil {
			return outcome{}, err
		}
		defer release()
		if err := h.uniqueAccount(ctx, body, doc.ID); err != nil {
			return outcome{}, err
		}
		// The reference saves once while it validates and once more when it
		// executes, so everyone hears of a change twice (recorded).
		saved := doc
		for range 2 {
			if saved, err = h.saveAccount(ctx, req, saved); err != nil {
				return outcome{}, err
			}
		}
		return outcome{data: h.accountView(req, saved), revision: saved.Rev}, nil
	}}, nil
}

// checkAccountForm validates an account's public members. id is that of the account
// itself, "" for one that is to be made.
func (h *handler) checkAccountForm(ctx context.Context, data any, id string) (jobj.Object, error) {
	if object, ok := data.(jobj.Object); ok {
		if realm, ok := object.Get("realm"); ok {
			data = object.Set("realm", withoutSpaces(realm))
		}
	}
	body, err := check(h.accountForm, data)
	if err != nil {
		return nil, err
	}
	return body, h.uniqueAccount(ctx, body, id)
}

// uniqueAccount refuses a name or a realm that another account has.
func (h *handler) uniqueAccount(ctx context.Context, body jobj.Object, id string) error {
	var v violations
	for _, one := range []struct {
		member, message string
		view            store.View
	}{
		{"realm", "Account realm already in use", store.AccountsByRealm},
		{"name", "Account name already in use", store.AccountsByName},
	} {
		value := body.String(one.member)
		docs, err := h.Store.Find(ctx, one.view, value)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(docs, func(doc store.Document) bool { return doc.ID != id }) {
			v.add(one.member, "unique", one.message, jobj.Member{Key: "cause", Value: value})
		}
	}
	return v.err()
}
