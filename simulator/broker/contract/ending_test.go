package contract_test

import (
	"testing"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"
)

// What a client held goes on to others when a channel or a connection ends.
func TestEnds(t *testing.T) {
	l := newLab(t)
	t.Run("the next single active consumer gets what the last one held first", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.queue("order", "x-single-active-consumer", true)
		first := l.channel()
		l.must(first.Qos(1, 0, false))
		held := l.consume(first, "order", "first")
		next := l.consume(l.channel(), "order", "next")
		l.send("order", "1", "2", "3")
		g.Expect(string(l.receive(held).Body)).To(Equal("1"))
		l.must(first.Close())
		g.Expect(l.bodies(next, 3)).To(Equal([]string{"1", "2", "3"}))
	})
	t.Run("a connection with several channels loses nothing", func(t *testing.T) {
		l := l.in(t)
		l.queue("several")
		conn, err := amqp.Dial(l.broker.URL)
		l.must(err)
		for range 4 {
			ch, err := conn.Channel()
			l.must(err)
			l.must(ch.Qos(2, 0, false))
			l.consume(ch, "several", "")
		}
		l.send("several", "1", "2", "3", "4", "5", "6", "7", "8")
		l.ready("several", 0)
		l.must(conn.Close())
		l.ready("several", 8)
		l.drain("several")
	})
	t.Run("a client that closes its connection hears of no cancelled consumer", func(t *testing.T) {
		l := l.in(t)
		w := open(t, l.broker)
		w.call(1, "queue.declare", args{"queue": "own", "exclusive": true}, "queue.declare-ok")
		w.call(1, "basic.consume", args{"queue": "own", "consumer-tag": "c"}, "basic.consume-ok")
		w.call(0, "connection.close", args{"reply-code": 200}, "connection.close-ok")
	})
	t.Run("a message behind one that is taken expires in its time", func(t *testing.T) {
		l := l.in(t)
		l.queue("behind")
		l.send("behind", "stays")
		l.post("", "behind", amqp.Publishing{Body: []byte("goes"), Expiration: "50"})
		l.ready("behind", 2)
		l.must(l.take("behind").Ack(false))
		l.ready("behind", 0)
	})
	t.Run("messages returned one by one to a quorum queue with a limit come in the order of their returns", func(t *testing.T) {
		l, g := l.in(t), NewWithT(t)
		l.send(l.quorum("returns", "x-delivery-limit", 9), "1", "2", "3", "4")
		one, two := l.take("returns"), l.take("returns")
		l.must(two.Nack(false, true))
		l.must(one.Nack(false, true))
		l.ready("returns", 4)
		g.Expect(l.drain("returns")).To(Equal([]string{"2", "1", "3", "4"}))
	})
	for kind, want := range map[string]string{"classic": "high", "quorum": "low"} {
		t.Run("a "+kind+" queue's next single active consumer, by priority", func(t *testing.T) {
			l, g := l.in(t), NewWithT(t)
			queue := l.queue("successor-"+kind, "x-single-active-consumer", true, "x-queue-type", kind)
			first := l.channel()
			l.consume(first, queue, "first")
			low := l.consume(l.channel(), queue, "low", "x-priority", 1)
			high := l.consume(l.channel(), queue, "high", "x-priority", 9)
			l.must(first.Close())
			l.send(queue, "1")
			var got string
			select {
			case <-low:
				got = "low"
			case <-high:
				got = "high"
			case <-t.Context().Done():
			}
			g.Expect(got).To(Equal(want))
		})
	}
}
