//go:build real

package postgres

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	. "github.com/onsi/gomega"
)

// Whatever ends a server, what was committed is there when it is back.
func TestRestartKeepsAddressAndData(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	server, err := Start(t.Context(), Options{Settings: map[string]string{"work_mem": "5MB"}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(ask(t, server.URL(), "SHOW fsync")).To(Equal("on"))
	g.Expect(execute(t.Context(), server.URL(), "CREATE TABLE kept (n text)")).To(Succeed())
	for how, end := range map[string]func(context.Context) error{
		"in order": server.Halt,
		"a crash":  server.Kill,
		"restart":  func(context.Context) error { return nil },
	} {
		g.Expect(execute(t.Context(), server.URL(), "INSERT INTO kept VALUES ('"+how+"')")).To(Succeed())
		g.Expect(end(t.Context())).To(Succeed(), how)
		g.Expect(end(t.Context())).To(Succeed(), "%s, of a server that does not run", how)
		g.Expect(server.Restart(t.Context())).To(Succeed(), how)
		g.Expect(ask(t, server.URL(), "SELECT n FROM kept ORDER BY ctid DESC LIMIT 1")).To(Equal(how))
	}
	g.Expect(ask(t, server.URL(), "SHOW work_mem")).To(Equal("5MB"), "a setting holds after restarts")
	address := server.URL()
	g.Expect(server.Stop()).To(Succeed())
	g.Expect(server.Stop()).To(Succeed(), "stopping twice")
	g.Expect(probe(t.Context(), address)).NotTo(Succeed())
}

func TestDatabasesAreApart(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	server, err := Start(t.Context(), Options{})
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { g.Expect(server.Stop()).To(Succeed()) })
	one, err := server.NewDatabase(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(execute(t.Context(), one, "CREATE TABLE here (n text)")).To(Succeed())
	other, err := server.NewDatabase(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	for _, address := range []string{server.URL(), other} {
		g.Expect(execute(t.Context(), address, "SELECT * FROM here")).NotTo(Succeed())
	}
	held, err := pgx.Connect(t.Context(), one)
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = held.Close(context.Background()) }() // it is cut off by then
	g.Expect(DropDatabase(t.Context(), server.URL(), one)).To(Succeed(), "with a client in it")
	g.Expect(probe(t.Context(), one)).NotTo(Succeed())

	g.Expect(ask(t, other, "SELECT ('a' < 'B')::text")).To(Equal("true"), "text sorts by language, not by bytes")
}

func ask(t *testing.T, address, query string) string {
	t.Helper()
	g := NewWithT(t)
	conn, err := pgx.Connect(t.Context(), address)
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = conn.Close(context.Background()) }()
	var text string
	g.Expect(conn.QueryRow(t.Context(), query).Scan(&text)).To(Succeed(), query)
	return text
}
