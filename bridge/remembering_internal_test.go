package bridge

import (
	"context"
	"log/slog"
	"testing"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/store/storetest"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/disabler"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// newRemembering is a node that has loaded a store with one hook of one account.
func newRemembering(t *testing.T, dialect fidelity.Dialect) *changes {
	t.Helper()
	g, clock, log := NewWithT(t), clockwork.NewFakeClock(), slog.New(slog.DiscardHandler)
	db, err := store.Open(t.Context(), storetest.URL(t), store.Options{Clock: clock, IDs: ids.Seeded("x"), Log: log})
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = db.Close() })
	c := &changes{
		store: db, directory: account.NewDirectory(), hooks: webhooks.NewRegistry(), clock: clock, log: log, running: context.WithoutCancel(t.Context()),
		limits:  disabler.NewSettings(disabler.DefaultLimit(), dialect, func(string) string { return "" }),
		dialect: dialect, names: webhooks.Names(dialect), compat: fidelity.Kazoo,
	}
	for _, doc := range []store.Document{
		{DB: kapi.DatabaseAccounts, ID: failingAccount, Type: store.TypeAccount, AccountID: failingAccount},
		{
			DB: kapi.DatabaseWebhooks, ID: failingHook, Type: store.TypeWebhook, AccountID: failingAccount,
			Body: jobj.Object{{Key: "uri", Value: "http://h/"}, {Key: "hook", Value: "all"}},
		},
	} {
		_, err := db.Save(t.Context(), doc)
		g.Expect(err).NotTo(HaveOccurred())
	}
	g.Expect(c.load(t.Context())).To(Succeed())
	g.Expect(c.hooks.Len()).To(Equal(1))
	return c
}

// Of a store that was put back nothing is known, whatever its writes are numbered.
func TestWhoCannotCatchUpReadsEverything(t *testing.T) {
	g, c := NewWithT(t), newRemembering(t, fidelity.V50)
	g.Expect(c.store.Remove(t.Context(), kapi.DatabaseWebhooks, failingHook)).To(Succeed())
	c.known = 100
	g.Expect(c.tryCatchUp(t.Context())).To(Succeed())
	g.Expect(c.hooks.Len()).To(BeZero())
	g.Expect(c.known).To(Equal(int64(3)))
}

// A write that cannot be looked up now is looked up the next time.
func TestCatchingUpGoesOnWhereItBrokeOff(t *testing.T) {
	g, c := NewWithT(t), newRemembering(t, fidelity.V50)
	g.Expect(c.store.Remove(t.Context(), kapi.DatabaseWebhooks, failingHook)).To(Succeed())
	ended, end := context.WithCancel(t.Context())
	end()
	g.Expect(c.tryCatchUp(ended)).NotTo(Succeed())
	g.Expect(c.hooks.Len()).To(Equal(1))
	g.Expect(c.tryCatchUp(t.Context())).To(Succeed())
	g.Expect(c.hooks.Len()).To(BeZero())
}

// The hooks of an account that was deleted end, but in 4.3, where they go on until the
// next start.
func TestHooksOfADeletedAccountAreCaughtUpWithByDialect(t *testing.T) {
	for dialect, live := range map[fidelity.Dialect]int{fidelity.V50: 0, fidelity.V43: 1} {
		g, c := NewWithT(t), newRemembering(t, dialect)
		for db, id := range map[string]string{kapi.DatabaseWebhooks: failingHook, kapi.DatabaseAccounts: failingAccount} {
			g.Expect(c.store.Remove(t.Context(), db, id)).To(Succeed())
		}
		g.Expect(c.apply(t.Context(), kapi.DocChange{DB: kapi.DatabaseAccounts, ID: failingAccount})).To(Succeed())
		g.Expect(c.tryCatchUp(t.Context())).To(Succeed())
		g.Expect(c.hooks.Len()).To(Equal(live), string(dialect))
		g.Expect(c.load(t.Context())).To(Succeed())
		g.Expect(c.hooks.Len()).To(BeZero())
	}
}
