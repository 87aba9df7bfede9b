package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
)

// deleteChunk bounds how long one deletion keeps other writers waiting: 100
// attempts out of a million take some 20 ms on a busy machine of two cores.
const deleteChunk = 100

// Which attempts go first; the last parameter is the most to take.
const (
	attemptsBefore = "SELECT id FROM attempts WHERE created<$1 LIMIT $2"
	attemptsOldest = "SELECT id FROM attempts ORDER BY created, at, id LIMIT $1"
	attemptsOf     = "SELECT id FROM attempts WHERE account_id=$1 LIMIT $2"

	deleteBefore = "DELETE FROM attempts WHERE id IN (" + attemptsBefore + ")"
	deleteOldest = "DELETE FROM attempts WHERE id IN (" + attemptsOldest + ")"
	deleteOf     = "DELETE FROM attempts WHERE id IN (" + attemptsOf + ")"
)

// DeleteAttempts deletes what was created before a moment in Gregorian seconds and
// says how many went, also when it is cut short by an error.
func (s *Store) DeleteAttempts(ctx context.Context, before int64) (int64, error) {
	n, err := s.deleteInChunks(ctx, math.MaxInt64, deleteBefore, before)
	if err != nil {
		return n, fmt.Errorf("delete attempts: %w", err)
	}
	return n, nil
}

// TrimAttempts deletes the oldest attempts beyond the newest keep and says how many
// went, also when it is cut short by an error.
func (s *Store) TrimAttempts(ctx context.Context, keep int64) (int64, error) {
	var stored int64
	if err := s.read.QueryRowContext(ctx, "SELECT count(*) FROM attempts").Scan(&stored); err != nil {
		return 0, fmt.Errorf("count attempts: %w", err)
	}
	n, err := s.deleteInChunks(ctx, stored-keep, deleteOldest)
	if err != nil {
		return n, fmt.Errorf("trim attempts: %w", err)
	}
	return n, nil
}

// DeleteAttemptsOf deletes every attempt of an account.
func (s *Store) DeleteAttemptsOf(ctx context.Context, accountID string) error {
	if _, err := s.deleteInChunks(ctx, math.MaxInt64, deleteOf, accountID); err != nil {
		return fmt.Errorf("delete attempts of %s: %w", accountID, err)
	}
	return nil
}

// deleteInChunks runs a deletion until at most limit rows are gone, chunk by
// chunk; between two of them other writers have their turn.
func (s *Store) deleteInChunks(ctx context.Context, limit int64, statement string, args ...any) (int64, error) {
	var total int64
	for total < limit {
		chunk := min(limit-total, deleteChunk)
		var n int64
		err := s.update(ctx, func(tx *sql.Tx) error {
			result, err := tx.ExecContext(ctx, statement, append(args, chunk)...)
			if err != nil {
				return err
			}
			n, err = result.RowsAffected()
			return err
		})
		if err != nil {
			return total, err
		}
		if total += n; n < chunk {
			break
		}
	}
	return total, nil
}
