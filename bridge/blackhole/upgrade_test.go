package blackhole_test

import (
	"bufio"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/blackhole"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// raw sends a request as it is written here, and returns the answer.
func (r *rig) raw(t *testing.T, lines ...string) *http.Response {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(clock.System().Now().Add(patience))
	if _, err := conn.Write([]byte(strings.Join(append(lines, "Host: kazoo", "", ""), "\r\n"))); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}

const (
	upgrading = "Upgrade: websocket\r\nConnection: Upgrade"
	goodKey   = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
	version13 = "Sec-WebSocket-Version: 13"
)

func TestUpgradeAnswers(t *testing.T) {
	r := newRig(t)
	for name, c := range map[string]struct {
		lines  []string
		status int
	}{
		"an upgrade":                     {[]string{"GET / HTTP/1.1", upgrading, goodKey, version13}, 101},
		"any path":                       {[]string{"GET /a/b?c=d HTTP/1.1", upgrading, goodKey, version13}, 101},
		"any origin":                     {[]string{"GET / HTTP/1.1", upgrading, goodKey, version13, "Origin: http://evil.test"}, 101},
		"compression is offered":         {[]string{"GET / HTTP/1.1", upgrading, goodKey, version13, "Sec-WebSocket-Extensions: permessage-deflate"}, 101},
		"several tokens in Connection":   {[]string{"GET / HTTP/1.1", "Upgrade: websocket", "Connection: keep-alive, Upgrade", goodKey, version13}, 101},
		"a subprotocol":                  {[]string{"GET / HTTP/1.1", upgrading, goodKey, version13, "Sec-WebSocket-Protocol: chat"}, 400},
		"an empty subprotocol":           {[]string{"GET / HTTP/1.1", upgrading, goodKey, version13, "Sec-WebSocket-Protocol:"}, 400},
		"a subprotocol of a plain GET":   {[]string{"GET / HTTP/1.1", "Sec-WebSocket-Protocol: chat"}, 400},
		"a plain GET":                    {[]string{"GET / HTTP/1.1"}, 426},
		"a health check":                 {[]string{"HEAD / HTTP/1.1"}, 426},
		"a POST":                         {[]string{"POST / HTTP/1.1", "Content-Length: 0"}, 426},
		"a POST that asks for a socket":  {[]string{"POST / HTTP/1.1", upgrading, goodKey, version13, "Content-Length: 0"}, 426},
		"an upgrade to something else":   {[]string{"GET / HTTP/1.1", "Upgrade: h2c", "Connection: Upgrade", goodKey, version13}, 426},
		"Upgrade without Connection":     {[]string{"GET / HTTP/1.1", "Upgrade: websocket", goodKey, version13}, 426},
		"Connection without Upgrade":     {[]string{"GET / HTTP/1.1", "Connection: Upgrade", goodKey, version13}, 426},
		"no key":                         {[]string{"GET / HTTP/1.1", upgrading, version13}, 400},
		"no version":                     {[]string{"GET / HTTP/1.1", upgrading, goodKey}, 400},
		"an old version":                 {[]string{"GET / HTTP/1.1", upgrading, goodKey, "Sec-WebSocket-Version: 8"}, 400},
		"a request that is none of HTTP": {[]string{"HELLO"}, 400},
		"too long a header":              {[]string{"GET / HTTP/1.1", "X: " + strings.Repeat("x", 100<<10)}, 431},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			answer := r.raw(t, c.lines...)
			defer func() { _ = answer.Body.Close() }()
			g.Expect(answer.StatusCode).To(Equal(c.status))
			switch c.status {
			case http.StatusSwitchingProtocols:
				g.Expect(answer.Header.Get("Sec-Websocket-Accept")).To(Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
				g.Expect(answer.Header).NotTo(HaveKey("Sec-Websocket-Extensions"))
			case http.StatusUpgradeRequired:
				g.Expect(answer.Header.Get("Connection")).To(Equal("upgrade"))
				g.Expect(answer.Header.Get("Upgrade")).To(Equal("websocket"))
			}
		})
	}
}

func TestAddressesHaveALimit(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t, func(c *blackhole.Config, _ *blackhole.Dependencies) { c.PerAddress = 1 })
	one := r.dial(t)
	r.open(t, 1)
	g.Expect(r.status(t, "GET / HTTP/1.1", upgrading, goodKey, version13)).To(Equal(http.StatusTooManyRequests))
	g.Expect(r.status(t, "GET / HTTP/1.1")).To(Equal(http.StatusTooManyRequests), "a plain GET too")
	g.Expect(r.status(t, "GET / HTTP/1.1", "X-Forwarded-For: 192.0.2.1")).To(Equal(http.StatusTooManyRequests), "no proxy is trusted")
	g.Expect(one.Close()).To(Succeed())
	r.open(t, 0)
	g.Expect(r.status(t, "GET / HTTP/1.1")).To(Equal(http.StatusUpgradeRequired), "that counts for no socket")
	r.dial(t)
}

func TestOnlyTrustedProxiesSpeakForClients(t *testing.T) {
	g := NewWithT(t)
	r := newRig(t, func(c *blackhole.Config, _ *blackhole.Dependencies) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}
	})
	for forwarded, source := range map[string]string{
		"192.0.2.1":               "192.0.2.1",
		"198.51.100.9, 192.0.2.1": "192.0.2.1", // what the client says of itself counts for nothing
		"192.0.2.1, 10.0.0.7":     "192.0.2.1",
		"::ffff:192.0.2.1":        "192.0.2.1",
		"2001:db8::1":             "2001:db8:0:0:0:0:0:1",
		"192.0.2.1, something":    "127.0.0.1",
		"":                        "127.0.0.1",
		"10.0.0.8":                "10.0.0.8",
	} {
		conn, answer, err := websocket.DefaultDialer.Dial("ws://"+r.address, http.Header{"X-Forwarded-For": {forwarded}})
		g.Expect(err).NotTo(HaveOccurred())
		_ = answer.Body.Close()
		peer := conn.LocalAddr().String()
		g.Eventually(func() string {
			tracked, _ := r.TrackedByID(peer)
			return tracked.String("source")
		}).Should(Equal(source), forwarded)
		g.Expect(conn.Close()).To(Succeed())
	}
}

// status is that of the answer.
func (r *rig) status(t *testing.T, lines ...string) int {
	t.Helper()
	answer := r.raw(t, lines...)
	_ = answer.Body.Close()
	return answer.StatusCode
}
