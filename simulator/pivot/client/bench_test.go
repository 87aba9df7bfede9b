package client_test

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// A thousand calls at a time, each asking again as soon as it is answered, beside a
// bare loop over net/http.
func BenchmarkAsk(b *testing.B) {
	const calls = 1000
	uri := serve(b, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, "<Response><Say>hello</Say></Response>")
	})
	run := func(b *testing.B, ask func() error) {
		b.Helper()
		var wait sync.WaitGroup
		began := clock.System().Now()
		for call := range calls {
			share := b.N / calls
			if call < b.N%calls {
				share++
			}
			wait.Go(func() {
				for range share {
					if err := ask(); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		wait.Wait()
		b.ReportMetric(float64(b.N)/clock.System().Since(began).Seconds(), "requests/s")
	}
	b.Run("client", func(b *testing.B) {
		c := newClient(b, nil)
		req := build(b, "post", uri+"/v")
		req.Timeout = time.Minute
		run(b, func() error {
			answer, err := c.Ask(b.Context(), req)
			if err == nil && answer.Status != http.StatusOK {
				err = fmt.Errorf("status %d", answer.Status)
			}
			return err
		})
	})
	b.Run("bare", func(b *testing.B) {
		bare := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: calls}}
		run(b, func() error {
			req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, uri+"/v", http.NoBody)
			if err != nil {
				return err
			}
			resp, err := bare.Do(req)
			if err != nil {
				return err
			}
			_, err = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			return err
		})
	})
}
