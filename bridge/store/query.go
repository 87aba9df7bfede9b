package store

import (
	"context"
	"fmt"
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
	query := "SELECT " + documentColumns + " FROM documents d WHERE d.db=$1"
	args := []any{q.DB}
	bind := func(value any) string {
		args = append(args, value)
		return "$" + strconv.Itoa(len(args))
	}
	if q.Type != "" {
		query += " AND d.type=" + bind(q.Type)
	}
	if q.AccountID != "" {
		query += " AND d.account_id=" + bind(q.AccountID)
	}
	if !q.IncludeDeleted {
		query += " AND d.deleted=0"
	}
	if q.After.ID != "" {
		query += " AND (d.created, d.id) > (" + bind(q.After.Created) + ", " + bind(q.After.ID) + ")"
	}
	query += " ORDER BY d.created, d.id"
	if q.Limit > 0 {
		query += " LIMIT " + bind(q.Limit)
	}
	docs, err := selectDocuments(ctx, s.read, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list documents of %s: %w", q.DB, err)
	}
	return docs, nil
}
