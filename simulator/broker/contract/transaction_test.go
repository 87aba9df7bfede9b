package contract_test

import (
	"testing"

	. "github.com/onsi/gomega"
)

func TestTransactions(t *testing.T) {
	l := newLab(t)
	begin := func(t *testing.T) *wire {
		t.Helper()
		w := open(t, l.broker)
		w.call(1, "tx.select", nil, "tx.select-ok")
		return w
	}
	hold := func(w *wire, queue string) any {
		w.t.Helper()
		w.send(1, "basic.get", args{"queue": queue})
		return w.message(1, "basic.get-ok").args["delivery-tag"]
	}
	t.Run("messages are there after the commit, in order, not before", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		w := begin(t)
		l.queue("committed")
		w.publish("committed", nil, "1")
		w.publish("committed", nil, "2")
		g.Expect(w.quiet()).To(BeEmpty())
		g.Expect(l.drain("committed")).To(BeEmpty())
		w.call(1, "tx.commit", nil, "tx.commit-ok")
		g.Expect(l.drain("committed")).To(Equal([]string{"1", "2"}))
	})
	t.Run("a rollback forgets messages", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		w := begin(t)
		w.publish(l.queue("forgotten"), nil, "1")
		w.call(1, "tx.rollback", nil, "tx.rollback-ok")
		w.publish("forgotten", nil, "2")
		w.call(1, "tx.commit", nil, "tx.commit-ok")
		g.Expect(l.drain("forgotten")).To(Equal([]string{"2"}))
	})
	t.Run("the end of the channel forgets messages", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		w := begin(t)
		w.publish(l.queue("ended"), nil, "1")
		w.call(1, "channel.close", args{"reply-code": 200}, "channel.close-ok")
		g.Expect(l.drain("ended")).To(BeEmpty())
	})
	t.Run("acknowledgements count after the commit", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("acked"), "1")
		w := begin(t)
		w.send(1, "basic.ack", args{"delivery-tag": hold(w, "acked")})
		w.call(1, "tx.commit", nil, "tx.commit-ok")
		w.call(1, "channel.close", args{"reply-code": 200}, "channel.close-ok")
		g.Consistently(func() (int, error) { return l.count("acked") }).WithTimeout(waits).Should(BeZero())
	})
	t.Run("acknowledgements that were not committed are forgotten with the channel", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("unacked"), "1")
		w := begin(t)
		w.send(1, "basic.ack", args{"delivery-tag": hold(w, "unacked")})
		w.call(1, "channel.close", args{"reply-code": 200}, "channel.close-ok")
		l.ready("unacked", 1)
		g.Expect(l.take("unacked").Redelivered).To(BeTrue())
	})
	t.Run("after a rollback a message may be acknowledged again", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("again"), "1")
		w := begin(t)
		tag := hold(w, "again")
		w.send(1, "basic.ack", args{"delivery-tag": tag})
		w.call(1, "tx.rollback", nil, "tx.rollback-ok")
		g.Expect(l.drain("again")).To(BeEmpty(), "a rollback puts nothing back")
		w.send(1, "basic.ack", args{"delivery-tag": tag})
		w.call(1, "tx.commit", nil, "tx.commit-ok")
		w.call(1, "channel.close", args{"reply-code": 200}, "channel.close-ok")
		g.Consistently(func() (int, error) { return l.count("again") }).WithTimeout(waits).Should(BeZero())
	})
	t.Run("a reject waits for the commit", func(t *testing.T) {
		l := l.in(t)
		l.send(l.queue("rejected"), "1")
		w := begin(t)
		w.send(1, "basic.reject", args{"delivery-tag": hold(w, "rejected"), "requeue": true})
		NewWithT(t).Expect(w.quiet()).To(BeEmpty())
		l.ready("rejected", 0)
		w.call(1, "tx.commit", nil, "tx.commit-ok")
		l.ready("rejected", 1)
	})
	t.Run("a return comes at the commit, before its answer", func(t *testing.T) {
		g := NewWithT(t)
		w := begin(t)
		w.write(w.content(args{"routing-key": "nowhere", "mandatory": true}, nil, "body"))
		g.Expect(w.quiet()).To(BeEmpty())
		w.send(1, "tx.commit", nil)
		w.message(1, "basic.return")
		w.want(1, "tx.commit-ok")
	})
	t.Run("a missing exchange closes the channel at once", func(t *testing.T) {
		w := begin(t)
		w.write(w.content(args{"exchange": "none"}, nil, "body"))
		NewWithT(t).Expect(w.answer()).To(Equal("channel.close 404 (60,40) NOT_FOUND - no exchange 'none' in vhost 'V'"))
	})
	t.Run("an unknown tag closes the channel at once", func(t *testing.T) {
		w := begin(t)
		w.send(1, "basic.ack", args{"delivery-tag": 7})
		NewWithT(t).Expect(w.answer()).To(Equal("channel.close 406 (60,80) PRECONDITION_FAILED - unknown delivery tag 7"))
	})
	t.Run("an empty one commits and rolls back", func(t *testing.T) {
		w := begin(t)
		w.call(1, "tx.commit", nil, "tx.commit-ok")
		w.call(1, "tx.rollback", nil, "tx.rollback-ok")
	})
	t.Run("the next begins with the commit", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		w := begin(t)
		w.publish(l.queue("next"), nil, "1")
		w.call(1, "tx.commit", nil, "tx.commit-ok")
		w.publish("next", nil, "2")
		w.call(1, "tx.rollback", nil, "tx.rollback-ok")
		g.Expect(l.drain("next")).To(Equal([]string{"1"}))
	})
	t.Run("get and declare are no part of it", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		w := begin(t)
		w.call(1, "queue.declare", args{"queue": "outside", "durable": true}, "queue.declare-ok")
		w.call(1, "tx.rollback", nil, "tx.rollback-ok")
		g.Expect(l.exists("outside")).To(BeTrue())
	})
}
