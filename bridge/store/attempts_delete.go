package store

import (
	"context"
	"database/sql"
	"fmt"
)

// deleteChunk bounds how long one deletion keeps other writers waiting: 1,000
// attempts of 2 kB take 20 ms.
const deleteChunk = 1000

// DeleteAttempts deletes what was created before a moment in Gregorian seconds and
// says how many went, also when it is cut short by an error.
func (s *Store) DeleteAttempts(ctx context.Context, before int64) (int64, error) {
	n, err := s.deleteChunks(ctx, func() (string, []any, error) {
		return "SELECT id FROM attempts WHERE created<$1 LIMIT $2", []any{before, deleteChunk}, nil
	})
	if err != nil {
		return n, fmt.Errorf("delete attempts: %w", err)
	}
	return n, nil
}

// TrimAttempts deletes the oldest attempts beyond the newest keep and says how many
// went, also when it is cut short by an error.
func (s *Store) TrimAttempts(ctx context.Context, keep int64) (int64, error) {
	n, err := s.deleteChunks(ctx, func() (string, []any, error) {
		var stored int64
		if err := s.read.QueryRowContext(ctx, "SELECT count(*) FROM attempts").Scan(&stored); err != nil {
			return "", nil, err
		}
		return "SELECT id FROM attempts ORDER BY created LIMIT $1",
			[]any{min(max(stored-keep, 0), deleteChunk)}, nil
	})
	if err != nil {
		return n, fmt.Errorf("trim attempts: %w", err)
	}
	return n, nil
}

// DeleteAttemptsOf deletes every attempt of an account.
func (s *Store) DeleteAttemptsOf(ctx context.Context, accountID string) error {
	_, err := s.deleteChunks(ctx, func() (string, []any, error) {
		return "SELECT id FROM attempts WHERE account_id=$1 LIMIT $2", []any{accountID, deleteChunk}, nil
	})
	if err != nil {
		return fmt.Errorf("delete attempts of %s: %w", accountID, err)
	}
	return nil
}

// deleteChunks deletes the attempts that a query names, chunk by chunk, until one
// is not full. Between two of them other writers have their turn.
func (s *Store) deleteChunks(ctx context.Context, next func() (ids string, args []any, err error)) (int64, error) {
	var total int64
	for {
		ids, args, err := next()
		if err != nil {
			return total, err
		}
		var n int64
		err = s.update(ctx, func(tx *sql.Tx) error {
			result, err := tx.ExecContext(ctx, "DELETE FROM attempts WHERE id IN ("+ids+")", args...)
			if err != nil {
				return err
			}
			n, err = result.RowsAffected()
			return err
		})
		if err != nil {
			return total, err
		}
		if total += n; n < deleteChunk {
			return total, nil
		}
	}
}
