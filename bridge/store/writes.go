package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// Write is a write of a document that nodes keep in memory, or its removal: of an
// account, a number, a hook or an account's webhooks configuration.
type Write struct {
	// Seq counts up by one from write to write, whichever node it was, in the order
	// in which they could be read.
	Seq       int64
	DB        string
	ID        string
	Type      string
	AccountID string
}

// ErrForgotten says that some of the writes asked for are no longer known, or that
// they have never been made: someone has put an older database in this one's place.
var ErrForgotten = errors.New("writes are no longer known")

// KeptWrites is how many writes are known at least. It takes about as long to look
// them up one by one as to read some 50,000 documents.
const KeptWrites = 10_000

// forgetEvery is how many writes there are between two deletions of older ones.
const forgetEvery = 1000

// LastWrite returns the number of the last write, 0 when there has been none. What is
// read afterwards holds it and those before.
func (s *Store) LastWrite(ctx context.Context) (int64, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	var last int64
	if err := s.read.QueryRowContext(ctx, "SELECT last FROM write_count").Scan(&last); err != nil {
		return 0, fmt.Errorf("read number of writes: %w", err)
	}
	return last, nil
}

// Writes returns the writes that followed the one with a number, in their order, of
// which there are limit at most. The error wraps ErrForgotten when there is a gap.
func (s *Store) Writes(ctx context.Context, after int64, limit int) ([]Write, error) {
	last, err := s.LastWrite(ctx)
	switch {
	case err != nil:
		return nil, err
	case last < after:
		return nil, fmt.Errorf("writes after %d: %w: the last is %d", after, ErrForgotten, last)
	case last == after: // as nearly always
		return nil, nil
	}
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	writes, err := selectWrites(ctx, s.read, after, limit)
	if err != nil {
		return nil, fmt.Errorf("writes after %d: %w", after, err)
	}
	if len(writes) == 0 {
		return nil, fmt.Errorf("writes after %d: %w", after, ErrForgotten)
	}
	return writes, nil
}

func selectWrites(ctx context.Context, from queryer, after int64, limit int) (writes []Write, err error) {
	rows, err := from.QueryContext(ctx, "SELECT seq, db, id, type, account_id FROM writes WHERE seq>$1 ORDER BY seq LIMIT $2", after, limit)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var w Write
		if err := rows.Scan(&w.Seq, &w.DB, &w.ID, &w.Type, &w.AccountID); err != nil {
			return nil, err
		}
		if after++; w.Seq != after {
			return nil, ErrForgotten
		}
		writes = append(writes, w)
	}
	return writes, rows.Err()
}

// InMemory says whether nodes keep a document in memory, so that they have to learn of
// its writes.
func InMemory(db, id string) bool {
	switch db {
	case kapi.DatabaseAccounts, kapi.DatabaseWebhooks, kapi.DatabaseNumbers:
		return true
	}
	return id == kapi.ConfigWebhooks
}

// writeLog notes the writes of one transaction.
type writeLog struct {
	tx         *sql.Tx
	next, last int64
}

// logWrites begins to note the writes of documents. From then on all others who write
// such documents wait until the transaction ends, so that numbers are committed in
// their order; it comes before anything else in the transaction, or two could wait
// for each other.
func logWrites(ctx context.Context, tx *sql.Tx, docs ...Document) (*writeLog, error) {
	n := int64(0)
	for _, doc := range docs {
		if InMemory(doc.DB, doc.ID) {
			n++
		}
	}
	log := &writeLog{tx: tx}
	if n == 0 {
		return log, nil
	}
	err := tx.QueryRowContext(ctx, "UPDATE write_count SET last=last+$1 RETURNING last", n).Scan(&log.last)
	if err != nil {
		return nil, fmt.Errorf("number writes: %w", err)
	}
	log.next = log.last - n + 1
	if log.last/forgetEvery != (log.next-1)/forgetEvery {
		if _, err := tx.ExecContext(ctx, "DELETE FROM writes WHERE seq<=$1", log.last-KeptWrites); err != nil {
			return nil, fmt.Errorf("forget writes: %w", err)
		}
	}
	return log, nil
}

// note notes the next write, if the document is one that nodes keep.
func (l *writeLog) note(ctx context.Context, doc Document) error {
	if !InMemory(doc.DB, doc.ID) {
		return nil
	}
	seq := l.next
	l.next++
	if seq <= l.last-KeptWrites { // of very many at once
		return nil
	}
	_, err := l.tx.ExecContext(ctx, "INSERT INTO writes (seq, db, id, type, account_id) VALUES ($1, $2, $3, $4, $5)",
		seq, doc.DB, doc.ID, doc.Type, doc.AccountID)
	if err != nil {
		return fmt.Errorf("note write: %w", err)
	}
	return nil
}
