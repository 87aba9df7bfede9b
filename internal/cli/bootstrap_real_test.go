//go:build real

package cli

import (
	"log/slog"
	"testing"

	. "github.com/onsi/gomega"
	"golang.org/x/sync/errgroup"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/config"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/internal/postgrestest"
)

func TestNodesThatStartAtOnceMakeOneFirstAccount(t *testing.T) {
	g := NewWithT(t)
	address := postgrestest.New(t)
	log := slog.New(slog.DiscardHandler)
	start := func() error {
		s, err := store.Open(t.Context(), address, store.Options{Clock: clock.System(), IDs: ids.New(), Log: log})
		if err != nil {
			return err
		}
		defer func() { _ = s.Close() }()
		return bootstrap(t.Context(), s, config.Bootstrap{AccountName: "Master", User: "admin", Password: "secret"}, ids.New(), log)
	}
	var nodes errgroup.Group
	for range 5 {
		nodes.Go(start)
	}
	g.Expect(nodes.Wait()).To(Succeed())

	s, err := store.Open(t.Context(), address, store.Options{Clock: clock.System(), IDs: ids.New(), Log: log})
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = s.Close() }()
	accounts, err := s.List(t.Context(), store.Query{DB: kapi.DatabaseAccounts, Type: store.TypeAccount})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(accounts).To(HaveLen(1))
}
