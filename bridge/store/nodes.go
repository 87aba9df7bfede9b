package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Seen notes that a node is alive, and whether it has websockets. Without Seen for a
// while, Reap takes what it holds.
func (s *Store) Seen(ctx context.Context, node string, sockets bool) error {
	err := s.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO nodes (id, sockets, seen) VALUES ($1, $2, "+s.dialect.now1970+
			") ON CONFLICT (id) DO UPDATE SET sockets=excluded.sockets, seen="+s.dialect.now1970, node, flag(sockets))
		return err
	})
	if err != nil {
		return fmt.Errorf("note that the node lives: %w", err)
	}
	return nil
}

// WithSockets counts the nodes with websockets that have been seen within so long, to
// the second.
func (s *Store) WithSockets(ctx context.Context, within time.Duration) (int, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	var n int
	row := s.read.QueryRowContext(ctx, "SELECT COUNT(*) FROM nodes WHERE sockets=1 AND seen>="+s.dialect.now1970+"-$1", int64(within/time.Second))
	if err := row.Scan(&n); err != nil {
		return 0, fmt.Errorf("count the nodes with sockets: %w", err)
	}
	return n, nil
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
			err = freeHeld(ctx, tx, s.clock.Now(), "NOT IN (SELECT id FROM nodes)")
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
			err = freeHeld(ctx, tx, s.clock.Now(), "=$1", node)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("free what the node held: %w", err)
	}
	return nil
}

// freeHeld counts what becomes free, too: deliveries first and then backlogs in the
// order of their keys, as Record does.
func freeHeld(ctx context.Context, tx *sql.Tx, now time.Time, by string, args ...any) error {
	held := " WHERE holder<>'' AND holder " + by
	free, err := freeParked(ctx, tx, held, args...)
	if err != nil {
		return err
	}
	if err := free.write(ctx, tx, now); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE backlogs SET holder=''"+held, args...)
	return err
}

func freeParked(ctx context.Context, tx *sql.Tx, held string, args ...any) (free changes, err error) {
	rows, err := tx.QueryContext(ctx, "UPDATE parked SET holder=''"+held+" RETURNING account_id, hook_id", args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	free = changes{}
	for rows.Next() {
		var key HookKey
		if err := rows.Scan(&key.AccountID, &key.HookID); err != nil {
			return nil, err
		}
		free[key]++
	}
	return free, rows.Err()
}
