package bridge

import (
	"context"
	"log/slog"
	"testing"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// newAsked is a bridge of 4.3 as far as REST asks it for hooks, that has ended.
func newAsked() *Bridge {
	cfg := Config{Webhooks: webhooks.DefaultConfig(), Clock: clockwork.NewFakeClock(), IDs: ids.Seeded("x"), Log: slog.New(slog.DiscardHandler)}
	cfg.Webhooks.Dialect = fidelity.V43
	ended, end := context.WithCancel(context.Background())
	end()
	b := &Bridge{cfg: cfg, directory: account.NewDirectory(), hooks: webhooks.NewRegistry()}
	b.changes = &changes{
		directory: b.directory, dialect: cfg.Webhooks.Dialect, compat: cfg.Webhooks.Compat,
		names: webhooks.Names(cfg.Webhooks.Dialect), running: ended,
	}
	b.engine = webhooks.New(cfg.Webhooks, webhooks.Dependencies{
		Hooks: b.hooks, Accounts: b.directory, Clock: cfg.Clock, IDs: cfg.IDs, Log: cfg.Log, Metrics: prometheus.NewRegistry(),
	})
	return b
}

// What explain judges is the hook that fires, with what its dialect assumes.
func TestExplainReadsHooksAsTheyBecomeLive(t *testing.T) {
	g, b := NewWithT(t), newAsked()
	hook, err := b.explainer().Parse(store.Document{ID: "h1", AccountID: "a1", Body: jobj.Object{
		{Key: "hook", Value: "object"}, {Key: "uri", Value: "http://h/"}, {Key: "http_verb", Value: "patch"}, {Key: "custom_data", Value: jobj.Object{}},
	}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(hook.Verb).To(Equal("get"))
	g.Expect(hook.CustomData).To(BeNil(), "an empty custom_data is none in 4.3")
}

// Nobody records what comes of it any more, and the request must not wait for that.
func TestNothingIsReplayedOnceTheNodeHasEnded(t *testing.T) {
	g, b := NewWithT(t), newAsked()
	_, err := trier{b}.Replay(context.WithoutCancel(t.Context()), webhooks.Replay{Attempt: store.Attempt{ID: "a1", HookID: "h1", Body: jobj.Object{
		{Key: "uri", Value: "http://127.0.0.1:1/"}, {Key: "method", Value: "post"}, {Key: "req_body", Value: "x"},
	}}}, nil)
	g.Expect(err).To(MatchError(context.Canceled))
}
