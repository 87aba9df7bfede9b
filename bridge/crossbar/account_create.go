package crossbar

import (
	"context"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

const (
	defaultTimezone = "America/Los_Angeles"

	servicesDB  = "services"
	typeService = "service"
	appsStoreID = "apps_store" // its type too
	accountIDs  = "^[0-9a-f]{32}$"
	descendants = "descendants_count"
	resellerKey = "pvt_reseller_id"
)

// createAccount makes an account below the one of the path, or below the caller's.
func (h *handler) createAccount(ctx context.Context, req *request) (outcome, error) {
	parent := req.account
	if parent.ID == "" {
		parent = req.caller
	}
	parentDoc, err := h.accountDocument(ctx, parent.ID)
	if err != nil {
		return outcome{}, err
	}
	data, err := h.completed(ctx, req.data, parentDoc)
	if err != nil {
		return outcome{}, err
	}
	body, err := h.checkAccountForm(ctx, data, "")
	if err != nil {
		return outcome{}, err
	}
	if req.chosenID != "" && !isAccountID(req.chosenID) {
		return outcome{}, violation("id", "pattern", "Failed to match pattern '"+accountIDs+"'",
			jobj.Member{Key: "target", Value: accountIDs}, jobj.Member{Key: "value", Value: req.chosenID})
	}
	doc := h.newAccount(req.chosenID, parent, publicMembers(body))
	return outcome{data: h.accountView(req, doc), commit: func(ctx context.Context) (outcome, error) {
		release, err := h.accountWrites.Take(ctx)
		if err != nil {
			return outcome{}, err
		}
		defer release()
		if err := h.uniqueAccount(ctx, body, ""); err != nil {
			return outcome{}, err
		}
		// The reference rolls a creation with an id in use back over the account
		// that has it; no mode does that.
		for _, db := range []string{doc.DB, kapi.DatabaseAccounts} {
			if err := h.unused(ctx, db, doc.ID); err != nil {
				return outcome{}, err
			}
		}
		saved, err := h.establish(ctx, req, doc)
		if err != nil {
			return outcome{}, err
		}
		if err := h.countDescendants(ctx, req, parent.ID); err != nil {
			return outcome{}, err
		}
		return outcome{data: h.accountView(req, saved), revision: saved.Rev, created: saved.ID}, nil
	}}, nil
}

// completed fills in what an account must have, where the client left it out.
func (h *handler) completed(ctx context.Context, data any, parent store.Document) (any, error) {
	object, ok := data.(jobj.Object)
	if !ok {
		return data, nil
	}
	if !object.Has("realm") {
		realm, err := h.randomRealm(ctx)
		if err != nil {
			return nil, err
		}
		object = object.Set("realm", realm)
	}
	if !object.Has("timezone") {
		timezone := parent.Body.String("timezone")
		if timezone == "" {
			timezone = defaultTimezone
		}
		object = object.Set("timezone", timezone)
	}
	if !object.Has("enabled") && !parent.Body.Bool(true, "enabled") {
		object = object.Set("enabled", false)
	}
	return object, nil
}

// randomRealm draws a realm that no account has. The reference draws once: of 300 accounts that are made,
// one in 400 times one is refused for another's realm, which its client has never named.
func (h *handler) randomRealm(ctx context.Context) (string, error) {
	for {
		realm := h.IDs.Hex(6) + "." + h.RealmSuffix
		if taken, err := h.Store.Find(ctx, store.AccountsByRealm, realm); err != nil || len(taken) == 0 {
			return realm, err
		}
	}
}

// withoutSpaces is a realm as it is stored; what is no text is left to the schema.
func withoutSpaces(realm any) any {
	if text, ok := realm.(string); ok {
		return strings.ReplaceAll(text, " ", "")
	}
	return realm
}

func isAccountID(id string) bool {
	return len(id) == 32 && strings.Trim(id, "0123456789abcdef") == ""
}

func (h *handler) newAccount(id string, parent account.Account, body jobj.Object) store.Document {
	if id == "" {
		id = h.IDs.Hex(32)
	}
	tree := make([]any, 0, len(parent.Tree)+1)
	for _, ancestor := range parent.Tree {
		tree = append(tree, ancestor)
	}
	reseller := parent.ResellerID
	if parent.IsReseller {
		reseller = parent.ID
	}
	body = body.
		Set("pvt_tree", append(tree, parent.ID)).
		Set(resellerKey, reseller).
		Set("pvt_reseller", false).
		Set("pvt_superduper_admin", false).
		Set(apiKey, h.IDs.Hex(apiKeyLength))
	return store.Document{
		DB: kapi.AccountDB(id), ID: id, Type: store.TypeAccount, AccountID: id, Body: body,
	}
}

// establish writes a new account with the documents that belong to it, and tells
// everyone of the databases that came to be.
func (h *handler) establish(ctx context.Context, req *request, doc store.Document) (store.Document, error) {
	h.Changes.Publish(ctx, databaseChange(kapi.ActionCreated, doc.DB))
	saved, err := h.saveAccount(ctx, req, doc)
	if err != nil {
		return doc, err
	}
	h.Changes.Publish(ctx, databaseChange(kapi.ActionCreated, kapi.MonthlyDB(doc.ID, h.Clock.Now())))
	for _, companion := range []store.Document{
		{DB: servicesDB, ID: doc.ID, Type: typeService, AccountID: doc.ID},
		{DB: doc.DB, ID: appsStoreID, Type: appsStoreID, AccountID: doc.ID},
	} {
		if _, err := h.create(ctx, req, companion); err != nil {
			return saved, err
		}
	}
	return saved, nil
}

func databaseChange(action, db string) kapi.DocChange {
	return kapi.DocChange{Action: action, DB: db, ID: db, Type: kapi.TypeDatabase}
}

// countDescendants keeps the number of accounts below parent in its document. The
// directory has heard of what was published before.
func (h *handler) countDescendants(ctx context.Context, req *request, parent string) error {
	if _, ok := h.Accounts.Get(parent); !ok {
		return nil // the account was at the root
	}
	doc, err := h.accountDocument(ctx, parent)
	if err != nil {
		return err
	}
	doc.Body = doc.Body.Set(descendants, h.Accounts.CountDescendants(parent))
	_, err = h.saveAccount(ctx, req, doc)
	return err
}
