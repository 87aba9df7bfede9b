package store

import (
	"context"
	"database/sql"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3/database"
)

// dialect is all in which databases differ: how they are opened, how their tables
// are made, and what it takes that several processes share one. Every other
// statement of this package keeps to what SQLite and PostgreSQL read alike: $1
// parameters, ON CONFLICT DO NOTHING, row values, booleans as 0 and 1.
type dialect struct {
	name       database.Dialect
	migrations fs.FS  // 00003_name.sql and so on; a number is the same state in every dialect
	now1970    string // SQL for the seconds since 1970, by the database's clock
	alone      bool   // a database belongs to one process
	// open returns connections for writes and for reads, which may be the same. A
	// read must see every write that has been committed before it began.
	open func(ctx context.Context, address string) (write, read *sql.DB, err error)
	// inTurn runs do while no other process runs another one of the same database.
	inTurn func(ctx context.Context, db *sql.DB, do func() error) error
	// lock holds a lock of a name, which one process of the same database has at a time,
	// on a connection of its own until unlock; nil where there is one process.
	lock func(ctx context.Context, db *sql.DB, name string) (unlock func(), err error)
	// insert writes rows, of which each has a value for every column that the beginning
	// of the statement names, passes over those that are there already, and returns
	// how many were not.
	insert func(ctx context.Context, tx *sql.Tx, into string, rows [][]any) (int64, error)
	// again says that a transaction failed for the sake of another one, and may
	// succeed when it is run once more.
	again func(error) bool
	// keysWhole says that rows between two keys of an index are found best by
	// comparing all of its columns together.
	keysWhole bool
	// lockRows ends a SELECT whose rows are to stay as they are until the end of
	// the transaction. Where there is one writer, they do.
	lockRows string
	// patience is how long a statement, or a transaction, may take: a database
	// beyond a network that was cut says nothing. 0 is any time.
	patience time.Duration
}
