package delivery

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/internal/guard"
)

func newTestClient(t *testing.T, answerTimeout time.Duration) *Client {
	t.Helper()
	return newClient(t, func(cfg *Config) { cfg.AnswerTimeout = answerTimeout })
}

// newClient may make requests to this machine.
func newClient(t *testing.T, change func(*Config)) *Client {
	t.Helper()
	cfg := Config{
		Compat: fidelity.Kazoo, Guard: guard.Guard{AllowLoopback: true},
		ConnectTimeout: 5 * time.Second, AnswerTimeout: time.Minute, IdlePerHost: 4, KeepBody: 16,
	}
	change(&cfg)
	c := NewClient(cfg)
	t.Cleanup(c.Close)
	return c
}

func post(uri string) Request {
	return Request{
		HookID: "h1", AccountID: "a1", URI: uri, Method: "POST",
		ContentType: "application/x-www-form-urlencoded", Text: []byte("a=1"),
	}
}

func get(uri string) Request {
	return Request{HookID: "h1", AccountID: "a1", URI: uri, Method: "GET", Text: []byte("a=1")}
}

// rawServer answers each connection with text and keeps what it was sent.
func rawServer(t *testing.T, text string) (url string, sent chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	sent = make(chan string, 8)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			request, err := http.ReadRequest(bufio.NewReader(io.TeeReader(conn, &lines{out: sent})))
			if err == nil {
				_, _ = io.Copy(io.Discard, request.Body)
			}
			_, _ = io.WriteString(conn, text)
			_ = conn.Close()
		}
	}()
	return "http://" + listener.Addr().String(), sent
}

// lines passes on what is written as soon as it holds a whole header.
type lines struct {
	text string
	out  chan string
}

func (l *lines) Write(p []byte) (int, error) {
	had := strings.Contains(l.text, "\r\n\r\n")
	l.text += string(p)
	if !had && strings.Contains(l.text, "\r\n\r\n") {
		l.out <- l.text
	}
	return len(p), nil
}

func TestNothingIsOnTheWireThatTheReferenceDoesNotSend(t *testing.T) {
	url, sent := rawServer(t, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
	c := newTestClient(t, time.Minute)
	out := c.Do(t.Context(), post(strings.Replace(url, "://", "://u:p@", 1)+"/hook?v=1"))
	if out.Status != 200 {
		t.Fatalf("got %+v", out)
	}
	head, _, _ := strings.Cut(<-sent, "\r\n\r\n")
	got := strings.Split(strings.ToLower(head), "\r\n")
	slices.Sort(got)
	want := []string{
		"authorization: basic dtpw", "content-length: 3", "content-type: application/x-www-form-urlencoded",
		"host: " + strings.TrimPrefix(url, "http://"), "post /hook?v=1 http/1.1", "x-account-id: a1", "x-hook-id: h1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}

func TestRedirects(t *testing.T) {
	type hop struct{ method, body, contentType string }
	cases := []struct {
		name   string
		status int
		req    func(string) Request
		want   *hop // nil: not followed
	}{
		{"301 turns a POST into an empty GET", 301, post, &hop{"GET", "", "application/x-www-form-urlencoded"}},
		{"302 turns a POST into an empty GET", 302, post, &hop{"GET", "", "application/x-www-form-urlencoded"}},
		{"303 turns a POST into an empty GET", 303, post, &hop{"GET", "", "application/x-www-form-urlencoded"}},
		{"307 keeps a POST", 307, post, &hop{"POST", "a=1", "application/x-www-form-urlencoded"}},
		{"308 is not followed", 308, post, nil},
		{"301 of a GET", 301, get, &hop{"GET", "", ""}},
		{"307 of a GET", 307, get, &hop{"GET", "", ""}},
		{"308 of a GET is not followed", 308, get, nil},
		{"a PUT is not followed", 302, func(u string) Request { r := post(u); r.Method = "PUT"; return r }, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got *hop
			mux := http.NewServeMux()
			mux.HandleFunc("/hook", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/next")
				w.WriteHeader(c.status)
			})
			mux.HandleFunc("/next", func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got = &hop{r.Method, string(body), r.Header.Get("Content-Type")}
				if r.URL.RawQuery != "" || r.Header.Get("X-Hook-Id") != "h1" || r.Header.Get("X-Account-Id") != "a1" {
					t.Errorf("got query %q, headers %v", r.URL.RawQuery, r.Header)
				}
			})
			server := httptest.NewServer(mux)
			defer server.Close()
			out := newTestClient(t, time.Minute).Do(t.Context(), c.req(server.URL+"/hook"))
			if c.want == nil {
				if got != nil || out.Status != c.status {
					t.Fatalf("followed to %+v, status %d", got, out.Status)
				}
				return
			}
			if got == nil || *got != *c.want || out.Status != 200 {
				t.Errorf("got %+v, status %d, want %+v", got, out.Status, c.want)
			}
		})
	}
}

func TestARedirectLoopEnds(t *testing.T) {
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.Header().Set("Location", "/again")
		w.WriteHeader(http.StatusFound)
	}))
	defer server.Close()
	out := newTestClient(t, time.Minute).Do(t.Context(), get(server.URL))
	if out.Status != http.StatusFound || requests != maxRedirects+1 {
		t.Errorf("status %d after %d requests", out.Status, requests)
	}
}

func TestCredentialsStayWithTheirHost(t *testing.T) {
	var elsewhere string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		elsewhere = r.Header.Get("Authorization")
	}))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", strings.Replace(other.URL, "://", "://stolen:words@", 1))
		w.WriteHeader(http.StatusFound)
	}))
	defer server.Close()
	newTestClient(t, time.Minute).Do(t.Context(), get(strings.Replace(server.URL, "://", "://u:p@", 1)))
	if elsewhere != "" {
		t.Errorf("another host was sent %q", elsewhere)
	}
}

// Escapes that need not be are undone in credentials, too; those of three parts are none to Kazoo's client.
func TestCredentialsAreSentAsTheClientSendsThem(t *testing.T) {
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") }))
	defer server.Close()
	basic := func(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }
	for user, want := range map[string][2]string{
		"u%41:p%40": {basic("uA:p%40"), basic("uA:p%40")}, "u:pa:ss": {"", basic("u:pa:ss")}, ":pw": {basic("pw:"), basic(":pw")},
	} {
		for i, compat := range []fidelity.Compat{fidelity.Kazoo, fidelity.Corrected} {
			got = "nothing came"
			newClient(t, func(cfg *Config) { cfg.Compat, cfg.AnswerTimeout = compat, time.Minute }).Do(t.Context(), get(strings.Replace(server.URL, "://", "://"+user+"@", 1)))
			if got != want[i] {
				t.Errorf("%s in %s: %q, not %q", user, compat, got, want[i])
			}
		}
	}
}

func TestARelativeLocationMayHoldAnAddress(t *testing.T) {
	var got string
	mux := http.NewServeMux()
	mux.HandleFunc("/hook", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/next?to=http://elsewhere.example/")
		w.WriteHeader(http.StatusFound)
	})
	mux.HandleFunc("/next", func(_ http.ResponseWriter, r *http.Request) { got = r.RequestURI + " " + r.Header.Get("Authorization") })
	server := httptest.NewServer(mux)
	defer server.Close()
	newTestClient(t, time.Minute).Do(t.Context(), get(strings.Replace(server.URL, "://", "://u:p@", 1)+"/hook"))
	if want := "/next?to=http://elsewhere.example/ Basic dTpw"; got != want {
		t.Errorf("followed to %q, want %q", got, want)
	}
}

func TestFailuresAreNamed(t *testing.T) {
	closing, _ := rawServer(t, "")
	cut, _ := rawServer(t, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this")
	refused, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = refused.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	cases := []struct{ name, uri, want string }{
		{"closed without an answer", closing, "socket_closed_remotely"},
		{"closed within the answer", cut, "socket_closed_remotely"},
		{"refused", "http://" + refused.Addr().String(), "failed_connect: econnrefused"},
		// Two dots: no name that could be, so that nobody is asked, and no network is needed.
		{"no such host", "http://no..such.host/", "failed_connect: nxdomain"},
		{"a server that does not speak TLS", strings.Replace(plain.URL, "http:", "https:", 1), "unknown"},
		{"another scheme", "ftp://127.0.0.1/", "bad_scheme: ftp"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			out := newTestClient(t, time.Minute).Do(t.Context(), post(c.uri))
			if out.ClientError != c.want || out.Err == nil {
				t.Errorf("got %q (%v), want %q", out.ClientError, out.Err, c.want)
			}
		})
	}
}

func TestASelfSignedCertificateIsRefused(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	server.Config.ErrorLog = nil
	out := newTestClient(t, time.Minute).Do(t.Context(), post(server.URL))
	if out.ClientError != "unknown" || out.Status != 0 {
		t.Errorf("got %+v", out)
	}
	trusting := newClient(t, func(cfg *Config) { cfg.TLSUnverified = true })
	if out := trusting.Do(t.Context(), post(server.URL)); out.Status != http.StatusNotFound {
		t.Errorf("with any certificate allowed: got %+v", out)
	}
}

func TestASilentReceiverIsGivenUp(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	if out := newTestClient(t, 50*time.Millisecond).Do(t.Context(), post(server.URL)); out.ClientError != "timeout" {
		t.Errorf("got %q (%v)", out.ClientError, out.Err)
	}
}

func TestACancelledRequestSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		cancel()
		<-release
	}))
	defer server.Close()
	defer close(release)
	if out := newTestClient(t, time.Minute).Do(ctx, post(server.URL)); !errors.Is(out.Err, context.Canceled) {
		t.Errorf("got %v", out.Err)
	}
}

func TestALargeAnswerIsCutAndDrained(t *testing.T) {
	connections := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		connections[r.RemoteAddr] = true
		_, _ = io.WriteString(w, strings.Repeat("x", 500))
	}))
	defer server.Close()
	c := newTestClient(t, time.Minute)
	for range 3 {
		if out := c.Do(t.Context(), post(server.URL)); out.Body != strings.Repeat("x", 16) {
			t.Errorf("kept %q", out.Body)
		}
	}
	if len(connections) != 1 {
		t.Errorf("%d connections for 3 requests", len(connections))
	}
}
