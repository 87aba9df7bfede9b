package crossbar

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// What happened lies in databases of one month each. The ids of such documents begin
// with the month: 202611-<32 hex>.

// databaseOf is the monthly database that an id belongs to; ok is false for an id of
// another form.
func databaseOf(accountID, id string) (db string, ok bool) {
	month, rest, ok := strings.Cut(id, "-")
	if !ok || len(month) != len("202611") || rest == "" {
		return "", false
	}
	at, err := time.Parse("200601", month)
	if err != nil {
		return "", false
	}
	return kapi.MonthlyDB(accountID, at), true
}

// monthlyID is a new id of the month of at.
func (h *handler) monthlyID(at time.Time) string {
	return at.UTC().Format("200601") + "-" + h.IDs.Hex(32)
}

// maxMonths is in how many months a range of time may lie: no list asks for more than
// 93 days.
const maxMonths = 5

// between reads the documents of one type that an account has in the months of a
// range of time, in Gregorian seconds.
func (h *handler) between(ctx context.Context, accountID, typ string, from, to int64) ([]store.Document, error) {
	var docs []store.Document
	for _, db := range monthsOf(accountID, from, to) {
		found, err := h.Store.List(ctx, store.Query{DB: db, Type: typ, AccountID: accountID})
		if err != nil {
			return nil, err
		}
		for _, doc := range found {
			if doc.Created >= from && doc.Created <= to {
				docs = append(docs, doc)
			}
		}
	}
	return docs, nil
}

// monthsOf names the monthly databases of a range of time, in Gregorian seconds.
func monthsOf(accountID string, from, to int64) []string {
	var databases []string
	last := kapi.FromGregorian(to).UTC()
	at := kapi.FromGregorian(from).UTC()
	for range maxMonths {
		databases = append(databases, kapi.MonthlyDB(accountID, at))
		if at = time.Date(at.Year(), at.Month()+1, 1, 0, 0, 0, 0, time.UTC); at.After(last) {
			break
		}
	}
	return databases
}

// monthlyListing lists documents by the time at which they came to be.
func (r *request) monthlyListing(docs []store.Document, show func(store.Document) any, filtered func(store.Document) jobj.Object) (outcome, error) {
	rows := make([]row, len(docs))
	for i, doc := range docs {
		rows[i] = row{key: fmt.Sprintf("%020d", doc.Created), id: doc.ID, value: show(doc), stored: filtered(doc)}
	}
	return r.filteredListing(rows, true, r.query.beyondTime())
}
