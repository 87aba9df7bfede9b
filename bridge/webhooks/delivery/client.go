package delivery

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// Config sets the limits of a Client. Every field is required.
type Config struct {
	Clock clock.Clock
	// ConnectTimeout bounds dialling and, again, the TLS handshake
	// (webhooks.connect_timeout_ms, 10 s).
	ConnectTimeout time.Duration
	// AnswerTimeout bounds a request from its first byte to the answer's last.
	// The reference waits for ever (quirk no-timeout); we never do.
	AnswerTimeout time.Duration
	// IdlePerHost connections to one receiver are kept open. Below the number of
	// requests that run at once to a host each of the others dials anew, which
	// costs 2.4 times the CPU.
	IdlePerHost int
	// KeepBody bytes of an answer are kept for the attempt; the rest is read and
	// forgotten, up to 64 times as much, so that the connection can serve again.
	KeepBody int64
}

// Request is one try of a webhook.
type Request struct {
	HookID    string
	AccountID string // the hook's owner
	URI       string
	Method    string // GET, POST or PUT
	// ContentType is "" for GET.
	ContentType string
	// Text is the body, or for GET the query.
	Text []byte
	// Replays is the attempt that is made again, which a header says wherever the
	// request goes; "" for an original.
	Replays string
}

// ReplayHeader names the attempt that a request repeats, so that no receiver takes
// it for the original.
const ReplayHeader = "x-kazoolab-replay"

// Header is one field of an answer, its name lower-cased.
type Header struct{ Name, Value string }

// Outcome is what came of a request: a status, or a client error.
type Outcome struct {
	Status  int // 0 when there was no answer
	Headers []Header
	Body    string
	// ClientError names a transport failure in the reference's words, and Err
	// carries its cause. Both are zero when there was an answer.
	ClientError string
	Err         error
	Elapsed     time.Duration
}

// Client makes requests. Safe for use by many goroutines.
type Client struct {
	cfg       Config
	transport *http.Transport
}

// NewClient makes a client with connections of its own.
func NewClient(cfg Config) *Client {
	dialer := &net.Dialer{Timeout: cfg.ConnectTimeout, KeepAlive: 30 * time.Second}
	return &Client{cfg: cfg, transport: &http.Transport{
		Proxy:               nil, // a receiver is named by its hook alone
		DialContext:         dialer.DialContext,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: cfg.ConnectTimeout,
		TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{}, // HTTP/1.1 only
		DisableCompression:  true,                                                   // no Accept-Encoding on the wire
		MaxIdleConnsPerHost: cfg.IdlePerHost,
		IdleConnTimeout:     2 * time.Minute,
		// An answer's header is bounded like the rest of it.
		MaxResponseHeaderBytes: 64 << 10,
	}}
}

// Close drops idle connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// maxRedirects is where following ends; the redirect is then the answer.
const maxRedirects = 10

// Do makes the request, follows redirects as the reference's client does, and
// reads the answer. It returns when the answer is complete, a limit is reached
// or ctx ends; then Err is ctx's error.
func (c *Client) Do(ctx context.Context, req Request) Outcome {
	start := c.cfg.Clock.Now()
	bounded, cancel := context.WithTimeout(ctx, c.cfg.AnswerTimeout)
	defer cancel()
	out := c.follow(bounded, req)
	if out.Err != nil && ctx.Err() != nil {
		out.Err = ctx.Err()
	}
	out.Elapsed = c.cfg.Clock.Since(start)
	return out
}

func (c *Client) follow(ctx context.Context, req Request) Outcome {
	uri, method, text := req.URI, req.Method, req.Text
	if method == http.MethodGet {
		// The hook's own uri is judged before text of an event is added to it.
		if _, err := parseTarget(uri); err != nil {
			return failure(err, false)
		}
		uri, text = withQuery(uri, text), nil
	}
	var first target
	for hop := 0; ; hop++ {
		t, err := parseTarget(uri)
		if err != nil {
			return failure(err, false)
		}
		if hop == 0 {
			first = t
		}
		// Credentials are for the host they were written for.
		t.user, t.password = first.user, first.password
		t.hasUser = first.hasUser && t.host == first.host && t.scheme == first.scheme
		out, location := c.exchange(ctx, t, method, req, text)
		nextMethod, follows := redirect(out.Status, method)
		if location == "" || !follows || hop == maxRedirects {
			return out
		}
		next, err := resolve(t, location)
		if err != nil {
			return failure(uriError("invalid_uri"), false)
		}
		if nextMethod != method {
			text = nil
		}
		uri, method = next, nextMethod
	}
}

// redirect tells whether a status is followed and with which method. 301 to 303
// turn a POST into an empty GET; 307 keeps it; PUT and 308 are not followed
// (quirk redirect-drop).
func redirect(status int, method string) (next string, follows bool) {
	if method == http.MethodPut {
		return method, false
	}
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
		return http.MethodGet, true
	case http.StatusTemporaryRedirect:
		return method, true
	}
	return method, false
}

func resolve(base target, location string) (string, error) {
	if scheme, _, ok := strings.Cut(location, "://"); ok && isScheme(scheme) {
		return location, nil
	}
	b, err := url.Parse(base.String())
	if err != nil {
		return "", err
	}
	l, err := b.Parse(location)
	if err != nil {
		return "", err
	}
	return l.String(), nil
}

// exchange is one request and its answer. location is the answer's, if any.
func (c *Client) exchange(ctx context.Context, t target, method string, req Request, text []byte) (out Outcome, location string) {
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	resp, err := c.transport.RoundTrip(c.request(ctx, t, method, req, text))
	if err != nil {
		return failure(err, connected.Load()), ""
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.cfg.KeepBody))
	if err == nil {
		_, err = io.CopyN(io.Discard, resp.Body, 64*c.cfg.KeepBody)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return failure(err, true), ""
	}
	return Outcome{Status: resp.StatusCode, Headers: headers(resp), Body: string(body)}, resp.Header.Get("Location")
}

func (c *Client) request(ctx context.Context, t target, method string, req Request, text []byte) *http.Request {
	header := http.Header{
		// An empty value keeps net/http from naming itself.
		"User-Agent": {""},
		// Nor is this sent. It lets net/http try again when a receiver closed an idle
		// connection just as it was used: 80 of 600 such requests failed without it.
		"Idempotency-Key": nil,
		"X-Hook-Id":       {req.HookID},
		"X-Account-Id":    {req.AccountID},
	}
	if req.ContentType != "" {
		header["Content-Type"] = []string{req.ContentType}
	}
	if req.Replays != "" {
		header[http.CanonicalHeaderKey(ReplayHeader)] = []string{req.Replays}
	}
	if t.hasUser {
		header["Authorization"] = []string{"Basic " + base64.StdEncoding.EncodeToString([]byte(t.user+":"+t.password))}
	}
	r := &http.Request{
		Method: method, URL: t.url(), Host: t.host, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if len(text) > 0 {
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
		r.Body = io.NopCloser(bytes.NewReader(text))
		r.ContentLength = int64(len(text))
	}
	return r.WithContext(ctx)
}

// headers lists an answer's fields by name. The length that net/http takes out
// of the header is put back.
func headers(resp *http.Response) []Header {
	out := make([]Header, 0, len(resp.Header)+1)
	for name, values := range resp.Header {
		out = append(out, Header{strings.ToLower(name), strings.Join(values, ", ")})
	}
	if resp.ContentLength >= 0 && resp.Header.Get("Content-Length") == "" {
		out = append(out, Header{"content-length", strconv.FormatInt(resp.ContentLength, 10)})
	}
	slices.SortFunc(out, func(a, b Header) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func failure(err error, connected bool) Outcome {
	return Outcome{ClientError: clientError(err, connected), Err: err}
}

// clientError names a failure as the reference's client does (recorded, where it
// has a name for it).
func clientError(err error, connected bool) string {
	if uri, ok := errors.AsType[uriError](err); ok {
		return string(uri)
	}
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return "failed_connect: nxdomain"
	}
	var errno syscall.Errno
	if !connected && errors.As(err, &errno) {
		if name := errnoName(errno); name != "" {
			return "failed_connect: " + name
		}
	}
	if connected {
		var timeout net.Error
		switch {
		case errors.As(err, &timeout) && timeout.Timeout():
			return "timeout"
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
			errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
			strings.Contains(err.Error(), "server closed"):
			return "socket_closed_remotely"
		}
	}
	return "unknown"
}

func errnoName(errno syscall.Errno) string {
	switch errno {
	case syscall.ECONNREFUSED:
		return "econnrefused"
	case syscall.EHOSTUNREACH:
		return "ehostunreach"
	case syscall.ENETUNREACH:
		return "enetunreach"
	case syscall.ECONNRESET:
		return "econnreset"
	}
	return ""
}
