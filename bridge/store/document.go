package store

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Document is one stored document.
type Document struct {
	DB        string // encoded database name
	ID        string
	Type      string // pvt_type; may be ""
	AccountID string // pvt_account_id, the owner; may be ""
	Rev       string // "N-<32 hex>"; "" for a document that is yet to be created
	Deleted   bool   // soft-deleted (pvt_deleted)
	Created   int64  // Gregorian seconds
	Modified  int64  // Gregorian seconds

	// Body holds the public and the other pvt_ members in their order, without
	// _id, _rev and what the fields above say.
	Body jobj.Object
}

// Revision is Rev as a number: the same for the same revision alone, as far as 64
// bits of its digest tell.
func (d Document) Revision() int64 {
	_, digest, _ := strings.Cut(d.Rev, "-")
	n, _ := strconv.ParseUint(digest[:min(len(digest), 16)], 16, 64) // 0 for a document that is yet to be saved
	return int64(n)                                                  //nolint:gosec // its bits are what counts
}

// Change is the message that the document, as it is now, was written.
func (d Document) Change(action string) kapi.DocChange {
	return kapi.DocChange{
		Action: action, DB: d.DB, ID: d.ID, Type: d.Type, Rev: d.Rev, AccountID: d.AccountID,
		Created: d.Created, Modified: d.Modified, SoftDeleted: d.Deleted,
	}
}

// Get returns a document, also when it is soft-deleted. The error wraps ErrNotFound
// when there is none.
func (s *Store) Get(ctx context.Context, db, id string) (Document, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	doc, err := get(ctx, s.read, db, id, "")
	if err != nil {
		return Document{}, fmt.Errorf("get document %s/%s: %w", db, id, err)
	}
	return doc, nil
}

// Save creates a document (Rev "") or replaces the revision it was read as, and
// returns it as Get would. The error wraps ErrConflict when the id is in use or Rev
// is not the stored one; a soft-deleted document gives way to a new one, whose
// revisions go on counting. An id is made for a new document without one. Created
// is kept from the stored document; for a new one it is taken over when set, else
// it is now. Modified is now.
func (s *Store) Save(ctx context.Context, doc Document) (Document, error) {
	saved, err := s.SaveTogether(ctx, doc)
	if err != nil {
		return Document{}, err
	}
	return saved[0], nil
}

// SaveAll saves documents as Save does, all or none of them: in one transaction, of
// which the commit is the dear part.
func (s *Store) SaveAll(ctx context.Context, docs []Document) error {
	_, err := s.SaveTogether(ctx, docs...)
	return err
}

// SaveTogether saves documents as Save does, all or none of them, and returns them as
// Get would.
func (s *Store) SaveTogether(ctx context.Context, docs ...Document) ([]Document, error) {
	docs = slices.Clone(docs) // which are completed
	texts, saved := make([]string, len(docs)), make([]Document, len(docs))
	for i := range docs {
		if err := s.prepareDocument(&docs[i], &texts[i]); err != nil {
			return nil, fmt.Errorf("save document %s/%s: %w", docs[i].DB, docs[i].ID, err)
		}
	}
	order := lockOrder(docs)
	err := s.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		log, err := logWrites(ctx, tx, docs...)
		if err != nil {
			return err
		}
		for _, i := range order {
			if saved[i], err = s.put(ctx, tx, docs[i], texts[i]); err != nil {
				return fmt.Errorf("document %s/%s: %w", docs[i].DB, docs[i].ID, err)
			}
		}
		for _, doc := range saved {
			if err := log.note(ctx, doc); err != nil {
				return fmt.Errorf("document %s/%s: %w", doc.DB, doc.ID, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("save: %w", err)
	}
	return saved, nil
}

// lockOrder is the order in which everyone writes documents, so that no two wait for
// each other.
func lockOrder(docs []Document) []int {
	order := make([]int, len(docs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(strings.Compare(docs[a].DB, docs[b].DB), strings.Compare(docs[a].ID, docs[b].ID))
	})
	return order
}

// prepareDocument checks a document that is to be saved, and prints its body.
func (s *Store) prepareDocument(doc *Document, text *string) (err error) {
	if doc.ID == "" && doc.Rev == "" {
		doc.ID = s.ids.Hex(32)
	}
	if doc.DB == "" || doc.ID == "" {
		return fmt.Errorf("%w: database and id are required", ErrInvalid)
	}
	if err := checkText(doc.DB, doc.ID, doc.Type, doc.AccountID); err != nil {
		return err
	}
	body := printBody(doc.Body)
	*text = string(body)
	doc.Body, err = readBody(body)
	return err
}

// put is Save within a transaction. Its writes are conditional on the revision, so
// that they stay right where another process writes too.
func (s *Store) put(ctx context.Context, tx *sql.Tx, doc Document, text string) (Document, error) {
	old, err := get(ctx, tx, doc.DB, doc.ID, s.dialect.lockRows)
	exists := err == nil
	if err != nil && !errors.Is(err, ErrNotFound) {
		return doc, err
	}
	switch {
	case doc.Rev == "" && exists && !old.Deleted:
		return doc, fmt.Errorf("%w: the id is in use at revision %s", ErrConflict, old.Rev)
	case doc.Rev != "" && !exists:
		return doc, fmt.Errorf("%w: revision %s given, but nothing is stored", ErrConflict, doc.Rev)
	case doc.Rev != "" && doc.Rev != old.Rev:
		return doc, fmt.Errorf("%w: revision %s given, %s stored", ErrConflict, doc.Rev, old.Rev)
	}
	now, isNew := s.now(), doc.Rev == ""
	switch {
	case !isNew:
		doc.Created = old.Created
	case doc.Created == 0:
		doc.Created = now
	}
	doc.Modified = now
	doc.Rev = nextRev(old.Rev, doc, text)

	var result sql.Result
	if exists {
		result, err = tx.ExecContext(ctx, `UPDATE documents
			SET type=$1, account_id=$2, rev=$3, deleted=$4, created=$5, modified=$6, body=$7
			WHERE db=$8 AND id=$9 AND rev=$10`,
			doc.Type, doc.AccountID, doc.Rev, flag(doc.Deleted), doc.Created, doc.Modified, text,
			doc.DB, doc.ID, old.Rev)
	} else {
		result, err = tx.ExecContext(ctx, `INSERT INTO documents
			(type, account_id, rev, deleted, created, modified, body, db, id)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
			doc.Type, doc.AccountID, doc.Rev, flag(doc.Deleted), doc.Created, doc.Modified, text,
			doc.DB, doc.ID)
	}
	if err != nil {
		return doc, err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return doc, errors.Join(err, fmt.Errorf("%w: another writer came first", ErrConflict))
	}
	if isNew && exists { // the file was that of the deleted one
		if err := putFile(ctx, tx, doc, File{}); err != nil {
			return doc, err
		}
	}
	return doc, writeViewRows(ctx, tx, doc)
}

// Remove deletes a document for good. The error wraps ErrNotFound when there is none.
func (s *Store) Remove(ctx context.Context, db, id string) error {
	gone := Document{DB: db, ID: id}
	err := s.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if !storable(db, id) {
			return ErrNotFound
		}
		log, err := logWrites(ctx, tx, gone)
		if err != nil {
			return err
		}
		err = tx.QueryRowContext(ctx, "DELETE FROM documents WHERE db=$1 AND id=$2 RETURNING type, account_id", db, id).
			Scan(&gone.Type, &gone.AccountID)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNotFound
		case err != nil:
			return err
		}
		return log.note(ctx, gone)
	})
	if err != nil {
		return fmt.Errorf("remove document %s/%s: %w", db, id, err)
	}
	return nil
}

const documentColumns = "d.db, d.id, d.type, d.account_id, d.rev, d.deleted, d.created, d.modified, d.body"

type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func get(ctx context.Context, from queryer, db, id, lock string) (Document, error) {
	if !storable(db, id) {
		return Document{}, ErrNotFound
	}
	docs, err := selectDocuments(ctx, from,
		"SELECT "+documentColumns+" FROM documents d WHERE d.db=$1 AND d.id=$2"+lock, db, id)
	if err != nil {
		return Document{}, err
	}
	if len(docs) == 0 {
		return Document{}, ErrNotFound
	}
	return docs[0], nil
}

func selectDocuments(ctx context.Context, from queryer, query string, args ...any) (docs []Document, err error) {
	for doc, err := range eachDocument(ctx, from, query, args...) {
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	return docs, nil
}

// eachDocument reads row by row. An error is the last it yields.
func eachDocument(ctx context.Context, from queryer, query string, args ...any) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		rows, err := from.QueryContext(ctx, query, args...)
		if err != nil {
			yield(Document{}, err)
			return
		}
		defer func() { _ = rows.Close() }() // all is read, or given up
		for rows.Next() {
			doc, err := scanDocument(rows)
			if !yield(doc, err) || err != nil {
				return
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			yield(Document{}, err)
		}
	}
}

func scanDocument(rows *sql.Rows) (doc Document, err error) {
	var (
		deleted int
		body    sql.RawBytes
	)
	if err := rows.Scan(&doc.DB, &doc.ID, &doc.Type, &doc.AccountID, &doc.Rev,
		&deleted, &doc.Created, &doc.Modified, &body); err != nil {
		return doc, err
	}
	doc.Deleted = deleted != 0
	if doc.Body, err = jobj.ParseObject(body); err != nil {
		return doc, fmt.Errorf("stored body of %s/%s: %w", doc.DB, doc.ID, err)
	}
	return doc, nil
}

// nextRev counts one up from prev and adds a digest of what is stored, so that
// equal histories have equal revisions on every node and in every run.
func nextRev(prev string, doc Document, text string) string {
	count, _, _ := strings.Cut(prev, "-")
	n, _ := strconv.Atoi(count) // 0 for a new document
	digest := sha256.New()
	for _, part := range []string{prev, doc.Type, doc.AccountID, strconv.FormatBool(doc.Deleted)} {
		digest.Write([]byte(strconv.Quote(part)))
	}
	digest.Write([]byte(text))
	return strconv.Itoa(n+1) + "-" + hex.EncodeToString(digest.Sum(nil)[:16])
}

// printBody prints a body as it is stored. Bytes that are not UTF-8 become U+FFFD,
// as a reader would take them.
func printBody(body jobj.Object) []byte {
	const usual = 4 << 10 // bytes of an attempt at a call's event
	text := jobj.Append(make([]byte, 0, usual), body)
	if utf8.Valid(text) {
		return text
	}
	return bytes.ToValidUTF8(text, []byte("\uFFFD"))
}

// readBody gives a printed body as it will be read: what cannot be read back is
// refused at once rather than found later.
func readBody(text []byte) (jobj.Object, error) {
	body, err := jobj.ParseObject(text)
	if err != nil {
		return nil, fmt.Errorf("%w: body: %w", ErrInvalid, err)
	}
	return body, nil
}

// maxKey is how long a name may be by which something is found, in bytes. PostgreSQL
// takes 2,704 for all the columns of an index together.
const maxKey = 512

// checkText refuses what not every database can hold as the text of a key.
func checkText(texts ...string) error {
	for _, text := range texts {
		if len(text) > maxKey {
			return fmt.Errorf("%w: %q… has %d bytes, more than %d", ErrInvalid, text[:32], len(text), maxKey)
		}
		if !storable(text) {
			return fmt.Errorf("%w: %q holds NUL or is not UTF-8", ErrInvalid, text)
		}
	}
	return nil
}

// storable says whether nothing but the text itself keeps it from being found.
func storable(texts ...string) bool {
	for _, text := range texts {
		if len(text) > maxKey || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return false
		}
	}
	return true
}

// flag stores a boolean as a number, which every dialect spells the same.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// RemoveMonthly deletes for good what an account has in its monthly databases.
func (s *Store) RemoveMonthly(ctx context.Context, accountID string) error {
	db := kapi.AccountDB(accountID)
	if db == "" || !storable(accountID) {
		return nil
	}
	// Their names are that of the account's database and a dash; the next character
	// after it ends the range.
	_, err := s.deleteInChunks(ctx, `DELETE FROM documents WHERE (db, id) IN
		(SELECT db, id FROM documents WHERE db > $1 AND db < $2 ORDER BY db, id LIMIT $3)`, db+"-", db+".")
	if err != nil {
		return fmt.Errorf("remove monthly documents of %s: %w", accountID, err)
	}
	return nil
}
