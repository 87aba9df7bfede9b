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
	"time"

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
	dialect dialect
	write   *sql.DB // SQLite: one connection, all writes pass it in turn
	read    *sql.DB // the same as write where the database lives in memory
	clock   clock.Clock
	ids     *ids.Source
	log     *slog.Logger
}

// Open opens the database at url, creates its tables if need be and brings its
// schema up to date. "sqlite:/path/file.db" is a file that belongs to one process at
// a time; "sqlite::memory:" is a database of this Store alone that ends with it;
// "postgres://user:password@host:5432/database" is one that several processes may
// share, and may open at the same time. A PostgreSQL that does not answer is waited
// for, 30 s. The error wraps ErrNewerSchema when a later version of the program has
// been at work, and never shows a password.
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	scheme, address, ok := strings.Cut(url, ":")
	switch {
	case ok && scheme == "sqlite" && address != "":
		return openWith(ctx, sqliteDialect(), address, opts)
	case ok && (scheme == "postgres" || scheme == "postgresql"):
		return openWith(ctx, postgresDialect(opts.Log, openPatience), url, opts)
	}
	// The address may hold a password, so only the scheme is shown.
	return nil, fmt.Errorf("open store: scheme %q: want sqlite:/path/file.db, sqlite::memory: for none, "+
		"or postgres://user:password@host:5432/database", scheme)
}

func openWith(ctx context.Context, d dialect, address string, opts Options) (*Store, error) {
	write, read, err := d.open(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{dialect: d, write: write, read: read, clock: opts.Clock, ids: opts.IDs, log: opts.Log}
	if err := d.inTurn(ctx, write, func() error { return s.prepare(ctx) }); err != nil {
		return nil, errors.Join(fmt.Errorf("open store: %w", err), s.Close())
	}
	return s, nil
}

// InTurn runs do while no other node prepares the same database or runs InTurn on it:
// for what is looked up and then made, once for all nodes.
func (s *Store) InTurn(ctx context.Context, do func() error) error {
	return s.dialect.inTurn(ctx, s.write, do)
}

func (s *Store) prepare(ctx context.Context) error {
	if err := s.migrate(ctx); err != nil {
		return err
	}
	return s.rebuildViews(ctx)
}

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
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

// bounded gives a statement, or a transaction, the time that the dialect has for it.
func (s *Store) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.dialect.patience == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, s.dialect.patience)
}

// update runs do in a transaction. Nothing of it is kept unless update returns nil.
// do is run again when its transaction had to give way to another one.
func (s *Store) update(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	const tries, pause = 10, 20 * time.Millisecond
	for try := 1; ; try++ {
		err := s.transact(ctx, do)
		if err == nil || try == tries || !s.dialect.again(err) {
			return err
		}
		// The other one is to be done before this one locks anything.
		if stop := clock.Sleep(ctx, clock.System(), time.Duration(try)*pause); stop != nil {
			return errors.Join(err, stop)
		}
	}
}

// deleteInChunks runs a deletion, whose last parameter is the most to take, until it
// finds nothing; in between other writers have their turn. It says how many went.
func (s *Store) deleteInChunks(ctx context.Context, statement string, args ...any) (total int64, err error) {
	for n := int64(1); n > 0; total += n {
		err := s.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
			result, err := tx.ExecContext(ctx, statement, append(args, deleteChunk)...)
			if err != nil {
				return err
			}
			n, err = result.RowsAffected()
			return err
		})
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

func (s *Store) transact(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(ctx, tx); err != nil {
		if undo := tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			return errors.Join(err, undo)
		}
		return err
	}
	return tx.Commit()
}

func (s *Store) now() int64 { return kapi.Gregorian(s.clock.Now()) }
