package contract_test

import (
	"slices"
	"testing"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"
)

func TestConfirms(t *testing.T) {
	l := newLab(t)
	confirming := func(t *testing.T) *wire {
		t.Helper()
		w := open(t, l.broker)
		w.call(1, "confirm.select", nil, "confirm.select-ok")
		return w
	}
	// confirmed reads confirms until all of them up to n are in, and returns the
	// tags of the nacked.
	confirmed := func(w *wire, n int) (nacked []uint64) {
		w.t.Helper()
		open := map[uint64]bool{}
		for tag := uint64(1); tag <= uint64(n); tag++ {
			open[tag] = true
		}
		for len(open) > 0 {
			f := w.next()
			if f.name != "basic.ack" && f.name != "basic.nack" {
				w.t.Fatalf("wanted a confirm, got %s", w.show(f))
			}
			last := f.args["delivery-tag"].(uint64)
			if !open[last] {
				w.t.Fatalf("%s of %d, which is not open", f.name, last)
			}
			for tag := range open {
				if tag == last || (tag < last && f.args["multiple"].(bool)) {
					delete(open, tag)
					if f.name == "basic.nack" {
						nacked = append(nacked, tag)
					}
				}
			}
		}
		slices.Sort(nacked)
		return nacked
	}
	t.Run("count from 1", func(t *testing.T) {
		w := confirming(t)
		w.publish(l.in(t).queue("first"), nil, "1")
		NewWithT(t).Expect(w.want(1, "basic.ack")).To(Equal(args{"delivery-tag": uint64(1), "multiple": false}))
	})
	t.Run("come for each of a hundred, one by one or several at once", func(t *testing.T) {
		w := confirming(t)
		queue := l.in(t).queue("hundred")
		var out []byte
		for range 100 {
			out = append(out, w.content(args{"routing-key": queue}, nil, "body")...)
		}
		w.write(out)
		NewWithT(t).Expect(confirmed(w, 100)).To(BeEmpty())
		l.in(t).ready(queue, 100)
	})
	t.Run("come for persistent messages, too", func(t *testing.T) {
		w := confirming(t)
		w.publish(l.in(t).queue("persistent"), args{"delivery-mode": 2}, "1")
		NewWithT(t).Expect(confirmed(w, 1)).To(BeEmpty())
	})
	t.Run("come from a quorum queue", func(t *testing.T) {
		w := confirming(t)
		w.publish(l.in(t).quorum("quorum"), args{"delivery-mode": 2}, "1")
		NewWithT(t).Expect(confirmed(w, 1)).To(BeEmpty())
	})
	t.Run("come for what goes nowhere", func(t *testing.T) {
		w := confirming(t)
		w.publish("nowhere", nil, "1")
		w.publish("nowhere", nil, "2")
		NewWithT(t).Expect(confirmed(w, 2)).To(BeEmpty())
	})
	t.Run("say no for the messages that a full queue refused, and for no other", func(t *testing.T) {
		w := confirming(t)
		queue := l.in(t).queue("full", "x-max-length", 2, "x-overflow", "reject-publish")
		for _, key := range []string{queue, queue, queue, "nowhere", queue} {
			w.publish(key, nil, "body")
		}
		NewWithT(t).Expect(confirmed(w, 5)).To(Equal([]uint64{3, 5}))
	})
	t.Run("come once for a message in several queues", func(t *testing.T) {
		l := l.in(t)
		l.exchange("several", "fanout")
		for _, queue := range []string{"s1", "s2", "s3"} {
			l.bind(l.queue(queue), "several", "")
		}
		w := confirming(t)
		w.write(w.content(args{"exchange": "several"}, nil, "1"))
		g := NewWithT(t)
		g.Expect(confirmed(w, 1)).To(BeEmpty())
		g.Expect(w.quiet()).To(BeEmpty())
	})
	t.Run("come for a message that is dropped at once", func(t *testing.T) {
		l := l.in(t)
		w := confirming(t)
		w.publish(l.queue("no-time", "x-message-ttl", 0), nil, "1")
		w.publish(l.queue("no-room", "x-max-length", 0), nil, "2")
		NewWithT(t).Expect(confirmed(w, 2)).To(BeEmpty())
	})
	t.Run("begin with confirm.select, not with the channel", func(t *testing.T) {
		l := l.in(t)
		w := open(t, l.broker)
		w.publish(l.queue("before"), nil, "unconfirmed")
		w.call(1, "confirm.select", nil, "confirm.select-ok")
		w.publish("before", nil, "confirmed")
		NewWithT(t).Expect(w.want(1, "basic.ack")["delivery-tag"]).To(Equal(uint64(1)))
	})
	t.Run("do not come without confirm.select", func(t *testing.T) {
		w := open(t, l.broker)
		w.publish(l.in(t).queue("unasked"), nil, "1")
		NewWithT(t).Expect(w.quiet()).To(BeEmpty())
	})
	t.Run("do not come where the exchange is missing: the channel is closed", func(t *testing.T) {
		w := confirming(t)
		w.write(w.content(args{"exchange": "none"}, nil, "1"))
		NewWithT(t).Expect(w.answer()).To(Equal("channel.close 404 (60,40) NOT_FOUND - no exchange 'none' in vhost 'V'"))
	})
}

func TestMandatory(t *testing.T) {
	l := newLab(t)
	mandatory := args{"exchange": "amq.direct", "routing-key": "nowhere", "mandatory": true}
	t.Run("what goes nowhere is returned whole", func(t *testing.T) {
		g := NewWithT(t)
		w := open(t, l.broker)
		w.write(w.content(mandatory, args{"message-id": "m"}, "body"))
		back := w.message(1, "basic.return")
		g.Expect(back.args).To(Equal(args{
			"reply-code": 312, "reply-text": "NO_ROUTE", "exchange": "amq.direct", "routing-key": "nowhere",
		}))
		g.Expect(back.given).To(Equal(args{"message-id": "m"}))
		g.Expect(back.body).To(Equal("body"))
	})
	t.Run("the return comes before the confirm", func(t *testing.T) {
		w := open(t, l.broker)
		w.call(1, "confirm.select", nil, "confirm.select-ok")
		w.write(w.content(mandatory, nil, "body"))
		w.message(1, "basic.return")
		w.want(1, "basic.ack")
	})
	t.Run("what has a queue is not returned", func(t *testing.T) {
		l := l.in(t)
		w := open(t, l.broker)
		w.write(w.content(args{"routing-key": l.queue("there"), "mandatory": true}, nil, "body"))
		NewWithT(t).Expect(w.quiet()).To(BeEmpty())
	})
	t.Run("what a queue drops at once is not returned", func(t *testing.T) {
		l := l.in(t)
		w := open(t, l.broker)
		w.write(w.content(args{"routing-key": l.queue("dropped", "x-max-length", 0), "mandatory": true}, nil, "body"))
		NewWithT(t).Expect(w.quiet()).To(BeEmpty())
	})
	t.Run("what is not mandatory is lost without a word", func(t *testing.T) {
		w := open(t, l.broker)
		w.publish("nowhere", nil, "body")
		NewWithT(t).Expect(w.quiet()).To(BeEmpty())
	})
	t.Run("several come back in order", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		returned := l.ch.NotifyReturn(make(chan amqp.Return, 3))
		for _, body := range []string{"1", "2", "3"} {
			l.must(l.ch.PublishWithContext(t.Context(), "", "nowhere", true, false, amqp.Publishing{Body: []byte(body)}))
		}
		for _, body := range []string{"1", "2", "3"} {
			var back amqp.Return
			g.Eventually(returned).WithTimeout(patience).Should(Receive(&back))
			g.Expect(string(back.Body)).To(Equal(body))
		}
	})
}
