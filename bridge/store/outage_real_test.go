//go:build real

package store_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/lab"
	"github.com/kazoolab/kazoolab/internal/postgres"
	"github.com/kazoolab/kazoolab/internal/postgrestest"
)

// recovery is how long a store may take until it works again.
const recovery = 30 * time.Second

// What ends PostgreSQL, and for how long, is nothing that a Store has to be told.
func TestAStoreOutlivesItsPostgres(t *testing.T) {
	g := NewWithT(t)
	server, err := postgres.Start(t.Context(), postgres.Options{})
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { g.Expect(server.Stop()).To(Succeed()) })
	s := openStore(t, server.URL())
	for name, end := range map[string]func(context.Context) error{
		"a restart":           func(context.Context) error { return nil },
		"a crash":             server.Kill,
		"a time without any":  server.Halt,
		"another one of them": server.Halt,
	} {
		g.Expect(s.Save(t.Context(), store.Document{DB: "d", ID: "before " + name})).Error().NotTo(HaveOccurred())
		g.Expect(end(t.Context())).To(Succeed())
		if name != "a restart" {
			g.Expect(s.Save(t.Context(), store.Document{DB: "d", ID: "x"})).Error().To(HaveOccurred())
			g.Expect(s.Ping(t.Context())).NotTo(Succeed())
		}
		g.Expect(server.Restart(t.Context())).To(Succeed())
		g.Eventually(t.Context(), s.Ping).WithTimeout(recovery).Should(Succeed())
		save := func() error {
			_, err := s.Save(t.Context(), store.Document{DB: "d", ID: "after " + name})
			return err
		}
		g.Eventually(t.Context(), save).WithTimeout(recovery).Should(Succeed())
		g.Expect(s.Get(t.Context(), "d", "before "+name)).Error().NotTo(HaveOccurred())
	}
}

// A network that lets nothing through tells nobody: each statement ends at its own
// deadline, and what the server held for it goes, so that others are not kept waiting.
func TestASilentNetworkHoldsNothingForEver(t *testing.T) {
	g := NewWithT(t)
	address := postgrestest.New(t)
	line, err := lab.NewLine("store", address)
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(line.Close)
	const limit = 2 * time.Second
	cutOff, err := store.OpenImpatient(t.Context(), line.URL, limit, options())
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { g.Expect(cutOff.Close()).To(Succeed()) })
	other := openStore(t, address)
	doc, err := cutOff.Save(t.Context(), store.Document{DB: "d", ID: "x"})
	g.Expect(err).NotTo(HaveOccurred())

	g.Expect(line.Silence()).To(Succeed())
	ctx, cancel := context.WithTimeout(t.Context(), 10*limit)
	defer cancel()
	_, err = cutOff.Save(ctx, doc)
	g.Expect(err).To(MatchError(context.DeadlineExceeded))
	g.Expect(ctx.Err()).NotTo(HaveOccurred(), "the store had a deadline of its own")
	_, err = cutOff.Get(ctx, "d", "x")
	g.Expect(err).To(MatchError(context.DeadlineExceeded))

	doc, err = other.Save(t.Context(), doc)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(line.Mend(t.Context())).To(Succeed())
	save := func() error {
		_, err := cutOff.Save(t.Context(), doc)
		return err
	}
	g.Eventually(t.Context(), save).WithTimeout(recovery).Should(Succeed())
}

func TestARefusalIsSaidAtOnceAndWithoutThePassword(t *testing.T) {
	g := NewWithT(t)
	address := postgrestest.New(t)
	for _, c := range []struct{ bad, cause string }{
		{change(t, address, func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), "hunter2") }), "password authentication failed"},
		{change(t, address, func(u *url.URL) { u.Path = "/nowhere" }), `database "nowhere" does not exist`},
	} {
		_, err := store.Open(t.Context(), c.bad, options())
		g.Expect(err).To(MatchError(And(ContainSubstring("open store: PostgreSQL at 127.0.0.1"), ContainSubstring(c.cause))))
		g.Expect(err).NotTo(MatchError(ContainSubstring("hunter2")))
	}
}

// change is the address with a part that is another.
func change(t *testing.T, address string, how func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	how(u)
	return u.String()
}
