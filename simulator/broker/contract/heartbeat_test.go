package contract_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// Heartbeats of three seconds: a client may be kept from its own for six, as it may on a busy machine.

func TestHeartbeats(t *testing.T) {
	broker := newBroker(t)
	const seconds = 3
	// All at once, each for some seconds.
	silent := openTuned(t, broker, tuning{heartbeat: seconds})
	beating := openTuned(t, broker, tuning{heartbeat: seconds})
	busy := openTuned(t, broker, tuning{heartbeat: seconds})
	without := openTuned(t, broker, tuning{})
	began := clock.System().Now()

	t.Run("come from the broker while nothing else does", func(t *testing.T) {
		g := NewWithT(t)
		f := silent.in(t).next()
		g.Expect(silent.show(f)).To(Equal("heartbeat"))
		g.Expect(f.channel).To(BeZero())
		g.Expect(f.payload).To(BeEmpty())
	})
	t.Run("keep a connection that sends them; so does anything else", func(t *testing.T) {
		busy.in(t).call(1, "channel.open", nil, "channel.open-ok")
		for clock.System().Since(began) < 8*time.Second {
			beating.in(t).write(encodeFrame(heartbeatFrame, 0, nil))
			busy.send(1, "basic.qos", nil)
			if f := beating.within(300 * time.Millisecond); f.end == "closed" {
				t.Fatal("the connection with heartbeats was closed")
			}
		}
		for _, w := range []*wire{beating, busy} {
			w.in(t).send(0, "connection.update-secret", nil)
			f := w.next()
			for f.kind == heartbeatFrame || f.name == "basic.qos-ok" {
				f = w.next()
			}
			NewWithT(t).Expect(w.show(f)).To(Equal("connection.update-secret-ok"))
		}
	})
	t.Run("that do not come end the connection without a word", func(t *testing.T) {
		g := NewWithT(t)
		answer := "heartbeat"
		for answer == "heartbeat" && clock.System().Since(began) < time.Minute {
			answer = silent.in(t).answer()
		}
		g.Expect(answer).To(Equal("closed"))
	})
	t.Run("of 0 are none, and end nothing", func(t *testing.T) {
		g := NewWithT(t)
		g.Expect(without.in(t).within(time.Millisecond).end).To(Equal("nothing"), "after 8 seconds")
		without.call(1, "channel.open", nil, "channel.open-ok")
	})
}
