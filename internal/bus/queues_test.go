package bus_test

import (
	"context"
	"errors"
	"testing"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/bus"
)

// quorum is a queue of the kind that counts deliveries.
func quorum(name string) bus.Queue {
	return bus.Queue{Name: name, Durable: true, Args: amqp.Table{"x-queue-type": "quorum", "x-delivery-limit": int32(1_000_000)}}
}

// filled is a bus with a quorum queue, work, that has messages in it, their ids being their bodies.
func filled(t *testing.T, bodies ...string) *bus.Bus {
	t.Helper()
	const queue = "work"
	b := run(t, configFor(brokertest.New(t).URL))
	b.DeclareQueue(quorum(queue))
	for _, body := range bodies {
		if err := b.Publish(within(t, soon), bus.Message{Key: queue, Body: []byte(body), MessageID: body, Mandatory: true, UntilRouted: true}); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func TestADeclaredQueueIsThereForWhatIsPublished(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	b := run(t, configFor(broker.URL))
	b.DeclareQueue(quorum("dead"))
	to := func(body string) bus.Message {
		return bus.Message{Key: "dead", Body: []byte(body), Persistent: true, Mandatory: true, UntilRouted: true}
	}
	g.Expect(b.Publish(within(t, soon), to("1"))).To(Succeed())
	_, err := broker.Channel(t).QueueDelete("dead", false, false, false)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(b.Publish(within(t, soon), to("2"))).To(Succeed(), "declared again when it has gone")
	b.DeclareQueue(quorum("later"))
	g.Eventually(func() error {
		_, err := b.Inspect(within(t, soon), "later")
		return err
	}).WithTimeout(soon).Should(Succeed(), "declared while connected")
}

func TestAQueueWithOtherArgumentsIsToldAndUsed(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	_, err := broker.Channel(t).QueueDeclare("dead", true, false, false, false, amqp.Table{"x-queue-type": "quorum"})
	g.Expect(err).NotTo(HaveOccurred())
	b := run(t, configFor(broker.URL))
	b.DeclareQueue(quorum("dead"))
	g.Expect(b.WaitState(within(t, soon), func(s bus.State) bool { return s.LastError != nil })).To(Succeed())
	g.Expect(b.State().LastError).To(MatchError(And(ContainSubstring("queue dead"), ContainSubstring("x-delivery-limit"))))
	g.Expect(b.Publish(within(t, soon), bus.Message{Key: "dead", Mandatory: true})).To(Succeed())
}

func TestInspectTellsWhatWaitsAndWhoConsumes(t *testing.T) {
	g := NewWithT(t)
	b := filled(t, "1", "2")
	depth := func(queue string) bus.Depth {
		d, err := b.Inspect(within(t, soon), queue)
		g.Expect(err).NotTo(HaveOccurred())
		return d
	}
	g.Eventually(depth).WithArguments("work").WithTimeout(soon).Should(Equal(bus.Depth{Ready: 2}))
	held := make(chan bus.Delivery, 2)
	_, err := b.Consume(bus.Consumer{Queue: quorum("work"), Prefetch: 1, Handle: func(d bus.Delivery) { held <- d }})
	g.Expect(err).NotTo(HaveOccurred())
	g.Eventually(held).WithTimeout(soon).Should(Receive())
	g.Eventually(depth).WithArguments("work").WithTimeout(soon).Should(Equal(bus.Depth{Ready: 1, Consumers: 1}))

	_, err = b.Inspect(within(t, soon), "nothing")
	g.Expect(err).To(MatchError(bus.ErrNoQueue))
	g.Expect(err).To(MatchError(ContainSubstring("nothing")))
	g.Expect(depth("work").Consumers).To(Equal(1), "no other question suffers")
}

func TestReturnsAreCounted(t *testing.T) {
	g := NewWithT(t)
	b := filled(t, "1")
	seen := make(chan bus.Delivery)
	sub, err := b.Consume(bus.Consumer{Queue: quorum("work"), Handle: func(d bus.Delivery) { seen <- d }})
	g.Expect(err).NotTo(HaveOccurred())
	for want := range 3 {
		d := <-seen
		g.Expect(d.Returns).To(Equal(want))
		g.Expect(d.MessageID).To(Equal("1"))
		g.Expect(d.Nack(true)).To(Succeed())
	}
	g.Expect((<-seen).Ack()).To(Succeed())
	sub.Close()
}

// hold takes up to n messages out of work.
func hold(t *testing.T, b *bus.Bus, n int) (all []bus.Delivery, held *bus.Held) {
	t.Helper()
	held, err := b.Hold(within(t, soon), "work", n, func(d bus.Delivery) { all = append(all, d) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = held.Close() })
	return all, held
}

func messageIDs(all []bus.Delivery) (ids []string) {
	for _, d := range all {
		ids = append(ids, d.MessageID)
	}
	return ids
}

func TestHeldMessagesGoBackToTheirPlaces(t *testing.T) {
	g := NewWithT(t)
	b := filled(t, "1", "2", "3", "4", "5")
	all, _ := hold(t, b, 4)
	g.Expect(messageIDs(all)).To(Equal([]string{"1", "2", "3", "4"}))
	rest, held := hold(t, b, 4)
	g.Expect(messageIDs(rest)).To(Equal([]string{"5"}), "the others are taken, and what is not there is not waited for")
	g.Expect(rest[0].Nack(true)).To(Succeed())
	g.Expect(held.Close()).To(Succeed())
	g.Expect(all[1].Ack()).To(Succeed())
	for _, i := range []int{0, 2, 3} {
		g.Expect(all[i].Nack(true)).To(Succeed())
	}
	again, _ := hold(t, b, 4)
	g.Expect(messageIDs(again)).To(Or(Equal([]string{"1", "3", "4", "5"}), Equal([]string{"5", "1", "3", "4"})),
		"RabbitMQ has no places, but an order of returning")
}

func TestWhatIsHeldReturnsWithItsChannel(t *testing.T) {
	g := NewWithT(t)
	b := filled(t, "1")
	all, held := hold(t, b, 1)
	g.Expect(held.Close()).To(Succeed())
	g.Expect(all[0].Stale()).To(BeTrue())
	g.Expect(all[0].Ack()).To(MatchError(bus.ErrStale))
	g.Eventually(func() (int, error) {
		depth, err := b.Inspect(within(t, soon), "work")
		return depth.Ready, err
	}).WithTimeout(soon).Should(Equal(1))
}

func TestHoldThatFailsHoldsNothing(t *testing.T) {
	g := NewWithT(t)
	b := filled(t, "1", "2")
	_, err := b.Hold(within(t, soon), "nothing", 1, func(bus.Delivery) {})
	g.Expect(err).To(MatchError(bus.ErrNoQueue))
	ctx, cancel := context.WithCancel(t.Context())
	_, err = b.Hold(ctx, "work", 3, func(bus.Delivery) { cancel() })
	g.Expect(err).To(MatchError(context.Canceled))
	g.Eventually(func() (int, error) {
		depth, err := b.Inspect(within(t, soon), "work")
		return depth.Ready, err
	}).WithTimeout(soon).Should(Equal(2))
}

func TestALockIsOneConnectionsUntilItEnds(t *testing.T) {
	g := NewWithT(t)
	broker := brokertest.New(t)
	first, second := bus.New(configFor(broker.URL)), run(t, configFor(broker.URL))
	running, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- first.Run(running) }()

	unlock, err := first.Lock(within(t, soon), "lock")
	g.Expect(err).NotTo(HaveOccurred())
	_, err = second.Lock(within(t, soon), "lock")
	g.Expect(err).To(MatchError(bus.ErrLocked))
	g.Expect(unlock(within(t, soon))).To(Succeed())
	unlock, err = second.Lock(within(t, soon), "lock")
	g.Expect(err).NotTo(HaveOccurred(), "unlocked")
	g.Expect(unlock(within(t, soon))).To(Succeed())

	_, err = first.Lock(within(t, soon), "lock")
	g.Expect(err).NotTo(HaveOccurred())
	stop()
	g.Expect(<-ended).To(Succeed())
	g.Eventually(func() error {
		_, err := second.Lock(within(t, soon), "lock")
		return err
	}).WithTimeout(soon).Should(Succeed(), "its owner has gone")
}

func TestQueuesOfABrokerThatIsAwayAreWaitedFor(t *testing.T) {
	g := NewWithT(t)
	b := run(t, configFor("amqp://guest:secret@127.0.0.1:1/"))
	for name, wait := range map[string]func(context.Context) error{
		"Inspect": func(ctx context.Context) error { _, err := b.Inspect(ctx, "q"); return err },
		"Hold":    func(ctx context.Context) error { _, err := b.Hold(ctx, "q", 1, func(bus.Delivery) {}); return err },
		"Lock":    func(ctx context.Context) error { _, err := b.Lock(ctx, "q"); return err },
	} {
		g.Expect(b.WaitState(within(t, soon), func(s bus.State) bool { return s.LastError != nil })).To(Succeed())
		err := wait(within(t, shortly))
		g.Expect(err).To(MatchError(context.DeadlineExceeded), name)
		g.Expect(err).To(MatchError(ContainSubstring("connection refused")), name)
		g.Expect(errors.Is(err, bus.ErrNoQueue)).To(BeFalse())
	}
}
