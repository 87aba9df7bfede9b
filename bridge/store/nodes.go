package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Seen notes that a node is alive. Without Seen for a while, Reap takes what it holds.
func (s *Store) Seen(ctx context.Context, node string) error {
	err := s.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO nodes (id, seen) VALUES ($1, "+s.dialect.now1970+
			") ON CONFLICT (id) DO UPDATE SET seen="+s.dialect.now1970, node)
		return err
	})
	if err != nil {
		return fmt.Errorf("note that the node lives: %w", err)
	}
	return nil
}

// Reap forgets the nodes that have not been seen for so long, to the second, and
// frees what they held. In a database of one process there is no other node: all but
// this one are forgotten at once.
func (s *Store) Reap(ctx context.Context, node string, after time.Duration) error {
	if s.dialect.alone {
		after = -time.Hour // whenever they were seen, if the clock has not been put back since
	}
	err := s.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM nodes WHERE id<>$1 AND seen<"+s.dialect.now1970+"-$2", node, int64(after/time.Second))
		if err == nil {
			err = freeHeld(ctx, tx, "NOT IN (SELECT id FROM nodes)")
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("free what dead nodes held: %w", err)
	}
	return nil
}

// Leave forgets a node that ends, and frees what it held.
func (s *Store) Leave(ctx context.Context, node string) error {
	err := s.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM nodes WHERE id=$1", node)
		if err == nil {
			err = freeHeld(ctx, tx, "=$1", node)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("free what the node held: %w", err)
	}
	return nil
}

// freeHeld counts what becomes free, too. Rows that others write meanwhile are locked
// in the order in which Record locks them: deliveries first, then backlogs.
func freeHeld(ctx context.Context, tx *sql.Tx, by string, args ...any) error {
	held := " WHERE holder<>'' AND holder " + by
	for _, statement := range []string{
		`INSERT INTO backlogs (account_id, hook_id, waiting, holder, since)
			SELECT account_id, hook_id, count(*), '', min(at) FROM parked` + held + `
			GROUP BY account_id, hook_id ORDER BY account_id, hook_id
			ON CONFLICT (account_id, hook_id) DO UPDATE SET waiting=backlogs.waiting+excluded.waiting`,
		"UPDATE parked SET holder=''" + held,
		"UPDATE backlogs SET holder=''" + held,
	} {
		if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
			return err
		}
	}
	return nil
}
