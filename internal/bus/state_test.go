package bus_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/bus"
)

// logged is a log that a test reads while it is written.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logged) config(url string) bus.Config {
	config := configFor(url)
	config.Log = slog.New(slog.NewTextHandler(l, nil))
	return config
}

// A node that is stopped while the broker is away has solved nothing.
func TestAStopSolvesNoProblem(t *testing.T) {
	g := NewWithT(t)
	var log logged
	for range 20 { // the end may meet an attempt or a pause
		b := bus.New(log.config("amqp://guest:secret@127.0.0.1:1/"))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.Run(ctx) }()
		g.Expect(b.WaitState(within(t, soon), func(s bus.State) bool { return s.LastError != nil })).To(Succeed())
		stop()
		g.Expect(<-ended).To(Succeed())
	}
	g.Expect(log.String()).To(And(ContainSubstring("broker problem"), Not(ContainSubstring("solved"))))
}

// A refused queue that is not wanted any more is no problem, and is not solved.
func TestAProblemGoesWithItsSubscription(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	_, err := broker.Channel(t).QueueDeclare("work", false, false, false, false, nil)
	g.Expect(err).NotTo(HaveOccurred())
	var log logged
	b := run(t, log.config(broker.URL))
	sub, err := b.Consume(bus.Consumer{Queue: bus.Queue{Name: "work", Durable: true}, Handle: func(bus.Delivery) {}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(b.WaitState(within(t, soon), func(s bus.State) bool { return s.LastError != nil })).To(Succeed())
	sub.Close()
	g.Expect(b.WaitState(within(t, soon), func(s bus.State) bool { return s.LastError == nil })).To(Succeed())
	g.Expect(log.String()).NotTo(ContainSubstring("solved"))
}

func TestAQueueWithoutANameIsCalledSo(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	var log logged
	b := run(t, log.config(broker.URL))
	for _, module := range []string{"", "changes"} {
		_, err := b.Consume(bus.Consumer{
			Queue:    bus.Queue{Module: module, AutoDelete: true},
			Bindings: []bus.Binding{{Exchange: "nowhere", Key: "#"}}, Handle: func(bus.Delivery) {},
		})
		g.Expect(err).NotTo(HaveOccurred())
	}
	g.Eventually(log.String).WithTimeout(soon).Should(And(
		ContainSubstring(`about="queue of changes"`), ContainSubstring(`about="a queue without a name"`)))
	g.Expect(log.String()).NotTo(ContainSubstring(`about="queue of "`))
}
