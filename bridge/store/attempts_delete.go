package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// deleteChunk bounds how long one deletion keeps other writers waiting: 100
// attempts out of a million take some 20 ms on a busy machine of two cores.
const deleteChunk = 100

// Which attempts go; the last parameter is the most to take.
const (
	attemptsBefore = "SELECT id FROM attempts WHERE created<$1 LIMIT $2"
	attemptsUpTo   = "SELECT id FROM attempts WHERE (created, at, id) <= ($1, $2, $3) LIMIT $4"
	attemptsOf     = "SELECT id FROM attempts WHERE account_id=$1 LIMIT $2"
	attemptCount   = "SELECT count(*) FROM attempts"
	// The newest of those that are too many, all at one moment: another node may be
	// deleting them.
	attemptBeyond = "WITH spare AS (" +
		"SELECT count(*)-$1 AS n FROM attempts) " +
		"SELECT created, at, id FROM attempts, spare WHERE spare.n>0 ORDER BY created, at, id " +
		"LIMIT 1 OFFSET (SELECT CASE WHEN n>0 THEN n-1 ELSE 0 END FROM spare)"
)

// DeleteAttempts deletes what was created before a moment in Gregorian seconds and
// says how many went, also when it is cut short by an error.
func (s *Store) DeleteAttempts(ctx context.Context, before int64) (int64, error) {
	n, err := s.deleteAttempts(ctx, attemptsBefore, before)
	if err != nil {
		return n, fmt.Errorf("delete attempts: %w", err)
	}
	return n, nil
}

// TrimAttempts deletes the oldest attempts beyond the newest keep and says how many
// went, also when it is cut short by an error. Where several do so at once, no more
// go than by one.
func (s *Store) TrimAttempts(ctx context.Context, keep int64) (int64, error) {
	created, at, id, err := s.attemptBeyond(ctx, keep)
	if errors.Is(err, sql.ErrNoRows) { // as nearly always
		return 0, nil
	}
	var n int64
	if err == nil {
		n, err = s.deleteAttempts(ctx, attemptsUpTo, created, at, id)
	}
	if err != nil {
		return n, fmt.Errorf("trim attempts: %w", err)
	}
	return n, nil
}

func (s *Store) attemptBeyond(ctx context.Context, keep int64) (created, at int64, id string, err error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	var stored int64
	if err := s.read.QueryRowContext(ctx, attemptCount).Scan(&stored); err != nil {
		return 0, 0, "", err
	}
	if stored <= keep {
		return 0, 0, "", sql.ErrNoRows
	}
	err = s.read.QueryRowContext(ctx, attemptBeyond, keep).Scan(&created, &at, &id)
	return created, at, id, err
}

// DeleteAttemptsOf deletes every attempt of an account.
func (s *Store) DeleteAttemptsOf(ctx context.Context, accountID string) error {
	if !storable(accountID) {
		return nil
	}
	if _, err := s.deleteAttempts(ctx, attemptsOf, accountID); err != nil {
		return fmt.Errorf("delete attempts of %s: %w", accountID, err)
	}
	return nil
}

// deleteAttempts deletes what a statement finds, chunk by chunk; between two of them
// other writers have their turn. It is done when fewer are found than were asked
// for: that fewer went than were found says only that another process was there.
func (s *Store) deleteAttempts(ctx context.Context, which string, args ...any) (total int64, err error) {
	for found := deleteChunk; found == deleteChunk; {
		var deleted int64
		err := s.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
			chosen, err := selectIDs(ctx, tx, which, append(args, deleteChunk)...)
			if found = len(chosen); err != nil || found == 0 {
				return err
			}
			list, ids := among(1, chosen)
			result, err := tx.ExecContext(ctx, "DELETE FROM attempts WHERE id IN "+list, ids...)
			if err != nil {
				return err
			}
			deleted, err = result.RowsAffected()
			return err
		})
		if err != nil {
			return total, err
		}
		total += deleted
	}
	return total, nil
}

func selectIDs(ctx context.Context, from queryer, query string, args ...any) (chosen []any, err error) {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		chosen = append(chosen, id)
	}
	return chosen, rows.Err()
}
