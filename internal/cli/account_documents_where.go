package cli

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/simulator/callflow"
)

// storedDocuments are those of the bridge in this process.
type storedDocuments struct{ store *store.Store }

// document is one of the account's own, and of the type that its collection holds.
func (s storedDocuments) document(ctx context.Context, accountID, collection, id string) (jobj.Object, error) {
	doc, err := ownDocument(ctx, s.store, accountID, id)
	if err != nil || doc.Type != strings.TrimSuffix(strings.Replace(collection, "boxes", "boxs", 1), "s") {
		return nil, err
	}
	return publicPart(doc), nil
}

// ownDocument is a document of an account, the zero one where it has none of the id.
func ownDocument(ctx context.Context, s *store.Store, accountID, id string) (store.Document, error) {
	doc, err := s.Get(ctx, kapi.AccountDB(accountID), id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Document{}, nil
	case err != nil:
		return store.Document{}, err
	case doc.Deleted, doc.AccountID != accountID:
		return store.Document{}, nil
	}
	return doc, nil
}

// publicPart is a document as REST shows it.
func publicPart(doc store.Document) jobj.Object {
	return doc.Body.Filter(func(m jobj.Member) bool { return !strings.HasPrefix(m.Key, "pvt_") }).Set("id", doc.ID)
}

func (s storedDocuments) owned(ctx context.Context, accountID, ownerID string) ([]jobj.Object, error) {
	docs, err := s.store.List(ctx, store.Query{DB: kapi.AccountDB(accountID), Type: store.TypeDevice, AccountID: accountID})
	var devices []jobj.Object
	for _, doc := range docs {
		if doc.Body.String("owner_id") == ownerID {
			devices = append(devices, publicPart(doc))
		}
	}
	return devices, err
}

func (s storedDocuments) flow(ctx context.Context, accountID, dialled string) (callflow.Flow, error) {
	for _, number := range spellings(dialled) {
		docs, err := s.store.Find(ctx, store.CallflowsByNumber, store.ValueKey(accountID, number))
		if err != nil {
			return callflow.Flow{}, err
		}
		for _, doc := range docs {
			if !doc.Deleted {
				return callflow.Flow{ID: doc.ID, Root: doc.Body.Object("flow")}, nil
			}
		}
	}
	docs, err := s.store.List(ctx, store.Query{DB: kapi.AccountDB(accountID), Type: store.TypeCallflow, AccountID: accountID})
	for _, doc := range docs {
		if matchesPattern(doc.Body, dialled) {
			return callflow.Flow{ID: doc.ID, Root: doc.Body.Object("flow")}, nil
		}
	}
	return callflow.Flow{}, err
}

// spellings are how a callflow may have what was dialled: as it was, and as numbers are kept.
func spellings(dialled string) []string {
	all := []string{dialled}
	if number := kapi.E164(dialled); number != dialled {
		all = append(all, number)
	}
	return all
}

// matchesPattern tells whether one of a callflow's patterns takes what was dialled (cf_flow:lookup/2).
func matchesPattern(doc jobj.Object, dialled string) bool {
	return slices.ContainsFunc(listed(doc, "patterns"), func(pattern string) bool {
		expression, err := regexp.Compile(pattern)
		return err == nil && pattern != "" && expression.MatchString(dialled)
	})
}

func listed(doc jobj.Object, name string) (texts []string) {
	value, _ := doc.Get(name)
	list, _ := value.([]any)
	for _, one := range list {
		if text, ok := one.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// askedDocuments are those of the bridge that runs, asked for by REST on behalf of its master account.
type askedDocuments struct{ rest client }

func (a askedDocuments) of(accountID string) *client {
	c := a.rest
	c.accountID = accountID
	return &c
}

func (a askedDocuments) document(ctx context.Context, accountID, collection, id string) (jobj.Object, error) {
	path := "/" + collection + "/" + url.PathEscape(id)
	if collection == "accounts" {
		path = ""
	}
	envelope, err := a.of(accountID).do(ctx, http.MethodGet, path, nil)
	if isMissing(err) {
		return nil, nil
	}
	return envelope.Object("data"), err
}

func (a askedDocuments) owned(ctx context.Context, accountID, ownerID string) ([]jobj.Object, error) {
	rows, err := a.of(accountID).rows(ctx, "/devices?"+url.Values{"filter_owner_id": {ownerID}}.Encode())
	var devices []jobj.Object
	for _, row := range rows {
		device, err := a.document(ctx, accountID, "devices", row.String("id"))
		if err != nil {
			return devices, err
		}
		if device != nil {
			devices = append(devices, device)
		}
	}
	return devices, err
}

func (a askedDocuments) flow(ctx context.Context, accountID, dialled string) (callflow.Flow, error) {
	rows, err := a.of(accountID).rows(ctx, "/callflows")
	if err != nil {
		return callflow.Flow{}, err
	}
	numbers := spellings(dialled)
	i := slices.IndexFunc(rows, func(row jobj.Object) bool {
		return slices.ContainsFunc(listed(row, "numbers"), func(number string) bool { return slices.Contains(numbers, number) })
	})
	if i < 0 {
		i = slices.IndexFunc(rows, func(row jobj.Object) bool { return matchesPattern(row, dialled) })
	}
	if i < 0 {
		return callflow.Flow{}, nil
	}
	doc, err := a.document(ctx, accountID, "callflows", rows[i].String("id"))
	return callflow.Flow{ID: rows[i].String("id"), Root: doc.Object("flow")}, err
}
