package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Attempt is one try to deliver an event to a hook, as webhooks_util:save_attempt/2
// records it.
type Attempt struct {
	ID        string // made when ""
	AccountID string // the hook's owner
	HookID    string
	Created   int64     // Gregorian seconds
	CreatedAt time.Time // the same moment to the microsecond: attempts of one second keep their order
	Success   bool
	Body      jobj.Object // the members of the attempt document in wire order
	// Sent is the text of the request, a body or a query, where Body does not hold
	// it byte for byte; else nil.
	Sent []byte
}

// AttemptQuery chooses attempts; an empty field does not restrict. Without an
// AccountID every attempt is looked at.
type AttemptQuery struct {
	AccountID string
	HookID    string
	From, To  int64 // inclusive range of Created, Gregorian seconds
	Failed    bool  // only those without success

	// Limit is the most attempts to return; 0 is no limit.
	Limit int
	// MaxBytes ends an answer with the attempt whose body and text, as stored, make
	// it that large; 0 is no limit. At least one attempt is returned.
	MaxBytes int
	// Ascending returns the oldest first.
	Ascending bool
	// After is the last attempt of the page before, of which only Created,
	// CreatedAt and ID count, and which stands for the end of the range that it
	// lies at; the zero Attempt starts at the beginning.
	After Attempt
}

// AddAttempts stores a batch whole or not at all. An attempt whose ID is stored
// already is passed over, so a batch of unknown fate can be given again.
func (s *Store) AddAttempts(ctx context.Context, attempts []Attempt) error {
	if len(attempts) == 0 {
		return nil
	}
	texts := make([]string, len(attempts))
	for i, a := range attempts {
		var err error
		if texts[i], err = encodeAttempt(a); err != nil {
			return fmt.Errorf("add attempt of hook %s: %w", a.HookID, err)
		}
	}
	err := s.update(ctx, func(ctx context.Context, tx *sql.Tx) error { return s.insertAttempts(ctx, tx, attempts, texts) })
	if err != nil {
		return fmt.Errorf("add %d attempts: %w", len(attempts), err)
	}
	return nil
}

func (s *Store) insertAttempts(ctx context.Context, tx *sql.Tx, attempts []Attempt, texts []string) error {
	rows := make([][]any, len(attempts))
	for i, a := range attempts {
		id := a.ID
		if id == "" {
			id = s.ids.Ordered(a.CreatedAt)
		}
		rows[i] = []any{id, a.AccountID, a.HookID, a.Created, a.CreatedAt.UnixMicro(), flag(a.Success), texts[i], a.Sent}
	}
	if _, err := s.dialect.insert(ctx, tx, "INSERT INTO attempts ("+attemptColumns+")", rows); err != nil {
		return fmt.Errorf("attempts of hook %s and others: %w", attempts[0].HookID, err)
	}
	return nil
}

// encodeAttempt prints the body of an attempt that can be read back. To parse each
// costs AddAttempts a quarter of its rate, so that is left to those with enough
// brackets to nest too deep.
func encodeAttempt(a Attempt) (string, error) {
	const shallow = 400
	if err := checkText(a.ID, a.AccountID, a.HookID); err != nil {
		return "", err
	}
	if !jobj.Printable(a.Body) {
		return "", fmt.Errorf("%w: body is not JSON", ErrInvalid)
	}
	text := printBody(a.Body)
	if bytes.Count(text, []byte("["))+bytes.Count(text, []byte("{")) > shallow {
		_, err := readBody(text)
		return string(text), err
	}
	return string(text), nil
}

const attemptColumns = "id, account_id, hook_id, created, at, success, body, sent"

// Attempt returns one attempt. The error wraps ErrNotFound when there is none.
func (s *Store) Attempt(ctx context.Context, id string) (Attempt, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	var found []Attempt
	var err error
	if storable(id) {
		found, err = selectAttempts(ctx, s.read, 0, "SELECT "+attemptColumns+" FROM attempts WHERE id=$1", id)
	}
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Attempt{}, fmt.Errorf("read attempt %s: %w", id, err)
	}
	return found[0], nil
}

// Attempts returns attempts, newest first unless the query says otherwise.
func (s *Store) Attempts(ctx context.Context, q AttemptQuery) ([]Attempt, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	if !storable(q.AccountID, q.HookID, q.After.ID) {
		return nil, nil
	}
	statement, args := q.statement(s.dialect)
	attempts, err := selectAttempts(ctx, s.read, q.MaxBytes, statement, args...)
	if err != nil {
		return nil, fmt.Errorf("read attempts: %w", err)
	}
	return attempts, nil
}

// statement asks for what stands between two keys of one index: account, hook and
// place in time. How these are spelled is the dialect's: with the account and the
// hook as conditions of their own, SQLite chose the index of the account for those of
// a hook, and read a million attempts to find none (2.3 s); without, PostgreSQL reads
// all of the account.
func (q AttemptQuery) statement(d dialect) (string, []any) {
	var args []any
	bind := func(value any) string {
		args = append(args, value)
		return "$" + strconv.Itoa(len(args))
	}
	var columns, fixed []string
	where := ""
	restrict := func(column, value string, indexed bool) {
		if indexed && d.keysWhole {
			columns, fixed = append(columns, column), append(fixed, bind(value))
		} else {
			where += " AND " + column + "=" + bind(value)
		}
	}
	if q.AccountID != "" {
		restrict("account_id", q.AccountID, true)
	}
	if q.HookID != "" {
		restrict("hook_id", q.HookID, q.AccountID != "")
	}
	if q.Failed {
		where += " AND success=0"
	}
	columns = append(columns, "created", "at", "id")
	key := func(created, at int64, id string) string {
		return "(" + strings.Join(append(slices.Clip(fixed), bind(created), bind(at), bind(id)), ", ") + ")"
	}
	// No attempt has an empty id, so both ends are exclusive. Only what the
	// statement uses may be bound.
	low := func() string { return key(q.From, math.MinInt64, "") }
	high := func() string { return key(math.MaxInt64, 0, "") }
	if q.To != 0 {
		high = func() string { return key(q.To+1, math.MinInt64, "") }
	}
	order := " DESC"
	if q.Ascending {
		order = ""
	}
	if last := q.After; last.ID != "" {
		edge := func() string { return key(last.Created, last.CreatedAt.UnixMicro(), last.ID) }
		if q.Ascending {
			low = edge
		} else {
			high = edge
		}
	}
	names := "(" + strings.Join(columns, ", ") + ")"
	statement := "SELECT " + attemptColumns + " FROM attempts WHERE " +
		names + " > " + low() + " AND " + names + " < " + high() + where +
		" ORDER BY " + strings.Join(columns, order+", ") + order
	if q.Limit > 0 {
		statement += " LIMIT " + bind(q.Limit)
	}
	return statement, args
}

func selectAttempts(ctx context.Context, from queryer, maxBytes int, query string, args ...any) (attempts []Attempt, err error) {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	total := 0
	for (maxBytes == 0 || total < maxBytes) && rows.Next() {
		var (
			a       Attempt
			at      int64
			success int
			body    sql.RawBytes
		)
		if err := rows.Scan(&a.ID, &a.AccountID, &a.HookID, &a.Created, &at, &success, &body, &a.Sent); err != nil {
			return nil, err
		}
		a.CreatedAt = time.UnixMicro(at).UTC()
		a.Success = success != 0
		if a.Body, err = jobj.ParseObject(body); err != nil {
			return nil, fmt.Errorf("stored body of attempt %s: %w", a.ID, err)
		}
		total += len(body) + len(a.Sent)
		attempts = append(attempts, a)
	}
	return attempts, rows.Err()
}
