package pivot_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/pivot"
	"github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// silent is a switch that does what it is told without a word.
type silent struct{ said int }

func (s *silent) Publish(string, string, jobj.Object) { s.said++ }
func (*silent) Bind(string, string, string)           {}
func (*silent) Unbind(string, string, string)         {}

// Many calls at a time ask and end, each by itself, on the wall's time, too.
func TestManyCalls(t *testing.T) {
	const calls = 200
	flows := newFlows(t)
	var asked atomic.Int64
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "text/xml")
		answer := "<Response><Redirect>/next</Redirect></Response>"
		if r.URL.Path == "/v/next" {
			answer = "<Response><Hangup/></Response>"
		}
		_, _ = io.WriteString(w, answer)
	}))
	defer app.Close()
	for _, speed := range []float64{0, 1} {
		t.Run(fmt.Sprintf("speed %v", speed), func(t *testing.T) {
			g := NewWithT(t)
			asked.Store(0)
			line := timeline.New(timeline.Config{Speed: speed, Wall: clockwork.NewRealClock()})
			c := client.New(client.Config{Guard: client.Local()})
			defer c.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			s := &silent{}
			e := pivot.New(ctx, pivot.Config{
				Line: line, Bus: s, Asker: c, Flows: flows, IDs: ids.Seeded("many"), Log: slog.New(slog.DiscardHandler),
			})
			line.After(0, func() {
				for i := range calls {
					e.Start(message(app.URL+"/v").Set("Call", testCall().Set("Call-ID", fmt.Sprint("call-", i))))
				}
			})
			g.Expect(line.Run(ctx, false)).To(Succeed())
			g.Expect(e.Running()).To(BeZero())
			g.Expect(asked.Load()).To(BeEquivalentTo(2 * calls))
			// processing and answer for the first document; processing, answer and two hangups for the other
			g.Expect(s.said).To(Equal(6 * calls))
		})
	}
}
