package wiretest_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// A thousand calls at one socket, each of which asks again as soon as it was answered.
func BenchmarkAThousandCallsOverOneSocket(b *testing.B) {
	const calls = 1000
	h := newCluster(b)
	n, d := h.node(h.broker.URL), h.engine(h.broker.URL)
	c := h.dial(n, acme, "ivr")
	c.register(acme, fmt.Sprintf(`,"max_calls":%d`, calls))
	h.known(d, 1)
	_ = c.SetReadDeadline(time.Time{})
	go func() {
		for {
			_, text, err := c.ReadMessage()
			if err != nil {
				return
			}
			if frame := gjson.ParseBytes(text); frame.Get("name").Str == "request" {
				answer := fmt.Appendf(nil, `{"action":"pivot_answer","data":{"pivot_id":%q,"body":"<Response/>"}}`, frame.Get("request_id").Str)
				if c.WriteMessage(websocket.TextMessage, answer) != nil {
					return
				}
			}
		}
	}()
	took := make([]time.Duration, b.N)
	var next sync.Mutex
	asked := 0
	take := func() int {
		next.Lock()
		defer next.Unlock()
		asked++
		return asked - 1
	}
	b.ResetTimer()
	var running sync.WaitGroup
	for i := range min(calls, b.N) {
		running.Go(func() {
			for turn := take(); turn < b.N; turn = take() {
				began := clock.System().Now()
				_, err := d.Ask(b.Context(), of("ivr", fmt.Sprint("c", i)))
				if err != nil {
					b.Error(err)
				}
				took[turn] = clock.System().Since(began)
			}
		})
	}
	running.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "asks/s")
}
