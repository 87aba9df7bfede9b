package lab_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"go.uber.org/goleak"

	"github.com/kazoolab/kazoolab/internal/lab"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBitsHoldEachNumberOnce(t *testing.T) {
	g := NewWithT(t)
	bits := lab.NewBits(130)
	var twice sync.WaitGroup
	for range 2 {
		twice.Go(func() {
			for n := range 200 {
				bits.Add(n)
			}
		})
	}
	twice.Wait()
	g.Expect(bits.Len()).To(BeNumerically("~", 130, 63), "the limit is rounded up to a word")
	g.Expect(bits.Has(0)).To(BeTrue())
	g.Expect(bits.Has(129)).To(BeTrue())
	g.Expect(bits.Has(199)).To(BeFalse())
	g.Expect(bits.Has(-1)).To(BeFalse())
	g.Expect(bits.Add(7)).To(BeFalse(), "it is in")
	g.Expect(bits.Add(-1)).To(BeFalse())
}

func TestNumberIsFoundInTexts(t *testing.T) {
	for _, c := range []struct {
		text string
		want int
	}{
		{`{"Event-Name":"X","Call-ID":"labevent-000000042"}`, 42},
		{`hook_event=x&call_id=labevent-999999999&other_leg_call_id=1`, 999999999},
		{`no number`, -1},
		{`labevent-1234`, -1},
		{`labevent-00000004x`, -1},
	} {
		n, found := lab.Number([]byte(c.text))
		if !found {
			n = -1
		}
		NewWithT(t).Expect(n).To(Equal(c.want), c.text)
	}
}

func TestFlappingFollowsItsSeedAndSteps(t *testing.T) {
	g := NewWithT(t)
	turns := func(seed string) (all []lab.Reaction) {
		step := 0
		b := lab.Flapping(seed, func() int { return step }, time.Millisecond)
		for step = range 200 {
			all = append(all, b())
		}
		return all
	}
	first := turns("a")
	g.Expect(turns("a")).To(Equal(first), "the same seed flaps alike")
	g.Expect(turns("b")).NotTo(Equal(first))
	seen := map[lab.Answer]int{}
	for _, r := range first {
		seen[r.Answer]++
	}
	g.Expect(seen).To(And(HaveKey(lab.OK), HaveKey(lab.Drop), HaveKey(lab.Failure)))
}

func TestLatencyOfSamples(t *testing.T) {
	g := NewWithT(t)
	var samples []lab.Sample
	for i := range 100 {
		samples = append(samples, lab.Sample{Took: uint32(100-i) * 1000})
	}
	g.Expect(lab.LatencyOf(samples)).To(Equal(lab.Latency{
		Events: 100, P50: 50 * time.Millisecond, P99: 99 * time.Millisecond, Max: 100 * time.Millisecond,
	}))
	g.Expect(lab.LatencyOf(nil)).To(BeZero())
}

func TestMetricsAreReadWithTheirLabels(t *testing.T) {
	g := NewWithT(t)
	m, err := lab.ParseMetrics([]byte("# HELP a A.\na 3\nb{x=\"1 2\"} 4\nb{x=\"3\"} 1e3\nbc 1\n"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(m.Sum("a")).To(BeNumerically("==", 3))
	g.Expect(m.Sum("b")).To(BeNumerically("==", 1004))
	g.Expect(m.Sum("missing")).To(BeZero())
	_, err = lab.ParseMetrics([]byte("a three\n"))
	g.Expect(err).To(MatchError(ContainSubstring("a three")))
	_, err = lab.ParseMetrics([]byte("alone\n"))
	g.Expect(err).To(HaveOccurred())
}

// post gives an event to a hook and returns the status, 0 for none.
func post(t *testing.T, uri string, event int) int {
	t.Helper()
	g := NewWithT(t)
	body := fmt.Appendf(nil, "call_id=labevent-%09d", event)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, uri, bytes.NewReader(body))
	g.Expect(err).NotTo(HaveOccurred())
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return 0
	}
	g.Expect(resp.Body.Close()).To(Succeed())
	return resp.StatusCode
}

func TestReceiversKeepWhatArrivesWhere(t *testing.T) {
	g := NewWithT(t)
	r, err := lab.NewReceivers(lab.NewBook(10), 3, func(hook int) bool { return hook == 2 })
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { g.Expect(r.Close()).To(Succeed()) }()
	first, second, third := r.Hook(0), r.Hook(1), r.Hook(2)

	first.Sampling(true)
	g.Expect(post(t, first.URI, 3)).To(Equal(http.StatusOK))
	g.Expect(post(t, first.URI, 3)).To(Equal(http.StatusOK))
	g.Expect(first.Arrived.Has(3)).To(BeTrue())
	g.Expect(second.Arrived.Has(3)).To(BeFalse(), "it came to another")
	g.Expect(first.Duplicates()).To(Equal(1))
	g.Expect(first.Samples()).To(HaveLen(1), "of its first arrival")
	g.Expect(first.Samples()).To(BeEmpty(), "they were taken")
	g.Expect(post(t, first.URI, 10)).To(Equal(http.StatusBadRequest), "no event of the book")
	g.Expect(first.Counts()).To(Equal(lab.Counts{Requests: 2, Answered: 2, Unknown: 1}))

	second.Set(lab.Steady(lab.Reaction{Answer: lab.Failure}))
	g.Expect(post(t, second.URI, 4)).To(Equal(http.StatusInternalServerError))
	g.Expect(second.Failed.Has(4)).To(BeTrue())
	g.Expect(second.Arrived.Len()).To(BeZero())
	second.Set(lab.Steady(lab.Reaction{Answer: lab.Drop}))
	g.Expect(post(t, second.URI, 5)).To(BeZero())
	g.Expect(second.Arrived.Len()).To(BeZero())

	g.Expect(third.Refuse()).To(Succeed())
	g.Expect(post(t, third.URI, 6)).To(BeZero())
	g.Expect(third.Accept()).To(Succeed())
	g.Expect(post(t, third.URI, 6)).To(Equal(http.StatusOK))
}

func TestAHangingReceiverAnswersOnceItHasChanged(t *testing.T) {
	g := NewWithT(t)
	r, err := lab.NewReceivers(lab.NewBook(10), 1, nil)
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { g.Expect(r.Close()).To(Succeed()) }()
	hook := r.Hook(0)
	hook.Set(lab.Steady(lab.Reaction{Answer: lab.Hang}))
	status := make(chan int)
	go func() { status <- post(t, hook.URI, 1) }()
	g.Eventually(t.Context(), func() int { return hook.Counts().Open }).Should(Equal(1))
	hook.Set(lab.Healthy(0))
	g.Expect(<-status).To(BeZero(), "a request that hung is dropped")
	g.Expect(post(t, hook.URI, 1)).To(Equal(http.StatusOK))
}

func TestALineIsCutSilencedAndMended(t *testing.T) {
	g := NewWithT(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "here") }))
	defer server.Close()
	line, err := lab.NewLine("test", server.URL)
	g.Expect(err).NotTo(HaveOccurred())
	defer line.Close()
	g.Expect(post(t, line.URL, 1)).To(Equal(http.StatusOK))

	line.Cut()
	g.Expect(post(t, line.URL, 1)).To(BeZero())
	g.Expect(line.Mend(t.Context())).To(Succeed())
	g.Expect(post(t, line.URL, 1)).To(Equal(http.StatusOK))

	g.Expect(line.Silence()).To(Succeed())
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", line.URL[len("http://"):])
	g.Expect(err).NotTo(HaveOccurred(), "the other end seems to be there")
	defer func() { _ = conn.Close() }()
	_, err = conn.Write([]byte("GET / HTTP/1.0\r\n\r\n"))
	g.Expect(err).NotTo(HaveOccurred())
	answer := make(chan error)
	go func() {
		_, err := conn.Read(make([]byte, 1))
		answer <- err
	}()
	g.Consistently(answer).WithTimeout(200 * time.Millisecond).ShouldNot(Receive())
	g.Expect(line.Mend(t.Context())).To(Succeed())
	g.Expect(<-answer).To(HaveOccurred(), "what was silenced is broken")
	g.Expect(post(t, line.URL, 1)).To(Equal(http.StatusOK))
}
