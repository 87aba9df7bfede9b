package broker_test

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/simulator/broker"
)

// A connection that stops in the middle of something delays no other one, and what
// it does not take stays in the queue rather than in memory of its own.
func TestADeadConnectionDelaysNoOther(t *testing.T) {
	const messages, size = 20000, 1640
	for name, die := range map[string]func(raw) error{
		"it never reads what it consumes": func(r raw) error {
			if err := r.consume("dead", 0, noAck); err != nil {
				return err
			}
			_, err := r.await(basicDeliver)
			return err
		},
		"it never reads what it gets": func(r raw) error {
			get := method(1, basicGet, u16(0), short("dead"), bits(noAckGet))
			if err := r.send(bytes.Repeat(get, messages)); err != nil {
				return err
			}
			_, err := r.await(basicGetOk)
			return err
		},
		"it stops in the middle of a message": func(r raw) error {
			return r.send(publishMethod("dead"), contentHeader(size), frame(frameBody, 1, make([]byte, size/2)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			address := launch(t, broker.Config{})
			_, ch := connect(t, address)
			g.Expect(ch.ExchangeDeclare("all", amqp.ExchangeFanout, false, false, false, false, nil)).To(Succeed())
			_, err := ch.QueueDeclare("dead", false, false, false, false, nil)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(ch.QueueBind("dead", "", "all", false, nil)).To(Succeed())
			for range messages {
				g.Expect(put(t.Context(), ch, "all", "", strings.Repeat("m", size))).To(Succeed())
			}
			g.Eventually(func() int { return ready(g, ch, "dead") }).WithTimeout(patience).Should(Equal(messages))
			before := heap()

			dead, err := dialRaw(t.Context(), address)
			g.Expect(err).NotTo(HaveOccurred())
			defer func() { _ = dead.Close() }()
			g.Expect(dead.SetReadBuffer(4096)).To(Succeed())
			g.Expect(dead.login()).To(Succeed())
			g.Expect(die(dead)).To(Succeed())

			g.Expect(roundTrips(t.Context(), ch, "all", 1000)).To(Succeed())
			g.Expect(ready(g, ch, "dead")).To(BeNumerically(">", messages*3/4))
			const most = 4 << 20 // a few buffers, and the messages of the round trips
			g.Expect(heap() - before).To(BeNumerically("<", most))
		})
	}
}

// Of a queue that it shares with others, a consumer that does not read holds only
// what fits between it and the broker.
func TestADeadConsumerLeavesTheQueueToOthers(t *testing.T) {
	const messages = 20000
	g := NewWithT(t)
	address := launch(t, broker.Config{})
	_, ch := connect(t, address)
	_, err := ch.QueueDeclare("shared", false, false, false, false, nil)
	g.Expect(err).NotTo(HaveOccurred())
	for n := range messages {
		g.Expect(put(t.Context(), ch, "", "shared", strconv.Itoa(n)+strings.Repeat(" ", 1640))).To(Succeed())
	}
	g.Eventually(func() int { return ready(g, ch, "shared") }).WithTimeout(patience).Should(Equal(messages))
	dead, err := dialRaw(t.Context(), address)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(dead.SetReadBuffer(4096)).To(Succeed())
	g.Expect(dead.login()).To(Succeed())
	g.Expect(dead.consume("shared", 0, 0)).To(Succeed())
	_, err = dead.await(basicDeliver)
	g.Expect(err).NotTo(HaveOccurred())

	g.Expect(ch.Qos(100, 0, false)).To(Succeed())
	deliveries, err := ch.ConsumeWithContext(t.Context(), "shared", "", false, false, false, false, nil)
	g.Expect(err).NotTo(HaveOccurred())
	seen := map[string]bool{}
	take := func() (redelivered bool) {
		d := receive(t, deliveries)
		g.Expect(d.Ack(false)).To(Succeed())
		number := strings.TrimSpace(string(d.Body))
		g.Expect(seen[number]).To(BeFalse(), "message %s comes once", number)
		seen[number] = true
		return d.Redelivered
	}
	for range messages * 3 / 4 {
		g.Expect(take()).To(BeFalse())
	}
	g.Expect(dead.Close()).To(Succeed())
	redelivered := 0
	for len(seen) < messages {
		if take() {
			redelivered++
		}
	}
	g.Expect(redelivered).To(BeNumerically(">", 0), "what the dead one held comes to the live one")
}

// What a connection held that was told to wait for memory, and was then lost, is
// what the memory is taken by: unless it comes back, nobody can ever publish again.
func TestAConnectionLostWhileItWaitsForMemoryIsNoticed(t *testing.T) {
	const limit, size = 1 << 20, 64 << 10
	g := NewWithT(t)
	address := launch(t, broker.Config{MaxMemory: limit})
	_, ch := connect(t, address)
	_, err := ch.QueueDeclare("hog", false, false, false, false, nil)
	g.Expect(err).NotTo(HaveOccurred())
	hog, err := dialRaw(t.Context(), address)
	g.Expect(err).NotTo(HaveOccurred())
	hog.heartbeat = 1
	g.Expect(hog.login()).To(Succeed())
	g.Expect(hog.consume("hog", 0, 0)).To(Succeed())
	for range 2 * limit / size {
		g.Expect(hog.send(publish("hog", strings.Repeat("h", size)))).To(Succeed())
	}
	for range limit / size {
		_, err := hog.await(basicDeliver)
		g.Expect(err).NotTo(HaveOccurred())
	}
	g.Expect(hog.Close()).To(Succeed())

	deliveries, err := ch.ConsumeWithContext(t.Context(), "hog", "", false, false, false, false, nil)
	g.Expect(err).NotTo(HaveOccurred())
	for range limit / size {
		d := receive(t, deliveries)
		g.Expect(d.Redelivered).To(BeTrue())
		g.Expect(d.Ack(false)).To(Succeed())
	}
	g.Expect(roundTrips(t.Context(), ch, "", 10)).To(Succeed(), "who publishes need not wait any more")
}
