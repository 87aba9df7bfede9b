package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Batch is what is written at once.
type Batch struct {
	Attempts []Attempt
	Park     []Parked
	// Release gives deliveries that the writer held free.
	Release []ParkedKey
	// Done removes deliveries that have their outcome.
	Done []ParkedKey
}

// Record stores a batch whole or not at all. What of it is stored already, or gone,
// is passed over, so a batch of unknown fate can be given again. The error wraps
// ErrInvalid when something of it can never be stored.
func (s *Store) Record(ctx context.Context, b Batch) error {
	texts := make([]string, len(b.Attempts))
	for i, a := range b.Attempts {
		var err error
		if texts[i], err = encodeAttempt(a); err != nil {
			return fmt.Errorf("record attempt of hook %s: %w", a.HookID, err)
		}
	}
	for _, p := range b.Park {
		if err := checkText(p.AccountID, p.HookID, p.ID, p.Holder, p.EventID, p.ContentType, p.ContentEncoding, p.RoutingKey); err != nil {
			return fmt.Errorf("park delivery of hook %s: %w", p.HookID, err)
		}
	}
	write := func(park func(context.Context, *sql.Tx, []Parked, changes) error) error {
		return s.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
			if len(b.Attempts) > 0 {
				if err := s.insertAttempts(ctx, tx, b.Attempts, texts); err != nil {
					return err
				}
			}
			return s.recordParked(ctx, tx, b, park)
		})
	}
	err := write(s.parkTogether)
	if errors.Is(err, errThereAlready) {
		err = write(s.parkByHook)
	}
	if err != nil {
		return fmt.Errorf("record %d attempts, %d parked, %d done: %w", len(b.Attempts), len(b.Park), len(b.Done), err)
	}
	return nil
}

// changes is by how many free deliveries the backlogs grow.
type changes map[HookKey]int64

// recordParked writes deliveries, and then what that makes of the backlogs, in the
// order of their keys: two nodes that write those of the same hooks must not wait
// for each other.
func (s *Store) recordParked(ctx context.Context, tx *sql.Tx, b Batch, park func(context.Context, *sql.Tx, []Parked, changes) error) error {
	change := changes{}
	if err := park(ctx, tx, b.Park, change); err != nil {
		return fmt.Errorf("park deliveries: %w", err)
	}
	ofHook := func(p ParkedKey) HookKey { return p.HookKey }
	for key, rows := range grouped(b.Release, ofHook) {
		n, err := forParked(ctx, tx, "UPDATE parked SET holder=''", "holder<>''", key, rows)
		if err != nil {
			return fmt.Errorf("release deliveries: %w", err)
		}
		change[key] += n
	}
	for key, rows := range grouped(b.Done, ofHook) {
		free, err := forParked(ctx, tx, "DELETE FROM parked", "holder=''", key, rows)
		if err == nil && free < int64(len(rows)) {
			_, err = forParked(ctx, tx, "DELETE FROM parked", "holder<>''", key, rows)
		}
		if err != nil {
			return fmt.Errorf("remove deliveries: %w", err)
		}
		change[key] -= free
	}
	if err := change.write(ctx, tx, s.clock.Now()); err != nil {
		return fmt.Errorf("count backlogs: %w", err)
	}
	return nil
}

// errThereAlready says that of the deliveries to be parked some were there.
var errThereAlready = errors.New("there already")

// parkTogether parks deliveries of all hooks at once. When 20 receivers fail, 17
// deliveries in a batch are of as many hooks: by hook they took a statement each.
func (s *Store) parkTogether(ctx context.Context, tx *sql.Tx, parked []Parked, change changes) error {
	n, err := s.insertParked(ctx, tx, parked)
	if err != nil {
		return err
	}
	if n < int64(len(parked)) {
		return errThereAlready
	}
	for _, p := range parked {
		if p.Holder == "" {
			change[p.HookKey]++
		}
	}
	return nil
}

// parkByHook does that where it has to be counted for each hook what is new, because
// the fate of an earlier try is unknown.
func (s *Store) parkByHook(ctx context.Context, tx *sql.Tx, parked []Parked, change changes) error {
	for key, rows := range grouped(parked, func(p Parked) HookKey { return p.HookKey }) {
		for _, held := range []bool{true, false} {
			part := slices.DeleteFunc(slices.Clone(rows), func(p Parked) bool { return (p.Holder != "") != held })
			n, err := s.insertParked(ctx, tx, part)
			if err != nil {
				return err
			}
			if !held {
				change[key] += n
			}
		}
	}
	return nil
}

func (c changes) write(ctx context.Context, tx *sql.Tx, now time.Time) error {
	var grown [][]any
	for _, key := range slices.SortedFunc(maps.Keys(c), HookKey.compare) {
		switch by := c[key]; {
		case by > 0:
			grown = append(grown, []any{key.AccountID, key.HookID, by, "", now.UnixMicro()})
		case by < 0:
			if _, err := tx.ExecContext(ctx, "UPDATE backlogs SET waiting=waiting+$1 WHERE account_id=$2 AND hook_id=$3",
				by, key.AccountID, key.HookID); err != nil {
				return err
			}
		}
	}
	// One that has been emptied while a node has its claim begins anew.
	_, err := insertInParts(ctx, tx, "INSERT INTO backlogs (account_id, hook_id, waiting, holder, since)", grown,
		" ON CONFLICT (account_id, hook_id) DO UPDATE SET waiting=backlogs.waiting+excluded.waiting,"+
			" since=CASE WHEN backlogs.waiting>0 THEN backlogs.since ELSE excluded.since END")
	return err
}

// grouped puts what belongs to one hook together, in its order.
func grouped[T any](rows []T, key func(T) HookKey) map[HookKey][]T {
	if len(rows) == 0 {
		return nil
	}
	groups := map[HookKey][]T{}
	for _, row := range rows {
		k := key(row)
		groups[k] = append(groups[k], row)
	}
	return groups
}

const parkedColumns = "account_id, hook_id, id, holder, event_id, at, content_type, content_encoding, routing_key, body"

// insertParked returns how many were not there yet.
func (s *Store) insertParked(ctx context.Context, tx *sql.Tx, parked []Parked) (int64, error) {
	rows := make([][]any, len(parked))
	for i, p := range parked {
		body := p.Body
		if body == nil {
			body = []byte{}
		}
		rows[i] = []any{
			p.AccountID, p.HookID, p.ID, p.Holder, p.EventID, p.At.UnixMicro(),
			p.ContentType, p.ContentEncoding, p.RoutingKey, body,
		}
	}
	return s.dialect.insert(ctx, tx, "INSERT INTO parked ("+parkedColumns+")", rows)
}

// forParked runs what is to be done with those of some deliveries of a hook for
// which a condition holds.
func forParked(ctx context.Context, tx *sql.Tx, what, which string, key HookKey, rows []ParkedKey) (int64, error) {
	ids := make([]any, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	list, ids := among(3, ids)
	result, err := tx.ExecContext(ctx, what+" WHERE "+which+" AND account_id=$1 AND hook_id=$2 AND id IN "+list,
		append([]any{key.AccountID, key.HookID}, ids...)...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
