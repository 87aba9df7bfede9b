package client_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/guard"
	"github.com/kazoolab/kazoolab/internal/hostile"
	"github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

func newClient(t testing.TB, change func(*client.Config)) *client.Client {
	t.Helper()
	cfg := client.Config{Compat: fidelity.Kazoo, Guard: client.Local()}
	if change != nil {
		change(&cfg)
	}
	c := client.New(cfg)
	t.Cleanup(c.Close)
	return c
}

func build(t testing.TB, method, uri string) request.Request {
	t.Helper()
	req, _, err := request.Build(method, "", uri, jobj.Object{{Key: "a", Value: "b c"}}, fidelity.Kazoo)
	if err != nil {
		t.Fatal(err)
	}
	req.Timeout = 30 * time.Second
	return req
}

func serve(t testing.TB, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func kindOf(err error) client.Kind {
	if failed, ok := errors.AsType[*client.Error](err); ok {
		return failed.Kind
	}
	return ""
}

func TestTheRequestOnTheWire(t *testing.T) {
	for _, c := range []struct {
		method, path string
		lines        []string
		body         string
	}{
		{"get", "//d/%2F;p=1?own=[1]&%", []string{
			"GET //d/%2F;p=1?own=%5B1%5D&%25&a=b+c HTTP/1.1", "Connection: keep-alive", "Te: ",
		}, ""},
		{"post", "/v%?x=%", []string{
			"POST /v%?x=% HTTP/1.1", "Connection: keep-alive", "Te: ", "Content-Length: 5", "Content-Type: application/x-www-form-urlencoded",
		}, "a=b+c"},
		{"post", "/%", []string{
			"POST /% HTTP/1.1", "Connection: keep-alive", "Te: ", "Content-Length: 5", "Content-Type: application/x-www-form-urlencoded",
		}, "a=b+c"},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			g := NewWithT(t)
			heard := make(chan []string, 1)
			address := hostile.Listen(t, func(conn net.Conn) {
				in := bufio.NewReader(conn)
				var lines []string
				for {
					line, err := in.ReadString('\n')
					if err != nil || line == "\r\n" {
						break
					}
					lines = append(lines, strings.TrimSuffix(line, "\r\n"))
				}
				body := make([]byte, len(c.body))
				_, _ = io.ReadFull(in, body)
				heard <- append(lines, string(body))
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-type: text/xml\r\ncontent-Type: b\r\nContent-Encoding: gzip\r\n\r\nno gzip")
				_ = conn.Close()
			})
			host := strings.TrimPrefix(address, "http://")
			answer, err := newClient(t, nil).Ask(t.Context(), build(t, c.method, "http://"+host+c.path))
			g.Expect(err).NotTo(HaveOccurred())
			var lines []string
			g.Eventually(heard).Should(Receive(&lines))
			g.Expect(lines).To(ConsistOf(append(c.lines, "Host: "+host, c.body)))
			g.Expect(answer.Status).To(Equal(200))
			g.Expect(answer.Header).To(Equal([][2]string{{"content-encoding", "gzip"}, {"content-type", "text/xml"}, {"content-type", "b"}}))
			g.Expect(string(answer.Body)).To(Equal("no gzip"))
		})
	}
}

func TestARequestWithoutAnAnswerSaysWhy(t *testing.T) {
	drop := func(conn net.Conn) {
		_, _ = http.ReadRequest(bufio.NewReader(conn))
		_ = conn.Close()
	}
	say := func(text string) func(net.Conn) {
		return func(conn net.Conn) {
			_, _ = http.ReadRequest(bufio.NewReader(conn))
			_, _ = io.WriteString(conn, text)
			_ = conn.Close()
		}
	}
	plain := serve(t, func(http.ResponseWriter, *http.Request) {})
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo) // which would tell of each refusal
	secure.StartTLS()
	t.Cleanup(secure.Close)
	uri := func(address string) string { return "http://" + strings.TrimPrefix(address, "http://") + "/v" }
	nobody, closes := hostile.Nobody(t), hostile.Listen(t, drop)
	cuts, mail := hostile.Listen(t, say("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n1")), hostile.Listen(t, say("SMTP ready\r\n\r\n"))
	for name, c := range map[string]struct {
		uri  string
		kind client.Kind
		text string
	}{
		"an app's name that is none": {"http://ivr_x.pivot.invalid/v", client.Refused, `"ivr_x" is no name of an app at a websocket, which has at most 32 of a-z, 0-9 and -`},
		"nobody listens":             {uri(nobody), client.Refused, "nothing listens at " + nobody},
		"port 99999":                 {"http://127.0.0.1:99999/v", client.Refused, "no connection to 127.0.0.1:99999 (address 99999: invalid port)"},
		"port 0":                     {"http://127.0.0.1:0/v", client.Refused, "nothing listens at 127.0.0.1:0"},
		"closed":                     {uri(closes), client.Dropped, closes + " closed the connection without an answer"},
		"cut":                        {uri(cuts), client.Dropped, cuts + " closed the connection in the middle of its answer, of which 1 byte came"},
		"no HTTP":                    {uri(mail), client.Dropped, "what " + mail + " answers is no HTTP (malformed HTTP status code \"ready\")"},
		"endless header":             {uri(hostile.Listen(t, say("HTTP/1.1 200 OK\r\nx: "+strings.Repeat("x", 1<<20)))), client.Dropped, "is no HTTP"},
		"https of plain":             {"https" + strings.TrimPrefix(plain, "http") + "/v", client.Refused, strings.TrimPrefix(plain, "http://") + " speaks no TLS: its URL begins with http://"},
		"a certificate":              {secure.URL + "/v", client.Refused, "the TLS certificate of " + secure.Listener.Addr().String() + " is not trusted: no authority that this machine knows has signed it"},
		"no such host":               {"http://no-such-host.invalid/v", client.Refused, "no-such-host.invalid"},
		"link of this host":          {"http://169.254.169.254/latest/meta-data", client.Forbidden, "169.254.169.254 is an address that the guard lets nobody ask"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			cl := newClient(t, func(cfg *client.Config) { cfg.Resolver = nobodysNames() })
			_, err := cl.Ask(t.Context(), build(t, "post", c.uri))
			g.Expect(kindOf(err)).To(Equal(c.kind), "%v", err)
			g.Expect(err.Error()).To(ContainSubstring(c.text))
			failed, _ := errors.AsType[*client.Error](err)
			g.Expect(failed.Silent()).To(Equal(c.kind == client.Refused || c.kind == client.Dropped))
		})
	}
}

// nobodysNames is a resolver that knows no name, and asks nobody.
func nobodysNames() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("there are no names")
	}}
}

func TestTimeIsUp(t *testing.T) {
	g := NewWithT(t)
	uri := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	c := newClient(t, nil)
	req := build(t, "post", uri+"/v")
	req.Timeout = 20 * time.Millisecond
	_, err := c.Ask(t.Context(), req)
	g.Expect(kindOf(err)).To(Equal(client.TimedOut), "%v", err)
	g.Expect(err).To(MatchError(strings.TrimPrefix(uri, "http://") + " answered nothing within 20 ms"))
	req.Timeout = 0
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = c.Ask(ctx, req)
	g.Expect(kindOf(err)).To(Equal(client.TimedOut), "%v", err)
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	_, err = c.Ask(ctx, req)
	g.Expect(kindOf(err)).To(Equal(client.Cancelled), "%v", err)
}

func TestALargeAnswerEnds(t *testing.T) {
	g := NewWithT(t)
	uri := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/404" {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = io.WriteString(w, strings.Repeat("x", 10<<20))
	})
	c := newClient(t, nil)
	answer, err := c.Ask(t.Context(), build(t, "get", uri+"/v"))
	g.Expect(kindOf(err)).To(Equal(client.TooLarge))
	g.Expect(err.Error()).To(ContainSubstring(fmt.Sprint(client.DefaultMaxBody)))
	g.Expect(answer.Body).To(HaveLen(client.DefaultMaxBody))
	answer, err = c.Ask(t.Context(), build(t, "get", uri+"/404"))
	g.Expect(err).NotTo(HaveOccurred(), "the body of what has failed is not looked at")
	g.Expect(answer.Status).To(Equal(404))
	large := newClient(t, func(cfg *client.Config) { cfg.MaxBody = 10 << 20 })
	answer, err = large.Ask(t.Context(), build(t, "get", uri+"/v"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(answer.Body).To(HaveLen(10 << 20))
}

func TestRedirectsAreFollowed(t *testing.T) {
	g := NewWithT(t)
	var asked []string
	uri := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = append(asked, r.Method+" "+r.RequestURI+" "+string(body)+" "+r.Header.Get("Content-Type")+" "+r.Header.Get("Authorization"))
		switch r.URL.Path {
		case "/301":
			w.Header().Set("Location", "dir/307")
			w.WriteHeader(http.StatusMovedPermanently)
		case "/dir/307":
			w.Header().Set("Location", "?last")
			w.WriteHeader(http.StatusTemporaryRedirect)
		default:
			_, _ = io.WriteString(w, "there")
		}
	})
	answer, err := newClient(t, nil).Ask(t.Context(), build(t, "post", strings.Replace(uri, "//", "//u:p@", 1)+"/301"))
	g.Expect(err).NotTo(HaveOccurred())
	form := "application/x-www-form-urlencoded Basic dTpw"
	g.Expect(asked).To(Equal([]string{"POST /301 a=b+c " + form, "GET /dir/307  " + form, "GET /dir/?last  " + form}))
	g.Expect(string(answer.Body)).To(Equal("there"))
	g.Expect(answer.URL).To(Equal(uri + "/dir/?last"))
	g.Expect(answer.Notes).To(HaveLen(1))
	g.Expect(answer.Notes[0].Quirk).To(Equal(request.RedirectGet))

	asked = nil
	corrected := newClient(t, func(cfg *client.Config) { cfg.Compat = fidelity.Corrected })
	answer, err = corrected.Ask(t.Context(), build(t, "post", uri+"/301"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(answer.Status).To(Equal(301))
	g.Expect(asked).To(HaveLen(1))
}

func TestARedirectLoopEnds(t *testing.T) {
	g := NewWithT(t)
	var asked atomic.Int64
	uri := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Location", "/again")
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	for _, compat := range fidelity.Compats() {
		asked.Store(0)
		_, err := newClient(t, func(cfg *client.Config) { cfg.Compat = compat }).Ask(t.Context(), build(t, "post", uri))
		g.Expect(kindOf(err)).To(Equal(client.TooManyRedirects), "%v", err)
		g.Expect(err).To(MatchError("more than 5 redirects in a row, the last from " + uri + "/again"))
		g.Expect(asked.Load()).To(BeEquivalentTo(1 + request.MaxRedirects))
	}
}

func TestARedirectLeadsToNoForbiddenPlace(t *testing.T) {
	for location, kind := range map[string]client.Kind{
		"file:///etc/passwd":               client.BadURL,
		"ftp://127.0.0.1/x":                client.BadURL,
		"http://169.254.169.254/meta":      client.Forbidden,
		"http://[::ffff:169.254.169.254]/": client.Forbidden,
		"http://0.0.0.0:1/":                client.Forbidden,
	} {
		uri := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusTemporaryRedirect)
		})
		if _, err := newClient(t, nil).Ask(t.Context(), build(t, "get", uri)); kindOf(err) != kind {
			t.Errorf("%s: got %v, want %s", location, err, kind)
		}
	}
	// Without the exception for an offline lab this machine is such a place as well.
	uri := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("was reached") })
	closed := newClient(t, func(cfg *client.Config) { cfg.Guard = guard.Guard{} })
	if _, err := closed.Ask(t.Context(), build(t, "get", uri)); kindOf(err) != client.Forbidden {
		t.Errorf("loopback: %v", err)
	}
}

func TestA503IsAskedAgainWhenItSaysWhen(t *testing.T) {
	g := NewWithT(t)
	var asked atomic.Int64
	value := "7"
	uri := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) > 1 {
			return
		}
		w.Header().Set("Retry-After", value)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	now := clockwork.NewFakeClock()
	c := newClient(t, func(cfg *client.Config) { cfg.Clock = now })
	answers := make(chan client.Answer, 1)
	go func() {
		answer, _ := c.Ask(t.Context(), build(t, "post", uri))
		answers <- answer
	}()
	g.Expect(now.BlockUntilContext(t.Context(), 1)).To(Succeed())
	g.Consistently(answers, "20ms").ShouldNot(Receive())
	now.Advance(7 * time.Second)
	var answer client.Answer
	g.Eventually(answers, "5s").Should(Receive(&answer))
	g.Expect(answer.Status).To(Equal(200))
	g.Expect(answer.Notes).To(HaveLen(1))
	for _, value = range []string{"", "100", "-1", "x", "Wed, 21 Oct 2026 07:28:00 GMT"} {
		asked.Store(0)
		answer, err := c.Ask(t.Context(), build(t, "post", uri))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(answer.Status).To(Equal(503), value)
	}
	// Corrected, there is no time for it.
	value = "60"
	asked.Store(0)
	corrected := newClient(t, func(cfg *client.Config) { cfg.Clock, cfg.Compat = now, fidelity.Corrected })
	answer, err := corrected.Ask(t.Context(), build(t, "post", uri))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(answer.Status).To(Equal(503))
}

func TestAnEndless503Ends(t *testing.T) {
	g := NewWithT(t)
	var asked atomic.Int64
	uri := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	answer, err := newClient(t, nil).Ask(t.Context(), build(t, "get", uri))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(answer.Status).To(Equal(503))
	g.Expect(asked.Load()).To(BeNumerically("<", 20))
}

// An application that closes what it has not heard from for a while loses no call.
func TestAPostSurvivesAConnectionThatWasClosed(t *testing.T) {
	g := NewWithT(t)
	var connections atomic.Int64
	address := hostile.Listen(t, func(conn net.Conn) {
		connections.Add(1)
		in := bufio.NewReader(conn)
		if r, err := http.ReadRequest(in); err == nil {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
		}
		_, _ = in.ReadByte() // the next request has begun
		_ = conn.Close()
	})
	c := newClient(t, nil)
	for range 3 {
		answer, err := c.Ask(t.Context(), build(t, "post", "http://"+strings.TrimPrefix(address, "http://")+"/v"))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(string(answer.Body)).To(Equal("ok"))
	}
	g.Expect(connections.Load()).To(BeEquivalentTo(3))
}
