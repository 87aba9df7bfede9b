package contract_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// Dead letters. The tables are compared to the letter: keys, types, order.

// deaths shows the headers of a dead letter; a time of now reads T:now.
func (w *wire) deaths(m message) string {
	w.t.Helper()
	headers, ok := m.given["headers"].(table)
	if !ok {
		w.t.Fatalf("the dead letter has no headers: %v", m.given)
	}
	shown := text(headers)
	now := clock.System().Now().Unix()
	for second := now - 5; second <= now; second++ {
		shown = strings.ReplaceAll(shown, fmt.Sprintf("time=T:%d", second), "time=T:now")
	}
	return shown
}

// soonGet polls for a message that comes in its own time.
func (w *wire) soonGet(queue string, noAck bool) message {
	w.t.Helper()
	var found message
	NewWithT(w.t).Eventually(func() string {
		w.send(1, "basic.get", args{"queue": queue, "no-ack": noAck})
		f := w.next()
		if f.name == "basic.get-ok" {
			found = w.contentOf(1, f.args)
		}
		return f.name
	}).WithTimeout(patience).Should(Equal("basic.get-ok"), "a message in "+queue)
	return found
}

// dlx is a virtual host with an exchange dlx and a queue dead behind it.
func dlx(t *testing.T) lab {
	t.Helper()
	l := newLab(t)
	l.exchange("dlx", "fanout")
	l.bind(l.queue("dead"), "dlx", "")
	return l
}

func death(reason, queue, exchange, keys, more string) string {
	return fmt.Sprintf("F{count=l:1 reason=S:%s queue=S:%s time=T:now exchange=S:%s routing-keys=A[%s]%s}",
		reason, queue, exchange, keys, more)
}

func firstDeath(reason, queue, exchange string) string {
	return fmt.Sprintf("x-first-death-exchange=S:%s x-first-death-queue=S:%s x-first-death-reason=S:%s", exchange, queue, reason)
}

func TestDeadLetters(t *testing.T) {
	l := dlx(t)
	reject := func(w *wire, queue string) {
		w.send(1, "basic.reject", args{"delivery-tag": w.soonGet(queue, false).args["delivery-tag"]})
	}
	nothing := func(*wire, string) {}
	for i, c := range []struct {
		name      string
		arguments []any
		given     args
		kill      func(w *wire, queue string)
		reason    string
		more      string // of the entry in x-death
	}{
		{"rejected", nil, nil, reject, "rejected", ""},
		{"nacked", nil, nil, func(w *wire, queue string) {
			w.send(1, "basic.nack", args{"delivery-tag": w.soonGet(queue, false).args["delivery-tag"]})
		}, "rejected", ""},
		{"expired by the queue", []any{"x-message-ttl", 20}, nil, nothing, "expired", ""},
		{"expired by itself", nil, args{"expiration": "20"}, nothing, "expired", " original-expiration=S:20"},
		{"expired by the queue, with a longer time of its own", []any{"x-message-ttl", 20}, args{"expiration": later}, nothing,
			"expired", " original-expiration=S:" + later},
		{"expired at once", []any{"x-message-ttl", 0}, nil, nothing, "expired", ""},
		{"rejected, with a time of its own", nil, args{"expiration": later}, reject, "rejected", " original-expiration=S:" + later},
		{"pushed out", []any{"x-max-length", 1}, nil, func(w *wire, queue string) {
			w.publish(queue, nil, "the next")
		}, "maxlen", ""},
		{"refused by reject-publish-dlx", []any{"x-max-length", 0, "x-overflow", "reject-publish-dlx"}, nil, nothing, "maxlen", ""},
		{"rejected by a consumer of a quorum queue", []any{"x-queue-type", "quorum"}, nil, reject, "rejected", ""},
		{"expired in a quorum queue", []any{"x-queue-type", "quorum", "x-message-ttl", 20}, nil, nothing, "expired", ""},
		{"pushed out of a quorum queue", []any{"x-queue-type", "quorum", "x-max-length", 1}, nil, func(w *wire, queue string) {
			w.publish(queue, nil, "the next")
		}, "maxlen", ""},
		{"returned to a quorum queue once too often", []any{"x-queue-type", "quorum", "x-delivery-limit", 1}, nil,
			func(w *wire, queue string) {
				for range 2 {
					w.send(1, "basic.reject", args{"delivery-tag": w.soonGet(queue, false).args["delivery-tag"], "requeue": true})
				}
			}, "delivery_limit", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, g := l.in(t), NewWithT(t)
			w := open(t, l.broker)
			queue := l.queue(fmt.Sprintf("q%d", i), append(c.arguments, "x-dead-letter-exchange", "dlx")...)
			w.publish(queue, c.given, "body")
			c.kill(w, queue)
			dead := w.soonGet("dead", true)
			g.Expect(dead.body).To(Equal("body"))
			g.Expect([]any{dead.args["exchange"], dead.args["routing-key"], dead.args["redelivered"]}).
				To(Equal([]any{"dlx", queue, false}))
			g.Expect(dead.given).NotTo(HaveKey("expiration"))
			g.Expect(w.deaths(dead)).To(Equal("F{x-death=A[" + death(c.reason, queue, "", "S:"+queue, c.more) + "] " +
				firstDeath(c.reason, queue, "") + "}"))
			_, err := l.ch.QueueDelete(queue, false, false, false)
			l.must(err)
			w.call(1, "queue.purge", args{"queue": "dead"}, "queue.purge-ok")
		})
	}
}

func TestDeadLettersKeep(t *testing.T) {
	l := dlx(t)
	l.queue("work", "x-dead-letter-exchange", "dlx")
	l.queue("keyed", "x-dead-letter-exchange", "dlx", "x-dead-letter-routing-key", "new key")
	die := func(t *testing.T, queue string, given args) (*wire, message) {
		t.Helper()
		w := open(t, l.broker)
		w.publish(queue, given, "body")
		w.send(1, "basic.reject", args{"delivery-tag": w.soonGet(queue, false).args["delivery-tag"]})
		return w, w.soonGet("dead", true)
	}
	t.Run("their properties", func(t *testing.T) {
		g := NewWithT(t)
		given := args{"message-id": "m", "priority": 3, "delivery-mode": 2, "timestamp": uint64(5)}
		_, dead := die(t, "work", given)
		delete(dead.given, "headers")
		g.Expect(dead.given).To(Equal(given))
	})
	t.Run("their headers, all sorted by name", func(t *testing.T) {
		g := NewWithT(t)
		w, dead := die(t, "work", args{"headers": pairs("z", 1, "B", int8(2), "a", "3")})
		g.Expect(w.deaths(dead)).To(Equal("F{B=b:2 a=S:3 x-death=A[" + death("rejected", "work", "", "S:work", "") + "] " +
			firstDeath("rejected", "work", "") + " z=I:1}"))
	})
	t.Run("their routing key and CC, if there is no other", func(t *testing.T) {
		g := NewWithT(t)
		w, dead := die(t, "work", args{"headers": pairs("CC", array{"cc"}, "BCC", array{"bcc"})})
		g.Expect(dead.args["routing-key"]).To(Equal("work"))
		g.Expect(w.deaths(dead)).To(Equal("F{CC=A[S:cc] x-death=A[" +
			death("rejected", "work", "", "S:work S:cc", "") + "] " + firstDeath("rejected", "work", "") + "}"))
	})
	t.Run("neither with x-dead-letter-routing-key", func(t *testing.T) {
		g := NewWithT(t)
		w, dead := die(t, "keyed", args{"headers": pairs("CC", array{"cc"})})
		g.Expect(dead.args["routing-key"]).To(Equal("new key"))
		g.Expect(w.deaths(dead)).To(Equal("F{x-death=A[" +
			death("rejected", "keyed", "", "S:keyed S:cc", "") + "] " + firstDeath("rejected", "keyed", "") + "}"))
	})
	t.Run("the exchange that they were published to in x-death", func(t *testing.T) {
		g := NewWithT(t)
		l := l.in(t)
		l.bind("work", "amq.direct", "by key")
		w := open(t, l.broker)
		w.write(w.content(args{"exchange": "amq.direct", "routing-key": "by key"}, nil, "body"))
		w.send(1, "basic.reject", args{"delivery-tag": w.soonGet("work", false).args["delivery-tag"]})
		g.Expect(w.deaths(w.soonGet("dead", true))).To(Equal("F{x-death=A[" +
			death("rejected", "work", "amq.direct", "S:by key", "") + "] " + firstDeath("rejected", "work", "amq.direct") + "}"))
	})
}

func TestDeadLettersOnTheirWay(t *testing.T) {
	l := dlx(t)
	t.Run("of several deaths the last stands first, each kind is counted", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		w := open(t, l.broker)
		l.queue("main", "x-dead-letter-exchange", "", "x-dead-letter-routing-key", "retry")
		l.queue("retry", "x-message-ttl", 20, "x-dead-letter-exchange", "", "x-dead-letter-routing-key", "main")
		w.publish("main", nil, "body")
		// Only the first entry of all has its keys as they were thought of; those of
		// one that came later, or that was counted up, are sorted.
		sorted := func(count int, reason, queue string) string {
			return fmt.Sprintf("F{count=l:%d exchange=S: queue=S:%s reason=S:%s routing-keys=A[S:%[2]s] time=T:now}", count, queue, reason)
		}
		for _, entries := range []string{
			sorted(1, "expired", "retry") + " " + death("rejected", "main", "", "S:main", ""),
			sorted(2, "expired", "retry") + " " + sorted(2, "rejected", "main"),
		} {
			w.send(1, "basic.reject", args{"delivery-tag": w.soonGet("main", false).args["delivery-tag"]})
			seen := w.soonGet("main", false)
			g.Expect(w.deaths(seen)).To(Equal("F{x-death=A[" + entries + "] " + firstDeath("rejected", "main", "") + "}"))
			w.call(1, "basic.recover", args{"requeue": true}, "basic.recover-ok")
		}
	})
	for _, c := range []struct {
		name      string
		arguments []any
		want      []string
	}{
		{"one that only expires goes round once, and is lost", []any{"x-message-ttl", 20}, []string{}},
		{"one that is only pushed out is lost", []any{"x-max-length", 1}, []string{"2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, g := l.in(t), NewWithT(t)
			l.queue("ring", append(c.arguments, "x-dead-letter-exchange", "", "x-dead-letter-routing-key", "ring")...)
			l.send("ring", "1", "2")
			l.ready("ring", len(c.want))
			g.Expect(l.drain("ring")).To(Equal(c.want))
			_, err := l.ch.QueueDelete("ring", false, false, false)
			l.must(err)
		})
	}
	t.Run("one that is rejected goes round for ever", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.queue("round", "x-dead-letter-exchange", "", "x-dead-letter-routing-key", "round")
		l.send("round", "1")
		for range 5 {
			l.must(l.take("round").Reject(false))
		}
		g.Expect(string(l.take("round").Body)).To(Equal("1"))
	})
	t.Run("several expired at once come in order", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("several", "x-message-ttl", 100, "x-dead-letter-exchange", "dlx"), "1", "2", "3")
		l.ready("dead", 3)
		g.Expect(l.drain("dead")).To(Equal([]string{"1", "2", "3"}))
	})
	for name, end := range map[string]func(l lab){
		"a purge makes none":               func(l lab) { _, err := l.ch.QueuePurge("ends", false); l.must(err) },
		"a deleted queue makes none":       func(l lab) { _, err := l.ch.QueueDelete("ends", false, false, false); l.must(err) },
		"an acknowledgement makes none":    func(l lab) { l.must(l.take("ends").Ack(false)) },
		"a return to the queue makes none": func(l lab) { l.must(l.take("ends").Nack(false, true)) },
	} {
		t.Run(name, func(t *testing.T) {
			l, g := l.in(t), NewWithT(t)
			l.send(l.queue("ends", "x-dead-letter-exchange", "dlx"), "1")
			end(l)
			g.Consistently(func() (int, error) { return l.count("dead") }).WithTimeout(waits).Should(BeZero())
			_, err := l.ch.QueueDelete("ends", false, false, false)
			l.must(err)
		})
	}
	t.Run("a queue that expires makes none", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("expires", "x-expires", soon, "x-dead-letter-exchange", "dlx"), "1")
		g.Eventually(func() bool { return l.exists("expires") }).WithTimeout(patience).
			WithPolling(3 * soon * time.Millisecond).Should(BeFalse())
		g.Expect(l.drain("dead")).To(BeEmpty())
	})
	t.Run("reject-publish makes none", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		w := open(t, l.broker)
		l.queue("refuses", "x-max-length", 0, "x-overflow", "reject-publish", "x-dead-letter-exchange", "dlx")
		w.call(1, "confirm.select", nil, "confirm.select-ok")
		w.publish("refuses", nil, "1")
		w.want(1, "basic.nack")
		g.Expect(l.drain("dead")).To(BeEmpty())
	})
	t.Run("a missing exchange loses them", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("lost", "x-dead-letter-exchange", "nowhere"), "1")
		l.must(l.take("lost").Reject(false))
		g.Expect(l.drain("lost")).To(BeEmpty())
	})
	t.Run("without an exchange they are gone", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.queue("plain"), "1")
		l.must(l.take("plain").Reject(false))
		g.Expect(l.drain("plain")).To(BeEmpty())
	})
}
