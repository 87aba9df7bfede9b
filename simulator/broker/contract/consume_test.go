package contract_test

import (
	"testing"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"
)

func TestGet(t *testing.T) {
	l := newLab(t)
	t.Run("tells what is left, where it came from, and that it is new", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.bind(l.queue("got"), "amq.direct", "key")
		l.sendTo("amq.direct", "key", "1", "2", "3")
		message := l.take("got")
		g.Expect(message.MessageCount).To(Equal(uint32(2)))
		g.Expect([]any{message.Exchange, message.RoutingKey, message.Redelivered}).To(Equal([]any{"amq.direct", "key", false}))
		g.Expect(message.ConsumerTag).To(BeEmpty())
	})
	t.Run("of an empty queue says so", func(t *testing.T) {
		l := l.in(t)
		open(t, l.broker).call(1, "basic.get", args{"queue": l.queue("empty")}, "basic.get-empty")
	})
	t.Run("without acknowledgement takes the message for good", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("taken"), "1")
		ch := l.channel()
		_, ok, err := ch.Get("taken", true)
		l.must(err)
		g.Expect(ok).To(BeTrue())
		l.must(ch.Close())
		g.Consistently(func() (int, error) { return l.count("taken") }).WithTimeout(waits).Should(BeZero())
	})
	t.Run("without acknowledgement counts in the tags, but is not to be acknowledged", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("tagged"), "1", "2")
		w := open(t, l.broker)
		g.Expect(w.get(1, "tagged").args["delivery-tag"]).To(Equal(uint64(1)))
		g.Expect(w.get(1, "tagged").args["delivery-tag"]).To(Equal(uint64(2)))
		w.send(1, "basic.ack", args{"delivery-tag": 1})
		g.Expect(w.answer()).To(Equal("channel.close 406 (60,80) PRECONDITION_FAILED - unknown delivery tag 1"))
	})
	t.Run("does not look at the prefetch", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("unlimited"), "1", "2", "3")
		l.must(l.ch.Qos(1, 0, false))
		for range 3 {
			l.take("unlimited")
		}
		g.Expect(l.count("unlimited")).To(BeZero())
	})
}

func TestConsume(t *testing.T) {
	l := newLab(t)
	t.Run("the broker makes a tag when none is given", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		w := open(t, l.broker)
		answer := w.call(1, "basic.consume", args{"queue": l.queue("unnamed")}, "basic.consume-ok")
		g.Expect(answer["consumer-tag"]).To(MatchRegexp(`^amq\.ctag-[A-Za-z0-9_-]{22}$`))
	})
	t.Run("gets what is there, and then what comes", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("both"), "1", "2")
		deliveries := l.consume(l.channel(), "both", "c")
		g.Expect(l.bodies(deliveries, 2)).To(Equal([]string{"1", "2"}))
		l.send("both", "3")
		last := l.receive(deliveries)
		g.Expect(string(last.Body)).To(Equal("3"))
		g.Expect([]any{last.ConsumerTag, last.DeliveryTag, last.Redelivered, last.Exchange, last.RoutingKey}).
			To(Equal([]any{"c", uint64(3), false, "", "both"}))
	})
	t.Run("without acknowledgement the messages are gone", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("unacked"), "1")
		ch := l.channel()
		deliveries, err := ch.Consume("unacked", "", true, false, false, false, nil)
		l.must(err)
		l.receive(deliveries)
		l.must(ch.Close())
		g.Consistently(func() (int, error) { return l.count("unacked") }).WithTimeout(waits).Should(BeZero())
	})
	t.Run("several take turns", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.queue("turns")
		first, second := l.consume(l.channel(), "turns", ""), l.consume(l.channel(), "turns", "")
		l.send("turns", "1", "2", "3", "4", "5", "6")
		g.Expect(l.bodies(first, 3)).To(Equal([]string{"1", "3", "5"}))
		g.Expect(l.bodies(second, 3)).To(Equal([]string{"2", "4", "6"}))
	})
	t.Run("several on one channel take turns, too", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		ch := l.channel()
		l.queue("one-channel")
		first, second := l.consume(ch, "one-channel", "1"), l.consume(ch, "one-channel", "2")
		l.send("one-channel", "1", "2", "3", "4")
		g.Expect(l.bodies(first, 2)).To(Equal([]string{"1", "3"}))
		g.Expect(l.bodies(second, 2)).To(Equal([]string{"2", "4"}))
	})
	t.Run("one of higher priority gets all that it can take", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.queue("ranked")
		low := l.consume(l.channel(), "ranked", "")
		busy := l.channel()
		l.must(busy.Qos(2, 0, false))
		high := l.consume(busy, "ranked", "", "x-priority", 10)
		l.send("ranked", "1", "2", "3")
		g.Expect(l.bodies(high, 2)).To(Equal([]string{"1", "2"}))
		g.Expect(l.bodies(low, 1)).To(Equal([]string{"3"}))
	})
	t.Run("one of negative priority comes after those without", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.queue("last")
		low := l.consume(l.channel(), "last", "", "x-priority", -1)
		plain := l.consume(l.channel(), "last", "")
		l.send("last", "1", "2")
		g.Expect(l.bodies(plain, 2)).To(Equal([]string{"1", "2"}))
		g.Expect(low).NotTo(Receive())
	})
	t.Run("an exclusive one keeps others out until it is cancelled", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.queue("exclusive")
		_, err := l.ch.Consume("exclusive", "mine", false, true, false, false, nil)
		l.must(err)
		_, err = l.channel().Consume("exclusive", "", false, false, false, false, nil)
		g.Expect(err).To(HaveField("Reason",
			"ACCESS_REFUSED - queue 'exclusive' in vhost '"+l.vhost()+"' in exclusive use"))
		l.must(l.ch.Cancel("mine", false))
		l.consume(l.channel(), "exclusive", "")
	})
	t.Run("an exclusive one does not keep basic.get out", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.queue("get")
		busy := l.channel()
		l.must(busy.Qos(1, 0, false))
		deliveries, err := busy.Consume("get", "", false, true, false, false, nil)
		l.must(err)
		l.send("get", "1", "2")
		l.receive(deliveries)
		g.Expect(string(l.take("get").Body)).To(Equal("2"))
	})
	t.Run("no-local means nothing", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		w := open(t, l.broker)
		w.call(1, "basic.consume", args{"queue": l.queue("local"), "no-local": true}, "basic.consume-ok")
		w.publish("local", nil, "my own")
		g.Expect(w.message(1, "basic.deliver").body).To(Equal("my own"))
	})
	t.Run("consume-ok comes before the first message", func(t *testing.T) {
		l := l.in(t)
		l.send(l.queue("order"), "1", "2")
		w := open(t, l.broker)
		w.call(1, "basic.consume", args{"queue": "order"}, "basic.consume-ok")
		w.message(1, "basic.deliver")
		w.message(1, "basic.deliver")
	})
}

func TestCancel(t *testing.T) {
	l := newLab(t)
	t.Run("ends deliveries, and leaves what was delivered", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		ch := l.channel()
		deliveries := l.consume(ch, l.queue("ended"), "c")
		l.send("ended", "1")
		held := l.receive(deliveries)
		l.must(ch.Cancel("c", false))
		l.send("ended", "2")
		g.Expect(l.drain("ended")).To(Equal([]string{"2"}), "1 is still held")
		l.must(held.Nack(false, true))
		l.ready("ended", 1)
	})
	t.Run("answers with the tag, known or not, as often as asked", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		w := open(t, l.broker)
		w.call(1, "basic.consume", args{"queue": l.queue("known"), "consumer-tag": "c"}, "basic.consume-ok")
		for _, tag := range []string{"c", "c", "unknown"} {
			g.Expect(w.call(1, "basic.cancel", args{"consumer-tag": tag}, "basic.cancel-ok")["consumer-tag"]).To(Equal(tag))
		}
	})
	t.Run("no message of the consumer comes after cancel-ok", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.queue("quiet")
		w := open(t, l.broker)
		w.call(1, "basic.consume", args{"queue": "quiet", "consumer-tag": "c"}, "basic.consume-ok")
		w.call(1, "basic.cancel", args{"consumer-tag": "c"}, "basic.cancel-ok")
		l.send("quiet", "1")
		g.Expect(w.quiet()).To(BeEmpty())
	})
	t.Run("frees the tag", func(t *testing.T) {
		l := l.in(t)
		l.queue("freed")
		for range 2 {
			l.consume(l.ch, "freed", "same")
			l.must(l.ch.Cancel("same", false))
		}
	})
}

func TestSingleActiveConsumer(t *testing.T) {
	l := newLab(t)
	for kind, arguments := range map[string][]any{
		"a classic queue": nil, "a quorum queue": {"x-queue-type", "quorum"},
	} {
		queue := "of " + kind
		l.queue(queue, append(arguments, "x-single-active-consumer", true)...)
		t.Run(kind+" serves the first, and the second when that is cancelled", func(t *testing.T) {
			l, g := l.in(t), NewWithT(t)
			ch1, ch2 := l.channel(), l.channel()
			first := l.consume(ch1, queue, "first")
			second := l.consume(ch2, queue, "second")
			l.send(queue, "1", "2")
			for _, body := range []string{"1", "2"} {
				delivery := l.receive(first)
				g.Expect(string(delivery.Body)).To(Equal(body))
				l.must(delivery.Ack(false))
			}
			g.Expect(second).NotTo(Receive())
			l.must(ch1.Cancel("first", false))
			l.send(queue, "3")
			third := l.receive(second)
			g.Expect(string(third.Body)).To(Equal("3"))
			l.must(third.Ack(false))
			l.must(ch2.Cancel("second", false))
		})
		t.Run(kind+" serves the next when the connection of the first is lost", func(t *testing.T) {
			l, g := l.in(t), NewWithT(t)
			w := open(t, l.broker)
			w.call(1, "basic.consume", args{"queue": queue, "consumer-tag": "lost"}, "basic.consume-ok")
			second := l.consume(l.channel(), queue, "second")
			l.send(queue, "1")
			w.message(1, "basic.deliver")
			w.conn.Close()
			delivery := l.receive(second)
			g.Expect(string(delivery.Body)).To(Equal("1"))
			g.Expect(delivery.Redelivered).To(BeTrue())
			l.must(delivery.Ack(false))
		})
	}
	t.Run("takes no exclusive consumers", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.queue("sac", "x-single-active-consumer", true)
		_, err := l.ch.Consume("sac", "", false, true, false, false, amqp.Table{})
		g.Expect(err).To(HaveField("Code", amqp.AccessRefused))
	})
}
