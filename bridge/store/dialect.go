package store

import (
	"context"
	"database/sql"
	"io/fs"

	"github.com/pressly/goose/v3/database"
)

// dialect is all in which databases differ: how they are opened and how their
// tables are made. Every other statement of this package keeps to what SQLite and
// PostgreSQL read alike: $1 parameters, ON CONFLICT DO NOTHING, row values,
// booleans as 0 and 1.
type dialect struct {
	name       database.Dialect
	migrations fs.FS  // 00001_name.sql and so on
	now1970    string // SQL for the seconds since 1970, by the database's clock
	alone      bool   // a database belongs to one process
	// open returns the one connection for writes and the pool for reads. A read
	// must see every write that has been committed before it began.
	open func(ctx context.Context, address string) (write, read *sql.DB, err error)
}
