package probe_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// failing is a probe whose receiver has got so many requests, and a target that lists one attempt
// more each time it is asked, up to a number.
func failing(t *testing.T, requests, most int) (p *probe.Probe, asked *atomic.Int64) {
	t.Helper()
	asked = &atomic.Int64{}
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		listed := min(int(asked.Add(1))-1, most)
		_, _ = fmt.Fprintf(w, `{"data":[%s]}`, strings.TrimSuffix(strings.Repeat("{},", listed), ","))
	}))
	t.Cleanup(target.Close)
	log := capture.NewLog(clock.System())
	for range requests {
		log.Add(capture.Entry{Group: "group/one", Kind: capture.HookRequest, Name: "six"})
	}
	patience := probe.Patience{Reply: 10 * time.Second, Delivery: 10 * time.Second, Quiet: time.Millisecond}
	if most < requests {
		patience.Delivery = 20 * time.Millisecond
	}
	return probe.New(&probe.Harness{
		Target: probe.Target{REST: target.URL, Patience: patience}, Log: log, Clock: clock.System(), IDs: ids.Seeded(t.Name()), HTTP: target.Client(),
	}, "group/one"), asked
}

func TestTheNextFailureWaitsUntilTheOneBeforeIsListed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p, asked := failing(t, 3, 3)
	g.Expect(p.Dealt(t.Context(), "six", probe.Account{ID: "a1"})).To(Succeed())
	g.Expect(asked.Load()).To(BeEquivalentTo(4), "none, one, two, three")
	g.Expect(p.Seen().Fact("attempts that are not listed")).To(BeEmpty())
}

func TestATargetThatListsNoAttemptsIsWaitedForOnce(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p, asked := failing(t, 1, 0)
	g.Expect(p.Dealt(t.Context(), "six", probe.Account{ID: "a1"})).To(Succeed())
	g.Expect(p.Seen().Fact("attempts that are not listed")).To(Equal("six"))
	before := asked.Load()
	g.Expect(p.Dealt(t.Context(), "six", probe.Account{ID: "a1"})).To(Succeed())
	g.Expect(asked.Load()).To(Equal(before))
}
