//go:build real

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/postgrestest"
)

func quietPostgres() dialect { return postgresDialect(slog.New(slog.DiscardHandler), openPatience) }

// tamper runs a statement on the database at address.
func tamper(t *testing.T, address, statement string) error {
	t.Helper()
	db, err := sql.Open("pgx", address)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(t.Context(), statement)
	return errors.Join(err, db.Close())
}

func databaseName(address string) string {
	_, name, _ := strings.Cut(address[strings.LastIndexByte(address, '/'):], "/")
	name, _, _ = strings.Cut(name, "?")
	return name
}

func named(name string) jobj.Object { return jobj.Object{{Key: "name", Value: name}} }

func TestUpgradeOfPostgres(t *testing.T) {
	upgrades(t, quietPostgres(), "bytea", func(t *testing.T) string {
		t.Helper()
		return postgrestest.New(t)
	})
}

// Nodes of a new version start at once, on the database of an older one.
func TestNodesThatStartAtOnceUpgradeOnce(t *testing.T) {
	g := NewWithT(t)
	address := postgrestest.New(t)
	makeVersion(t, quietPostgres(), address, oldest, "bytea")
	g.Expect(tamper(t, address, "UPDATE store_state SET value='0' WHERE name='views'")).To(Succeed())

	const nodes = 4
	stores := make([]*Store, nodes)
	var starting sync.WaitGroup
	for i := range stores {
		starting.Go(func() { stores[i] = openDialect(t, quietPostgres(), address) })
	}
	starting.Wait()
	for _, s := range stores {
		g.Expect(s.Find(t.Context(), AccountsByName, "one")).To(HaveLen(1))
	}
	var times int
	g.Expect(stores[0].read.QueryRowContext(t.Context(),
		"SELECT max(n) FROM (SELECT count(*) AS n FROM goose_db_version GROUP BY version_id) AS each").Scan(&times)).To(Succeed())
	g.Expect(times).To(Equal(1), "no migration ran twice")
}

// A node that edits while another, newer one derives views: the keys are those of the
// edit.
func TestViewsAreDerivedBesideWriters(t *testing.T) {
	g := NewWithT(t)
	address := postgrestest.New(t)
	writer := openDialect(t, quietPostgres(), address)
	doc, err := writer.Save(t.Context(), Document{DB: "accounts", ID: "a1", Type: TypeAccount, Body: named("0")})
	g.Expect(err).NotTo(HaveOccurred())
	done := make(chan struct{})
	var deriving sync.WaitGroup
	deriving.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				g.Expect(writer.deriveViewRows(t.Context())).To(Succeed())
			}
		}
	})
	const edits = 50
	for i := range edits {
		doc.Body = named(fmt.Sprint(i))
		doc, err = writer.Save(t.Context(), doc)
		g.Expect(err).NotTo(HaveOccurred())
	}
	close(done)
	deriving.Wait()
	for i := range edits {
		found, err := writer.Find(t.Context(), AccountsByName, fmt.Sprint(i))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(found).To(HaveLen(map[bool]int{true: 1}[i == edits-1]), "name %d", i)
	}
}

// Of two transactions that wait for each other PostgreSQL ends one, which is run again.
func TestATransactionThatHadToGiveWayIsRunAgain(t *testing.T) {
	g := NewWithT(t)
	s := openDialect(t, quietPostgres(), postgrestest.New(t))
	for _, name := range []string{"x", "y"} {
		_, err := s.Secret(t.Context(), name, func() ([]byte, error) { return []byte("0"), nil })
		g.Expect(err).NotTo(HaveOccurred())
	}
	var bothHaveOne sync.WaitGroup
	bothHaveOne.Add(2)
	runs := make([]int, 2)
	update := func(n int, first, second string) error {
		return s.update(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			const lengthen = "UPDATE secrets SET value=value || value WHERE name=$1"
			if _, err := tx.ExecContext(ctx, lengthen, first); err != nil {
				return err
			}
			if runs[n]++; runs[n] == 1 {
				bothHaveOne.Done()
				bothHaveOne.Wait()
			}
			_, err := tx.ExecContext(ctx, lengthen, second)
			return err
		})
	}
	var group sync.WaitGroup
	group.Go(func() { g.Expect(update(0, "x", "y")).To(Succeed()) })
	group.Go(func() { g.Expect(update(1, "y", "x")).To(Succeed()) })
	group.Wait()
	g.Expect(runs[0] + runs[1]).To(Equal(3))
	for _, name := range []string{"x", "y"} {
		g.Expect(s.Secret(t.Context(), name, nil)).To(BeEquivalentTo("0000"), "each has written once")
	}
}

func TestSettingsHoldOnEveryConnectionOfPostgres(t *testing.T) {
	g := NewWithT(t)
	address := postgrestest.New(t)
	g.Expect(tamper(t, address, "ALTER DATABASE "+databaseName(address)+" SET synchronous_commit TO off")).To(Succeed())
	s := openDialect(t, quietPostgres(), address)
	for setting, want := range map[string]string{
		"synchronous_commit":                  "on",
		"idle_in_transaction_session_timeout": "1min",
		"tcp_user_timeout":                    "30000",
		"tcp_keepalives_idle":                 "15",
		"application_name":                    "kazoolab",
	} {
		for _, db := range []*sql.DB{s.write, s.read} {
			var got string
			g.Expect(db.QueryRowContext(t.Context(), "SHOW "+setting).Scan(&got)).To(Succeed())
			g.Expect(got).To(Equal(want), setting)
		}
	}
	_, err := s.read.ExecContext(t.Context(), "DELETE FROM secrets")
	g.Expect(err).To(MatchError(ContainSubstring("read-only")))
	g.Expect(s.write.Stats().MaxOpenConnections + s.read.Stats().MaxOpenConnections).To(Equal(12))
}

func TestListingsUseTheirIndexesInPostgres(t *testing.T) {
	s := openDialect(t, quietPostgres(), postgrestest.New(t))
	last := Attempt{ID: "x", Created: 1, CreatedAt: time.Unix(0, 0)}
	for _, q := range []AttemptQuery{
		{Limit: 50},
		{AccountID: "a", From: 1, To: 2, After: last, Limit: 50},
		{AccountID: "a", HookID: "h", From: 1, To: 2, After: last, Limit: 50},
		{AccountID: "a", HookID: "h", From: 1, To: 2, After: last, Limit: 50, Ascending: true},
	} {
		statement, args := q.statement(s.dialect)
		t.Run(statement, func(t *testing.T) {
			steps := explain(t, s, statement, args)
			if strings.Contains(steps, "Sort") || !strings.Contains(steps, "Index Scan") {
				t.Error(steps)
			}
			if q.HookID != "" && !strings.Contains(steps, "attempts_hook") {
				t.Error(steps)
			}
		})
	}
}

// explain is the plan for a table too large to be read as a whole.
func explain(t *testing.T, s *Store, statement string, args []any) (plan string) {
	t.Helper()
	g := NewWithT(t)
	tx, err := s.write.BeginTx(t.Context(), nil)
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = tx.Rollback() }()
	_, err = tx.ExecContext(t.Context(), "SET LOCAL enable_seqscan TO off; SET LOCAL enable_bitmapscan TO off")
	g.Expect(err).NotTo(HaveOccurred())
	rows, err := tx.QueryContext(t.Context(), "EXPLAIN "+statement, args...)
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var step string
		g.Expect(rows.Scan(&step)).To(Succeed())
		plan += step + "\n"
	}
	g.Expect(rows.Err()).NotTo(HaveOccurred())
	return plan
}
