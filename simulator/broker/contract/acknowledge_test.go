package contract_test

import (
	"testing"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"
)

func TestAcknowledge(t *testing.T) {
	l := newLab(t)
	// hold takes all messages of a new queue and closes the channel behind them:
	// what was not acknowledged is there again.
	hold := func(l lab, queue string, bodies ...string) []amqp.Delivery {
		l.t.Helper()
		l.send(l.queue(queue), bodies...)
		held := make([]amqp.Delivery, len(bodies))
		for i := range held {
			held[i] = l.take(queue)
		}
		return held
	}
	left := func(l lab, queue string, n int) []string {
		l.t.Helper()
		l.must(l.ch.Close())
		l = l.in(l.t)
		l.ready(queue, n)
		return l.drain(queue)
	}
	for _, c := range []struct {
		name string
		do   func(held []amqp.Delivery) error
		left []string
	}{
		{"ack takes one", func(held []amqp.Delivery) error { return held[1].Ack(false) }, []string{"1", "3", "4"}},
		{"ack of several takes all up to it", func(held []amqp.Delivery) error { return held[1].Ack(true) }, []string{"3", "4"}},
		{"ack of several up to 0 takes all", func(held []amqp.Delivery) error {
			return held[0].Acknowledger.Ack(0, true)
		}, []string{}},
		{"ack in any order", func(held []amqp.Delivery) error {
			for _, i := range []int{3, 0, 2} {
				if err := held[i].Ack(false); err != nil {
					return err
				}
			}
			return nil
		}, []string{"2"}},
		{"ack of several leaves out what was acknowledged before", func(held []amqp.Delivery) error {
			if err := held[1].Ack(false); err != nil {
				return err
			}
			return held[2].Ack(true)
		}, []string{"4"}},
		{"reject drops one", func(held []amqp.Delivery) error { return held[2].Reject(false) }, []string{"1", "2", "4"}},
		{"nack drops one", func(held []amqp.Delivery) error { return held[2].Nack(false, false) }, []string{"1", "2", "4"}},
		{"nack of several drops all up to it", func(held []amqp.Delivery) error { return held[2].Nack(true, false) }, []string{"4"}},
		{"nothing leaves all", func([]amqp.Delivery) error { return nil }, []string{"1", "2", "3", "4"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, g := l.in(t), NewWithT(t)
			held := hold(l, "acked", "1", "2", "3", "4")
			l.must(c.do(held))
			g.Expect(left(l, "acked", len(c.left))).To(Equal(c.left))
		})
	}
	for _, c := range []struct {
		name string
		do   func(held []amqp.Delivery) error
		want []string // * marks redelivered
	}{
		{"reject puts one back in its place", func(held []amqp.Delivery) error { return held[1].Reject(true) },
			[]string{"2*", "5", "6"}},
		{"nack puts one back in its place", func(held []amqp.Delivery) error { return held[0].Nack(false, true) },
			[]string{"1*", "5", "6"}},
		{"nack of several puts all back in order", func(held []amqp.Delivery) error { return held[3].Nack(true, true) },
			[]string{"1*", "2*", "3*", "4*", "5", "6"}},
		{"put back in another order they stand in their own", func(held []amqp.Delivery) error {
			for _, i := range []int{2, 0, 3, 1} {
				if err := held[i].Nack(false, true); err != nil {
					return err
				}
			}
			return nil
		}, []string{"1*", "2*", "3*", "4*", "5", "6"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, g := l.in(t), NewWithT(t)
			held := hold(l, "requeued", "1", "2", "3", "4")
			l.send("requeued", "5", "6")
			l.must(c.do(held))
			l.ready("requeued", len(c.want))
			seen := []string{}
			for range c.want {
				message := l.take("requeued")
				seen = append(seen, string(message.Body)+map[bool]string{true: "*"}[message.Redelivered])
			}
			g.Expect(seen).To(Equal(c.want))
			_, err := l.ch.QueueDelete("requeued", false, false, false)
			l.must(err)
		})
	}
	for name, method := range map[string]string{
		"an acknowledgement twice is refused": "basic.ack", "ack and then reject is refused": "basic.reject",
		"ack and then nack is refused": "basic.nack",
	} {
		t.Run(name, func(t *testing.T) {
			l, g := l.in(t), NewWithT(t)
			l.send(l.queue("twice"), "1")
			w := open(t, l.broker)
			w.send(1, "basic.get", args{"queue": "twice"})
			w.message(1, "basic.get-ok")
			w.send(1, "basic.ack", args{"delivery-tag": 1})
			w.send(1, method, args{"delivery-tag": 1})
			g.Expect(w.answer()).To(HaveSuffix("PRECONDITION_FAILED - unknown delivery tag 1"))
		})
	}
	t.Run("up to 0 with nothing to acknowledge is fine", func(t *testing.T) {
		w := open(t, l.broker)
		w.send(1, "basic.ack", args{"multiple": true})
		w.send(1, "basic.nack", args{"multiple": true})
		NewWithT(t).Expect(w.quiet()).To(BeEmpty())
	})
	t.Run("a tag of another channel is unknown", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("foreign"), "1")
		w := open(t, l.broker)
		w.call(2, "channel.open", nil, "channel.open-ok")
		w.send(1, "basic.get", args{"queue": "foreign"})
		w.message(1, "basic.get-ok")
		w.send(2, "basic.ack", args{"delivery-tag": 1})
		g.Expect(w.answer()).To(HaveSuffix("PRECONDITION_FAILED - unknown delivery tag 1"))
	})
	t.Run("a message put back goes to a consumer that waits, marked", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("waited"), "1")
		held := l.take("waited")
		deliveries := l.consume(l.channel(), "waited", "")
		l.must(held.Nack(false, true))
		again := l.receive(deliveries)
		g.Expect(string(again.Body)).To(Equal("1"))
		g.Expect(again.Redelivered).To(BeTrue())
	})
	t.Run("recover puts all of the channel back", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("recovered"), "1", "2")
		deliveries := l.consume(l.ch, "recovered", "")
		g.Expect(l.bodies(deliveries, 2)).To(Equal([]string{"1", "2"}))
		l.must(l.ch.Recover(true)) //nolint:staticcheck // deprecated in AMQP's later versions, not in this one
		for _, body := range []string{"1", "2"} {
			again := l.receive(deliveries)
			g.Expect(string(again.Body)).To(Equal(body))
			g.Expect(again.Redelivered).To(BeTrue())
		}
	})
	t.Run("recover-async does it without an answer", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("async"), "1")
		w := open(t, l.broker)
		w.send(1, "basic.get", args{"queue": "async"})
		w.message(1, "basic.get-ok")
		w.send(1, "basic.recover-async", args{"requeue": true})
		g.Expect(w.soonGet("async", true).args["redelivered"]).To(BeTrue())
	})
}

func TestPrefetch(t *testing.T) {
	l := newLab(t)
	t.Run("holds back what is too much, until an acknowledgement", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("held"), "1", "2", "3", "4")
		ch := l.channel()
		l.must(ch.Qos(2, 0, false))
		deliveries := l.consume(ch, "held", "")
		first := l.receive(deliveries)
		l.receive(deliveries)
		g.Consistently(deliveries).WithTimeout(waits).ShouldNot(Receive())
		l.must(first.Ack(false))
		g.Expect(string(l.receive(deliveries).Body)).To(Equal("3"))
		g.Consistently(deliveries).WithTimeout(waits).ShouldNot(Receive())
	})
	t.Run("makes room by reject and nack, too", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("room"), "1", "2", "3")
		ch := l.channel()
		l.must(ch.Qos(1, 0, false))
		deliveries := l.consume(ch, "room", "")
		l.must(l.receive(deliveries).Reject(false))
		l.must(l.receive(deliveries).Nack(false, false))
		g.Expect(string(l.receive(deliveries).Body)).To(Equal("3"))
	})
	t.Run("is each consumer's own", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("each"), "1", "2", "3")
		ch := l.channel()
		l.must(ch.Qos(1, 0, false))
		first := l.consume(ch, "each", "first")
		l.receive(first)
		second := l.consume(ch, "each", "second")
		l.receive(second)
		g.Consistently(first).WithTimeout(waits).ShouldNot(Receive())
		g.Expect(second).NotTo(Receive())
	})
	t.Run("is all consumers' together when it is global", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("together"), "1", "2", "3")
		ch := l.channel()
		l.must(ch.Qos(1, 0, true))
		first := l.consume(ch, "together", "first")
		held := l.receive(first)
		second := l.consume(ch, "together", "second")
		g.Consistently(second).WithTimeout(waits).ShouldNot(Receive())
		l.must(held.Ack(false))
		g.Eventually(func() bool {
			select {
			case <-first:
			case <-second:
			default:
				return false
			}
			return true
		}).WithTimeout(patience).Should(BeTrue(), "one of them gets the next")
	})
	t.Run("both kinds hold at once", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("both"), "1", "2", "3", "4")
		ch := l.channel()
		l.must(ch.Qos(2, 0, false))
		l.must(ch.Qos(3, 0, true))
		first := l.consume(ch, "both", "first")
		l.bodies(first, 2)
		second := l.consume(ch, "both", "second")
		l.bodies(second, 1)
		g.Consistently(second).WithTimeout(waits).ShouldNot(Receive())
	})
	t.Run("of 0 is no limit", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("zero"), "1", "2", "3")
		ch := l.channel()
		l.must(ch.Qos(0, 0, false))
		g.Expect(l.bodies(l.consume(ch, "zero", ""), 3)).To(HaveLen(3))
	})
	t.Run("set later holds for later consumers only", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("earlier"), "1", "2", "3")
		ch := l.channel()
		earlier := l.consume(ch, "earlier", "earlier")
		l.must(ch.Qos(1, 0, false))
		g.Expect(l.bodies(earlier, 3)).To(HaveLen(3))
	})
	t.Run("counts nothing that needs no acknowledgement", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("auto"), "1", "2", "3")
		ch := l.channel()
		l.must(ch.Qos(1, 0, false))
		deliveries, err := ch.Consume("auto", "", true, false, false, false, nil)
		l.must(err)
		g.Expect(l.bodies(deliveries, 3)).To(HaveLen(3))
	})
	t.Run("gives a message that one cannot take to another", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.queue("passed")
		full := l.channel()
		l.must(full.Qos(1, 0, false))
		first := l.consume(full, "passed", "")
		l.send("passed", "1", "2")
		l.receive(first)
		g.Expect(string(l.receive(l.consume(l.channel(), "passed", "")).Body)).To(Equal("2"))
	})
}
