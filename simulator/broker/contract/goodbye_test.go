package contract_test

import (
	"bytes"
	"testing"

	. "github.com/onsi/gomega"
)

// It is the client that hangs up after its close, so that it can read the answer
// whatever else it has sent since.
func TestGoodbyes(t *testing.T) {
	b := newBroker(t)
	goodbye := func(w *wire) []byte { return w.method(0, "connection.close", args{"reply-code": 200}) }

	t.Run("each close is answered", func(t *testing.T) {
		w := open(t, b)
		w.write(bytes.Repeat(goodbye(w), 3))
		for range 3 {
			w.want(0, "connection.close-ok")
		}
		w.call(0, "connection.close", args{"reply-code": 200}, "connection.close-ok")
	})
	t.Run("so is one that comes after the broker's own", func(t *testing.T) {
		w := open(t, b)
		w.send(1, "channel.open", nil)
		NewWithT(t).Expect(w.answer()).To(HavePrefix("connection.close 504"))
		w.call(0, "connection.close", args{"reply-code": 200}, "connection.close-ok")
	})
}
