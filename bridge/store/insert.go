package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
)

// insertEach runs a statement of one row again and again: SQLite has parsed it by
// then, and answers without a way to go. Of 200 attempts at once it takes 156 us of
// CPU each; 198 us by insertTogether.
func insertEach(ctx context.Context, tx *sql.Tx, into string, rows [][]any) (err error) {
	if len(rows) == 0 {
		return nil
	}
	insert, err := tx.PrepareContext(ctx, insertStatement(into, rows[:1]))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, insert.Close()) }()
	for _, row := range rows {
		if _, err := insert.ExecContext(ctx, row...); err != nil {
			return err
		}
	}
	return nil
}

// insertTogether writes many rows by one statement, which a server answers once. Of
// 200 attempts at once that takes 115 us of CPU each here and 120 us at the server;
// 195 us and 220 us by insertEach.
func insertTogether(ctx context.Context, tx *sql.Tx, into string, rows [][]any) error {
	for len(rows) > 0 {
		n := rowsAtOnce(len(rows))
		if _, err := tx.ExecContext(ctx, insertStatement(into, rows[:n]), slices.Concat(rows[:n]...)...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// rowsAtOnce is how many of n rows one statement takes. There are few such numbers,
// since a connection remembers each statement that it has prepared.
func rowsAtOnce(n int) int {
	for _, most := range []int{128, 32, 8} {
		if n >= most {
			return most
		}
	}
	return 1
}

func insertStatement(into string, rows [][]any) string {
	var statement strings.Builder
	statement.WriteString(into)
	statement.WriteString(" VALUES ")
	from := 1
	for i, row := range rows {
		if i > 0 {
			statement.WriteString(", ")
		}
		writeParameters(&statement, from, from+len(row)-1)
		from += len(row)
	}
	statement.WriteString(" ON CONFLICT DO NOTHING")
	return statement.String()
}
