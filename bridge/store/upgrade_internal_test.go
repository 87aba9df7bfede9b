package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/pressly/goose/v3"

	"github.com/kazoolab/kazoolab/internal/ids"
)

// oldest is the version that both databases know; PostgreSQL begins with it.
const oldest = 3

// kept is data of a kind, as the version that brought it wrote it, and how the newest
// program is to read it. A migration that brings another kind adds it here.
type kept struct {
	since int64
	write []string // statements that both databases read alike
	read  func(ctx context.Context, s *Store) (string, error)
	want  string
}

func everyKind() []kept {
	return []kept{
		{
			since: 3,
			write: []string{
				`INSERT INTO documents (db, id, type, account_id, rev, deleted, created, modified, body) VALUES
					('accounts', 'a1', 'account', 'a1', '2-aa', 0, 7, 9, '{"name":"One","k":1,"k":1.50}'),
					('accounts', 'a2', 'account', 'a2', '1-bb', 1, 8, 8, '{"name":"Two"}')`,
				`INSERT INTO view_rows (view, key, db, id) VALUES ('accounts_by_name', 'one', 'accounts', 'a1')`,
				`UPDATE store_state SET value='2' WHERE name='views'`,
			},
			read: func(ctx context.Context, s *Store) (string, error) {
				found, err := s.Find(ctx, AccountsByName, "one")
				if err != nil {
					return "", err
				}
				gone, err := s.Get(ctx, "accounts", "a2")
				return fmt.Sprint(found, gone), err
			},
			want: "[{accounts a1 account a1 2-aa false 7 9 [{name One} {k 1} {k 1.50}]}] {accounts a2 account a2 1-bb true 8 8 [{name Two}]}",
		},
		{
			since: 3,
			write: []string{
				`INSERT INTO attempts (id, account_id, hook_id, created, at, success, body) VALUES ('t1', 'a1', 'h1', 5, 6, 0, '{"try":1}')`,
				`INSERT INTO attempts (id, account_id, hook_id, created, at, success, body) VALUES ('t2', 'a1', 'h1', 6, 7, 1, '{}')`,
			},
			read: func(ctx context.Context, s *Store) (string, error) {
				attempts, err := s.Attempts(ctx, AttemptQuery{AccountID: "a1", HookID: "h1"})
				var lines []string
				for _, a := range attempts {
					lines = append(lines, fmt.Sprint(a.ID, a.Created, a.CreatedAt.UnixMicro(), a.Success, a.Body, a.Sent == nil))
				}
				return strings.Join(lines, "\n"), err
			},
			want: "t26 7 true [] true\nt15 6 false [{try 1}] true",
		},
		{
			since: 3,
			write: []string{`INSERT INTO secrets (name, value, created) SELECT 'key', CAST('kept' AS $blob), 1`},
			read: func(ctx context.Context, s *Store) (string, error) {
				secret, err := s.Secret(ctx, "key", func() ([]byte, error) { return nil, errors.New("it is forgotten") })
				return string(secret), err
			},
			want: "kept",
		},
		{
			since: 4,
			write: []string{
				`INSERT INTO parked (account_id, hook_id, id, holder, event_id, at, content_type, content_encoding, routing_key, body)
					SELECT 'a1', 'h1', 'p1', '', 'e1', 5, 'application/json', '', 'call.x', CAST('{}' AS $blob)`,
				`INSERT INTO backlogs (account_id, hook_id, waiting, holder, since) VALUES ('a1', 'h1', 1, '', 5)`,
				`INSERT INTO nodes (id, seen) VALUES ('n1', 1)`,
			},
			read: func(ctx context.Context, s *Store) (string, error) {
				parked, err := s.ParkedAfter(ctx, HookKey{AccountID: "a1", HookID: "h1"}, "", 9, 1<<20)
				if err != nil || len(parked) != 1 {
					return fmt.Sprint(parked), err
				}
				backlogs, err := s.Backlogs(ctx, "a1")
				return fmt.Sprintln(parked[0].ID, parked[0].EventID, string(parked[0].Body), len(backlogs), backlogs[0].Waiting), err
			},
			want: "p1 e1 {} 1 1\n",
		},
		{
			since: 5,
			write: []string{`INSERT INTO failures (account_id, hook_id, revision, node, times, expires)
				SELECT 'a1', 'h1', 2, 'n1', CAST('ab' AS $blob), 9`},
			read: func(ctx context.Context, s *Store) (string, error) {
				var all []Failures
				for f, err := range s.EachFailures(ctx, FailureQuery{Now: 1}) {
					if err != nil {
						return "", err
					}
					all = append(all, f)
				}
				return fmt.Sprint(all), nil
			},
			want: "[{a1 h1 2 n1 [-49 0] 9}]", // 'a' is -49 as a varint, 'b' 49 more
		},
		{
			since: 6,
			write: []string{
				`UPDATE write_count SET last=1`,
				`INSERT INTO writes (seq, db, id, type, account_id) VALUES (1, 'accounts', 'a1', 'account', 'a1')`,
			},
			read: func(ctx context.Context, s *Store) (string, error) {
				writes, err := s.Writes(ctx, 0, 9)
				return fmt.Sprint(writes), err
			},
			want: "[{1 accounts a1 account a1}]",
		},
		{
			since: 7,
			write: []string{`INSERT INTO files (db, id, name, content_type, content) SELECT 'accounts', 'a1', 'f', 'x/y', CAST('ab' AS $blob)`},
			read: func(ctx context.Context, s *Store) (string, error) {
				file, err := s.File(ctx, "accounts", "a1")
				return fmt.Sprintf("%s %s %s", file.Name, file.ContentType, file.Content), err
			},
			want: "f x/y ab",
		},
	}
}

// upgrades opens databases of each earlier version, at addresses that new makes, with
// the newest one.
func upgrades(t *testing.T, d dialect, blob string, address func(*testing.T) string) {
	t.Helper()
	for version := int64(oldest); version < newestVersion(t, d); version++ {
		t.Run(fmt.Sprint("from version ", version), func(t *testing.T) {
			at := address(t)
			makeVersion(t, d, at, version, blob)
			s := openDialect(t, d, at)
			for _, kind := range everyKind() {
				if kind.since > version {
					continue
				}
				if got, err := kind.read(t.Context(), s); err != nil || got != kind.want {
					t.Errorf("of version %d\ngot  %s, %v\nwant %s", kind.since, got, err, kind.want)
				}
			}
			if _, err := s.Save(t.Context(), Document{DB: "accounts", ID: "new"}); err != nil {
				t.Error(err)
			}
		})
	}
}

// The list above is complete: a version that is not in it brought no table.
func TestEveryTableIsUpgraded(t *testing.T) {
	var text strings.Builder
	for _, kind := range everyKind() {
		text.WriteString(strings.Join(kind.write, "\n"))
	}
	s := openFile(t, filepath.Join(t.TempDir(), "a.db"))
	rows, err := s.read.QueryContext(t.Context(), "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%'")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text.String(), " "+name+" ") {
			t.Errorf("nothing of table %s is upgraded", name)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

func TestUpgradeOfSQLite(t *testing.T) {
	upgrades(t, sqliteDialect(), "BLOB", func(t *testing.T) string {
		t.Helper()
		return filepath.Join(t.TempDir(), "a.db")
	})
}

// Both databases reach the same state by the same number.
func TestVersionsAreTheSameInEveryDialect(t *testing.T) {
	names := func(d dialect) (names []string) {
		all, err := fs.Glob(d.migrations, "*.sql")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range all {
			if name > fmt.Sprintf("%05d_", oldest+1) {
				names = append(names, name)
			}
		}
		return names
	}
	one, other := names(sqliteDialect()), names(postgresDialect(nil, 0))
	if !slices.Equal(one, other) || len(one) == 0 {
		t.Errorf("SQLite has %v, PostgreSQL %v", one, other)
	}
}

func newestVersion(t *testing.T, d dialect) (newest int64) {
	t.Helper()
	all, err := goose.NewProvider(d.name, new(sql.DB), d.migrations, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range all.ListSources() {
		newest = max(newest, source.Version)
	}
	return newest
}

// makeVersion makes a database of an earlier version, with data of every kind that it had.
func makeVersion(t *testing.T, d dialect, address string, version int64, blob string) {
	t.Helper()
	write, read, err := d.open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = write.Close(), read.Close() }()
	old, err := goose.NewProvider(d.name, write, d.migrations, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err == nil {
		_, err = old.UpTo(t.Context(), version)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range everyKind() {
		if kind.since > version {
			continue
		}
		for _, statement := range kind.write {
			if _, err := write.ExecContext(t.Context(), strings.ReplaceAll(statement, "$blob", blob)); err != nil {
				t.Fatal(statement, err)
			}
		}
	}
}

func openDialect(t *testing.T, d dialect, address string) *Store {
	t.Helper()
	s, err := openWith(t.Context(), d, address, Options{
		Clock: clockwork.NewFakeClockAt(time.Date(2026, time.November, 15, 12, 0, 0, 0, time.UTC)),
		IDs:   ids.Seeded("upgrade"), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
