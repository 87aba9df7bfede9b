package explain

import (
	"context"
	"errors"
	"slices"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/journal"
)

// Relation is what a hook's owner is to the event's account.
type Relation string

// The relations.
const (
	Own        Relation = "own"
	Ancestor   Relation = "ancestor"
	Descendant Relation = "descendant"
	Sibling    Relation = "sibling"
)

// Hook says which hook is meant.
type Hook struct {
	ID, Name string // Name is "" for a hook that has no document any more
	URI      string
	Listens  string // its hook, such as channel_create or all
	Owner    account.Account
	Relation Relation
}

func (x *Explainer) hook(doc store.Document, owner account.Account, relation Relation) Hook {
	return Hook{
		ID: doc.ID, Name: doc.Body.String("name"), URI: doc.Body.String("uri"), Listens: doc.Body.String("hook"),
		Owner: owner, Relation: relation,
	}
}

// owner is an account, or the id alone of one without a document.
func (x *Explainer) owner(id string) account.Account {
	owner, ok := x.Accounts.Get(id)
	if !ok {
		owner = account.Account{ID: id}
	}
	return owner
}

func (x *Explainer) relation(owner, of string) Relation {
	switch {
	case owner == of:
		return Own
	case slices.Contains(x.Accounts.Ancestors(of), owner):
		return Ancestor
	case slices.Contains(x.Accounts.Ancestors(owner), of):
		return Descendant
	}
	return Sibling
}

// document is a hook's, or an empty one where the account has no such hook.
func (x *Explainer) document(ctx context.Context, accountID, id string) (store.Document, error) {
	doc, err := x.Documents.Get(ctx, kapi.DatabaseWebhooks, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && doc.AccountID != accountID {
		doc, err = store.Document{ID: id, AccountID: accountID}, nil
	}
	return doc, err
}

func (x *Explainer) fired(ctx context.Context, e *journal.Event, mayKnow MayKnow) ([]Fired, error) {
	var all []Fired
	for _, d := range e.Deliveries() {
		if !mayKnow(d.AccountID) {
			continue
		}
		doc, err := x.document(ctx, d.AccountID, d.HookID)
		if err != nil {
			return nil, err
		}
		fired := Fired{Hook: x.hook(doc, x.owner(d.AccountID), x.relation(d.AccountID, e.AccountID)), Delivery: d}
		if d.Unsent == journal.Parked && x.Parked != nil {
			if fired.Waits, fired.Now, err = x.Parked(ctx, d); err != nil {
				return nil, err
			}
		}
		all = append(all, fired)
	}
	return all, nil
}

// WhyParked says in words why a delivery waits.
func (f Fired) WhyParked() string {
	switch {
	case f.Waits && f.Now.Off:
		return "its hook is switched off, and what is parked waits until it is on again"
	case f.Parking.Reason == journal.NoAnswer:
		return "its receiver gives no answer"
	case f.Parking.Reason == journal.TooSlow:
		return "its receiver is slower than its events come"
	}
	return "others of its hook are parked before it"
}

// Bounds of what is looked at for one answer: documents of an account, accounts
// that are related, and hooks of those that are told.
const (
	maxDocuments = 2000
	maxRelated   = 500
	maxForeign   = 10
)

// silent judges the hooks that did not fire: all of the account and of those above
// it, and of those beside and below it the hooks that would have taken the event,
// which people expect to.
func (x *Explainer) silent(ctx context.Context, e *journal.Event, reading webhooks.Reading, mayKnow MayKnow) ([]Silent, error) {
	owner := e.AccountID
	if owner == "" {
		owner = leadsTo(reading.Sought()) // an account without a document may have hooks
	}
	if owner == "" {
		return nil, nil
	}
	j := judge{event: e, reading: reading, parse: x.Parse}
	var all []Silent
	for _, id := range append([]string{owner}, x.Accounts.Ancestors(owner)...) {
		if !mayKnow(id) {
			continue
		}
		docs, err := x.Documents.List(ctx, store.Query{
			DB: kapi.DatabaseWebhooks, Type: store.TypeWebhook, AccountID: id, IncludeDeleted: true, Limit: maxDocuments,
		})
		if err != nil {
			return nil, err
		}
		relation := x.relation(id, owner)
		for _, doc := range docs {
			if e.AccountID != "" && j.fired(doc) {
				continue
			}
			all = append(all, Silent{x.hook(doc, x.owner(id), relation), j.obstacles(doc)})
		}
	}
	if e.AccountID != "" {
		foreign, err := x.foreign(ctx, e.AccountID, reading, mayKnow)
		if err != nil {
			return nil, err
		}
		all = append(all, foreign...)
	}
	slices.SortStableFunc(all, nearer)
	return all, nil
}

// leadsTo is the account that an event without one would have belonged to.
func leadsTo(sought []webhooks.Sought) string {
	for _, s := range sought {
		if s.Owner != "" {
			return s.Owner
		}
	}
	return ""
}

// foreign finds the live hooks of accounts below and beside one that would take the
// event if it were theirs.
func (x *Explainer) foreign(ctx context.Context, accountID string, reading webhooks.Reading, mayKnow MayKnow) ([]Silent, error) {
	groups := map[Relation][]string{Descendant: x.Accounts.Descendants(accountID)}
	if above := x.Accounts.Ancestors(accountID); len(above) > 0 {
		groups[Sibling] = x.Accounts.Children(above[len(above)-1])
	}
	var all []Silent
	for _, relation := range []Relation{Descendant, Sibling} {
		told := 0
		for _, id := range groups[relation][:min(len(groups[relation]), maxRelated)] {
			if id == accountID || !mayKnow(id) {
				continue
			}
			for _, hook := range x.Live.Find(reading.Event, id, nil) {
				if told == maxForeign || !reading.TakenAsOwn(hook) {
					continue
				}
				doc, err := x.document(ctx, id, hook.ID)
				if err != nil {
					return nil, err
				}
				told++
				all = append(all, Silent{x.hook(doc, x.owner(id), relation), []Obstacle{foreignAccount(relation)}})
			}
		}
	}
	return all, nil
}
