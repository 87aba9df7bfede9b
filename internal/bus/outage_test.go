package bus_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/rabbitmq"
)

func TestOutagesOfTheBroker(t *testing.T) {
	server := brokertest.Private(t, rabbitmq.Options{})
	t.Run("nothing confirmed is lost in a restart", func(t *testing.T) { restart(t, server) })
	t.Run("publishers wait while the broker is blocked", func(t *testing.T) { block(t, server) })
}

func restart(t *testing.T, server *rabbitmq.Server) {
	t.Helper()
	g := NewWithT(t)
	b := start(t, configFor(server.URL())) // the server's own goroutines change, so no check for left ones
	b.DeclareExchange("callevt", "topic")
	_, bodies := collect(t, b, bus.Consumer{
		Queue:    bus.Queue{Name: "work", Durable: true, Args: amqp.Table{"x-queue-type": "quorum"}},
		Bindings: []bus.Binding{{Exchange: "callevt", Key: "#"}},
		Prefetch: 50,
	})
	const messages = 500
	next := make(chan int)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range next {
				m := bus.Message{Exchange: "callevt", Key: "k", Body: []byte(fmt.Sprint(i)), Persistent: true, Mandatory: true}
				if err := b.Publish(within(t, time.Minute), m); err != nil {
					t.Error(err)
				}
			}
		})
	}
	restarted := make(chan error, 1)
	for i := range messages {
		next <- i
		if i == messages/3 {
			go func() { restarted <- server.Restart(t.Context()) }()
		}
	}
	close(next)
	all.Wait()
	g.Expect(<-restarted).To(Succeed())
	missing := map[string]bool{}
	for i := range messages {
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
	g.Expect(b.State().Reconnects).To(BeNumerically(">", 0))
	g.Expect(b.State().LastError).NotTo(HaveOccurred())
}

func block(t *testing.T, server *rabbitmq.Server) {
	t.Helper()
	g := NewWithT(t)
	b := run(t, configFor(server.URL()))
	publish := func(ctx context.Context) error { return b.Publish(ctx, bus.Message{Key: "anywhere"}) }
	g.Expect(publish(within(t, soon))).To(Succeed())
	_, err := server.Control(t.Context(), "set_vm_memory_high_watermark", "0.000001")
	g.Expect(err).NotTo(HaveOccurred())
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
	_, err = server.Control(t.Context(), "set_vm_memory_high_watermark", "0.4")
	g.Expect(err).NotTo(HaveOccurred())
	g.Eventually(waiting).WithTimeout(soon).Should(Receive(BeNil()))
	g.Expect(b.State().Blocked).To(BeEmpty())
	g.Expect(b.State().Reconnects).To(BeZero())
}
