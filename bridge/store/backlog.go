package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// HookKey names a hook: its owner and its id.
type HookKey struct{ AccountID, HookID string }

func (k HookKey) compare(other HookKey) int {
	return cmp.Or(strings.Compare(k.AccountID, other.AccountID), strings.Compare(k.HookID, other.HookID))
}

// ParkedKey names a parked delivery.
type ParkedKey struct {
	HookKey
	// ID is unique for the hook. Deliveries are taken in the order of their ids.
	ID string
}

// Parked is a delivery that waits in the store: an event, as it came off the bus,
// for one hook.
type Parked struct {
	ParkedKey
	// Holder is the node that is at work on it, of which nobody else may take it;
	// "" when it is free.
	Holder  string
	EventID string    // of its attempts
	At      time.Time // when the event came, to the microsecond

	ContentType, ContentEncoding, RoutingKey string
	Body                                     []byte
}

// Backlog is a hook that has parked deliveries which are free.
type Backlog struct {
	HookKey
	Waiting int64     // those
	Holder  string    // the node that takes them out; "" for none
	Since   time.Time // when the first was parked, of those without a pause between them
}

// ParkedAfter returns free deliveries of a hook, in the order of their ids, from the
// one that follows after; "" is the first. It returns limit of them at the most, and
// ends with the one whose body makes the answer maxBytes large.
func (s *Store) ParkedAfter(ctx context.Context, hook HookKey, after string, limit, maxBytes int) (found []Parked, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("read parked deliveries of hook %s: %w", hook.HookID, err)
		}
	}()
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	rows, err := s.read.QueryContext(ctx, "SELECT "+parkedColumns+` FROM parked
		WHERE account_id=$1 AND hook_id=$2 AND id>$3 AND holder='' ORDER BY id LIMIT $4`,
		hook.AccountID, hook.HookID, after, limit)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	bytes := 0
	for bytes < maxBytes && rows.Next() {
		var p Parked
		var at int64
		if err := rows.Scan(&p.AccountID, &p.HookID, &p.ID, &p.Holder, &p.EventID, &at,
			&p.ContentType, &p.ContentEncoding, &p.RoutingKey, &p.Body); err != nil {
			return nil, err
		}
		p.At = time.UnixMicro(at).UTC()
		bytes += len(p.Body)
		found = append(found, p)
	}
	return found, rows.Err()
}

// IsParked says whether a delivery is parked, whether or not a node is at work on it.
func (s *Store) IsParked(ctx context.Context, key ParkedKey) (bool, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	var n int
	row := s.read.QueryRowContext(ctx, "SELECT count(*) FROM parked WHERE account_id=$1 AND hook_id=$2 AND id=$3",
		key.AccountID, key.HookID, key.ID)
	if err := row.Scan(&n); err != nil {
		return false, fmt.Errorf("look for a parked delivery of hook %s: %w", key.HookID, err)
	}
	return n > 0, nil
}

// Backlogs lists the hooks of an account that have parked deliveries, or of all
// accounts when it is "", by account and hook.
func (s *Store) Backlogs(ctx context.Context, accountID string) (found []Backlog, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("list backlogs: %w", err)
		}
	}()
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	query, args := "SELECT account_id, hook_id, waiting, holder, since FROM backlogs", []any(nil)
	if accountID != "" {
		query, args = query+" WHERE account_id=$1", append(args, accountID)
	}
	rows, err := s.read.QueryContext(ctx, query+" ORDER BY account_id, hook_id", args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var b Backlog
		var since int64
		if err := rows.Scan(&b.AccountID, &b.HookID, &b.Waiting, &b.Holder, &since); err != nil {
			return nil, err
		}
		b.Since = time.UnixMicro(since).UTC()
		found = append(found, b)
	}
	return found, rows.Err()
}

// Claim is what came of a node's wish to deliver a hook's backlog.
type Claim int

// What came of it: the node has it, another node has it, or there is no backlog.
const (
	Claimed Claim = iota
	ClaimedByOther
	NoBacklog
)

// Claim makes a node the one that delivers a hook's backlog, unless another is.
func (s *Store) Claim(ctx context.Context, node string, hook HookKey) (claim Claim, err error) {
	err = s.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE backlogs SET holder=$1
			WHERE account_id=$2 AND hook_id=$3 AND holder IN ('', $1)`, node, hook.AccountID, hook.HookID)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err != nil || n == 1 {
			return err
		}
		claim = ClaimedByOther
		var there int
		err = tx.QueryRowContext(ctx, "SELECT count(*) FROM backlogs WHERE account_id=$1 AND hook_id=$2",
			hook.AccountID, hook.HookID).Scan(&there)
		if there == 0 {
			claim = NoBacklog
		}
		return err
	})
	if err != nil {
		return NoBacklog, fmt.Errorf("claim backlog of hook %s: %w", hook.HookID, err)
	}
	return claim, nil
}

// Unclaim ends a node's claim, counts anew what is free, and forgets the backlog if
// nothing is. It returns what is left.
func (s *Store) Unclaim(ctx context.Context, node string, hook HookKey) (left int64, err error) {
	err = s.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		// From here until the end nobody else writes this row, so that none who adds a
		// delivery meanwhile can miss that it goes; and what they have added by now is
		// seen by the count, which must be a statement of its own for that.
		result, err := tx.ExecContext(ctx, `UPDATE backlogs SET holder=''
			WHERE account_id=$1 AND hook_id=$2 AND holder IN ('', $3)`, hook.AccountID, hook.HookID, node)
		if err != nil {
			return err
		}
		left, err = recountBacklog(ctx, tx, hook, result)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("end claim on backlog of hook %s: %w", hook.HookID, err)
	}
	return left, nil
}

// recountBacklog counts what is free of a hook whose row is locked, as the result says:
// where there was none to lock, others may be making one now.
func recountBacklog(ctx context.Context, tx *sql.Tx, hook HookKey, locked sql.Result) (left int64, err error) {
	if n, err := locked.RowsAffected(); err != nil || n == 0 {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, "SELECT count(*) FROM parked WHERE account_id=$1 AND hook_id=$2 AND holder=''",
		hook.AccountID, hook.HookID).Scan(&left)
	if err != nil {
		return 0, err
	}
	if left == 0 { // one that is claimed is deleted by the node that has it
		_, err = tx.ExecContext(ctx, "DELETE FROM backlogs WHERE account_id=$1 AND hook_id=$2 AND holder=''", hook.AccountID, hook.HookID)
		if err != nil {
			return 0, err
		}
	}
	_, err = tx.ExecContext(ctx, "UPDATE backlogs SET waiting=$1 WHERE account_id=$2 AND hook_id=$3",
		left, hook.AccountID, hook.HookID)
	return left, err
}

// dropParked takes free deliveries of a hook; the last parameter is the most to take.
const dropParked = `DELETE FROM parked WHERE (account_id, hook_id, id) IN
	(SELECT account_id, hook_id, id FROM parked WHERE account_id=$1 AND hook_id=$2 AND holder='' LIMIT $3)`

// DropParked deletes a hook's free deliveries and returns how many went, also when
// it is cut short by an error. What a node is at work on is left to it.
func (s *Store) DropParked(ctx context.Context, hook HookKey) (int64, error) {
	n, err := s.deleteInChunks(ctx, dropParked, hook.AccountID, hook.HookID)
	if err == nil {
		err = s.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
			// As in Unclaim, the row is locked before the rest is counted.
			result, err := tx.ExecContext(ctx, "UPDATE backlogs SET waiting=waiting WHERE account_id=$1 AND hook_id=$2",
				hook.AccountID, hook.HookID)
			if err == nil {
				_, err = recountBacklog(ctx, tx, hook, result)
			}
			return err
		})
	}
	if err != nil {
		return n, fmt.Errorf("drop parked deliveries of hook %s: %w", hook.HookID, err)
	}
	return n, nil
}
