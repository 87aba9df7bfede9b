package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// File is what a document may have beside its body, as attachments of the reference's
// database: a recording, the pages of a fax, a picture. A document has one at most. It
// stays when the document is soft-deleted, and goes with it when that goes for good.
type File struct {
	Name        string
	ContentType string
	Content     []byte
}

// SaveFile saves a document as Save does, and its file in place of the one before, both
// or neither. A file without content is none: the one before is deleted.
func (s *Store) SaveFile(ctx context.Context, doc Document, file File) (Document, error) {
	var text string
	err := s.prepareDocument(&doc, &text)
	if err == nil {
		err = file.check()
	}
	if err != nil {
		return Document{}, fmt.Errorf("save file of %s/%s: %w", doc.DB, doc.ID, err)
	}
	var saved Document
	err = s.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		log, err := logWrites(ctx, tx, doc)
		if err != nil {
			return err
		}
		if saved, err = s.put(ctx, tx, doc, text); err != nil {
			return err
		}
		if err := putFile(ctx, tx, doc, file); err != nil {
			return err
		}
		return log.note(ctx, saved)
	})
	if err != nil {
		return Document{}, fmt.Errorf("save file of %s/%s: %w", doc.DB, doc.ID, err)
	}
	return saved, nil
}

func putFile(ctx context.Context, tx *sql.Tx, doc Document, file File) error {
	if len(file.Content) == 0 {
		_, err := tx.ExecContext(ctx, "DELETE FROM files WHERE db=$1 AND id=$2", doc.DB, doc.ID)
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO files (db, id, name, content_type, content) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (db, id) DO UPDATE SET name=excluded.name, content_type=excluded.content_type, content=excluded.content`,
		doc.DB, doc.ID, file.Name, file.ContentType, file.Content)
	return err
}

// check refuses what not every database can hold.
func (f File) check() error {
	for _, text := range []string{f.Name, f.ContentType} {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return fmt.Errorf("%w: %q holds NUL or is not UTF-8", ErrInvalid, text)
		}
	}
	return nil
}

// File returns the file of a document. The error wraps ErrNotFound when it has none.
func (s *Store) File(ctx context.Context, db, id string) (File, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	var f File
	err := sql.ErrNoRows
	if storable(db, id) {
		err = s.read.QueryRowContext(ctx, "SELECT name, content_type, content FROM files WHERE db=$1 AND id=$2", db, id).
			Scan(&f.Name, &f.ContentType, &f.Content)
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return File{}, fmt.Errorf("get file of %s/%s: %w", db, id, err)
	}
	return f, nil
}
