// Package store keeps what must survive a restart: documents (accounts, users,
// hooks, numbers), attempts, failures and secrets. It owns the schema, revisions, the rows
// by which documents are found, and the order of writes. It never decides who may
// see a document, never publishes a change and never interprets a document beyond
// the keys of its views.
//
// Time is Gregorian seconds from the injected clock. Every method may be called
// from many goroutines; a write has reached the disk when it returns nil.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

var (
	// ErrNotFound says that no such document is stored, not even a deleted one.
	ErrNotFound = errors.New("not found")
	// ErrConflict says that the stored document is not the one the caller read:
	// another writer came first, or the id is in use.
	ErrConflict = errors.New("revision conflict")
	// ErrInvalid says that a document or attempt can never be stored as it is.
	ErrInvalid = errors.New("invalid")
	// ErrNewerSchema says that a later version of this program wrote the database.
	ErrNewerSchema = errors.New("database schema is newer than this program")
)

// Options are what a Store needs besides its address; all are required.
type Options struct {
	Clock clock.Clock
	IDs   *ids.Source // ids of documents and attempts that come without one
	Log   *slog.Logger
}

// Store is an open database. Close ends it.
type Store struct {
	write *sql.DB // one connection: all writes pass it in turn
	read  *sql.DB // a pool; the same as write where the database lives in memory
	clock clock.Clock
	ids   *ids.Source
	log   *slog.Logger

	now1970 string // SQL for the seconds since 1970, by the database's clock
	alone   bool   // no other process has the database
}

// Open opens the database at url, creates it if need be and brings its schema up
// to date. "sqlite:/path/file.db" is a file that belongs to one process at a time;
// "sqlite::memory:" is a database of this Store alone that ends with it. The error
// wraps ErrNewerSchema when a later version of the program has been at work.
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	scheme, address, ok := strings.Cut(url, ":")
	if !ok || scheme != "sqlite" || address == "" {
		// The address may hold a password, so only the scheme is shown.
		return nil, fmt.Errorf("open store: scheme %q: want sqlite:/path/file.db, or sqlite::memory: for none", scheme)
	}
	return openWith(ctx, sqliteDialect(), address, opts)
}

func openWith(ctx context.Context, d dialect, address string, opts Options) (*Store, error) {
	write, read, err := d.open(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{write: write, read: read, clock: opts.Clock, ids: opts.IDs, log: opts.Log,
		now1970: d.now1970, alone: d.alone}
	if err := s.prepare(ctx, d); err != nil {
		return nil, errors.Join(fmt.Errorf("open store: %w", err), s.Close())
	}
	return s, nil
}

func (s *Store) prepare(ctx context.Context, d dialect) error {
	if err := s.migrate(ctx, d); err != nil {
		return err
	}
	return s.rebuildViews(ctx)
}

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var n int
	if err := s.read.QueryRowContext(ctx, "SELECT count(*) FROM store_state").Scan(&n); err != nil {
		return fmt.Errorf("ping store: %w", err)
	}
	return nil
}

// Close waits for the statements under way and closes the database.
func (s *Store) Close() error {
	err := s.write.Close()
	if s.read != s.write {
		err = errors.Join(err, s.read.Close())
	}
	if err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// update runs do in a transaction of the one writer. Nothing of it is kept unless
// update returns nil.
func (s *Store) update(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		if undo := tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			return errors.Join(err, undo)
		}
		return err
	}
	return tx.Commit()
}

func (s *Store) now() int64 { return kapi.Gregorian(s.clock.Now()) }
