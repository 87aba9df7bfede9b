package contract_test

import (
	"testing"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"
)

func TestQuorumQueues(t *testing.T) {
	l := newLab(t)
	counts := func(l lab, queue string, n int, again func(amqp.Delivery) error) (seen []any) {
		l.t.Helper()
		for range n {
			message := l.take(queue)
			seen = append(seen, message.Headers["x-delivery-count"])
			l.must(again(message))
		}
		return seen
	}
	reject := func(d amqp.Delivery) error { return d.Reject(true) }
	t.Run("first in is first out", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.quorum("fifo"), "1", "2", "3")
		g.Expect(l.drain("fifo")).To(Equal([]string{"1", "2", "3"}))
	})
	t.Run("count deliveries in x-delivery-count, for basic.get from 0", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.quorum("counted"), "1")
		g.Expect(counts(l, "counted", 3, reject)).To(Equal([]any{int64(0), int64(1), int64(2)}))
	})
	t.Run("count for a consumer from 1: the first delivery has none", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.quorum("consumed"), "1")
		deliveries := l.consume(l.channel(), "consumed", "")
		first := l.receive(deliveries)
		g.Expect(first.Headers).NotTo(HaveKey("x-delivery-count"))
		l.must(first.Nack(false, true))
		second := l.receive(deliveries)
		g.Expect(second.Headers["x-delivery-count"]).To(Equal(int64(1)))
		g.Expect(second.Redelivered).To(BeTrue())
	})
	t.Run("sort the headers when they add the count, and not before", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		w := open(t, l.broker)
		w.publish(l.quorum("sorted"), args{"headers": pairs("z", 1, "a", 2)}, "body")
		w.call(1, "basic.consume", args{"queue": "sorted"}, "basic.consume-ok")
		first := w.message(1, "basic.deliver")
		g.Expect(text(first.given["headers"])).To(Equal("F{z=I:1 a=I:2}"))
		w.send(1, "basic.reject", args{"delivery-tag": first.args["delivery-tag"], "requeue": true})
		g.Expect(text(w.message(1, "basic.deliver").given["headers"])).To(Equal("F{a=I:2 x-delivery-count=l:1 z=I:1}"))
	})
	t.Run("count the end of a channel as a delivery", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.quorum("ended"), "1")
		l.take("ended")
		l.must(l.ch.Close())
		g.Expect(l.in(t).take("ended").Headers["x-delivery-count"]).To(Equal(int64(1)))
	})
	t.Run("drop a message returned more often than x-delivery-limit", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.quorum("limited", "x-delivery-limit", 2), "1")
		g.Expect(counts(l, "limited", 3, reject)).To(HaveLen(3))
		l.ready("limited", 0)
		g.Expect(l.drain("limited")).To(BeEmpty())
	})
	t.Run("drop it at the first return with a limit of 0", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.quorum("no-second", "x-delivery-limit", 0), "1")
		counts(l, "no-second", 1, reject)
		l.ready("no-second", 0)
		g.Expect(l.drain("no-second")).To(BeEmpty())
	})
	for _, c := range []struct {
		name, queue string
		arguments   []any
		back        func(l lab, held []amqp.Delivery) error
		want        []string
	}{
		{"put a returned message to the end, without a delivery limit", "end", nil,
			func(_ lab, held []amqp.Delivery) error { return held[0].Nack(false, true) }, []string{"3", "4", "1"}},
		{"put several to the end in order", "ends", nil,
			func(_ lab, held []amqp.Delivery) error { return held[1].Nack(true, true) }, []string{"3", "4", "1", "2"}},
		{"put a returned message to the front, with a delivery limit", "front", []any{"x-delivery-limit", 9},
			func(_ lab, held []amqp.Delivery) error { return held[1].Nack(false, true) }, []string{"2", "3", "4"}},
		{"put what a closed channel held to the front", "closed", nil,
			func(l lab, _ []amqp.Delivery) error { return l.ch.Close() }, []string{"1", "2", "3", "4"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, g := l.in(t), NewWithT(t)
			l.send(l.quorum(c.queue, c.arguments...), "1", "2", "3", "4")
			l.must(c.back(l, []amqp.Delivery{l.take(c.queue), l.take(c.queue)}))
			l = l.in(t)
			l.ready(c.queue, len(c.want))
			g.Expect(l.drain(c.queue)).To(Equal(c.want))
		})
	}
	t.Run("keep their order when all were looked at and given back one by one", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.quorum("looked-at", "x-delivery-limit", 9), "1", "2", "3", "4")
		var held []amqp.Delivery
		for range 4 {
			held = append(held, l.take("looked-at"))
		}
		l.must(held[1].Ack(false))
		for _, i := range []int{0, 2, 3} {
			l.must(held[i].Nack(false, true))
		}
		l = l.in(t)
		g.Expect(l.drain("looked-at")).To(Equal([]string{"1", "3", "4"}), "at once, for another channel")
	})
	t.Run("serve several consumers in turn", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.quorum("turns")
		first, second := l.consume(l.channel(), "turns", ""), l.consume(l.channel(), "turns", "")
		l.send("turns", "1", "2", "3", "4")
		g.Expect(l.bodies(first, 2)).To(Equal([]string{"1", "3"}))
		g.Expect(l.bodies(second, 2)).To(Equal([]string{"2", "4"}))
	})
	t.Run("keep the prefetch of a consumer", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.quorum("prefetch"), "1", "2")
		ch := l.channel()
		l.must(ch.Qos(1, 0, false))
		deliveries := l.consume(ch, "prefetch", "")
		first := l.receive(deliveries)
		g.Consistently(deliveries).WithTimeout(waits).ShouldNot(Receive())
		l.must(first.Ack(false))
		g.Expect(string(l.receive(deliveries).Body)).To(Equal("2"))
	})
	t.Run("are purged and deleted with their counts", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.quorum("purged"), "1", "2")
		g.Expect(l.ch.QueuePurge("purged", false)).To(Equal(2))
		l.send("purged", "3")
		g.Expect(l.ch.QueueDelete("purged", false, false, false)).To(Equal(1))
	})
	t.Run("cancel their consumers when they are deleted", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		consumer := l.channel()
		cancelled := consumer.NotifyCancel(make(chan string, 1))
		l.consume(consumer, l.quorum("watched"), "watcher")
		_, err := l.ch.QueueDelete("watched", false, false, false)
		l.must(err)
		g.Eventually(cancelled).WithTimeout(patience).Should(Receive(Equal("watcher")))
	})
}
