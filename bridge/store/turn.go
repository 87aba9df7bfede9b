package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"hash/fnv"
)

// Turn is a name under which one at a time does something, of all that use it and of all
// nodes that share the database: what is looked up and then written, where no index
// refuses the second of two. Make one for a name and keep it.
type Turn struct {
	store *Store
	name  string
	mine  chan struct{} // holds one while somebody of this process has the turn, or waits for it at the database
}

// Turn makes the turn of a name.
func (s *Store) Turn(name string) *Turn {
	return &Turn{store: s, name: name, mine: make(chan struct{}, 1)}
}

// Take waits for the turn and has it until release is called. It is lost with its
// connection to the database, as when that ends. The error says that ctx ended or the
// database does not answer. Who has one must not take the same again.
func (t *Turn) Take(ctx context.Context) (release func(), err error) {
	// First within the process, so that of many at most one holds a connection.
	select {
	case t.mine <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the turn of %s: %w", t.name, ctx.Err())
	}
	unlock := func() {}
	if t.store.dialect.lock != nil {
		if unlock, err = t.lock(ctx); err != nil {
			<-t.mine
			return nil, fmt.Errorf("wait for the turn of %s: %w", t.name, err)
		}
	}
	return func() {
		unlock()
		<-t.mine
	}, nil
}

func (t *Turn) lock(ctx context.Context) (unlock func(), err error) {
	bounded, cancel := t.store.bounded(ctx)
	defer cancel()
	return t.store.dialect.lock(bounded, t.store.read, t.name)
}

// advisoryLock holds a lock of PostgreSQL on a connection of its own, which it gives
// back unlocked or not at all.
func advisoryLock(ctx context.Context, db *sql.DB, name string) (unlock func(), err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	hash := fnv.New64a()
	_, _ = hash.Write([]byte("kazoolab " + name)) // a hash takes anything
	key := int64(hash.Sum64())                    //nolint:gosec // any 64 bits are a key
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", key); err != nil {
		drop(conn) // the server may have given the lock after all
		return nil, err
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectLimit)
		defer cancel()
		if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", key); err != nil {
			drop(conn) // the lock goes with it
			return
		}
		_ = conn.Close() // back to the others
	}, nil
}

// drop ends a connection instead of giving it back.
func drop(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // which closes it
	_ = conn.Close()
}
