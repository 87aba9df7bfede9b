package webhooks_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/bridge/webhooks/journal"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// BenchmarkDeliver is an event from bytes to acknowledgement, with a receiver in
// the same process, as many at once as a hook may have.
func BenchmarkDeliver(b *testing.B) { benchmarkDeliver(b, nil) }

// BenchmarkDeliverRemembered is the same with a journal.
func BenchmarkDeliverRemembered(b *testing.B) {
	benchmarkDeliver(b, journal.New(journal.Config{Events: 1000, Bytes: journal.DefaultBytes, Mark: "0000"}))
}

func benchmarkDeliver(b *testing.B, remembered *journal.Journal) {
	b.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	directory := account.NewDirectory()
	directory.Put(account.Account{ID: "acme", Enabled: true})
	hooks := webhooks.NewRegistry()
	hooks.Set(hook("h1", server.URL))
	cfg := webhooks.DefaultConfig()
	cfg.Guard.AllowLoopback = true
	engine := webhooks.New(cfg, webhooks.Dependencies{
		Hooks: hooks, Accounts: directory, Records: &ledger{}, Clock: clock.System(), IDs: ids.New(),
		Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), ClusterID: recordedCluster,
		Journal: remembered,
	})
	window := make(chan struct{}, 64)
	var done sync.WaitGroup
	b.ReportAllocs()
	for i := range b.N { // deliveries end out of order, so b.Loop cannot count them
		window <- struct{}{}
		done.Add(1)
		msg := event(fmt.Sprint(i))
		msg.Ack = func() error {
			<-window
			done.Done()
			return nil
		}
		engine.Handle(context.Background(), msg)
	}
	done.Wait()
	engine.Drain(context.Background())
}
