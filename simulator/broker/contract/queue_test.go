package contract_test

import (
	"fmt"
	"testing"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"
)

func TestQueues(t *testing.T) {
	l := newLab(t)
	t.Run("the broker makes a name when none is given", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		names := map[string]bool{}
		for range 3 {
			q, err := l.ch.QueueDeclare("", false, false, true, false, nil)
			l.must(err)
			g.Expect(q.Name).To(MatchRegexp(`^amq\.gen-[A-Za-z0-9_-]{22}$`))
			names[q.Name] = true
		}
		g.Expect(names).To(HaveLen(3))
	})
	t.Run("declare-ok counts messages ready and consumers", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("counted"), "1", "2", "3")
		l.ready("counted", 3)
		l.take("counted")
		l.ready("counted", 2)
		l.consume(l.channel(), "counted", "")
		l.ready("counted", 0)
		q, err := l.ch.QueueDeclarePassive("counted", true, false, false, false, nil)
		l.must(err)
		g.Expect(q.Consumers).To(Equal(1))
	})
	t.Run("first in is first out", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("fifo"), "1", "2", "3", "4", "5")
		g.Expect(l.drain("fifo")).To(Equal([]string{"1", "2", "3", "4", "5"}))
	})
	t.Run("a name may have 255 octets and any characters", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		for _, name := range []string{fmt.Sprintf("%0255d", 1), "Ü ber/all%2F", "*", "#"} {
			l.send(l.queue(name), "body")
			g.Expect(l.drain(name)).To(HaveLen(1))
		}
	})
	t.Run("line breaks are taken out of a name", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		q, err := l.ch.QueueDeclare("two\r\nlines", true, false, false, false, nil)
		l.must(err)
		g.Expect(q.Name).To(Equal("twolines"))
	})
	t.Run("names are told apart by case", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("Case"), "body")
		g.Expect(l.drain(l.queue("case"))).To(BeEmpty())
	})
	t.Run("auto-delete goes with the last consumer cancelled", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		_, err := l.ch.QueueDeclare("brief", true, true, false, false, nil)
		l.must(err)
		l.consume(l.ch, "brief", "one")
		l.consume(l.ch, "brief", "two")
		l.must(l.ch.Cancel("one", false))
		g.Expect(l.exists("brief")).To(BeTrue())
		l.must(l.ch.Cancel("two", false))
		g.Eventually(func() bool { return l.exists("brief") }).WithTimeout(patience).Should(BeFalse())
	})
	t.Run("auto-delete goes with the last consumer's connection", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		_, err := l.ch.QueueDeclare("briefer", true, true, false, false, nil)
		l.must(err)
		w := open(t, l.broker)
		w.call(1, "basic.consume", args{"queue": "briefer"}, "basic.consume-ok")
		w.conn.Close()
		g.Eventually(func() bool { return l.exists("briefer") }).WithTimeout(patience).Should(BeFalse())
	})
	t.Run("auto-delete stays while it never had a consumer", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		_, err := l.ch.QueueDeclare("unused", true, true, false, false, nil)
		l.must(err)
		l.send("unused", "body")
		g.Expect(l.drain("unused")).To(HaveLen(1), "basic.get is no consumer")
		g.Expect(l.exists("unused")).To(BeTrue())
	})
	t.Run("without auto-delete it stays when its consumers go", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.consume(l.ch, l.queue("kept"), "one")
		l.must(l.ch.Cancel("one", false))
		g.Consistently(func() bool { return l.exists("kept") }).WithTimeout(waits).Should(BeTrue())
	})
}

func TestPurgeAndDelete(t *testing.T) {
	l := newLab(t)
	t.Run("purge counts what it removes", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("full"), "1", "2", "3")
		g.Expect(l.ch.QueuePurge("full", false)).To(Equal(3))
		g.Expect(l.ch.QueuePurge("full", false)).To(Equal(0))
		g.Expect(l.drain("full")).To(BeEmpty())
	})
	t.Run("purge leaves what is not acknowledged", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("held"), "1", "2", "3")
		held := l.take("held")
		g.Expect(l.ch.QueuePurge("held", false)).To(Equal(2))
		l.must(held.Nack(false, true))
		l.ready("held", 1)
		g.Expect(l.drain("held")).To(Equal([]string{"1"}))
	})
	t.Run("delete counts what was ready", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("gone"), "1", "2", "3")
		l.take("gone")
		g.Expect(l.ch.QueueDelete("gone", false, false, false)).To(Equal(2))
	})
	t.Run("what was held of a deleted queue may be acknowledged", func(t *testing.T) {
		l := l.in(t)
		l.send(l.queue("late"), "1")
		held := l.take("late")
		_, err := l.ch.QueueDelete("late", false, false, false)
		l.must(err)
		l.must(held.Ack(false))
		l.must(l.ch.Qos(0, 0, false))
	})
	for _, c := range []struct {
		name      string
		make      func(l lab, queue string)
		ifUnused  bool
		ifEmpty   bool
		complaint string
	}{
		{"if-empty refuses a queue with messages", func(l lab, q string) { l.send(q, "1") }, false, true, "not empty"},
		{"if-empty takes an empty queue", func(lab, string) {}, false, true, ""},
		{"if-unused refuses a queue with a consumer", func(l lab, q string) { l.consume(l.ch, q, "") }, true, false, "in use"},
		{"if-unused takes a queue with messages", func(l lab, q string) { l.send(q, "1") }, true, false, ""},
		{"if-empty takes a queue whose messages are all held", func(l lab, q string) { l.send(q, "1"); l.take(q) }, false, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, g := l.in(t), NewWithT(t)
			c.make(l, l.queue("conditional"))
			_, err := l.ch.QueueDelete("conditional", c.ifUnused, c.ifEmpty, false)
			if c.complaint == "" {
				g.Expect(err).NotTo(HaveOccurred())
				return
			}
			g.Expect(err).To(HaveField("Reason", "PRECONDITION_FAILED - queue 'conditional' in vhost '"+l.vhost()+"' "+c.complaint))
			_, err = l.channel().QueueDelete("conditional", false, false, false)
			l.must(err)
		})
	}
	t.Run("a deleted queue cancels its consumers", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		consumer := l.channel()
		cancelled := consumer.NotifyCancel(make(chan string, 1))
		deliveries := l.consume(consumer, l.queue("watched"), "watcher")
		_, err := l.ch.QueueDelete("watched", false, false, false)
		l.must(err)
		g.Eventually(cancelled).WithTimeout(patience).Should(Receive(Equal("watcher")))
		g.Eventually(deliveries).WithTimeout(patience).Should(BeClosed())
	})
	t.Run("basic.cancel to the client wants no answer", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		w := open(t, l.broker)
		w.call(1, "basic.consume", args{"queue": l.queue("raw"), "consumer-tag": "c"}, "basic.consume-ok")
		_, err := l.ch.QueueDelete("raw", false, false, false)
		l.must(err)
		g.Expect(w.want(1, "basic.cancel")).To(Equal(args{"consumer-tag": "c", "no-wait": true}))
	})
	t.Run("a client that cannot hear of it is told nothing", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		w := openTuned(t, l.broker, tuning{capabilities: []string{}})
		w.call(1, "channel.open", nil, "channel.open-ok")
		w.call(1, "basic.consume", args{"queue": l.queue("deaf"), "consumer-tag": "c"}, "basic.consume-ok")
		w.call(1, "queue.delete", args{"queue": "deaf"}, "queue.delete-ok")
		g.Expect(w.quiet()).To(BeEmpty())
	})
	t.Run("the name of a deleted queue is free", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("again"), "old")
		_, err := l.ch.QueueDelete("again", false, false, false)
		l.must(err)
		g.Expect(l.drain(l.queue("again", "x-max-length", 5))).To(BeEmpty())
	})
}

func TestNoWait(t *testing.T) {
	l := newLab(t)
	l.queue("q")
	l.exchange("e", "fanout")
	for _, c := range []struct {
		method string
		args   args
	}{
		{"queue.declare", args{"queue": "new"}},
		{"queue.declare", args{}},
		{"queue.bind", args{"queue": "q", "exchange": "e"}},
		{"queue.purge", args{"queue": "q"}},
		{"exchange.declare", args{"exchange": "new", "type": "fanout"}},
		{"exchange.bind", args{"destination": "e", "source": "amq.fanout"}},
		{"exchange.unbind", args{"destination": "e", "source": "amq.fanout"}},
		{"basic.consume", args{"queue": "q", "consumer-tag": "c"}},
		{"basic.consume", args{"queue": "q"}},
		{"basic.cancel", args{"consumer-tag": "c"}},
		{"confirm.select", args{}},
		{"queue.delete", args{"queue": "new"}},
		{"exchange.delete", args{"exchange": "new"}},
	} {
		t.Run(c.method+" is not answered", func(t *testing.T) {
			w := open(t, l.broker)
			c.args["no-wait"] = true
			w.send(1, c.method, c.args)
			NewWithT(t).Expect(w.quiet()).To(BeEmpty())
		})
	}
	t.Run("takes effect all the same", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		_, err := l.ch.QueueDeclare("unasked", true, false, false, true, nil)
		l.must(err)
		l.must(l.ch.QueueBind("unasked", "key", "amq.direct", true, nil))
		l.sendTo("amq.direct", "key", "body")
		g.Expect(l.drain("unasked")).To(HaveLen(1))
	})
	t.Run("an error still closes the channel", func(t *testing.T) {
		w := open(t, l.broker)
		w.send(1, "queue.purge", args{"queue": "none", "no-wait": true})
		NewWithT(t).Expect(w.answer()).To(Equal("channel.close 404 (50,30) NOT_FOUND - no queue 'none' in vhost 'V'"))
	})
}

func TestConnectionLost(t *testing.T) {
	l := newLab(t)
	t.Run("its messages return in order, marked, before the others", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("returned"), "1", "2", "3", "4")
		w := open(t, l.broker)
		for range 3 {
			w.send(1, "basic.get", args{"queue": "returned"})
			w.message(1, "basic.get-ok")
		}
		w.conn.Close()
		l.ready("returned", 4)
		for _, want := range []string{"1", "2", "3", "4"} {
			message := l.take("returned")
			g.Expect(string(message.Body)).To(Equal(want))
			g.Expect(message.Redelivered).To(Equal(want != "4"))
		}
	})
	t.Run("a message of which half came is none", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.queue("half")
		w := open(t, l.broker)
		octets := w.content(args{"routing-key": "half"}, nil, "this much")
		w.write(octets[:len(octets)-3])
		w.conn.Close()
		l.send("half", "whole")
		g.Expect(l.drain("half")).To(Equal([]string{"whole"}))
	})
	t.Run("durable queues and messages stay", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		w := open(t, l.broker)
		w.call(1, "queue.declare", args{"queue": "stays", "durable": true}, "queue.declare-ok")
		w.call(1, "confirm.select", nil, "confirm.select-ok")
		w.publish("stays", args{"delivery-mode": 2}, "body")
		w.want(1, "basic.ack")
		w.conn.Close()
		g.Expect(l.drain("stays")).To(Equal([]string{"body"}))
	})
	t.Run("a closed channel returns its messages, too", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("channel"), "1", "2")
		ch := l.channel()
		l.must(ch.Qos(1, 0, false))
		first := l.receive(l.consume(ch, "channel", ""))
		g.Expect(first.Redelivered).To(BeFalse())
		l.must(ch.Close())
		l.ready("channel", 2)
		message := l.take("channel")
		g.Expect(string(message.Body)).To(Equal("1"))
		g.Expect(message.Redelivered).To(BeTrue())
	})
	t.Run("its consumers are gone", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		w := open(t, l.broker)
		w.call(1, "basic.consume", args{"queue": l.queue("left"), "exclusive": true}, "basic.consume-ok")
		w.conn.Close()
		g.Eventually(func() error {
			_, err := l.channel().Consume("left", "", true, true, false, false, amqp.Table{})
			return err
		}).WithTimeout(patience).Should(Succeed())
	})
}
