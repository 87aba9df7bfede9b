package probe_test

import (
	"context"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// quietSlice is how long Settle waits at a time for the probe of these tests.
const quietSlice = 20 * time.Millisecond

// settled has a probe settle, each of whose waits takes as long as passes says of it, from 0, and returns
// the log and how many waits there were.
func settled(t *testing.T, passes func(wait int, log *capture.Log) time.Duration) (log *capture.Log, waits int) {
	t.Helper()
	c := clockwork.NewFakeClock()
	log = capture.NewLog(c)
	p := probe.New(&probe.Harness{
		Target: probe.Target{Patience: probe.Patience{Quiet: 5 * quietSlice}}, Log: log, Clock: c, IDs: ids.Seeded(t.Name()),
	}, "group/one")
	ctx, done := context.WithCancel(t.Context())
	go func() {
		defer done()
		p.Settle(t.Context())
	}()
	for ; c.BlockUntilContext(ctx, 1) == nil; waits++ {
		c.Advance(passes(waits, log))
	}
	return log, waits
}

func TestNothingForAWhileIsQuiet(t *testing.T) {
	t.Parallel()
	_, waits := settled(t, func(int, *capture.Log) time.Duration { return quietSlice })
	NewWithT(t).Expect(waits).To(Equal(5))
}

func TestTimeInWhichAllStoodStillIsNoQuiet(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for still := range 5 {
		log, waits := settled(t, func(wait int, log *capture.Log) time.Duration {
			if wait == still {
				return 3 * time.Second
			}
			if wait == still+1 { // what came meanwhile is read now
				log.Add(capture.Entry{Group: "group/one", Kind: capture.HookRequest, Name: "unread"})
			}
			return quietSlice
		})
		g.Expect(log.Of("group/one").Requests("unread")).To(HaveLen(1))
		g.Expect(waits).To(BeNumerically(">=", still+1+5))
	}
}

func TestAMachineThatIsAlwaysLateIsNotWaitedForWithoutEnd(t *testing.T) {
	t.Parallel()
	_, waits := settled(t, func(int, *capture.Log) time.Duration { return 3 * quietSlice })
	NewWithT(t).Expect(waits).To(Equal(25))
}
