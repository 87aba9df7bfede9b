package contract_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"
)

// Time to live, in milliseconds. The times are real, and short: soon has passed
// when a test has waited a little; within inTime a test has done what comes
// before, also on a busy machine; later does not come within a test.
const (
	soon   = 40
	inTime = 2000
	later  = "60000"
)

func expiring(body, expiration string) amqp.Publishing {
	return amqp.Publishing{Body: []byte(body), Expiration: expiration}
}

func TestMessagesExpire(t *testing.T) {
	l := newLab(t)
	t.Run("after the queue's x-message-ttl", func(t *testing.T) {
		l := l.in(t)
		l.send(l.queue("queue-ttl", "x-message-ttl", soon), "1", "2")
		l.ready("queue-ttl", 0)
	})
	t.Run("not before the queue's x-message-ttl", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("not-yet", "x-message-ttl", 60000), "1")
		g.Consistently(func() (int, error) { return l.count("not-yet") }).WithTimeout(waits).Should(Equal(1))
	})
	t.Run("after their own expiration", func(t *testing.T) {
		l := l.in(t)
		l.post("", l.queue("own-ttl"), expiring("1", "40"))
		l.ready("own-ttl", 0)
	})
	t.Run("after the smaller of the two: the queue's", func(t *testing.T) {
		l := l.in(t)
		l.post("", l.queue("smaller-queue", "x-message-ttl", soon), expiring("1", later))
		l.ready("smaller-queue", 0)
	})
	t.Run("after the smaller of the two: their own", func(t *testing.T) {
		l := l.in(t)
		l.post("", l.queue("smaller-own", "x-message-ttl", 60000), expiring("1", "40"))
		l.ready("smaller-own", 0)
	})
	t.Run("behind one that stays they wait for it to go", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.queue("behind")
		l.post("", "behind", expiring("long", later))
		l.post("", "behind", expiring("short", "1"))
		g.Consistently(func() (int, error) { return l.count("behind") }).WithTimeout(waits).Should(Equal(2))
		g.Expect(l.drain("behind")).To(Equal([]string{"long"}), "the other is gone once it comes to the head")
	})
	t.Run("at once with a TTL of 0 where nobody waits", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("at-once", "x-message-ttl", 0), "1")
		g.Expect(l.drain("at-once")).To(BeEmpty())
		l.post("", l.queue("at-once-own"), expiring("1", "0"))
		g.Expect(l.drain("at-once-own")).To(BeEmpty())
	})
	t.Run("not with a TTL of 0 where a consumer waits", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		deliveries := l.consume(l.channel(), l.queue("handed-over", "x-message-ttl", 0), "")
		l.send("handed-over", "1")
		g.Expect(l.bodies(deliveries, 1)).To(Equal([]string{"1"}))
	})
	t.Run("not while a consumer has them", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("held", "x-message-ttl", inTime), "1")
		held := l.take("held")
		g.Consistently(l.ch.IsClosed).WithTimeout((inTime + 100) * time.Millisecond).Should(BeFalse())
		l.must(held.Ack(false))
		g.Expect(l.ch.Qos(0, 0, false)).To(Succeed(), "the tag was known")
	})
	t.Run("when they return after their time", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("returned", "x-message-ttl", inTime), "1")
		held := l.take("returned")
		g.Consistently(l.ch.IsClosed).WithTimeout((inTime + 100) * time.Millisecond).Should(BeFalse())
		l.must(held.Nack(false, true))
		l.ready("returned", 0)
		g.Expect(l.drain("returned")).To(BeEmpty())
	})
	t.Run("one after the other, each at its time", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("gradual", "x-message-ttl", 2*inTime), "1")
		g.Consistently(func() (int, error) { return l.count("gradual") }).WithTimeout(inTime * time.Millisecond).Should(Equal(1))
		l.send("gradual", "2")
		l.ready("gradual", 1)
		g.Expect(l.drain("gradual")).To(Equal([]string{"2"}))
	})
	t.Run("in a quorum queue, too", func(t *testing.T) {
		l := l.in(t)
		l.send(l.quorum("quorum-ttl", "x-message-ttl", soon), "1")
		l.post("", "quorum-ttl", expiring("2", "1"))
		l.ready("quorum-ttl", 0)
	})
}

func TestQueuesExpire(t *testing.T) {
	l := newLab(t)
	t.Run("unused for x-expires, with their messages", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("unused", "x-expires", soon), "1")
		g.Eventually(func() bool { return l.exists("unused") }).WithTimeout(patience).
			WithPolling(3 * soon * time.Millisecond).Should(BeFalse())
	})
	t.Run("not while they have a consumer, but after it", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.queue("consumed", "x-expires", inTime)
		l.consume(l.ch, "consumed", "c")
		g.Consistently(func() bool { return l.exists("consumed") }).WithTimeout((inTime + 100) * time.Millisecond).
			WithPolling((inTime + 100) * time.Millisecond).Should(BeTrue())
		l.must(l.ch.Cancel("c", false))
		g.Eventually(func() bool { return l.exists("consumed") }).WithTimeout(patience).
			WithPolling((inTime + 100) * time.Millisecond).Should(BeFalse())
	})
	t.Run("not while they are read by get", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.queue("read", "x-expires", inTime)
		g.Consistently(func() error {
			_, _, err := l.ch.Get("read", true)
			return err
		}).WithTimeout((inTime + 100) * time.Millisecond).WithPolling(inTime / 20 * time.Millisecond).Should(Succeed())
	})
	t.Run("although messages come in", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.queue("written", "x-expires", soon)
		returned := l.ch.NotifyReturn(make(chan amqp.Return, 1000))
		g.Eventually(func() (int, error) {
			err := l.ch.PublishWithContext(t.Context(), "", "written", true, false, amqp.Publishing{})
			return len(returned), err
		}).WithTimeout(patience).Should(BeNumerically(">", 0), "publishing is no use")
	})
}
