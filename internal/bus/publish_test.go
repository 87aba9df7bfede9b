package bus_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/bus"
)

// rawQueue makes a queue of a plain client on callevt and delivers what the broker
// sends it.
func rawQueue(t testing.TB, channel *amqp.Channel, key string) <-chan amqp.Delivery {
	t.Helper()
	queue, err := channel.QueueDeclare("", false, true, true, false, nil)
	if err == nil {
		err = channel.QueueBind(queue.Name, key, "callevt", false, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	deliveries, err := channel.Consume(queue.Name, "", true, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	return deliveries
}

func TestPropertiesOnTheWire(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	config := configFor(broker.URL)
	now := time.Date(2024, 3, 12, 14, 24, 34, 123456789, time.UTC)
	config.Clock = clockwork.NewFakeClockAt(now)
	b := run(t, config)
	b.DeclareExchange("callevt", "topic")
	g.Expect(b.WaitState(within(t, soon), connected)).To(Succeed())
	deliveries := rawQueue(t, broker.Channel(t), "#")

	g.Expect(b.Publish(within(t, soon), bus.Message{Exchange: "callevt", Key: "plain", Body: []byte("{}")})).To(Succeed())
	d := <-deliveries
	g.Expect(d.Timestamp.Unix()).To(Equal(int64(1710253474123456)), "unix microseconds")
	plain := amqp.Delivery{
		Acknowledger: d.Acknowledger, ConsumerTag: d.ConsumerTag, DeliveryTag: 1, Timestamp: d.Timestamp,
		Exchange: "callevt", RoutingKey: "plain", ContentType: "application/json", Body: []byte("{}"),
	}
	g.Expect(d).To(Equal(plain), "and no other property")

	g.Expect(b.Publish(within(t, soon), bus.Message{
		Exchange: "callevt", Key: "all", Persistent: true, ContentType: "text/plain", ContentEncoding: "gzip",
		Headers: amqp.Table{"call-id": []byte("abc")}, Expiration: "60000",
	})).To(Succeed())
	d = <-deliveries
	g.Expect(d.Headers).To(Equal(amqp.Table{"call-id": []byte("abc")}))
	g.Expect([]any{d.DeliveryMode, d.ContentType, d.ContentEncoding, d.Expiration}).
		To(Equal([]any{uint8(2), "text/plain", "gzip", "60000"}))
}

func TestEachCallerLearnsOfItsOwnReturn(t *testing.T) {
	broker := brokertest.New(t)
	b := run(t, configFor(broker.URL))
	b.DeclareExchange("callevt", "topic")
	_, bodies := collect(t, b, own("callevt", "routed.#"))
	const each = 200
	var all sync.WaitGroup
	for i := range each {
		for _, key := range []string{"routed", "nowhere"} {
			all.Go(func() {
				g := NewWithT(t)
				// Every fifth body is the same for all, so that equal messages meet.
				body := fmt.Sprint(i % 5 * i)
				err := b.Publish(within(t, soon), bus.Message{Exchange: "callevt", Key: key, Body: []byte(body), Mandatory: true})
				if key == "routed" {
					g.Expect(err).NotTo(HaveOccurred())
					return
				}
				var returned *bus.ReturnedError
				g.Expect(errors.As(err, &returned)).To(BeTrue(), "%v", err)
				g.Expect(returned.Code).To(Equal(312))
			})
		}
	}
	all.Wait()
	NewWithT(t).Eventually(func() int { return len(bodies) }).WithTimeout(soon).Should(Equal(each))
}

func TestUntilRoutedWaitsForAQueue(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	b := run(t, configFor(broker.URL))
	published := make(chan error, 1)
	go func() {
		published <- b.Publish(within(t, soon), bus.Message{Key: "later", Mandatory: true, UntilRouted: true})
	}()
	g.Consistently(published).WithTimeout(shortly).ShouldNot(Receive())
	_, err := broker.Channel(t).QueueDeclare("later", false, false, false, false, nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Eventually(published).WithTimeout(soon).Should(Receive(BeNil()))

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err = b.Publish(ctx, bus.Message{Key: "never", Mandatory: true, UntilRouted: true})
	g.Expect(err).To(MatchError(context.DeadlineExceeded))
	g.Expect(err).To(MatchError(ContainSubstring("NO_ROUTE")))
}

func TestDeletedExchangeIsDeclaredAndBoundAgain(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	b := run(t, configFor(broker.URL))
	b.DeclareExchange("callevt", "topic")
	_, bodies := collect(t, b, own("callevt", "call.#"))
	g.Expect(broker.Channel(t).ExchangeDelete("callevt", false, false)).To(Succeed())

	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			g.Expect(b.Publish(within(t, soon), bus.Message{Exchange: "callevt", Key: "call.x", Body: []byte("x"), Mandatory: true})).To(Succeed())
		})
	}
	all.Wait()
	g.Eventually(func() int { return len(bodies) }).WithTimeout(soon).Should(BeNumerically(">=", 50))
	g.Expect(b.State().Reconnects).To(BeZero(), "one channel suffered, not the connection")
}

func TestNothingConfirmedIsLostWhileConnectionsAreCut(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	queue := bus.Queue{Name: "work", Durable: true, Args: amqp.Table{"x-queue-type": "quorum"}}
	consumer := bus.Consumer{Queue: queue, Bindings: []bus.Binding{{Exchange: "callevt", Key: "call.#"}}, Prefetch: 100}

	// Two buses, so that a cut hits the publisher and the consumer at different moments.
	proxy := brokertest.NewProxy(t, broker.URL)
	from, to := run(t, configFor(proxy.URL)), start(t, configFor(proxy.URL))
	from.DeclareExchange("callevt", "topic")
	to.DeclareExchange("callevt", "topic")
	_, bodies := collect(t, to, consumer)

	const messages, workers = 2000, 64
	next := make(chan int)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := range next {
				m := bus.Message{Exchange: "callevt", Key: "call.x", Body: []byte(fmt.Sprint(i)), Persistent: true, Mandatory: true, UntilRouted: true}
				if err := from.Publish(within(t, 30*time.Second), m); err != nil {
					t.Error(err)
				}
			}
		})
	}
	cuts := 0
	for i := range messages {
		next <- i
		if i%200 == 100 {
			cuts += proxy.Cut()
		}
	}
	close(next)
	all.Wait()
	g.Expect(cuts).To(BeNumerically(">=", 10))

	missing := map[string]bool{}
	for i := range messages {
		missing[fmt.Sprint(i)] = true
	}
	deadline := within(t, soon)
	for len(missing) > 0 {
		select {
		case body := <-bodies:
			delete(missing, body)
		case <-deadline.Done():
			t.Fatalf("%d of %d confirmed messages never arrived, after %d cuts", len(missing), messages, cuts)
		}
	}
	t.Logf("%d connections cut, %d+%d reconnects", cuts, from.State().Reconnects, to.State().Reconnects)
}

func TestUnsendableMessagesAreRefusedBeforeTheyHurtOthers(t *testing.T) {
	g := NewWithT(t)
	b := run(t, configFor(brokertest.New(t).URL))
	long := strings.Repeat("x", 256)
	g.Expect(b.Publish(t.Context(), bus.Message{Exchange: "unknown", Key: "k"})).To(MatchError(bus.ErrUndeclared))
	g.Expect(b.Publish(t.Context(), bus.Message{Key: long})).To(MatchError(ContainSubstring("256 bytes")))
	g.Expect(b.Publish(t.Context(), bus.Message{Headers: amqp.Table{"a": struct{}{}}})).To(MatchError(ContainSubstring("headers")))
	g.Expect(b.Publish(within(t, soon), bus.Message{Key: "anywhere"})).To(Succeed())
	g.Expect(b.State().Reconnects).To(BeZero())
}
