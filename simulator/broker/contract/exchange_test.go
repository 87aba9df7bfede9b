package contract_test

import (
	"testing"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"
)

func TestExchanges(t *testing.T) {
	l := newLab(t)
	for _, name := range []string{"a", "b", "c"} {
		l.queue(name)
	}
	l.bind("a", l.exchange("direct", "direct"), "k")
	l.bind("a", "direct", "also")
	l.bind("b", "direct", "k")
	l.bind("c", "direct", "other")
	everywhere := func(l lab) map[string][]string {
		found := map[string][]string{}
		for _, name := range []string{"a", "b", "c"} {
			if bodies := l.drain(name); len(bodies) > 0 {
				found[name] = bodies
			}
		}
		return found
	}
	for _, c := range []struct {
		name, exchange, key string
		reaches             []string
	}{
		{"direct goes to each queue bound by the key", "direct", "k", []string{"a", "b"}},
		{"direct goes by any of a queue's keys", "direct", "also", []string{"a"}},
		{"direct knows no wildcards", "direct", "#", nil},
		{"direct goes nowhere without a binding", "direct", "none", nil},
		{"the default exchange goes to the queue of that name", "", "b", []string{"b"}},
		{"the default exchange goes nowhere for another name", "", "none", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, g := l.in(t), NewWithT(t)
			l.sendTo(c.exchange, c.key, "body")
			want := map[string][]string{}
			for _, queue := range c.reaches {
				want[queue] = []string{"body"}
			}
			g.Expect(everywhere(l)).To(Equal(want))
		})
	}
	t.Run("fanout goes to all, whatever the key", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.exchange("fanout", "fanout")
		l.bind("a", "fanout", "")
		l.bind("c", "fanout", "never looked at")
		l.sendTo("fanout", "some key", "body")
		g.Expect(everywhere(l)).To(Equal(map[string][]string{"a": {"body"}, "c": {"body"}}))
	})
	for name, kind := range map[string]string{
		"amq.direct": "direct", "amq.fanout": "fanout", "amq.topic": "topic", "amq.headers": "headers", "amq.match": "headers",
	} {
		t.Run(name+" is there, durable", func(t *testing.T) {
			l := l.in(t)
			l.must(l.ch.ExchangeDeclare(name, kind, true, false, false, false, nil))
		})
	}
	t.Run("the same binding twice is one", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.queue("once")
		for range 2 {
			l.bind("once", "direct", "once")
		}
		l.must(l.ch.QueueUnbind("once", "once", "direct", nil))
		l.sendTo("direct", "once", "body")
		g.Expect(l.drain("once")).To(BeEmpty())
	})
	t.Run("bindings that differ in arguments are two", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.queue("varied")
		l.bind("varied", "direct", "v", "x", 1)
		l.bind("varied", "direct", "v", "x", 2)
		l.must(l.ch.QueueUnbind("varied", "v", "direct", amqp.Table{"x": 1}))
		l.sendTo("direct", "v", "body")
		g.Expect(l.drain("varied")).To(Equal([]string{"body"}))
	})
	t.Run("an exchange deleted takes its bindings with it", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.bind("a", l.exchange("short", "fanout"), "")
		l.must(l.ch.ExchangeDelete("short", false, false))
		l.exchange("short", "fanout")
		l.sendTo("short", "", "body")
		g.Expect(everywhere(l)).To(BeEmpty())
	})
	t.Run("a queue deleted takes its bindings with it", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.bind(l.queue("short"), "direct", "short")
		_, err := l.ch.QueueDelete("short", false, false, false)
		l.must(err)
		l.queue("short")
		l.sendTo("direct", "short", "body")
		g.Expect(l.drain("short")).To(BeEmpty())
	})
	t.Run("an exchange bound as a source is in use", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.bind("a", l.exchange("used", "fanout"), "")
		g.Expect(l.ch.ExchangeDelete("used", true, false)).
			To(MatchError(ContainSubstring("PRECONDITION_FAILED - exchange 'used' in vhost '" + l.vhost() + "' in use")))
	})
	t.Run("an exchange that is only a destination is not in use", func(t *testing.T) {
		l := l.in(t)
		l.must(l.ch.ExchangeBind(l.exchange("unused", "fanout"), "", "amq.fanout", false, nil))
		l.must(l.ch.ExchangeDelete("unused", true, false))
	})
	t.Run("auto-delete goes with the last binding, not before", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.must(l.ch.ExchangeDeclare("brief", "fanout", true, true, false, false, nil))
		there := func() error {
			return l.channel().ExchangeDeclarePassive("brief", "fanout", true, true, false, false, nil)
		}
		l.bind("a", "brief", "1")
		l.bind("a", "brief", "2")
		l.must(l.ch.QueueUnbind("a", "1", "brief", nil))
		g.Expect(there()).To(Succeed())
		l.must(l.ch.QueueUnbind("a", "2", "brief", nil))
		g.Expect(there()).To(MatchError(ContainSubstring("NOT_FOUND")))
	})
	t.Run("auto-delete goes with the queue that was bound last", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.must(l.ch.ExchangeDeclare("brief", "fanout", true, true, false, false, nil))
		l.bind(l.queue("last"), "brief", "")
		_, err := l.ch.QueueDelete("last", false, false, false)
		l.must(err)
		g.Expect(l.channel().ExchangeDeclarePassive("brief", "fanout", true, true, false, false, nil)).
			To(MatchError(ContainSubstring("NOT_FOUND")))
	})
	t.Run("auto-delete stays while nothing was ever bound", func(t *testing.T) {
		l := l.in(t)
		l.must(l.ch.ExchangeDeclare("unbound", "fanout", true, true, false, false, nil))
		l.must(l.channel().ExchangeDeclarePassive("unbound", "fanout", true, true, false, false, nil))
	})
}

func TestExchangeToExchange(t *testing.T) {
	l := newLab(t)
	join := func(l lab, source, key, destination string) {
		l.t.Helper()
		l.must(l.ch.ExchangeBind(destination, key, source, false, nil))
	}
	t.Run("a message goes through by the binding's key", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		join(l, l.exchange("front", "topic"), "x.*", l.exchange("back", "fanout"))
		l.bind(l.queue("behind"), "back", "")
		l.sendTo("front", "x.1", "yes")
		l.sendTo("front", "y.1", "no")
		g.Expect(l.drain("behind")).To(Equal([]string{"yes"}))
	})
	t.Run("the second exchange sees the same routing key", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		join(l, l.exchange("first", "fanout"), "", l.exchange("second", "direct"))
		l.bind(l.queue("keyed"), "second", "key")
		l.sendTo("first", "key", "yes")
		l.sendTo("first", "other", "no")
		message := l.take("keyed")
		g.Expect(message.RoutingKey).To(Equal("key"))
		g.Expect(message.Exchange).To(Equal("first"), "the one that it was published to")
		g.Expect(l.drain("keyed")).To(BeEmpty())
	})
	t.Run("a queue reached by two ways gets one copy", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		join(l, l.exchange("fork", "fanout"), "", l.exchange("left", "fanout"))
		join(l, "fork", "", l.exchange("right", "fanout"))
		l.queue("meeting")
		l.bind("meeting", "left", "")
		l.bind("meeting", "right", "")
		l.sendTo("fork", "", "body")
		g.Expect(l.drain("meeting")).To(HaveLen(1))
	})
	t.Run("a ring ends", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		join(l, l.exchange("ring-1", "fanout"), "", l.exchange("ring-2", "fanout"))
		join(l, "ring-2", "", "ring-1")
		l.bind(l.queue("in-ring"), "ring-2", "")
		l.sendTo("ring-1", "", "body")
		g.Expect(l.drain("in-ring")).To(HaveLen(1))
	})
	t.Run("an unbound exchange gets nothing more", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		join(l, l.exchange("was", "fanout"), "", l.exchange("bound", "fanout"))
		l.bind(l.queue("cut"), "bound", "")
		l.must(l.ch.ExchangeUnbind("bound", "", "was", false, nil))
		l.sendTo("was", "", "body")
		g.Expect(l.drain("cut")).To(BeEmpty())
	})
	t.Run("an internal exchange is reached through another", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.must(l.ch.ExchangeDeclare("inner", "fanout", true, false, true, false, nil))
		join(l, l.exchange("outer", "fanout"), "", "inner")
		l.bind(l.queue("inside"), "inner", "")
		l.sendTo("outer", "", "body")
		g.Expect(l.drain("inside")).To(HaveLen(1))
	})
}

func TestAlternateExchange(t *testing.T) {
	l := newLab(t)
	l.exchange("main", "direct", "alternate-exchange", "spare")
	l.bind(l.queue("known"), "main", "known")
	l.exchange("spare", "fanout")
	l.bind(l.queue("unknown"), "spare", "")
	t.Run("takes what has no binding", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.sendTo("main", "other", "body")
		message := l.take("unknown")
		g.Expect([]string{message.Exchange, message.RoutingKey}).To(Equal([]string{"main", "other"}))
		l.must(message.Ack(false))
	})
	t.Run("is left alone by what has one", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.sendTo("main", "known", "body")
		g.Expect(l.drain("unknown")).To(BeEmpty())
		g.Expect(l.drain("known")).To(HaveLen(1))
	})
	t.Run("satisfies mandatory", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		returned := l.ch.NotifyReturn(make(chan amqp.Return, 1))
		l.must(l.ch.PublishWithContext(t.Context(), "main", "other", true, false, amqp.Publishing{}))
		l.send("known", "behind it")
		g.Expect(returned).NotTo(Receive())
		l.drain("known")
		l.drain("unknown")
	})
	t.Run("that is missing loses the message, and returns a mandatory one", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.exchange("lone", "direct", "alternate-exchange", "nowhere")
		returned := l.ch.NotifyReturn(make(chan amqp.Return, 1))
		l.must(l.ch.PublishWithContext(t.Context(), "lone", "k", true, false, amqp.Publishing{}))
		var back amqp.Return
		g.Eventually(returned).WithTimeout(patience).Should(Receive(&back))
		g.Expect(back.Exchange).To(Equal("lone"))
	})
	t.Run("may have one of its own", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.exchange("link-1", "direct", "alternate-exchange", "link-2")
		l.exchange("link-2", "direct", "alternate-exchange", "spare")
		l.sendTo("link-1", "k", "body")
		g.Expect(l.drain("unknown")).To(HaveLen(1))
	})
	t.Run("in a ring loses the message", func(t *testing.T) {
		l := l.in(t)
		l.exchange("loop-1", "direct", "alternate-exchange", "loop-2")
		l.exchange("loop-2", "direct", "alternate-exchange", "loop-1")
		l.sendTo("loop-1", "k", "body")
	})
}
