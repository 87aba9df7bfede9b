package bus_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"
	"golang.org/x/sync/errgroup"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/bus"
)

func TestOutagesOfTheBroker(t *testing.T) {
	broker := brokertest.NewPrivate(t)
	t.Run("what is published while it is away is delivered when it is back", func(t *testing.T) { away(t, broker) })
	t.Run("publishers wait while it is blocked", func(t *testing.T) { block(t, broker) })
}

// work is a queue that survives where its broker's state does, and its consumer.
func work() bus.Consumer {
	return bus.Consumer{
		Queue:    bus.Queue{Name: "work", Durable: true, Args: amqp.Table{"x-queue-type": "quorum"}},
		Bindings: []bus.Binding{{Exchange: "callevt", Key: "#"}},
		Prefetch: 50,
	}
}

// publish sends message n to work's queue and returns when it is confirmed.
func publish(ctx context.Context, b *bus.Bus, n int) error {
	return b.Publish(ctx, bus.Message{Exchange: "callevt", Key: "k", Body: fmt.Append(nil, n), Persistent: true, Mandatory: true})
}

// arriveAll waits until each of the first n messages is among the bodies.
func arriveAll(t *testing.T, bodies <-chan string, n int) {
	t.Helper()
	missing := map[string]bool{}
	for i := range n {
		missing[fmt.Sprint(i)] = true
	}
	for deadline := within(t, soon); len(missing) > 0; {
		select {
		case body := <-bodies:
			delete(missing, body)
		case <-deadline.Done():
			t.Fatalf("%d confirmed messages never arrived", len(missing))
		}
	}
}

func away(t *testing.T, broker *brokertest.Private) {
	t.Helper()
	g := NewWithT(t)
	b := start(t, configFor(broker.URL)) // the broker's own goroutines change, so no check for left ones
	b.DeclareExchange("callevt", "topic")
	_, bodies := collect(t, b, work())
	g.Expect(broker.Stop(t.Context())).To(Succeed())
	g.Expect(b.WaitState(within(t, soon), func(s bus.State) bool { return !s.Connected })).To(Succeed())

	const messages = 100
	var waiting errgroup.Group
	for i := range messages {
		waiting.Go(func() error { return publish(within(t, time.Minute), b, i) })
	}
	g.Expect(broker.Start(t.Context())).To(Succeed())
	g.Expect(waiting.Wait()).To(Succeed(), "exchange, queue and binding are there again, without anyone's help")
	arriveAll(t, bodies, messages)
	g.Expect(b.State().Reconnects).To(BeNumerically(">", 0))
	g.Expect(b.State().LastError).NotTo(HaveOccurred())
}

func block(t *testing.T, broker *brokertest.Private) {
	t.Helper()
	g := NewWithT(t)
	b := run(t, configFor(broker.URL))
	publish := func(ctx context.Context) error { return b.Publish(ctx, bus.Message{Key: "anywhere"}) }
	g.Expect(publish(within(t, soon))).To(Succeed())
	g.Expect(broker.Block(t.Context())).To(Succeed())
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_ = publish(ctx) // the broker blocks at the first message after the alarm
	g.Expect(b.WaitState(within(t, soon), func(s bus.State) bool { return s.Blocked != "" })).To(Succeed())
	g.Expect(b.State().Connected).To(BeTrue())

	brief, cancel := context.WithTimeout(t.Context(), shortly)
	defer cancel()
	g.Expect(publish(brief)).To(MatchError(context.DeadlineExceeded))
	waiting := make(chan error, 1)
	go func() { waiting <- publish(within(t, soon)) }()
	g.Expect(broker.Unblock(t.Context())).To(Succeed())
	g.Eventually(waiting).WithTimeout(soon).Should(Receive(BeNil()))
	g.Expect(b.State().Blocked).To(BeEmpty())
	g.Expect(b.State().Reconnects).To(BeZero())
}
