package main

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// told gives each line of a process to who waits for it.
type told chan ready

func (t told) Write(p []byte) (int, error) {
	var r ready
	if err := json.Unmarshal(p, &r); err != nil {
		return 0, err
	}
	t <- r
	return len(p), nil
}

func TestPlacesOfCallsAreReadAsTheyAreWritten(t *testing.T) {
	g := NewWithT(t)
	slot, request, found := place(path(65535, 99))
	g.Expect([]any{slot, request, found}).To(Equal([]any{65535, 99, true}))
	for _, other := range []string{"", "/", "/1", "/1/2", "/x/2.xml", "/1/x.xml", "/65536/0.xml", "/-1/0.xml", "/1/100.xml", beginPath, holding} {
		_, _, found := place(other)
		g.Expect(found).To(BeFalse(), other)
	}
}

func TestOnlyWhatFollowsAnAnswerIsTimed(t *testing.T) {
	g := NewWithT(t)
	now := clockwork.NewFakeClock()
	l := newLedger(now, 2)
	l.arrived(7, 0, []byte("first"))
	l.gave(7)
	l.begin()
	now.Advance(2 * time.Millisecond)
	l.arrived(7, 1, []byte("second"))
	now.Advance(time.Second)
	l.gave(7)
	now.Advance(time.Second)
	l.arrived(7, 0, []byte("another call"))
	g.Expect(l.end()).To(Equal(noted{Requests: 2, Calls: 1, P50: 2, P99: 2, Max: 2, Samples: []string{"first", "second"}}))
}

func TestFramesDifferInIDAndPlace(t *testing.T) {
	g := NewWithT(t)
	f, err := frameOf(`{"action":"pivot","request_id":"0a1b","data":{"url":"http://ivr.pivot.invalid/7/3.xml","params":{"Digits":"7"}}}`)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(f.of(512, 3))).To(Equal(`{"action":"pivot","request_id":"` + strings.Repeat("0", 27) + `51203","data":{"url":"http://ivr.pivot.invalid/512/3.xml","params":{"Digits":"7"}}}`))
	_, err = frameOf(`{"request_id":"0a1b","data":{"url":"http://ivr.pivot.invalid/hold"}}`)
	g.Expect(err).To(HaveOccurred())
}

// The engine's calls go through the whole menu, some wait, and the bare loop's follow in their steps.
func TestEngineAndBareLoopAskTheSame(t *testing.T) {
	g := NewWithT(t)
	const requests = 4
	o := options{calls: 3, requests: requests, held: 2, samples: filepath.Join(t.TempDir(), "samples.json")}
	play := func(role func(context.Context, options) error) noted {
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		l := newLedger(clock.System(), requests)
		app := httptest.NewServer(menu(l, requests))
		defer app.Close()
		out := make(told, 1)
		o.out, o.url = out, app.URL
		ended := make(chan error, 1)
		l.begin()
		go func() { ended <- role(ctx, o) }()
		g.Eventually(out).WithContext(ctx).Should(Receive())
		g.Eventually(func() int { return l.count() }).WithContext(ctx).Should(BeNumerically(">", 20*requests))
		stop()
		g.Expect(<-ended).To(Succeed())
		return l.end()
	}
	engine := play(runEngine)
	g.Expect(engine.Samples).To(HaveEach(ContainSubstring("CallSid=")))
	g.Expect(engine.Samples[0]).NotTo(ContainSubstring("Digits"))
	g.Expect(engine.Samples[1]).To(ContainSubstring("Digits=1"))
	text, err := json.Marshal(engine.Samples)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(os.WriteFile(o.samples, text, 0o600)).To(Succeed())
	bare := play(runBare)
	g.Expect(bare.Samples).To(Equal(engine.Samples))
	for _, r := range []noted{engine, bare} {
		g.Expect(r.Calls).To(BeNumerically("~", r.Requests/requests, 2*o.calls))
	}
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.requests
}

func TestEachFigureHasItsMedian(t *testing.T) {
	g := NewWithT(t)
	m := median([]result{
		{noted: noted{Requests: 100, Calls: 10, P99: 3}, took: 1, cpu: 2}, {noted: noted{Requests: 400, Calls: 20, P99: 1}, took: 2, cpu: 1},
		{noted: noted{Requests: 300, Calls: 90, P99: 2}, took: 1, cpu: 3},
	})
	g.Expect([]float64{m.rate(), m.calls(), m.P99, m.cpu}).To(Equal([]float64{200, 10, 2, 2}))
}
