//go:build real

package lab_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/lab"
	"github.com/kazoolab/kazoolab/internal/postgrestest"
)

// Two processes that start at once on an empty database make its tables once, and
// both go on.
func TestTwoProcessesPrepareOneDatabase(t *testing.T) {
	g := NewWithT(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	binary, err := lab.Build(ctx, t.TempDir())
	g.Expect(err).NotTo(HaveOccurred())
	store, broker := postgrestest.New(t), brokertest.New(t)
	var nodes []*lab.Node
	for _, name := range []string{"one.log", "other.log"} {
		path := filepath.Join(t.TempDir(), name)
		log, err := os.Create(path)
		g.Expect(err).NotTo(HaveOccurred())
		t.Cleanup(func() {
			_ = log.Close()
			if text, err := os.ReadFile(path); t.Failed() {
				t.Logf("%s, %v", text, err)
			}
		})
		node, err := lab.NewNode(lab.NodeOptions{Binary: binary, AMQPURL: broker.URL, Store: store, Log: log})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(node.Start()).To(Succeed())
		t.Cleanup(node.Kill)
		nodes = append(nodes, node)
	}
	for _, node := range nodes {
		g.Expect(node.AwaitReady(ctx)).To(Succeed())
	}
	conn, err := pgx.Connect(ctx, store)
	g.Expect(err).NotTo(HaveOccurred())
	var twice int
	g.Expect(conn.QueryRow(ctx, "SELECT count(*)-count(DISTINCT version_id) FROM goose_db_version").Scan(&twice)).To(Succeed())
	g.Expect(twice).To(BeZero(), "migrations that ran more than once")
	g.Expect(conn.Close(ctx)).To(Succeed())
	for _, node := range nodes {
		g.Expect(node.Stop(ctx)).To(Succeed())
	}
}
