package contract_test

import (
	"fmt"
	"testing"

	. "github.com/onsi/gomega"
)

// Channels, and what belongs to the connection alone.

func TestChannelZero(t *testing.T) {
	broker := newBroker(t)
	for method, class := range map[string]string{
		"channel.open": "20,10", "queue.declare": "50,10", "basic.publish": "60,40",
		"connection.open": "10,40", "connection.start-ok": "10,11", "connection.close-ok": "10,51",
	} {
		t.Run(method+" is not for channel 0 of an open connection", func(t *testing.T) {
			w := open(t, broker)
			w.send(0, method, nil)
			NewWithT(t).Expect(w.answer()).To(Equal(
				"connection.close 504 (" + class + ") CHANNEL_ERROR - unexpected method in connection state running"))
		})
	}
}

func TestChannelNotOpen(t *testing.T) {
	broker := newBroker(t)
	for method, class := range map[string]string{
		"queue.declare": "50,10", "channel.close": "20,40", "connection.close": "10,50",
	} {
		t.Run(method+" on a channel that is not open", func(t *testing.T) {
			w := open(t, broker)
			w.send(2, method, nil)
			NewWithT(t).Expect(w.answer()).To(Equal(
				"connection.close 504 (" + class + ") CHANNEL_ERROR - expected 'channel.open'"))
		})
	}
	t.Run("a method on a channel that was closed", func(t *testing.T) {
		w := open(t, broker)
		w.call(1, "channel.close", args{"reply-code": 200}, "channel.close-ok")
		w.send(1, "queue.declare", nil)
		NewWithT(t).Expect(w.answer()).To(Equal("connection.close 504 (50,10) CHANNEL_ERROR - expected 'channel.open'"))
	})
}

func TestChannelClosedByTheBroker(t *testing.T) {
	broker := newBroker(t)
	closed := func(t *testing.T) *wire {
		t.Helper()
		w := open(t, broker)
		w.send(1, "queue.declare", args{"queue": "none", "passive": true})
		w.want(1, "channel.close")
		return w
	}
	t.Run("what the client still sends is ignored until its close-ok", func(t *testing.T) {
		g := NewWithT(t)
		w := closed(t)
		w.send(1, "queue.declare", args{"queue": "ignored"})
		w.publish("ignored", nil, "body")
		w.reopen()
		w.send(1, "queue.declare", args{"queue": "ignored", "passive": true})
		g.Expect(w.answer()).To(HavePrefix("channel.close 404"))
	})
	t.Run("it cannot be opened before the client's close-ok", func(t *testing.T) {
		g := NewWithT(t)
		w := closed(t)
		w.send(1, "channel.open", nil)
		g.Expect(w.answer()).To(Equal("connection.close 504 (20,10) CHANNEL_ERROR - second 'channel.open' seen"))
	})
	t.Run("a client's close that crosses the broker's is answered", func(t *testing.T) {
		g := NewWithT(t)
		w := closed(t)
		w.send(1, "channel.close", args{"reply-code": 200})
		g.Expect(w.answer()).To(Equal("channel.close-ok"))
		w.reopen()
	})
	t.Run("its consumers end and its messages return", func(t *testing.T) {
		g := NewWithT(t)
		w := open(t, broker)
		w.call(1, "queue.declare", args{"queue": "kept"}, "queue.declare-ok")
		w.call(1, "basic.consume", args{"queue": "kept", "consumer-tag": "c"}, "basic.consume-ok")
		w.publish("kept", nil, "body")
		w.message(1, "basic.deliver")
		w.send(1, "basic.ack", args{"delivery-tag": 77})
		w.want(1, "channel.close")
		w.reopen()
		back := w.get(1, "kept")
		g.Expect(back.body).To(Equal("body"))
		g.Expect(back.args["redelivered"]).To(BeTrue())
		g.Expect(back.args["delivery-tag"]).To(Equal(uint64(1)), "tags start again with the channel")
	})
	t.Run("the other channels go on", func(t *testing.T) {
		w := closed(t)
		w.call(2, "channel.open", nil, "channel.open-ok")
		w.call(2, "queue.declare", args{"queue": "other"}, "queue.declare-ok")
	})
}

func TestChannelsAreApart(t *testing.T) {
	broker := newBroker(t)
	t.Run("a hundred channels each have their own answers", func(t *testing.T) {
		w := open(t, broker)
		const many = 100
		var out []byte
		for channel := 2; channel <= many; channel++ {
			out = append(out, w.method(channel, "channel.open", nil)...)
		}
		w.write(out)
		g := NewWithT(t)
		opened := map[uint16]bool{}
		for range many - 1 {
			f := w.next()
			g.Expect(f.name).To(Equal("channel.open-ok"))
			opened[f.channel] = true
		}
		g.Expect(opened).To(HaveLen(many - 1))
		for channel := 2; channel <= many; channel++ {
			name := fmt.Sprintf("of-%d", channel)
			answer := w.call(channel, "queue.declare", args{"queue": name, "exclusive": true}, "queue.declare-ok")
			g.Expect(answer["queue"]).To(Equal(name))
		}
	})
	t.Run("delivery tags count for each channel", func(t *testing.T) {
		g := NewWithT(t)
		w := open(t, broker)
		w.call(2, "channel.open", nil, "channel.open-ok")
		w.call(1, "queue.declare", args{"queue": "tags"}, "queue.declare-ok")
		for range 2 {
			w.publish("tags", nil, "body")
		}
		g.Expect(w.get(1, "tags").args["delivery-tag"]).To(Equal(uint64(1)))
		g.Expect(w.get(2, "tags").args["delivery-tag"]).To(Equal(uint64(1)))
	})
	t.Run("a consumer tag is the channel's own", func(t *testing.T) {
		w := open(t, broker)
		w.call(2, "channel.open", nil, "channel.open-ok")
		w.call(1, "queue.declare", args{"queue": "tagged"}, "queue.declare-ok")
		for _, channel := range []int{1, 2} {
			w.call(channel, "basic.consume", args{"queue": "tagged", "consumer-tag": "same"}, "basic.consume-ok")
		}
	})
	t.Run("the empty queue name is the last declared on the channel", func(t *testing.T) {
		g := NewWithT(t)
		w := open(t, broker)
		w.call(2, "channel.open", nil, "channel.open-ok")
		for channel, name := range map[int]string{1: "mine", 2: "yours"} {
			w.call(channel, "queue.declare", args{"queue": name}, "queue.declare-ok")
		}
		w.publish("mine", nil, "for mine")
		g.Expect(w.get(1, "").body).To(Equal("for mine"))
		w.call(1, "queue.bind", args{"exchange": "amq.direct"}, "queue.bind-ok")
		w.write(w.content(args{"exchange": "amq.direct", "routing-key": "mine"}, nil, "by its name"))
		g.Expect(w.get(1, "").body).To(Equal("by its name"), "an empty routing key stands for the name, too")
	})
}
