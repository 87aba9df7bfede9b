package bus_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/bus"
)

func TestBindingsChangeWhileUpAndWhileDown(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	proxy := brokertest.NewProxy(t, broker.URL)
	b := run(t, configFor(proxy.URL))
	b.DeclareExchange("callevt", "topic")
	sub, bodies := collect(t, b, bus.Consumer{Queue: bus.Queue{Module: "test", AutoDelete: true}})
	g.Expect(sub.QueueName()).To(MatchRegexp(`^kazoolab@test-test-[0-9a-f]{8}$`))
	publish := func(key string) error {
		return b.Publish(within(t, soon), bus.Message{Exchange: "callevt", Key: key, Body: []byte(key), Mandatory: true})
	}
	var returned *bus.ReturnedError
	g.Expect(publish("a")).To(BeAssignableToTypeOf(returned))

	a, z := bus.Binding{Exchange: "callevt", Key: "a"}, bus.Binding{Exchange: "callevt", Key: "z"}
	g.Expect(sub.Bind(within(t, soon), a)).To(Succeed())
	g.Expect(publish("a")).To(Succeed())
	g.Eventually(bodies).WithTimeout(soon).Should(Receive(Equal("a")))
	g.Expect(sub.Unbind(within(t, soon), a)).To(Succeed())
	g.Expect(publish("a")).To(BeAssignableToTypeOf(returned))

	expired, cancel := context.WithCancel(t.Context())
	cancel()
	proxy.Unplug()
	g.Expect(b.WaitState(within(t, soon), func(s bus.State) bool { return !s.Connected })).To(Succeed())
	g.Expect(sub.Bind(expired, z)).To(MatchError(context.Canceled))
	proxy.Plug()
	g.Expect(publish("z")).To(Succeed(), "bound on the new connection")
	g.Eventually(bodies).WithTimeout(soon).Should(Receive(Equal("z")))
}

func TestBindingToMissingExchangeHoldsUpNoOther(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	b := run(t, configFor(broker.URL))
	b.DeclareExchange("callevt", "topic")
	sub, bodies := collect(t, b, own("callevt", "#"))
	foreign := bus.Binding{Exchange: "foreign", Key: "#"}
	expired, cancel := context.WithCancel(t.Context())
	cancel()
	g.Expect(sub.Bind(expired, foreign)).To(MatchError(context.Canceled))
	g.Expect(b.WaitState(within(t, soon), func(s bus.State) bool { return s.LastError != nil })).To(Succeed())
	g.Expect(b.State().LastError).To(MatchError(And(ContainSubstring("queue of test"), ContainSubstring("no exchange 'foreign'"))))
	g.Expect(sub.Ready()).To(BeFalse())
	g.Expect(b.Publish(within(t, soon), bus.Message{Exchange: "callevt", Key: "k", Body: []byte("works"), Mandatory: true})).To(Succeed())
	g.Eventually(bodies).WithTimeout(soon).Should(Receive(Equal("works")))

	g.Expect(broker.Channel(t).ExchangeDeclare("foreign", "topic", false, false, false, false, nil)).To(Succeed())
	g.Expect(sub.WaitReady(within(t, soon))).To(Succeed())
	g.Expect(b.State().LastError).NotTo(HaveOccurred())
}

func TestDeletedQueueIsDeclaredAndConsumedAgain(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	b := run(t, configFor(broker.URL))
	b.DeclareExchange("callevt", "topic")
	var ups atomic.Int32
	consumer := own("callevt", "#")
	consumer.Queue = bus.Queue{Name: "work", Durable: true}
	consumer.OnUp = func() { ups.Add(1) }
	_, bodies := collect(t, b, consumer)
	_, err := broker.Channel(t).QueueDelete("work", false, false, false)
	g.Expect(err).NotTo(HaveOccurred())
	g.Eventually(ups.Load).WithTimeout(soon).Should(BeEquivalentTo(2))
	g.Expect(b.Publish(within(t, soon), bus.Message{Exchange: "callevt", Key: "k", Body: []byte("x"), Mandatory: true})).To(Succeed())
	g.Eventually(bodies).WithTimeout(soon).Should(Receive(Equal("x")))
}

func TestCancelKeepsAcknowledgementsAndGivesTheRestBack(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	b := run(t, configFor(broker.URL))
	in, release := make(chan bus.Delivery, 10), make(chan struct{})
	sub, err := b.Consume(bus.Consumer{
		Queue:    bus.Queue{Name: "work", Durable: true},
		Prefetch: 5,
		Handle: func(d bus.Delivery) {
			in <- d
			<-release
		},
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(sub.WaitReady(within(t, soon))).To(Succeed())
	for i := range 5 {
		g.Expect(b.Publish(within(t, soon), bus.Message{Key: "work", Body: []byte(fmt.Sprint(i)), Mandatory: true})).To(Succeed())
	}
	held := <-in
	cancelled := make(chan error, 1)
	go func() { cancelled <- sub.Cancel(within(t, soon)) }()
	g.Consistently(cancelled).WithTimeout(shortly).ShouldNot(Receive(), "a message is in Handle")
	close(release)
	g.Eventually(cancelled).WithTimeout(soon).Should(Receive(BeNil()))
	g.Expect(in).To(BeEmpty(), "Handle was not called again")

	other := broker.Channel(t)
	ready := func() (int, error) {
		queue, err := other.QueueDeclarePassive("work", true, false, false, false, nil)
		return queue.Messages, err
	}
	g.Eventually(ready).WithTimeout(soon).Should(Equal(4), "the four that were sent ahead are given back")
	g.Expect(held.Ack()).To(Succeed(), "the channel is still there")
	sub.Close()
	g.Consistently(ready).WithTimeout(shortly).Should(Equal(4), "the fifth is acknowledged")
	message, _, err := other.Get("work", true)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(message.Body)).To(Equal("1"), "in their old order")
}

func TestSlowHandleDelaysNoReconnectAndIsNeverDoubled(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	proxy := brokertest.NewProxy(t, broker.URL)
	b := run(t, configFor(proxy.URL))
	in, release := make(chan bus.Delivery, 10), make(chan struct{})
	var inside, doubled atomic.Int32
	sub, err := b.Consume(bus.Consumer{
		Queue: bus.Queue{Name: "work", Durable: true},
		Handle: func(d bus.Delivery) {
			if inside.Add(1) > 1 {
				doubled.Add(1)
			}
			defer inside.Add(-1)
			in <- d
			<-release
		},
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(sub.WaitReady(within(t, soon))).To(Succeed())
	g.Expect(b.Publish(within(t, soon), bus.Message{Key: "work", Mandatory: true})).To(Succeed())
	first := <-in
	g.Expect(proxy.Cut()).To(Equal(1))
	g.Expect(b.WaitState(within(t, soon), func(s bus.State) bool { return s.Connected && s.Reconnects == 1 })).To(Succeed())
	g.Expect(sub.WaitReady(within(t, soon))).To(Succeed())
	g.Expect(first.Ack()).To(MatchError(bus.ErrStale))
	close(release)
	var second bus.Delivery
	g.Eventually(in).WithTimeout(soon).Should(Receive(&second))
	g.Expect(second.Redelivered).To(BeTrue())
	g.Expect(second.Ack()).To(Succeed())
	g.Expect(doubled.Load()).To(BeZero())
}

func TestChannelErrorOfOneConsumerSparesTheOthers(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	b := run(t, configFor(broker.URL))
	_, bodies := collect(t, b, bus.Consumer{Queue: bus.Queue{Name: "good", Durable: true}})
	bad, err := b.Consume(bus.Consumer{
		Queue: bus.Queue{Name: "bad", Durable: true},
		Handle: func(d bus.Delivery) {
			_, _ = d.Ack(), d.Ack() // the broker closes the channel for the second
		},
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(bad.WaitReady(within(t, soon))).To(Succeed())
	g.Expect(b.Publish(within(t, soon), bus.Message{Key: "bad", Mandatory: true})).To(Succeed())
	g.Expect(b.WaitState(within(t, soon), func(s bus.State) bool { return s.LastError != nil })).To(Succeed())
	g.Expect(b.Publish(within(t, soon), bus.Message{Key: "good", Body: []byte("x"), Mandatory: true})).To(Succeed())
	g.Eventually(bodies).WithTimeout(soon).Should(Receive(Equal("x")))
	g.Expect(bad.WaitReady(within(t, soon))).To(Succeed())
	g.Expect(b.State().Reconnects).To(BeZero())
}

func TestExclusiveConsumerIsRefusedASecond(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	b := run(t, configFor(broker.URL))
	sub, err := b.Consume(bus.Consumer{
		Queue: bus.Queue{Name: "work", Args: amqp.Table{"x-max-length": int16(100), "x-message-ttl": int32(60000)}},
		Tag:   "mine", Exclusive: true, Handle: func(bus.Delivery) {},
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(sub.WaitReady(within(t, soon))).To(Succeed())
	_, err = broker.Channel(t).Consume("work", "", true, false, false, false, nil)
	g.Expect(err).To(MatchError(ContainSubstring("ACCESS_REFUSED")))
}
