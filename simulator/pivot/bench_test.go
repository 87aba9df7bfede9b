package pivot_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/pivot"
	"github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/flow"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

const concurrent = 1000

// BenchmarkEngine has a thousand calls ask a local app, each again and again. ns/op is a request's share;
// p99-ms is from an answer to the next request's.
func BenchmarkEngine(b *testing.B) {
	app := redirecting(b)
	c := client.New(client.Config{Guard: client.Local()})
	b.Cleanup(c.Close)
	line := timeline.New(timeline.Config{Wall: clockwork.NewRealClock()})
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	flows, err := flow.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	each := max(b.N/concurrent, 1)
	last, gaps := map[string]time.Time{}, make([]time.Duration, 0, b.N)
	e := pivot.New(ctx, pivot.Config{
		Line: line, Bus: &silent{}, Asker: c, Flows: flows, IDs: ids.Seeded("bench"), Log: slog.New(slog.DiscardHandler),
		Requests: each,
		Trace: func(s pivot.Step) {
			if s.Kind != pivot.Asked {
				return
			}
			now := time.Now() //nolint:forbidigo // what is measured is the machine's
			if before, ok := last[s.CallID]; ok {
				gaps = append(gaps, now.Sub(before))
			}
			last[s.CallID] = now
		},
	})
	line.After(0, func() {
		for i := range concurrent {
			e.Start(message(app).Set("Call", testCall().Set("Call-ID", fmt.Sprint("call-", i))))
		}
	})
	b.ReportAllocs()
	b.ResetTimer()
	if err := line.Run(ctx, false); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	report(b, gaps)
}

// BenchmarkBare is the same number of requests without an engine.
func BenchmarkBare(b *testing.B) {
	app := redirecting(b)
	c := client.New(client.Config{Guard: client.Local()})
	b.Cleanup(c.Close)
	r, _, err := request.Build("post", "form", app, request.Params(request.Values{Call: testCall(), Format: "twiml"}, fidelity.Kazoo), fidelity.Kazoo)
	if err != nil {
		b.Fatal(err)
	}
	each := max(b.N/concurrent, 1)
	var mu sync.Mutex
	var gaps []time.Duration
	b.ReportAllocs()
	b.ResetTimer()
	var all sync.WaitGroup
	for range concurrent {
		all.Go(func() {
			own := make([]time.Duration, 0, each)
			before := time.Now() //nolint:forbidigo // what is measured is the machine's
			for range each {
				if _, err := c.Ask(b.Context(), r); err != nil {
					b.Error(err)
					return
				}
				now := time.Now() //nolint:forbidigo // as above
				own = append(own, now.Sub(before))
				before = now
			}
			mu.Lock()
			defer mu.Unlock()
			gaps = append(gaps, own...)
		})
	}
	all.Wait()
	b.StopTimer()
	report(b, gaps)
}

func redirecting(b *testing.B) string {
	b.Helper()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, "<Response><Redirect/></Response>")
	}))
	b.Cleanup(app.Close)
	return app.URL + "/v"
}

func report(b *testing.B, gaps []time.Duration) {
	b.Helper()
	if len(gaps) == 0 {
		return
	}
	slices.Sort(gaps)
	b.ReportMetric(float64(gaps[len(gaps)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(len(gaps))/b.Elapsed().Seconds(), "requests/s")
}
