package probe_test

import (
	"context"
	"net"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// receiving serves the receivers of a group, and gives a connection to them.
func receiving(t *testing.T) (*probe.Probe, net.Conn) {
	t.Helper()
	g := NewWithT(t)
	log := capture.NewLog(clock.System())
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	harness := &probe.Harness{Log: log, Clock: clock.System(), IDs: ids.Seeded("receivers"), Receivers: probe.NewReceivers(clock.System(), log)}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- harness.Receivers.Serve(ctx, listener) }()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() {
		_ = conn.Close()
		stop()
		g.Expect(<-served).To(Succeed())
	})
	return probe.New(harness, "group/one"), conn
}

func TestARequestThatCannotBeReadIsKeptForItsReceiver(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p, conn := receiving(t)
	path := p.Receiver("hook")
	_, err := conn.Write([]byte("POST " + path + "/a b HTTP/1.1\r\nHost: h\r\n\r\n"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Eventually(func() []capture.Entry { return p.Seen().Requests("hook") }).WithTimeout(5 * time.Second).Should(HaveLen(1))
	g.Expect(p.Seen().Requests("hook")[0].Head).To(Equal("POST " + path + "/a b HTTP/1.1"))
}

func TestAnAnswerTellsByWhichConnectionItsRequestCame(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p, conn := receiving(t)
	path := p.Receiver("hook")
	_, err := conn.Write([]byte("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n"))
	g.Expect(err).NotTo(HaveOccurred())
	answers := func() []capture.Entry { return p.Seen().Named(capture.HookAnswer, "hook") }
	g.Eventually(answers).WithTimeout(5 * time.Second).Should(HaveLen(1))
	from, _ := answers()[0].Value("from")
	g.Expect(from).To(Equal(conn.LocalAddr().String()))
}
