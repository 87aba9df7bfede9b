package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"

	"github.com/kazoolab/kazoolab/internal/clock"
)

//go:embed migrations/postgres/*.sql
var postgresMigrations embed.FS

const (
	// A node has at most so many connections; a server takes 100 unless told
	// otherwise (max_connections). Reads that last do not keep writes waiting.
	postgresWriters = 4
	postgresReaders = 8
	// Connections are renewed, so that a name that leads elsewhere is followed.
	connectionAge  = 30 * time.Minute
	connectionIdle = 5 * time.Minute

	connectLimit    = 10 * time.Second
	statementLimit  = 30 * time.Second
	unansweredLimit = 30 * time.Second // a connection whose other end says nothing any more
	openPatience    = 30 * time.Second
)

// Codes of errors, from PostgreSQL's manual, appendix A.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	cannotConnectNow     = "57P03" // it starts, or ends
	adminShutdown        = "57P01"
	tooManyConnections   = "53300"
)

// postgresDialect waits so long for a server that does not answer when it is opened.
func postgresDialect(log *slog.Logger, wait time.Duration) dialect {
	// The folder is embedded at build time: Sub cannot fail on it.
	migrations, _ := fs.Sub(postgresMigrations, "migrations/postgres")
	return dialect{
		name: database.DialectPostgres, migrations: migrations,
		open: func(ctx context.Context, address string) (write, read *sql.DB, err error) {
			return openPostgres(ctx, address, log, wait)
		},
		now1970:  "CAST(extract(epoch FROM clock_timestamp()) AS bigint)",
		inTurn:   inTurn,
		lock:     advisoryLock,
		insert:   insertTogether,
		again:    hadToGiveWay,
		lockRows: " FOR UPDATE",
		patience: statementLimit,
	}
}

func openPostgres(ctx context.Context, address string, log *slog.Logger, wait time.Duration) (write, read *sql.DB, err error) {
	config, err := postgresConfig(address)
	if err != nil {
		return nil, nil, err
	}
	write = postgresPool(config, postgresWriters)
	if err := awaitPostgres(ctx, write, config, log, wait); err != nil {
		return nil, nil, errors.Join(err, write.Close())
	}
	return write, postgresPool(config, postgresReaders, "default_transaction_read_only", "on"), nil
}

// postgresConfig reads an address. What it leaves out may come from PostgreSQL's own
// variables and files (PGPASSWORD, .pgpass), as with every client of it.
func postgresConfig(address string) (*pgx.ConnConfig, error) {
	const example = "want postgres://user:password@host:5432/database, with %2F for / in a password"
	if u, err := url.Parse(address); err != nil || (u.Host == "" && !u.Query().Has("host")) {
		return nil, errors.New("not the address of a PostgreSQL: " + example)
	}
	config, err := pgx.ParseConfig(address)
	if err != nil {
		// What the driver says may repeat the address, but its cause is of a part.
		cause := "something in it"
		if wrong, ok := errors.AsType[*pgconn.ParseConfigError](err); ok && wrong.Unwrap() != nil {
			cause = wrong.Unwrap().Error()
		}
		return nil, fmt.Errorf("not the address of a PostgreSQL: %s: %s", cause, example)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectLimit
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "kazoolab"
	}
	config.DialFunc = dialer().DialContext
	return config, nil
}

// dialer makes connections that end when the other end is not heard of.
func dialer() *net.Dialer {
	return &net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{
			Enable: true, Idle: unansweredLimit / 2, Interval: unansweredLimit / 6, Count: 3,
		},
		Control: giveUpUnanswered,
	}
}

func postgresPool(config *pgx.ConnConfig, size int, settings ...string) *sql.DB {
	statement := sessionSettings(config, settings...)
	db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.PgConn().Exec(ctx, statement).ReadAll()
		return err
	}))
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	db.SetConnMaxLifetime(connectionAge)
	db.SetConnMaxIdleTime(connectionIdle)
	return db
}

// sessionSettings are statements for each new connection: the server is to let go of
// what a node holds that was cut off, soon and not after hours; and what it confirms
// has reached the disk. What the address sets is left as it is.
func sessionSettings(config *pgx.ConnConfig, more ...string) string {
	seconds := func(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }
	settings := append([]string{
		"tcp_keepalives_idle", seconds(unansweredLimit / 2),
		"tcp_keepalives_interval", seconds(unansweredLimit / 6),
		"tcp_keepalives_count", "3",
		"tcp_user_timeout", "'" + seconds(unansweredLimit) + "s'",
		"idle_in_transaction_session_timeout", "'" + seconds(2*statementLimit) + "s'",
	}, more...)
	var text strings.Builder
	for i := 0; i < len(settings); i += 2 {
		if _, set := config.RuntimeParams[settings[i]]; !set {
			text.WriteString("SET " + settings[i] + " TO " + settings[i+1] + ";")
		}
	}
	text.WriteString("SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit')='off'")
	return text.String()
}

// awaitPostgres returns when the server takes connections, or refuses them for a
// reason that does not pass.
func awaitPostgres(ctx context.Context, db *sql.DB, config *pgx.ConnConfig, log *slog.Logger, wait time.Duration) error {
	const pause = 500 * time.Millisecond
	server := net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	var cause error // why it did not answer, at first
	for {
		err := db.PingContext(waiting)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !mayPass(err):
			return fmt.Errorf("PostgreSQL at %s: %w", server, err)
		}
		if cause == nil {
			cause = err
			log.WarnContext(ctx, "waiting for PostgreSQL", "server", server, "database", config.Database, "limit", wait, "cause", cause)
		}
		if clock.Sleep(waiting, clock.System(), pause) != nil {
			return fmt.Errorf("PostgreSQL at %s has not answered for %s; start it, or correct the address: %w", server, wait, cause)
		}
	}
}

// mayPass says whether a server that was not reached may be later. One that has
// answered has most often refused for good: a wrong password, no such database.
func mayPass(err error) bool {
	answer, answered := errors.AsType[*pgconn.PgError](err)
	if !answered {
		return true
	}
	switch answer.Code {
	case cannotConnectNow, adminShutdown, tooManyConnections:
		return true
	}
	return false
}

func hadToGiveWay(err error) bool {
	answer, answered := errors.AsType[*pgconn.PgError](err)
	return answered && (answer.Code == serializationFailure || answer.Code == deadlockDetected)
}

// inTurn holds a lock of the database while do runs. It ends with its connection, so
// that a process that dies does not keep the others out.
func inTurn(ctx context.Context, db *sql.DB, do func() error) (err error) {
	const everySecond, minutes = 1, 10
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(everySecond, minutes*60))
	if err != nil {
		return err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := locker.SessionLock(ctx, conn); err != nil {
		return fmt.Errorf("wait for another node that prepares the database: %w", err)
	}
	defer func() { err = errors.Join(err, locker.SessionUnlock(context.WithoutCancel(ctx), conn)) }()
	return do()
}
