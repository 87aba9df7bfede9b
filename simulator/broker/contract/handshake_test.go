package contract_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestProtocolHeader(t *testing.T) {
	broker := newBroker(t)
	const mine = "AMQP\x00\x00\x09\x01"
	for name, header := range map[string]string{
		"AMQP 0-8 is answered with the broker's own header and the end":    "AMQP\x00\x00\x08\x00",
		"AMQP 1.0 is answered with the broker's own header and the end":    "AMQP\x00\x01\x00\x00",
		"SASL of 1.0 is answered with the broker's own header and the end": "AMQP\x03\x01\x00\x00",
		"HTTP is answered with the broker's own header and the end":        "GET / HTTP/1.1\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			w := dial(t, broker)
			w.write([]byte(header))
			answer := make([]byte, len(mine))
			for i := range answer {
				octet, err := w.incoming.ReadByte()
				g.Expect(err).NotTo(HaveOccurred())
				answer[i] = octet
			}
			g.Expect(string(answer)).To(Equal(mine))
			g.Expect(w.answer()).To(Equal("closed"))
		})
	}
	for name, header := range map[string]string{
		"AMQP 0-9-1 is answered with connection.start":             mine,
		"the header of AMQP 0-9 is answered with connection.start": "AMQP\x01\x01\x00\x09",
		"the header of AMQP 0-8 is answered with connection.start": "AMQP\x01\x01\x08\x00",
	} {
		t.Run(name, func(t *testing.T) {
			w := dial(t, broker)
			w.write([]byte(header))
			w.want(0, "connection.start")
		})
	}
	t.Run("a header in single octets is understood", func(t *testing.T) {
		w := dial(t, broker)
		for _, octet := range []byte(mine) {
			w.write([]byte{octet})
		}
		w.want(0, "connection.start")
	})
}

func TestStart(t *testing.T) {
	start := dial(t, newBroker(t)).greet()
	server := map[string]any{}
	for _, property := range start["server-properties"].(table) {
		server[property.name] = property.value
	}
	t.Run("says version 0-9", func(t *testing.T) {
		g := NewWithT(t)
		g.Expect([]any{start["major"], start["minor"]}).To(Equal([]any{0, 9}))
	})
	t.Run("offers PLAIN and AMQPLAIN", func(t *testing.T) {
		NewWithT(t).Expect(start["mechanisms"]).To(Equal("PLAIN AMQPLAIN"))
	})
	t.Run("offers locale en_US", func(t *testing.T) {
		NewWithT(t).Expect(start["locales"]).To(Equal("en_US"))
	})
	t.Run("tells the capabilities", func(t *testing.T) {
		NewWithT(t).Expect(server["capabilities"]).To(ConsistOf(
			entry{"publisher_confirms", true}, entry{"exchange_exchange_bindings", true}, entry{"basic.nack", true},
			entry{"consumer_cancel_notify", true}, entry{"connection.blocked", true}, entry{"consumer_priorities", true},
			entry{"authentication_failure_close", true}, entry{"per_consumer_qos", true}, entry{"direct_reply_to", true},
		))
	})
	for _, name := range []string{"product", "version", "platform", "copyright", "information", "cluster_name"} {
		t.Run("tells the "+name+" as a string", func(t *testing.T) {
			NewWithT(t).Expect(server[name]).To(BeAssignableToTypeOf(""))
			NewWithT(t).Expect(server[name]).NotTo(BeEmpty())
		})
	}
}

func TestLogin(t *testing.T) {
	broker := newBroker(t)
	const refused = "connection.close 403 (0,0) ACCESS_REFUSED - Login was refused using authentication mechanism "
	const details = ". For details see the broker logfile."
	const user, nobody = "\x00{user}\x00{password}", "\x00nobody-at-all\x00{password}"
	none := []string{}
	cases := []struct {
		name, mechanism, response string
		capabilities              []string
		answer                    string
	}{
		{"PLAIN is taken", "PLAIN", user, nil, "connection.tune"},
		{"AMQPLAIN is taken", "AMQPLAIN", "\x05LOGIN{user:S}\x08PASSWORD{password:S}", nil, "connection.tune"},
		{"a wrong password is refused in words to a client that can hear them", "PLAIN", "\x00{user}\x00wrong", nil, refused + "PLAIN" + details},
		{"an unknown user is refused in the same words", "PLAIN", nobody, nil, refused + "PLAIN" + details},
		{"AMQPLAIN is named when it is refused", "AMQPLAIN", "\x05LOGIN{user:S}\x08PASSWORDS\x00\x00\x00\x01x", nil, refused + "AMQPLAIN" + details},
		{"a client that cannot hear it is dropped", "PLAIN", "\x00{user}\x00wrong", none, "closed"},
		{"an unknown mechanism is dropped", "CRAM-MD5", user, nil, "closed"},
		{"PLAIN without its separators is dropped", "PLAIN", "guest", nil, "closed"},
		{"AMQPLAIN without a password is dropped", "AMQPLAIN", "\x05LOGIN{user:S}", nil, "closed"},
	}
	// All at once: RabbitMQ takes 3 seconds over each refusal without words.
	wires := make([]*wire, len(cases))
	for i, c := range cases {
		wires[i] = dial(t, broker)
		wires[i].greet()
		wires[i].loginWith(c.mechanism, wires[i].credentials(c.response), c.capabilities)
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) { NewWithT(t).Expect(wires[i].in(t).answer()).To(Equal(c.answer)) })
	}
}

func TestTuning(t *testing.T) {
	broker := newBroker(t)
	tuned := func(t *testing.T) (*wire, args) {
		t.Helper()
		w := dial(t, broker)
		w.greet()
		w.login(nil)
		return w, w.want(0, "connection.tune")
	}
	t.Run("offers 2047 channels, frames of 128 KiB and a heartbeat of 60 s", func(t *testing.T) {
		_, tune := tuned(t)
		NewWithT(t).Expect(tune).To(Equal(args{"channel-max": 2047, "frame-max": 131072, "heartbeat": 60}))
	})
	cases := []struct {
		name                 string
		channelMax, frameMax int
		answer               string
	}{
		{"frames of 4096 are the smallest", 2047, 4096, "connection.open-ok"},
		{"one channel is enough", 1, 131072, "connection.open-ok"},
		{"smaller frames are refused", 2047, 4095, "closed"},
		{"larger frames than offered are refused", 2047, 131073, "closed"},
		{"frames without limit are refused where there is one", 2047, 0, "closed"},
		{"more channels than offered are refused", 2048, 131072, "closed"},
		{"channels without limit are refused where there is one", 0, 131072, "closed"},
	}
	// All at once, as in TestLogin.
	wires := make([]*wire, len(cases))
	for i, c := range cases {
		wires[i], _ = tuned(t)
		// In one write: who refuses the first may be gone before the second.
		wires[i].write(append(
			wires[i].method(0, "connection.tune-ok", args{"channel-max": c.channelMax, "frame-max": c.frameMax}),
			wires[i].method(0, "connection.open", args{"virtual-host": wires[i].vhost})...,
		))
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) { NewWithT(t).Expect(wires[i].in(t).answer()).To(Equal(c.answer)) })
	}
	t.Run("the channels are counted, whatever their numbers", func(t *testing.T) {
		g := NewWithT(t)
		w := openTuned(t, broker, tuning{channelMax: 2})
		for _, channel := range []int{7, 2000} {
			w.call(channel, "channel.open", nil, "channel.open-ok")
		}
		w.send(1, "channel.open", nil)
		g.Expect(w.answer()).To(Equal("connection.close 530 (0,0) NOT_ALLOWED - " +
			"number of channels opened (2) has reached the negotiated channel_max (2)"))
	})
	t.Run("a closed channel makes room for another", func(t *testing.T) {
		w := openTuned(t, broker, tuning{channelMax: 1})
		for channel := 1; channel < 4; channel++ {
			w.call(channel, "channel.open", nil, "channel.open-ok")
			w.call(channel, "channel.close", args{"reply-code": 200}, "channel.close-ok")
		}
	})
}

func TestOpen(t *testing.T) {
	broker := newBroker(t)
	// Asked first and looked at last, as in TestLogin.
	early := map[string]*wire{"connection.open": dial(t, broker), "connection.tune-ok": dial(t, broker)}
	for method, w := range early {
		w.greet()
		w.send(0, method, nil)
	}
	t.Run("an unknown virtual host is refused", func(t *testing.T) {
		g := NewWithT(t)
		w := dial(t, broker)
		w.greet()
		w.login(nil)
		tune := w.want(0, "connection.tune")
		w.send(0, "connection.tune-ok", tune)
		w.send(0, "connection.open", args{"virtual-host": "no-such-place"})
		g.Expect(w.answer()).To(Equal("connection.close 530 (10,40) NOT_ALLOWED - vhost no-such-place not found"))
	})
	t.Run("a channel before the virtual host is refused", func(t *testing.T) {
		g := NewWithT(t)
		w := dial(t, broker)
		w.greet()
		w.login(nil)
		tune := w.want(0, "connection.tune")
		w.send(0, "connection.tune-ok", tune)
		w.send(1, "channel.open", nil)
		g.Expect(w.answer()).To(Equal("connection.close 505 (0,0) UNEXPECTED_FRAME - type 1, all octets = <<0,20,0,10,0>>"))
	})
	t.Run("a client's close is answered, whatever comes behind it", func(t *testing.T) {
		g := NewWithT(t)
		w := open(t, broker)
		w.write(append(w.method(0, "connection.close", args{"reply-code": 200}), w.method(1, "queue.declare", nil)...))
		g.Expect(w.answer()).To(Equal("connection.close-ok"))
	})
	t.Run("after its own close the broker waits for close-ok, and ends", func(t *testing.T) {
		g := NewWithT(t)
		w := open(t, broker)
		w.send(1, "channel.open", nil)
		g.Expect(w.answer()).To(HavePrefix("connection.close 504"))
		w.send(1, "queue.declare", args{"queue": "unheard"})
		g.Expect(w.within(100 * time.Millisecond).end).To(Equal("nothing"))
		w.send(0, "connection.close-ok", nil)
		g.Expect(w.answer()).To(Equal("closed"))
	})
	t.Run("a secret can be updated", func(t *testing.T) {
		open(t, broker).call(0, "connection.update-secret", args{"new-secret": "s", "reason": "r"}, "connection.update-secret-ok")
	})
	for method, w := range early {
		t.Run(method+" in place of start-ok is dropped", func(t *testing.T) {
			NewWithT(t).Expect(w.in(t).answer()).To(Equal("closed"))
		})
	}
}
