package store

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/ids"
)

func openFile(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), "sqlite:"+path, Options{
		Clock: clockwork.NewFakeClock(), IDs: ids.Seeded("sqlite"), Log: slog.New(slog.DiscardHandler),
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

func TestSettingsHoldOnEveryConnection(t *testing.T) {
	s := openFile(t, filepath.Join(t.TempDir(), "a.db"))
	for _, check := range []struct {
		write        bool
		pragma, want string
	}{
		{true, "journal_mode", "wal"},
		{true, "synchronous", "2"}, // FULL
		{true, "foreign_keys", "1"},
		{true, "busy_timeout", "5000"},
		{false, "query_only", "1"},
		{false, "busy_timeout", "5000"},
	} {
		db := s.read
		if check.write {
			db = s.write
		}
		var got string
		if err := db.QueryRowContext(t.Context(), "PRAGMA "+check.pragma).Scan(&got); err != nil || got != check.want {
			t.Errorf("%s is %s, %v; want %s", check.pragma, got, err, check.want)
		}
	}
	if n := s.write.Stats().MaxOpenConnections; n != 1 {
		t.Errorf("%d writers", n)
	}
}

func TestFileIsForItsOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	s := openFile(t, filepath.Join(dir, "a.db"))
	if _, err := s.Save(t.Context(), Document{DB: "d", ID: "x"}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.db", "a.db-wal", "a.db-shm"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o", name, mode)
		}
	}
}

func TestPathIsTakenAsItIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b%41?mode=memory#c&é.db")
	openFile(t, path)
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		t.Errorf("%v, %v", info, err)
	}
	if _, err := Open(t.Context(), "sqlite:"+filepath.Join(path, "missing", "a.db"), Options{}); err == nil {
		t.Error("opened below a file")
	}
}

// What Save acknowledged is in the files at that moment, without a Close: a copy
// is what a killed process leaves.
func TestKilledProcessLosesNothing(t *testing.T) {
	dir, copied := t.TempDir(), t.TempDir()
	s := openFile(t, filepath.Join(dir, "a.db"))
	for i := range 50 {
		if _, err := s.Save(t.Context(), Document{DB: "d", ID: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a.db", "a.db-wal"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(copied, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	after := openFile(t, filepath.Join(copied, "a.db"))
	if docs, err := after.List(t.Context(), Query{DB: "d"}); err != nil || len(docs) != 50 {
		t.Errorf("%d documents, %v", len(docs), err)
	}
}

func TestFullDatabaseIsReportedAndLeftWhole(t *testing.T) {
	s := openFile(t, filepath.Join(t.TempDir(), "a.db"))
	doc, err := s.Save(t.Context(), Document{DB: "accounts", ID: "x", Type: TypeAccount, Body: jobj.Object{{Key: "name", Value: "small"}}})
	if err != nil {
		t.Fatal(err)
	}
	setPages := func(n int) {
		if _, err := s.write.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count=%d", n)); err != nil {
			t.Fatal(err)
		}
	}
	setPages(1) // SQLite takes that as the present size
	big := doc
	big.Body = jobj.Object{{Key: "name", Value: "big"}, {Key: "text", Value: strings.Repeat("x", 1<<20)}}
	if _, err := s.Save(t.Context(), big); err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("save into a full database: %v", err)
	}
	if found, err := s.Find(t.Context(), AccountsByName, "small"); err != nil || len(found) != 1 || found[0].Rev != doc.Rev {
		t.Errorf("%+v, %v", found, err)
	}
	setPages(1 << 20)
	if _, err := s.Save(t.Context(), big); err != nil {
		t.Errorf("save when there is room again: %v", err)
	}
}

func TestLockedDatabaseIsReportedAndComesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	s, intruder := openFile(t, path), openFile(t, path)
	tx, err := intruder.write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Save(ctx, Document{DB: "d", ID: "x"}); err == nil {
		t.Error("saved past a lock")
	}
	if _, err := s.List(t.Context(), Query{DB: "d"}); err != nil {
		t.Errorf("reads wait for a writer: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Save(t.Context(), Document{DB: "d", ID: "x"}); err != nil {
		t.Errorf("save after the lock: %v", err)
	}
}

func TestListingsUseTheirIndexes(t *testing.T) {
	s := openFile(t, filepath.Join(t.TempDir(), "a.db"))
	last := Attempt{ID: "x", Created: 1, CreatedAt: time.Unix(0, 0)}
	statements := map[string][]any{
		"SELECT body FROM documents d WHERE d.db='d' AND d.type='t' AND d.account_id='a' ORDER BY d.created, d.id": nil,
		attemptsBefore: {1, 1}, attemptsUpTo: {1, 1, "x", 1}, attemptsOf: {"a", 1}, attemptBeyond: {1}, attemptCount: nil,
	}
	for _, q := range []AttemptQuery{
		{Limit: 50},
		{From: 1, To: 2, After: last},
		{AccountID: "a", From: 1, To: 2, Limit: 50},
		{AccountID: "a", From: 1, To: 2, After: last, Limit: 50},
		{AccountID: "a", HookID: "h", From: 1, To: 2, Limit: 50},
		{AccountID: "a", HookID: "h", From: 1, To: 2, After: last, Limit: 50},
		{AccountID: "a", HookID: "h", From: 1, To: 2, After: last, Limit: 50, Ascending: true},
	} {
		statement, args := q.statement(s.dialect)
		statements[statement] = args
	}
	for statement, args := range statements {
		t.Run(statement, func(t *testing.T) {
			for _, step := range plan(t, s, statement, args) {
				if strings.Contains(step, "spare") || strings.Contains(step, "SUBQUERY") { // a row
					continue
				}
				if strings.Contains(step, "TEMP B-TREE") || !strings.Contains(step, "INDEX") {
					t.Errorf("%s\n%s", statement, step)
				}
				if strings.Contains(statement, "(account_id, hook_id") && !strings.Contains(step, "attempts_hook") {
					t.Errorf("%s\n%s", statement, step)
				}
			}
		})
	}
}

func TestFailuresAreReadInTheirOrder(t *testing.T) {
	s := openFile(t, filepath.Join(t.TempDir(), "a.db"))
	for _, q := range []FailureQuery{{}, {NotNode: "n"}, {NotNode: "n", AccountID: "a"}} {
		statement, args := q.statement()
		steps := plan(t, s, statement, args)
		if len(steps) != 1 || q.AccountID != "" && !strings.Contains(steps[0], "PRIMARY KEY (account_id=?)") {
			t.Errorf("%s\n%q", statement, steps)
		}
	}
}

func plan(t *testing.T, s *Store, statement string, args []any) (steps []string) {
	t.Helper()
	rows, err := s.read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+statement, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var a, b, c int
		var step string
		if err := rows.Scan(&a, &b, &c, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}
