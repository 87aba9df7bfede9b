package store

import (
	"context"
	"fmt"
	"iter"
	"strconv"
)

// Query chooses documents; an empty field does not restrict. Without a Limit all
// that match are returned.
type Query struct {
	DB             string // required
	Type           string
	AccountID      string
	IncludeDeleted bool

	// Limit is the most documents to return; 0 is no limit.
	Limit int
	// After is the last document of the page before, of which only Created and ID
	// count; the zero Document starts at the beginning.
	After Document
}

// List returns the documents of a database, oldest first, those of one second by
// id. The order holds from page to page while others write.
func (s *Store) List(ctx context.Context, q Query) ([]Document, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	if !q.possible() {
		return nil, nil
	}
	query, args := q.statement()
	docs, err := selectDocuments(ctx, s.read, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list documents of %s: %w", q.DB, err)
	}
	return docs, nil
}

// Each goes through the documents of a database one by one, in no order: of a million
// it holds one. An error ends it. Until it is done a database in memory serves no one
// else, the loop's body included. Limit and After do not apply.
func (s *Store) Each(ctx context.Context, q Query) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		if !q.possible() {
			return
		}
		query, args := q.conditions()
		for doc, err := range eachDocument(ctx, s.read, query, args...) {
			if err != nil {
				err = fmt.Errorf("read documents of %s: %w", q.DB, err)
			}
			if !yield(doc, err) {
				return
			}
		}
	}
}

// possible says whether a document can be what the query asks for.
func (q Query) possible() bool { return storable(q.DB, q.Type, q.AccountID, q.After.ID) }

// conditions is the query without order and limits.
func (q Query) conditions() (query string, args []any) {
	query = "SELECT " + documentColumns + " FROM documents d WHERE d.db=$1"
	args = []any{q.DB}
	if q.Type != "" {
		args = append(args, q.Type)
		query += " AND d.type=" + last(args)
	}
	if q.AccountID != "" {
		args = append(args, q.AccountID)
		query += " AND d.account_id=" + last(args)
	}
	if !q.IncludeDeleted {
		query += " AND d.deleted=0"
	}
	return query, args
}

func (q Query) statement() (query string, args []any) {
	query, args = q.conditions()
	if q.After.ID != "" {
		args = append(args, q.After.Created, q.After.ID)
		query += " AND (d.created, d.id) > (" + last(args[:len(args)-1]) + ", " + last(args) + ")"
	}
	query += " ORDER BY d.created, d.id"
	if q.Limit > 0 {
		args = append(args, q.Limit)
		query += " LIMIT " + last(args)
	}
	return query, args
}

// last is the parameter that stands for the last of args.
func last(args []any) string { return "$" + strconv.Itoa(len(args)) }
