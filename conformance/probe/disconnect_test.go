package probe_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// A broker is often shared.
func TestOnlyConnectionsToTheTargetsVirtualHostAreClosed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var mu sync.Mutex
	var closed []string
	broker := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			mu.Lock()
			defer mu.Unlock()
			closed = append(closed, strings.TrimPrefix(r.URL.Path, "/api/connections/"))
			return
		}
		_, _ = io.WriteString(w, `[{"name":"ours","vhost":"lab"},{"name":"another's","vhost":"/"},{"name":"not yet told"},{"name":"none","vhost":null}]`)
	}))
	t.Cleanup(broker.Close)
	p := probe.New(&probe.Harness{
		Target: probe.Target{AMQP: "amqp://a:b@127.0.0.1/lab", Management: broker.URL, Patience: probe.NewPatience(0)},
		Log:    capture.NewLog(clock.System()), Clock: clock.System(), IDs: ids.Seeded(t.Name()), HTTP: broker.Client(),
	}, "group/one")
	n, err := p.Disconnect(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(n).To(Equal(1))
	mu.Lock()
	defer mu.Unlock()
	g.Expect(closed).To(Equal([]string{"ours"}))
}
