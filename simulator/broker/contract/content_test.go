package contract_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// What is in a message comes out as it went in.

func TestProperties(t *testing.T) {
	broker := newBroker(t)
	w := open(t, broker)
	w.call(1, "queue.declare", args{"queue": "q"}, "queue.declare-ok")
	user := w.account.Username()
	all := args{
		"content-type": "application/json", "content-encoding": "gzip", "headers": pairs("h", "v"), "delivery-mode": 2,
		"priority": 9, "correlation-id": "c", "reply-to": "r", "expiration": "60000", "message-id": "m",
		"timestamp": uint64(63072000000), "type": "t", "user-id": user, "app-id": "a", "cluster-id": "cl",
	}
	roundTrip := func(t *testing.T, given args) {
		t.Helper()
		g, w := NewWithT(t), w.in(t)
		w.publish("q", given, "body")
		back := w.get(1, "q")
		g.Expect(back.header).To(Equal(contentHeader(4, given)), "byte for byte")
		g.Expect(back.given).To(Equal(given))
	}
	t.Run("all 14 at once", func(t *testing.T) { roundTrip(t, all) })
	t.Run("none", func(t *testing.T) { roundTrip(t, args{}) })
	for name, value := range all {
		t.Run(name+" alone", func(t *testing.T) { roundTrip(t, args{name: value}) })
	}
	for name, given := range map[string]args{
		"an empty string is there":            {"content-type": "", "correlation-id": ""},
		"a string may have 255 octets":        {"message-id": strings.Repeat("x", 255)},
		"an empty table of headers stays":     {"headers": table{}},
		"a priority of 255 stays":             {"priority": 255},
		"a timestamp far off stays":           {"timestamp": uint64(1<<63 + 5)},
		"strings that are no UTF-8 stay":      {"correlation-id": "\xFF\xFE", "type": "\x00"},
		"the expiration stays as it was":      {"expiration": "00060000"},
		"a reply-to like a queue's stays":     {"reply-to": "amq.rabbitmq"},
		"the publisher's own user-id is fine": {"user-id": user},
	} {
		t.Run(name, func(t *testing.T) { roundTrip(t, given) })
	}
}

func TestHeaders(t *testing.T) {
	w := open(t, newBroker(t))
	w.call(1, "queue.declare", args{"queue": "q"}, "queue.declare-ok")
	for name, value := range map[string]any{
		"t bool true": true, "t bool false": false,
		"b int8": int8(-128), "B uint8": uint8(255), "s int16": int16(-32768), "u uint16": uint16(65535),
		"I int32": int32(-1 << 31), "i uint32": uint32(1<<32 - 1), "l int64": int64(-1 << 63),
		"f float": float32(1.5), "d double": -2.5e300, "D decimal": decimal{2, 31415},
		"S string": "Grüße", "S empty string": "", "S long string": strings.Repeat("y", 70000),
		"x bytes": []byte{0, 255, 206}, "T timestamp": timestamp(1700000000), "V void": nil,
		"F table": pairs("inner", pairs("innermost", int64(1)), "b", true), "F empty table": table{},
		"A array": array{int32(1), "two", array{nil, 3.0}, pairs("four", 4)}, "A empty array": array{},
	} {
		t.Run(name, func(t *testing.T) {
			g, w := NewWithT(t), w.in(t)
			given := args{"headers": pairs("key", value)}
			w.publish("q", given, "body")
			back := w.get(1, "q")
			g.Expect(text(back.given["headers"])).To(Equal(text(given["headers"])))
			g.Expect(back.header).To(Equal(contentHeader(4, given)), "byte for byte")
		})
	}
	t.Run("keys keep their order and their case", func(t *testing.T) {
		g, w := NewWithT(t), w.in(t)
		w.publish("q", args{"headers": pairs("b", "1", "B", "2", "a", "3", "x-c", "4")}, "body")
		g.Expect(text(w.get(1, "q").given["headers"])).To(Equal("F{b=S:1 B=S:2 a=S:3 x-c=S:4}"))
	})
	t.Run("they are the same for a consumer", func(t *testing.T) {
		g, w := NewWithT(t), w.in(t)
		given := args{"headers": pairs("z", int8(1), "a", decimal{1, 2}), "priority": 3}
		w.call(1, "basic.consume", args{"queue": "q", "no-ack": true}, "basic.consume-ok")
		w.publish("q", given, "body")
		g.Expect(w.message(1, "basic.deliver").header).To(Equal(contentHeader(4, given)))
	})
	t.Run("they are the same in a return", func(t *testing.T) {
		g, w := NewWithT(t), w.in(t)
		given := args{"headers": pairs("z", int8(1), "a", decimal{1, 2}), "priority": 3}
		w.write(w.content(args{"routing-key": "nowhere", "mandatory": true}, given, "body"))
		g.Expect(w.message(1, "basic.return").header).To(Equal(contentHeader(4, given)))
	})
}

func TestPublishRefused(t *testing.T) {
	broker := newBroker(t)
	setUp := open(t, broker)
	setUp.call(1, "queue.declare", args{"queue": "q"}, "queue.declare-ok")
	setUp.call(1, "exchange.declare", args{"exchange": "inner", "type": "fanout", "internal": true}, "exchange.declare-ok")
	toQueue := args{"routing-key": "q"}
	const refused = "channel.close 406 (60,40) PRECONDITION_FAILED - "
	user := setUp.account.Username()
	for _, c := range []struct {
		name           string
		publish, given args
		answer         string
	}{
		{"to an exchange that is not there", args{"exchange": "none"}, nil,
			"channel.close 404 (60,40) NOT_FOUND - no exchange 'none' in vhost 'V'"},
		{"to an internal exchange", args{"exchange": "inner"}, nil,
			"channel.close 403 (60,40) ACCESS_REFUSED - cannot publish to internal exchange 'inner' in vhost 'V'"},
		{"immediate", args{"routing-key": "q", "immediate": true}, nil,
			"connection.close 540 (60,40) NOT_IMPLEMENTED - immediate=true"},
		{"with an expiration in words", toQueue, args{"expiration": "soon"}, refused + "invalid expiration 'soon': no_integer"},
		{"with an empty expiration", toQueue, args{"expiration": ""}, refused + "invalid expiration '': no_integer"},
		{"with a negative expiration", toQueue, args{"expiration": "-1"}, refused + "invalid expiration '-1': {value_negative,-1}"},
		{"with a fraction for expiration", toQueue, args{"expiration": "1.5"},
			refused + `invalid expiration '1.5': {leftover_string,".5"}`},
		{"with a wrong expiration that nobody would see", args{"routing-key": "nowhere"}, args{"expiration": "soon"},
			refused + "invalid expiration 'soon': no_integer"},
		{"with a delivery mode that is neither 1 nor 2", toQueue, args{"delivery-mode": 0},
			refused + "invalid message: {delivery_mode_unknown,0}"},
		{"as another user", toQueue, args{"user-id": "somebody"},
			refused + "user_id property set to 'somebody' but authenticated user was '" + user + "'"},
		{"with a CC that is no array", toQueue, args{"headers": pairs("CC", "a")},
			refused + `invalid message: {unacceptable_type_in_header,"CC",longstr}`},
		{"with a BCC that is no array", toQueue, args{"headers": pairs("BCC", 1)},
			refused + `invalid message: {unacceptable_type_in_header,"BCC",signedint}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := open(t, broker)
			w.write(w.content(c.publish, c.given, ""))
			NewWithT(t).Expect(w.answer()).To(Equal(c.answer))
		})
	}
}

func TestCarbonCopies(t *testing.T) {
	l := newLab(t)
	w := open(t, l.broker)
	publish := func(t *testing.T, key string, headers table) {
		t.Helper()
		w.in(t).publish(key, args{"headers": headers}, "body")
	}
	for _, name := range []string{"to", "cc", "bcc"} {
		l.queue(name)
	}
	t.Run("CC and BCC are further routing keys", func(t *testing.T) {
		g := NewWithT(t)
		publish(t, "to", pairs("CC", array{"cc"}, "BCC", array{"bcc"}))
		for _, name := range []string{"to", "cc", "bcc"} {
			copied := w.get(1, name)
			g.Expect(copied.args["routing-key"]).To(Equal("to"))
			g.Expect(text(copied.given["headers"])).To(Equal("F{CC=A[S:cc]}"), "BCC is taken out, CC stays")
		}
	})
	t.Run("a queue gets one copy only", func(t *testing.T) {
		publish(t, "to", pairs("CC", array{"to", "to"}, "BCC", array{"to"}))
		w.get(1, "to")
		w.call(1, "basic.get", args{"queue": "to"}, "basic.get-empty")
	})
	t.Run("what is no string in CC is left out", func(t *testing.T) {
		publish(t, "nowhere", pairs("CC", array{1, "cc"}))
		w.get(1, "cc")
	})
	t.Run("CC counts for mandatory", func(t *testing.T) {
		w.in(t).write(w.content(args{"routing-key": "nowhere", "mandatory": true}, args{"headers": pairs("CC", array{"cc"})}, ""))
		w.get(1, "cc")
	})
}
