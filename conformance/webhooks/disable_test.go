package webhooks

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
	"github.com/kazoolab/kazoolab/conformance/suite"
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
		log.Add(capture.Entry{Group: "webhooks/disable", Kind: capture.HookRequest, Name: "six"})
	}
	patience := probe.Patience{Reply: 10 * time.Second, Delivery: 10 * time.Second, Quiet: time.Millisecond}
	if most < requests {
		patience.Delivery = 20 * time.Millisecond
	}
	return probe.New(&probe.Harness{
		Target: probe.Target{REST: target.URL, Patience: patience}, Log: log, Clock: clock.System(), IDs: ids.Seeded(t.Name()), HTTP: target.Client(),
	}, "webhooks/disable"), asked
}

func TestTheNextFailureWaitsUntilTheOneBeforeIsListed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p, asked := failing(t, 3, 3)
	g.Expect(dealt(t.Context(), p, probe.Account{ID: "a1"}, "six")).To(Succeed())
	g.Expect(asked.Load()).To(BeEquivalentTo(4), "none, one, two, three")
	g.Expect(p.Seen().Fact(unlisted)).To(BeEmpty())
}

func TestATargetThatListsNoAttemptsIsWaitedForOnce(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p, asked := failing(t, 1, 0)
	g.Expect(dealt(t.Context(), p, probe.Account{ID: "a1"}, "six")).To(Succeed())
	g.Expect(p.Seen().Fact(unlisted)).To(Equal("six"))
	before := asked.Load()
	g.Expect(dealt(t.Context(), p, probe.Account{ID: "a1"}, "six")).To(Succeed())
	g.Expect(asked.Load()).To(Equal(before))
}

func TestThePauseBeforeATryIsJudgedWhateverTheMachineDoes(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	// judge takes when each try came, and how much later its end was written down.
	judge := func(noted time.Duration, tries ...time.Duration) []string {
		var v capture.View
		for _, at := range tries {
			seq := len(v.Entries) + 1
			v.Entries = append(v.Entries,
				capture.Entry{Seq: seq, Kind: capture.HookRequest, Name: "closes-twice", At: at},
				capture.Entry{Seq: seq + 1, Kind: capture.HookAnswer, Name: "closes-twice", At: at + noted, Ref: seq})
		}
		j := suite.NewJudging(v, capture.Facts{})
		judgePause(j)
		var found []string
		for _, f := range j.Findings() {
			found = append(found, f.What)
		}
		return found
	}
	g.Expect(judge(0, 0, 2*time.Second, 4*time.Second)).To(BeEmpty())
	g.Expect(judge(900*time.Millisecond, 0, 2*time.Second, 4*time.Second)).To(BeEmpty(), "the end was written down late")
	g.Expect(judge(0, 0, 2*time.Second, 14*time.Second)).To(BeEmpty(), "one was late")
	g.Expect(judge(0, 0, time.Second, 3*time.Second)).To(ConsistOf("pause before try 2"))
	g.Expect(judge(0, 0, 8*time.Second, 16*time.Second)).To(ConsistOf("the shortest of the pauses"))
	g.Expect(judge(0, 0)).To(HaveLen(1))
}
