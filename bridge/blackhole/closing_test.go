package blackhole_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kazoolab/kazoolab/bridge/blackhole"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// closes is how many sockets ended for a reason.
func (r *rig) closes(t testing.TB, reason string) float64 {
	t.Helper()
	families, err := r.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != "kazoolab_websockets_closed_total" {
			continue
		}
		for _, m := range family.GetMetric() {
			if m.GetLabel()[0].GetValue() == reason {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

func TestASlowReaderIsClosedAndSlowsNobody(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t, func(c *blackhole.Config, _ *blackhole.Dependencies) { c.QueueFrames, c.SendTimeout = 50, patience })
	slow, quick := r.dial(t), r.dial(t)
	slow.subscribe(acme, "call.CHANNEL_CREATE.*")
	quick.subscribe(acme, "call.CHANNEL_CREATE.*")
	big := call(kapi.ChannelCreate, "c1", acme)
	big.Body = []byte(strings.Replace(string(big.Body), `"App-Name"`, `"Filler":"`+strings.Repeat("x", 100_000)+`","App-Name"`, 1))
	for range 80 { // what waits, and what is kept between two programs: without a bound, 4 MB
		if r.closes(t, "slow") > 0 {
			break
		}
		r.Handle(big)
		g.Expect(quick.next()).To(ContainSubstring(`"call_id":"c1"`))
	}
	g.Expect(r.closes(t, "slow")).To(Equal(1.0))

	last := slow.next() // it reads again
	for strings.HasPrefix(last, "{") {
		last = slow.next()
	}
	g.Expect(last).To(ContainSubstring("close 1008 (policy violation): slow reader"))
	r.open(t, 1)
	r.Handle(call(kapi.ChannelCreate, "c2", acme))
	g.Expect(quick.next()).To(ContainSubstring(`"call_id":"c2"`))
}

func TestADeadReaderIsCutOff(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t, func(c *blackhole.Config, _ *blackhole.Dependencies) { c.SendTimeout = 100 * time.Millisecond })
	dead := r.dial(t)
	dead.subscribe(acme, "call.CHANNEL_CREATE.*")
	big := call(kapi.ChannelCreate, "c1", acme)
	big.Body = []byte(strings.Replace(string(big.Body), `"App-Name"`, `"Filler":"`+strings.Repeat("x", 1_000_000)+`","App-Name"`, 1))
	g.Eventually(func() int {
		r.Handle(big)
		return r.Open()
	}).WithTimeout(patience).Should(BeZero())
	g.Expect(r.closes(t, "slow")).To(Equal(1.0))
	g.Eventually(r.broker.keys).Should(BeEmpty())
}

// Whoever asks without reading the answers has to wait; none is dropped.
func TestRepliesAreNeverDropped(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t, func(c *blackhole.Config, _ *blackhole.Dependencies) { c.Rate.Tokens = 0 })
	s := r.dial(t)
	const commands = 3000
	go func() {
		for range commands {
			if s.WriteMessage(websocket.TextMessage, []byte(`{"action":"ping",`+token+`}`)) != nil {
				return
			}
		}
	}()
	for range commands {
		g.Expect(s.next()).To(ContainSubstring("pong"))
	}
}

func TestFramesThatEndASocket(t *testing.T) {
	for name, c := range map[string]struct {
		kind   int
		text   string
		want   string
		reason string
	}{
		"too large": {websocket.TextMessage, strings.Repeat(" ", 3000), "close 1009", "too_large"},
		"not UTF-8": {websocket.TextMessage, "{\"action\":\"\xff\"}", "close 1007", "not_utf8"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			r := newRig(t, func(c *blackhole.Config, _ *blackhole.Dependencies) { c.MaxFrame = 2000 })
			s := r.dial(t)
			g.Expect(s.WriteMessage(c.kind, []byte(c.text))).To(Succeed())
			g.Expect(s.next()).To(ContainSubstring(c.want))
			r.open(t, 0)
			g.Expect(r.closes(t, c.reason)).To(Equal(1.0))
		})
	}
}

// Frames by hand, which no client library sends.
func TestFramesThatBreakTheProtocol(t *testing.T) {
	for name, frame := range map[string]string{
		"not masked":        "\x81\x02{}",
		"a reserved bit":    "\xc1\x80aaaa",
		"an unknown opcode": "\x83\x80aaaa",
		"a long ping":       "\x89\xfe\x00\x80aaaa",
		"a ping in pieces":  "\x09\x80aaaa",
		"a rest of nothing": "\x80\x80aaaa",
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			r := newRig(t)
			s := r.dial(t)
			_, err := s.NetConn().Write([]byte(frame))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(s.next()).To(ContainSubstring("close 1002"))
			r.open(t, 0)
			g.Expect(r.closes(t, "protocol")).To(Equal(1.0))
		})
	}
}

func TestBinaryFramesMeanNothing(t *testing.T) {
	g := NewWithT(t)
	s := newRig(t).dial(t)
	g.Expect(s.WriteMessage(websocket.BinaryMessage, []byte(`{"action":"ping",`+token+`}`))).To(Succeed())
	s.silent()
}

func TestPingsAreAnswered(t *testing.T) {
	g := NewWithT(t)
	s := newRig(t).dial(t)
	pongs := make(chan string, 1)
	s.SetPongHandler(func(data string) error { pongs <- data; return nil })
	g.Expect(s.WriteControl(websocket.PingMessage, []byte("hey"), clock.System().Now().Add(patience))).To(Succeed())
	s.silent() // reads on
	g.Eventually(pongs).WithTimeout(patience).Should(Receive(Equal("hey")))
}

func TestIdleSocketsAreClosed(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t, func(c *blackhole.Config, _ *blackhole.Dependencies) { c.IdleTimeout = 50 * time.Millisecond })
	g.Expect(r.dial(t).next()).To(ContainSubstring("close 1000 (normal): idle"))
	r.open(t, 0)
	g.Expect(r.closes(t, "idle")).To(Equal(1.0))
}

func TestTheClientsCloseIsAnswered(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	s := r.dial(t)
	s.subscribe(acme, "call.*.*")
	g.Expect(s.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4000, "bye"), clock.System().Now().Add(patience))).To(Succeed())
	g.Expect(s.next()).To(ContainSubstring("close 4000"))
	r.open(t, 0)
	g.Expect(r.closes(t, "client")).To(Equal(1.0))
	g.Expect(r.broker.keys()).To(BeEmpty())
	g.Expect(testutil.CollectAndCount(r.metrics)).To(BeNumerically(">", 0))
}

func TestDrainSendsClientsElsewhere(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	sockets := []*socket{r.dial(t), r.dial(t), r.dial(t)}
	limit, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	drained := make(chan struct{})
	go func() {
		r.Drain(limit)
		close(drained)
	}()
	for _, s := range sockets {
		g.Expect(s.next()).To(ContainSubstring("close 1001 (going away): the node is going away, connect again"))
	}
	g.Eventually(drained).WithTimeout(patience).Should(BeClosed())
	g.Expect(r.Open()).To(BeZero())
	g.Expect(r.status(t, "GET / HTTP/1.1", upgrading, goodKey, version13)).To(Equal(503))
}

func TestDrainIsBounded(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t, func(c *blackhole.Config, _ *blackhole.Dependencies) { c.SendTimeout = time.Hour })
	r.dial(t) // and never reads
	limit, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	r.Drain(limit)
	g.Expect(r.Open()).To(BeZero())
}

func TestSocketsAreServedOnSeveralListeners(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	r.serve(t, listener)
	one := r.dial(t)
	r.address = listener.Addr().String()
	two := r.dial(t)
	one.silent()
	two.silent()
	r.open(t, 2)
}

// onePeer has all connections come from one address and port, as may be where a client
// uses a port of its own for both ws and wss.
type onePeer struct{ net.Listener }

func (l onePeer) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return samePeer{conn}, err
}

type samePeer struct{ net.Conn }

func (samePeer) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 4000} }

func TestSocketsOfOnePortAreTwo(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	r.serve(t, onePeer{listener})
	r.address = listener.Addr().String()
	one, two := r.dial(t), r.dial(t)
	one.silent()
	two.silent()
	r.open(t, 2)
	for _, id := range []string{"192.0.2.7:4000", "192.0.2.7:4000-2"} {
		_, there := r.TrackedByID(id)
		g.Expect(there).To(BeTrue(), id)
	}
	_ = one.Close()
	r.open(t, 1)
	two.silent()
}
