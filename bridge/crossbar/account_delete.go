package crossbar

import (
	"context"
	"net/http"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// deleteAccount removes an account and everything it owns for good. Accounts below
// it must go first.
func (h *handler) deleteAccount(ctx context.Context, req *request) (outcome, error) {
	doc, err := h.accountDocument(ctx, req.account.ID)
	if err != nil {
		return outcome{}, err
	}
	if h.Accounts.CountDescendants(doc.ID) > 0 {
		return outcome{}, systemFault(http.StatusInternalServerError, "account_has_descendants", "account has descendants")
	}
	o := h.deletion(req, doc, public(doc))
	gone := outcome{data: o.data, revision: o.revision}
	o.commit = func(ctx context.Context) (outcome, error) {
		release, err := h.accountWrites.Take(ctx)
		if err != nil {
			return outcome{}, err
		}
		defer release()
		if err := h.demolish(ctx, doc); err != nil {
			return outcome{}, err
		}
		var parent string
		if tree := req.account.Tree; len(tree) > 0 {
			parent = tree[len(tree)-1]
		}
		return gone, h.countDescendants(ctx, req, parent)
	}
	return o, nil
}

// demolish removes what an account owns, its entry among all accounts last: should
// it fail in between, the deletion can be asked for again. Documents in the
// account's own database go without a word of their own, as the database does.
func (h *handler) demolish(ctx context.Context, doc store.Document) error {
	var changes []kapi.DocChange
	removeAll := func(docs []store.Document, tell func(*kapi.DocChange) bool) error {
		for _, one := range docs {
			change, err := h.remove(ctx, one)
			if err != nil {
				return err
			}
			if tell(&change) {
				changes = append(changes, change)
			}
		}
		return nil
	}
	told := func(*kapi.DocChange) bool { return true }
	hooks, err := h.Store.List(ctx, store.Query{
		DB: kapi.DatabaseWebhooks, AccountID: doc.ID, IncludeDeleted: true,
	})
	if err != nil {
		return err
	}
	if err := removeAll(hooks, func(change *kapi.DocChange) bool {
		// The reference deletes them by id alone, so the message says no more.
		*change = kapi.DocChange{Action: change.Action, DB: change.DB, ID: change.ID, Rev: change.Rev}
		return true
	}); err != nil {
		return err
	}
	numbers, err := h.Store.Find(ctx, store.NumbersByAccount, doc.ID)
	if err != nil {
		return err
	}
	services, err := h.Store.List(ctx, store.Query{DB: servicesDB, AccountID: doc.ID})
	if err != nil {
		return err
	}
	if err := removeAll(append(numbers, services...), told); err != nil {
		return err
	}
	for _, db := range []string{kapi.DatabaseFaxes, kapi.DatabaseSIPAuth} {
		shared, err := h.Store.List(ctx, store.Query{DB: db, AccountID: doc.ID, IncludeDeleted: true})
		if err != nil {
			return err
		}
		if err := removeAll(shared, told); err != nil {
			return err
		}
	}
	own, err := h.Store.List(ctx, store.Query{DB: kapi.AccountDB(doc.ID), IncludeDeleted: true})
	if err != nil {
		return err
	}
	if err := removeAll(own, func(*kapi.DocChange) bool { return false }); err != nil {
		return err
	}
	for _, db := range h.databasesOf(doc) {
		changes = append(changes, databaseChange(kapi.ActionDeleted, db))
	}
	// Who made an account with the same id would see what lies in the monthly databases.
	if err := h.Store.RemoveMonthly(ctx, doc.ID); err != nil {
		return err
	}
	if err := h.Store.DeleteAttemptsOf(ctx, doc.ID); err != nil {
		return err
	}
	entry, err := h.Store.List(ctx, store.Query{DB: kapi.DatabaseAccounts, AccountID: doc.ID, IncludeDeleted: true})
	if err != nil {
		return err
	}
	if err := removeAll(entry, told); err != nil {
		return err
	}
	h.Changes.Publish(ctx, changes...)
	return nil
}

// databasesOf are the account's database and the monthly ones, which the reference
// keeps for the month before, this one and, prepared ahead, the next.
func (h *handler) databasesOf(doc store.Document) []string {
	now := h.Clock.Now().UTC()
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	databases := []string{kapi.AccountDB(doc.ID), kapi.MonthlyDB(doc.ID, month)}
	if kapi.FromGregorian(doc.Created).Before(month) {
		databases = append(databases,
			kapi.MonthlyDB(doc.ID, month.AddDate(0, -1, 0)), kapi.MonthlyDB(doc.ID, month.AddDate(0, 1, 0)))
	}
	return databases
}
