package delivery

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// receiver hands each connection to serve, with its number, from 1 on.
func receiver(t *testing.T, serve func(number int, conn net.Conn, in *bufio.Reader)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for number := 1; ; number++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			go serve(number, conn, bufio.NewReader(conn))
		}
	}()
	return "http://" + listener.Addr().String() + "/"
}

// answer reads one request and answers it; false when there is none.
func answer(conn io.Writer, in *bufio.Reader, text string) bool {
	r, err := http.ReadRequest(in)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, r.Body)
	_, err = io.WriteString(conn, text)
	return err == nil
}

const (
	fine = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
	late = "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
)

// kept lists the unused connections.
func (cs *connections) kept() (all []*connection) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for _, idle := range cs.idle {
		all = append(all, idle...)
	}
	return all
}

func TestARequestOnTheWire(t *testing.T) {
	g := NewWithT(t)
	url, sent := rawServer(t, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
	host := strings.TrimPrefix(url, "http://")
	c := newTestClient(t, time.Minute)
	req := post(url + "/a/../hook?b[c]=d")
	req.Extra = []Header{{"User-Agent", "lab/1"}, {"x-tenant", "acme"}}
	g.Expect(c.Do(t.Context(), req).Status).To(Equal(200))
	g.Expect(<-sent).To(Equal("POST /hook?b[c]=d HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: lab/1\r\nContent-Length: 3\r\n" +
		"Content-Type: application/x-www-form-urlencoded\r\nX-Account-Id: a1\r\nX-Hook-Id: h1\r\nX-Tenant: acme\r\n\r\na=1"))
	g.Expect(c.Do(t.Context(), get(url)).Status).To(Equal(200))
	g.Expect(<-sent).To(Equal("GET /?a=1 HTTP/1.1\r\nHost: " + host + "\r\nX-Account-Id: a1\r\nX-Hook-Id: h1\r\n\r\n"))
	empty := put(url)
	empty.Text = nil
	g.Expect(c.Do(t.Context(), empty).Status).To(Equal(200))
	g.Expect(<-sent).To(ContainSubstring("\r\nContent-Length: 0\r\n"))
}

func TestAConnectionIsUsedAgain(t *testing.T) {
	for name, start := range map[string]func(*httptest.Server){"http": (*httptest.Server).Start, "https": (*httptest.Server).StartTLS} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			connections := map[string]bool{}
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				connections[r.RemoteAddr] = true
				_, _ = io.Copy(w, r.Body)
			}))
			start(server)
			defer server.Close()
			c := newClient(t, func(cfg *Config) { cfg.TLSUnverified = true })
			for range 3 {
				g.Expect(c.Do(t.Context(), post(server.URL)).Body).To(Equal("a=1"))
				c.connections.kept()[0].since = time.Time{} // long ago, so that it is looked at
			}
			g.Expect(connections).To(HaveLen(1))
		})
	}
}

func TestAKeptConnectionThatTheReceiverClosedCostsNoTry(t *testing.T) {
	g := NewWithT(t)
	var requests atomic.Int32
	url := receiver(t, func(number int, conn net.Conn, in *bufio.Reader) {
		for answer(conn, in, fine) {
			requests.Add(1)
			if number == 1 { // the second request is read, and not answered
				_, _ = http.ReadRequest(in)
				_ = conn.Close()
			}
		}
	})
	c := newTestClient(t, time.Minute)
	for range 3 {
		g.Expect(c.Do(t.Context(), post(url)).Status).To(Equal(200))
	}
	g.Expect(requests.Load()).To(BeEquivalentTo(3))
}

func TestAnAnswerThatBreaksOffIsAFailureOnAnyConnection(t *testing.T) {
	g := NewWithT(t)
	url := receiver(t, func(_ int, conn net.Conn, in *bufio.Reader) {
		answer(conn, in, fine)
		answer(conn, in, "HTTP/1.1 200 OK\r\n")
		_ = conn.Close()
	})
	c := newTestClient(t, time.Minute)
	g.Expect(c.Do(t.Context(), post(url)).Status).To(Equal(200))
	g.Expect(c.Do(t.Context(), post(url)).ClientError).To(Equal("socket_closed_remotely"))
}

// What some receivers send before they close a connection that they waited on for long.
func TestWhatComesUnaskedIsNoAnswer(t *testing.T) {
	g := NewWithT(t)
	kept := make(chan struct{})
	url := receiver(t, func(number int, conn net.Conn, in *bufio.Reader) {
		for answer(conn, in, fine) {
			if number == 1 {
				<-kept
				_, _ = io.WriteString(conn, late)
				return // with the connection open
			}
		}
	})
	c := newTestClient(t, time.Minute)
	g.Expect(c.Do(t.Context(), post(url)).Status).To(Equal(200))
	close(kept)
	g.Eventually(func() bool { return quiet(c.connections.kept()[0].socket) }).Should(BeFalse())
	c.connections.kept()[0].since = clock.System().Now().Add(-idleTrusted)
	g.Expect(c.Do(t.Context(), post(url)).Status).To(Equal(200))
}

func TestConnectionsThatAreNotKept(t *testing.T) {
	for name, text := range map[string]string{
		"the receiver closes":     "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
		"an old receiver":         "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
		"more than the answer":    fine + "x",
		"more than is read of it": fmt.Sprintf("HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n%s", strings.Repeat("ok", 1000)),
		"another protocol":        "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			url := receiver(t, func(_ int, conn net.Conn, in *bufio.Reader) { answer(conn, in, text) })
			c := newTestClient(t, time.Minute)
			g.Expect(c.Do(t.Context(), post(url)).Status).To(Or(Equal(200), Equal(101)))
			g.Expect(c.connections.kept()).To(BeEmpty())
		})
	}
}

func TestAnswersThatAreNotTheLast(t *testing.T) {
	g := NewWithT(t)
	url := receiver(t, func(_ int, conn net.Conn, in *bufio.Reader) {
		answer(conn, in, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"+fine)
	})
	c := newTestClient(t, time.Minute)
	out := c.Do(t.Context(), post(url))
	g.Expect(out.Status).To(Equal(200))
	g.Expect(out.Headers).To(Equal([]Header{{"content-length", "2"}}))
	g.Expect(c.connections.kept()).To(HaveLen(1))
}

func TestAHeaderWithoutEndIsGivenUp(t *testing.T) {
	g := NewWithT(t)
	for _, text := range []string{"HTTP/1.1 103 Early Hints\r\n\r\n", "HTTP/1.1 200 OK\r\nX-Pad: " + strings.Repeat("x", maxHeader)} {
		url := receiver(t, func(_ int, conn net.Conn, in *bufio.Reader) {
			_, err := http.ReadRequest(in)
			for err == nil {
				_, err = io.WriteString(conn, text)
			}
		})
		out := newTestClient(t, time.Minute).Do(t.Context(), post(url))
		g.Expect(out.Err).To(MatchError(ContainSubstring("header exceeds 65536 bytes")))
		g.Expect(out.ClientError).To(Equal("unknown"))
	}
}

func TestAnAnswerBeforeALongRequestIsRead(t *testing.T) {
	g := NewWithT(t)
	url := receiver(t, func(_ int, conn net.Conn, in *bufio.Reader) {
		_, _ = http.ReadRequest(in)
		_, _ = io.WriteString(conn, "HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n")
	})
	c := newTestClient(t, time.Minute)
	req := post(url)
	req.Text = []byte(strings.Repeat("x", 16<<20))
	g.Expect(c.Do(t.Context(), req).Status).To(Equal(413))
	g.Expect(c.connections.kept()).To(BeEmpty(), "it is not at the end of the request")
}

func TestALongRequestArrives(t *testing.T) {
	g := NewWithT(t)
	var arrived atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		arrived.Add(n)
	}))
	defer server.Close()
	c := newTestClient(t, time.Minute)
	req := post(server.URL)
	req.Text = []byte(strings.Repeat("x", 8<<20))
	for range 2 {
		g.Expect(c.Do(t.Context(), req).Status).To(Equal(200))
	}
	g.Expect(arrived.Load()).To(BeEquivalentTo(16 << 20))
}

func TestUnusedConnectionsEnd(t *testing.T) {
	g := NewWithT(t)
	ended := make(chan int, 2)
	url := receiver(t, func(number int, conn net.Conn, in *bufio.Reader) {
		for answer(conn, in, fine) {
		}
		ended <- number
	})
	c := newTestClient(t, time.Minute)
	g.Expect(c.Do(t.Context(), post(url)).Status).To(Equal(200))
	c.connections.expire()
	g.Expect(c.connections.kept()).To(HaveLen(1), "it is not old enough")
	c.connections.kept()[0].since = clock.System().Now().Add(-idleLimit)
	c.connections.expire()
	g.Eventually(ended).Should(Receive(Equal(1)))
	g.Expect(c.connections.kept()).To(BeEmpty())

	g.Expect(c.Do(t.Context(), post(url)).Status).To(Equal(200))
	c.Close()
	g.Eventually(ended).Should(Receive(Equal(2)))
	g.Expect(c.connections.sweep).To(BeNil())
}

func TestNoMoreConnectionsAreKeptThanAsked(t *testing.T) {
	g := NewWithT(t)
	together := make(chan struct{})
	var waiting atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if waiting.Add(1) == 8 {
			close(together)
		}
		<-together
	}))
	defer server.Close()
	c := newTestClient(t, time.Minute) // keeps 4
	done := make(chan int, 8)
	for range 8 {
		go func() { done <- c.Do(t.Context(), post(server.URL)).Status }()
	}
	for range 8 {
		g.Expect(<-done).To(Equal(200))
	}
	g.Expect(c.connections.kept()).To(HaveLen(4))
}

func TestATimeoutIsNotAskedAgain(t *testing.T) {
	g := NewWithT(t)
	var requests atomic.Int32
	url := receiver(t, func(_ int, conn net.Conn, in *bufio.Reader) {
		answer(conn, in, fine)
		requests.Add(1)
		if _, err := http.ReadRequest(in); err == nil {
			requests.Add(1)
		}
	})
	c := newTestClient(t, 2*time.Second)
	g.Expect(c.Do(t.Context(), post(url)).Status).To(Equal(200))
	g.Expect(c.Do(t.Context(), post(url)).ClientError).To(Equal("timeout"))
	g.Expect(requests.Load()).To(BeEquivalentTo(2))
}
