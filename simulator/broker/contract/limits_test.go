package contract_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"
)

// How long a queue may get, and what happens then.

func TestLengthLimits(t *testing.T) {
	l := newLab(t)
	t.Run("x-max-length drops from the head", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("length", "x-max-length", 2), "1", "2", "3", "4")
		g.Expect(l.drain("length")).To(Equal([]string{"3", "4"}))
	})
	t.Run("x-max-length 0 keeps nothing", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("none", "x-max-length", 0), "1")
		g.Expect(l.drain("none")).To(BeEmpty())
	})
	t.Run("x-max-length 0 hands over to a consumer that waits", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		deliveries := l.consume(l.channel(), l.queue("through", "x-max-length", 0), "")
		l.send("through", "1")
		g.Expect(l.bodies(deliveries, 1)).To(Equal([]string{"1"}))
	})
	t.Run("x-max-length-bytes drops from the head", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("octets", "x-max-length-bytes", 10), "11111", "22222", "33333")
		g.Expect(l.drain("octets")).To(Equal([]string{"22222", "33333"}))
	})
	t.Run("x-max-length-bytes counts bodies only", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.queue("bodies", "x-max-length-bytes", 10)
		for range 3 {
			l.post("", "bodies", amqp.Publishing{CorrelationId: strings.Repeat("x", 200)})
		}
		g.Expect(l.drain("bodies")).To(HaveLen(3))
	})
	t.Run("a message larger than x-max-length-bytes goes with all before it", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("large", "x-max-length-bytes", 10), "1", strings.Repeat("2", 11))
		g.Expect(l.drain("large")).To(BeEmpty())
	})
	t.Run("the limit that is met first counts", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("both", "x-max-length", 3, "x-max-length-bytes", 4), "1", "2", "3", "4", "55")
		g.Expect(l.drain("both")).To(Equal([]string{"3", "4", "55"}))
	})
	t.Run("messages not acknowledged do not count", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("held", "x-max-length", 1), "1")
		l.take("held")
		l.send("held", "2")
		g.Expect(l.drain("held")).To(Equal([]string{"2"}))
	})
	t.Run("a message that returns to a full queue is dropped", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("returns", "x-max-length", 1), "1")
		held := l.take("returns")
		l.send("returns", "2")
		l.must(held.Nack(false, true))
		g.Eventually(func() (int, error) { return l.count("returns") }).Should(Equal(1))
		g.Expect(l.drain("returns")).To(Equal([]string{"2"}))
	})
	t.Run("drop-head is the overflow that is not named", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("named", "x-max-length", 1, "x-overflow", "drop-head"), "1", "2")
		g.Expect(l.drain("named")).To(Equal([]string{"2"}))
	})
	for _, overflow := range []string{"reject-publish", "reject-publish-dlx"} {
		t.Run(overflow+" refuses what is too much, by a nack", func(t *testing.T) {
			l, g := l.in(t), NewWithT(t)
			l.queue(overflow, "x-max-length", 2, "x-overflow", overflow)
			var acked []bool
			for _, body := range []string{"1", "2", "3"} {
				acked = append(acked, l.post("", overflow, amqp.Publishing{Body: []byte(body)}))
			}
			g.Expect(acked).To(Equal([]bool{true, true, false}))
			g.Expect(l.drain(overflow)).To(Equal([]string{"1", "2"}))
		})
	}
	t.Run("reject-publish takes messages again when there is room", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("room", "x-max-length", 1, "x-overflow", "reject-publish"), "1")
		g.Expect(l.post("", "room", amqp.Publishing{})).To(BeFalse())
		l.drain("room")
		g.Expect(l.post("", "room", amqp.Publishing{})).To(BeTrue())
	})
	t.Run("reject-publish by octets refuses the one that would go over", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("over", "x-max-length-bytes", 4, "x-overflow", "reject-publish"), "123")
		g.Expect(l.post("", "over", amqp.Publishing{Body: []byte("456")})).To(BeFalse())
		g.Expect(l.post("", "over", amqp.Publishing{Body: []byte("4")})).To(BeTrue())
		g.Expect(l.drain("over")).To(Equal([]string{"123", "4"}))
	})
	t.Run("reject-publish loses without a word where nobody confirms", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("quiet", "x-max-length", 1, "x-overflow", "reject-publish"), "1")
		w := open(t, l.broker)
		w.publish("quiet", nil, "2")
		g.Expect(w.quiet()).To(BeEmpty())
		g.Expect(l.drain("quiet")).To(Equal([]string{"1"}))
	})
	t.Run("one of two queues that refuses makes a nack", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.exchange("two", "fanout")
		l.bind(l.queue("refuses", "x-max-length", 0, "x-overflow", "reject-publish"), "two", "")
		l.bind(l.queue("takes"), "two", "")
		g.Expect(l.post("two", "", amqp.Publishing{Body: []byte("1")})).To(BeFalse())
		g.Expect(l.drain("takes")).To(Equal([]string{"1"}))
	})
	t.Run("a quorum queue drops from the head", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.quorum("quorum", "x-max-length", 2), "1", "2", "3")
		l.ready("quorum", 2)
		g.Expect(l.drain("quorum")).To(Equal([]string{"2", "3"}))
	})
	t.Run("a quorum queue drops from the head by octets", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.quorum("quorum-octets", "x-max-length", 9, "x-max-length-bytes", 10, "x-delivery-limit", 9), "11111", "22222", "33333")
		l.ready("quorum-octets", 2)
		g.Expect(l.drain("quorum-octets")).To(Equal([]string{"22222", "33333"}))
	})
	t.Run("a message larger than a quorum queue's x-max-length-bytes goes with all before it", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.quorum("quorum-large", "x-max-length-bytes", 10), "1", strings.Repeat("2", 11))
		l.ready("quorum-large", 0)
		l.send("quorum-large", "3")
		g.Expect(l.drain("quorum-large")).To(Equal([]string{"3"}))
	})
	t.Run("a quorum queue with reject-publish refuses, at the latest one over its limit", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.quorum("quorum-refuses", "x-max-length", 2, "x-overflow", "reject-publish")
		g.Eventually(func() bool { return l.post("", "quorum-refuses", amqp.Publishing{}) }).
			WithTimeout(patience).Should(BeFalse())
		g.Expect(len(l.drain("quorum-refuses"))).To(BeElementOf(2, 3))
	})
}

func TestPriorities(t *testing.T) {
	l := newLab(t)
	fill := func(l lab, queue string, priorities ...uint8) {
		l.t.Helper()
		for i, priority := range priorities {
			l.post("", queue, amqp.Publishing{Priority: priority, Body: []byte{'0' + priority, byte('a' + i)}})
		}
	}
	t.Run("the higher come first, those alike in order", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		fill(l, l.queue("ranked", "x-max-priority", 5), 0, 3, 5, 3, 1, 5)
		g.Expect(l.drain("ranked")).To(Equal([]string{"5c", "5f", "3b", "3d", "1e", "0a"}))
	})
	t.Run("above the greatest counts as the greatest", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		fill(l, l.queue("clipped", "x-max-priority", 3), 1, 3, 9, 3)
		g.Expect(l.drain("clipped")).To(Equal([]string{"3b", "9c", "3d", "1a"}))
	})
	t.Run("none counts as 0", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("unranked", "x-max-priority", 3), "none")
		fill(l, "unranked", 0, 1)
		g.Expect(l.drain("unranked")).To(Equal([]string{"1b", "none", "0a"}))
	})
	t.Run("are nothing to a queue without x-max-priority", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		fill(l, l.queue("plain"), 1, 5, 3)
		g.Expect(l.drain("plain")).To(Equal([]string{"1a", "5b", "3c"}))
	})
	t.Run("a message that returns keeps its place among its like", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		fill(l, l.queue("back", "x-max-priority", 5), 1, 5, 5)
		l.must(l.take("back").Nack(false, true))
		l.ready("back", 3)
		g.Expect(l.drain("back")).To(Equal([]string{"5b", "5c", "1a"}))
	})
	t.Run("a limit drops from the head: the highest first", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		fill(l, l.queue("limited", "x-max-priority", 5, "x-max-length", 2), 5, 1, 3)
		g.Expect(l.drain("limited")).To(Equal([]string{"3c", "1b"}))
	})
	t.Run("a higher one that stays keeps the lower from expiring", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.queue("expiring", "x-max-priority", 5)
		l.post("", "expiring", amqp.Publishing{Priority: 5, Body: []byte("long"), Expiration: later})
		l.post("", "expiring", amqp.Publishing{Priority: 1, Body: []byte("short"), Expiration: "1"})
		g.Consistently(func() (int, error) { return l.count("expiring") }).WithTimeout(waits).Should(Equal(2))
		g.Expect(l.drain("expiring")).To(Equal([]string{"long"}))
	})
}
