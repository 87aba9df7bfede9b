package recorder_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"go.uber.org/goleak"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/capture"
	"github.com/kazoolab/kazoolab/simulator/recorder"
)

const soon = 20 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// connect runs a bus for the length of the test.
func connect(t *testing.T, url string) *bus.Bus {
	t.Helper()
	b := bus.New(bus.Config{
		URL: url, Node: "kazoolab", Clock: clock.System(), IDs: ids.New(), MinBackoff: 20 * time.Millisecond, MaxBackoff: 100 * time.Millisecond,
	})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return b
}

// publisher is a bus that has an exchange.
func publisher(t *testing.T, url string) *bus.Bus {
	t.Helper()
	b := connect(t, url)
	b.DeclareExchange("callevt", "topic")
	publish(t, b, "first")
	return b
}

func publish(t *testing.T, b *bus.Bus, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	err := b.Publish(ctx, bus.Message{Exchange: "callevt", Key: "call." + name, Body: []byte(`{"Event-Name":"` + name + `"}`)})
	if err != nil {
		t.Error(err)
	}
}

// recording is one that runs.
type recording struct {
	*recorder.Recorder
	file bytes.Buffer
	end  context.CancelFunc
	done chan error
}

// record begins to record and returns when everything is heard.
func record(t *testing.T, b *bus.Bus, most int64) *recording {
	t.Helper()
	r := &recording{done: make(chan error, 1)}
	bound := []capture.Bound{recorder.Whole("callevt", "topic")}
	w, err := capture.NewWriter(&r.file, capture.Plain, capture.Header{Began: clock.System().Now(), Bound: bound})
	if err != nil {
		t.Fatal(err)
	}
	r.Recorder = recorder.New(recorder.Config{Bus: b, Clock: clock.System(), Bound: bound, Writer: w, Most: most})
	var ctx context.Context
	ctx, r.end = context.WithCancel(context.Background())
	begun := make(chan struct{})
	go func() { r.done <- r.Run(ctx, soon, func() { close(begun) }) }()
	t.Cleanup(r.end)
	select {
	case <-begun:
	case err := <-r.done:
		t.Fatal(err)
	}
	return r
}

// entries ends the recording and reads it.
func (r *recording) entries(t *testing.T) (entries []capture.Entry) {
	t.Helper()
	r.end()
	if err := <-r.done; err != nil {
		t.Fatal(err)
	}
	reader, err := capture.NewReader(&r.file)
	if err != nil {
		t.Fatal(err)
	}
	for {
		e, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return entries
		}
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
}

func TestWhatWasConfirmedBeforeTheEndIsRecordedInItsOrder(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	out := publisher(t, broker.URL)
	r := record(t, connect(t, broker.URL), 0)
	const publishers, each = 4, 500
	var all sync.WaitGroup
	for p := range publishers {
		all.Go(func() {
			for i := range each {
				publish(t, out, fmt.Sprintf("%d-%d", p, i))
			}
		})
	}
	all.Wait()
	entries := r.entries(t)
	g.Expect(entries).To(HaveLen(publishers * each))
	next := map[int]int{}
	for _, e := range entries {
		var p, i int
		_, err := fmt.Sscanf(recorder.NameOf(e.Message), "%d-%d", &p, &i)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(i).To(Equal(next[p]))
		next[p]++
		g.Expect(e.Timestamp).NotTo(BeZero())
		g.Expect(e.ContentType).To(Equal("application/json"))
	}
	count := r.Count()
	g.Expect(count.Messages).To(BeEquivalentTo(publishers * each))
	g.Expect(count.Gaps).To(BeZero())
	g.Expect(count.Events[recorder.Event{Exchange: "callevt", Name: "0-0"}]).To(BeEquivalentTo(1))
}

func TestALostQueueIsAGap(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	out := publisher(t, broker.URL)
	proxy := brokertest.NewProxy(t, broker.URL)
	r := record(t, connect(t, proxy.URL), 0)
	publish(t, out, "before")
	g.Eventually(func() int64 { return r.Count().Messages }).WithTimeout(soon).Should(BeEquivalentTo(1))
	proxy.Cut()
	g.Eventually(func() int64 { return r.Count().Gaps }).WithTimeout(soon).Should(BeEquivalentTo(1))
	publish(t, out, "after")
	entries := r.entries(t)
	g.Expect(entries).To(HaveLen(3))
	g.Expect(recorder.NameOf(entries[0].Message)).To(Equal("before"))
	g.Expect(entries[1].Gap).To(ContainSubstring("bound anew"))
	g.Expect(recorder.NameOf(entries[2].Message)).To(Equal("after"))
}

func TestABrokerThatIsAwayAtTheEndIsAGap(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	publisher(t, broker.URL)
	proxy := brokertest.NewProxy(t, broker.URL)
	b := connect(t, proxy.URL)
	r := record(t, b, 0)
	proxy.Unplug()
	g.Expect(b.WaitState(t.Context(), func(s bus.State) bool { return !s.Connected })).To(Succeed())
	entries := r.entries(t)
	g.Expect(entries).To(HaveLen(1))
	g.Expect(entries[0].Gap).To(ContainSubstring("away"))
}

func TestItEndsAfterSoManyMessages(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	out := publisher(t, broker.URL)
	r := record(t, connect(t, broker.URL), 3)
	for i := range 10 {
		publish(t, out, fmt.Sprint(i))
	}
	g.Eventually(r.over).WithTimeout(soon).Should(BeTrue())
	g.Expect(r.entries(t)).To(HaveLen(3))
}

// over tells that it has ended by itself.
func (r *recording) over() bool {
	select {
	case err := <-r.done:
		r.done <- err
		return true
	default:
		return false
	}
}

// full takes a header and then no more.
type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left--; f.left < 0 {
		return 0, errors.New("no space left")
	}
	return len(p), nil
}

func TestAFullDiskEndsTheRecording(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	out := publisher(t, broker.URL)
	w, err := capture.NewWriter(&full{1}, capture.Plain, capture.Header{Began: clock.System().Now()})
	g.Expect(err).NotTo(HaveOccurred())
	r := recorder.New(recorder.Config{Bus: connect(t, broker.URL), Clock: clock.System(), Bound: []capture.Bound{recorder.Whole("callevt", "topic")}, Writer: w})
	err = r.Run(t.Context(), soon, func() { publish(t, out, "x") })
	g.Expect(err).To(MatchError(ContainSubstring("no space left")))
}

func TestWhatTheBrokerDoesNotHaveIsNotDeclared(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	publisher(t, broker.URL)
	b := connect(t, broker.URL)
	for range 2 {
		present, missing, err := recorder.Present(t.Context(), b, []capture.Bound{recorder.Whole("faxes", "topic"), recorder.Whole("callevt", "topic")})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(present).To(ConsistOf(recorder.Whole("callevt", "topic")))
		g.Expect(missing).To(ConsistOf("faxes"))
	}
}
