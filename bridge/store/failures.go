package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// Failures are those of one version of a hook that one node met. Times are
// milliseconds since 1970.
type Failures struct {
	AccountID string
	HookID    string
	Revision  int64 // Document.Revision of that version
	Node      string
	Times     []int64 // ascending; the same may stand there more than once
	Expires   int64   // from then on none of them counts
}

// FailureQuery chooses failures; an empty field does not restrict.
type FailureQuery struct {
	AccountID string
	NotNode   string // leaves out what this node wrote
	Now       int64  // leaves out what has expired by then; required
}

// SaveFailures puts each of failures, of which no two may be of the same version and
// node, in the place of what is stored of that; those without Times are deleted. It
// is done as a whole or not at all.
func (s *Store) SaveFailures(ctx context.Context, failures []Failures) error {
	failures = slices.Clone(failures)
	// The same order on every node, so that none waits for another in a circle.
	slices.SortFunc(failures, func(a, b Failures) int {
		return cmp.Or(cmp.Compare(a.AccountID, b.AccountID), cmp.Compare(a.HookID, b.HookID),
			cmp.Compare(a.Revision, b.Revision), cmp.Compare(a.Node, b.Node))
	})
	var kept, gone []Failures
	for _, f := range failures {
		if err := checkText(f.AccountID, f.HookID, f.Node); err != nil {
			return fmt.Errorf("save failures of hook %s: %w", f.HookID, err)
		}
		if len(f.Times) > 0 {
			kept = append(kept, f)
		} else {
			gone = append(gone, f)
		}
	}
	err := s.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, f := range gone {
			_, err := tx.ExecContext(ctx, `DELETE FROM failures
				WHERE account_id=$1 AND hook_id=$2 AND revision=$3 AND node=$4`, f.AccountID, f.HookID, f.Revision, f.Node)
			if err != nil {
				return err
			}
		}
		for rest := kept; len(rest) > 0; {
			now := rest[:atOnce(len(rest))]
			statement, args := upsertFailures(now)
			if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
				return err
			}
			rest = rest[len(now):]
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("save failures of %d hooks: %w", len(failures), err)
	}
	return nil
}

func upsertFailures(failures []Failures) (statement string, args []any) {
	const columns = 6
	rows := make([]string, len(failures))
	for i, f := range failures {
		rows[i] = "(" + parameters(columns*i+1, columns) + ")"
		args = append(args, f.AccountID, f.HookID, f.Revision, f.Node, encodeTimes(f.Times), f.Expires)
	}
	return "INSERT INTO failures (account_id, hook_id, revision, node, times, expires) VALUES " + strings.Join(rows, ", ") +
		" ON CONFLICT (account_id, hook_id, revision, node) DO UPDATE SET times=excluded.times, expires=excluded.expires", args
}

// EachFailures goes through failures one by one, those of one version of a hook next
// to each other. An error ends it. Until it is done a database in memory serves no
// one else, the loop's body included.
func (s *Store) EachFailures(ctx context.Context, q FailureQuery) iter.Seq2[Failures, error] {
	return func(yield func(Failures, error) bool) {
		statement, args := q.statement()
		rows, err := s.read.QueryContext(ctx, statement, args...)
		if err != nil {
			yield(Failures{}, fmt.Errorf("read failures: %w", err))
			return
		}
		defer func() { _ = rows.Close() }() // all is read, or given up
		for rows.Next() {
			f, err := scanFailures(rows)
			if !yield(f, err) || err != nil {
				return
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			yield(Failures{}, fmt.Errorf("read failures: %w", err))
		}
	}
}

func (q FailureQuery) statement() (statement string, args []any) {
	args = []any{q.Now}
	statement = "SELECT account_id, hook_id, revision, node, times, expires FROM failures WHERE expires>$1"
	if q.NotNode != "" {
		args = append(args, q.NotNode)
		statement += " AND node<>" + last(args)
	}
	if q.AccountID != "" {
		args = append(args, q.AccountID)
		statement += " AND account_id=" + last(args)
	}
	return statement + " ORDER BY account_id, hook_id, revision, node", args
}

func scanFailures(rows *sql.Rows) (f Failures, err error) {
	var times sql.RawBytes
	if err := rows.Scan(&f.AccountID, &f.HookID, &f.Revision, &f.Node, &times, &f.Expires); err != nil {
		return f, fmt.Errorf("read failures: %w", err)
	}
	if f.Times, err = decodeTimes(times); err != nil {
		return f, fmt.Errorf("stored failures of hook %s, node %s: %w", f.HookID, f.Node, err)
	}
	return f, nil
}

const (
	expiredFailures = "SELECT account_id, hook_id, revision, node FROM failures WHERE expires<=$1 " +
		"ORDER BY account_id, hook_id, revision, node LIMIT $2"
	// Those found may have been saved anew meanwhile, so that each is looked at again.
	deleteExpiredFailures = "DELETE FROM failures WHERE expires<=$1 AND (account_id, hook_id, revision, node) IN (" + expiredFailures + ")"
)

// DeleteFailures deletes what has expired by now, milliseconds since 1970, whoever
// wrote it.
func (s *Store) DeleteFailures(ctx context.Context, now int64) error {
	if _, err := s.deleteInChunks(ctx, deleteExpiredFailures, now); err != nil {
		return fmt.Errorf("delete failures: %w", err)
	}
	return nil
}

// encodeTimes takes two bytes for most failures, where the numbers take 13 digits.
func encodeTimes(times []int64) []byte {
	text, before := make([]byte, 0, 2*len(times)+binary.MaxVarintLen64), int64(0)
	for _, at := range times {
		text, before = binary.AppendVarint(text, at-before), at
	}
	return text
}

func decodeTimes(text []byte) ([]int64, error) {
	times, before := make([]int64, 0, len(text)/2+1), int64(0)
	for len(text) > 0 {
		step, n := binary.Varint(text)
		if n <= 0 {
			return nil, errors.New("broken off after " + strconv.Itoa(len(times)))
		}
		before += step
		times, text = append(times, before), text[n:]
	}
	return times, nil
}
