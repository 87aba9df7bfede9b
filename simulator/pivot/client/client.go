package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/guard"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

// Config sets a Client's limits. The zero value is ready for use, but asks nobody on
// this machine: see Local.
type Config struct {
	// Compat says which redirects are followed, and how long a 503 is asked again.
	Compat fidelity.Compat
	// Guard refuses addresses as they are dialled, wherever a redirect led.
	Guard guard.Guard
	// Resolver finds the addresses of names; nil is the system's.
	Resolver *net.Resolver
	// TLSUnverified takes any certificate for any host, as the reference does.
	TLSUnverified bool
	// MaxBody bytes of an answer are read; 0 is DefaultMaxBody.
	MaxBody int64
	// PerHost unused connections to one application are kept; 0 is DefaultPerHost.
	// Below the number of calls at a time the others dial anew for each request.
	PerHost int
	// Clock is waited by for a Retry-After; nil is the machine's.
	Clock clock.Clock
}

// What a Config has that says nothing.
const (
	DefaultMaxBody = 4 << 20
	DefaultPerHost = 2048
)

// Local is the guard of an offline lab: it allows this machine, and refuses its link
// and cloud metadata.
func Local() guard.Guard { return guard.Guard{Level: guard.On, AllowLoopback: true} }

const (
	connectTimeout = 10 * time.Second
	idleTimeout    = time.Minute
	maxHeader      = 64 << 10 // bytes of an answer
	// maxAgain is how often a 503 is asked again. The reference knows no end.
	maxAgain = 10
)

// RetryAfter is the quirk of asking again after a 503.
const RetryAfter = "retry-after"

// Answer is what the application said.
type Answer struct {
	Status int
	// Header is sorted by name, names in lower case; several values of one name are in
	// their order.
	Header [][2]string
	// Body is not decoded, whatever its Content-Encoding.
	Body []byte
	// URL is that of the last request: redirects may have led elsewhere.
	URL   string
	Notes []request.Note
}

// Client asks. Safe for use by many goroutines.
type Client struct {
	cfg       Config
	transport *http.Transport
}

// New makes a client with connections of its own.
func New(cfg Config) *Client {
	if cfg.MaxBody == 0 {
		cfg.MaxBody = DefaultMaxBody
	}
	if cfg.PerHost == 0 {
		cfg.PerHost = DefaultPerHost
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.System()
	}
	dialer := &net.Dialer{Timeout: connectTimeout, KeepAlive: 30 * time.Second, Resolver: cfg.Resolver, Control: cfg.Guard.Control()}
	return &Client{cfg: cfg, transport: &http.Transport{
		DialContext: legacy(dialer.DialContext), // without a proxy: the application is named by its URL alone
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			InsecureSkipVerify: cfg.TLSUnverified, //nolint:gosec // the user's choice, for applications without a certificate
		},
		TLSNextProto:           map[string]func(string, *tls.Conn) http.RoundTripper{}, // HTTP/1.1 only
		TLSHandshakeTimeout:    connectTimeout,
		DisableCompression:     true, // no accept-encoding, and nothing is decoded
		MaxIdleConnsPerHost:    cfg.PerHost,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeader,
	}}
}

// Close drops unused connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Ask makes a request and reads its answer, which may be that of another: redirects
// are followed, and a 503 with a Retry-After below 100 s is asked again (quirk
// retry-after), in corrected mode within the request's timeout. That, if there is
// one, holds for each try of the others. The error is an *Error; with TooLarge the
// answer is there as far as it was read.
func (c *Client) Ask(ctx context.Context, req request.Request) (Answer, error) {
	if c.cfg.Compat == fidelity.Corrected && req.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, req.Timeout)
		defer cancel()
	}
	var notes []request.Note
	for hops, again := 0, 0; ; {
		answer, err := c.try(ctx, req)
		answer.Notes = notes
		if err != nil {
			return answer, err
		}
		if wait, asked := retryAfter(answer); asked && again < maxAgain && c.inTime(ctx, wait) {
			again++
			notes = append(notes, request.Note{Quirk: RetryAfter, Text: fmt.Sprintf("status 503 with Retry-After: %s is asked again", wait)})
			if err := c.pause(ctx, wait); err != nil {
				return answer, failure(req, -1, err, err)
			}
			continue
		}
		next, more, follows, err := req.Redirect(answer.Status, first(answer.Header, "location"), c.cfg.Compat)
		if err != nil {
			return answer, failure(req, -1, err, nil)
		}
		if !follows {
			return answer, nil
		}
		if hops++; hops > request.MaxRedirects {
			return answer, &Error{TooManyRedirects, req.URL, nil, fmt.Sprintf("more than %d redirects in a row, the last from %s", request.MaxRedirects, without(req.URL))}
		}
		notes = append(notes, more...)
		req = next
	}
}

// retryAfter is how long a 503 asks to be left alone: up to 99 s, as two digits.
func retryAfter(answer Answer) (time.Duration, bool) {
	value := first(answer.Header, "retry-after")
	if answer.Status != http.StatusServiceUnavailable || len(value) > len("99") {
		return 0, false
	}
	seconds, err := strconv.ParseUint(value, 10, 8)
	return time.Duration(seconds) * time.Second, err == nil
}

// inTime tells whether a wait ends before the context does. In kazoo mode each try has
// a time of its own, and only the caller's ends all.
func (c *Client) inTime(ctx context.Context, wait time.Duration) bool {
	deadline, limited := ctx.Deadline()
	return !limited || wait < clock.System().Until(deadline)
}

func (c *Client) pause(ctx context.Context, wait time.Duration) error {
	timer := c.cfg.Clock.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.Chan():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// try is one request and its answer.
func (c *Client) try(ctx context.Context, req request.Request) (Answer, error) {
	within := ctx
	if req.Timeout > 0 {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeout(ctx, req.Timeout)
		defer cancel()
	}
	wire, err := onWire(within, req)
	if err != nil {
		return Answer{}, &Error{BadURL, req.URL, err, fmt.Sprintf("%s cannot be asked (%s)", without(req.URL), unwrapped(err))}
	}
	resp, err := c.transport.RoundTrip(wire)
	if err != nil {
		return Answer{}, failure(req, -1, err, ctx.Err())
	}
	defer func() { _ = resp.Body.Close() }()
	answer := Answer{Status: resp.StatusCode, Header: fields(resp), URL: req.URL}
	answer.Body, err = io.ReadAll(io.LimitReader(resp.Body, c.cfg.MaxBody+1))
	counts := resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusPartialContent
	switch {
	case int64(len(answer.Body)) > c.cfg.MaxBody:
		answer.Body = answer.Body[:c.cfg.MaxBody]
		if counts {
			return answer, &Error{TooLarge, req.URL, nil, fmt.Sprintf("the answer of %s has more than %d bytes", place(req.URL), c.cfg.MaxBody)}
		}
	case err != nil:
		return answer, failure(req, len(answer.Body), err, ctx.Err())
	}
	return answer, nil
}

// onWire gives net/http a request whose bytes are the reference's, but for the case
// and the order of names, and a GET's content-length: 0.
func onWire(ctx context.Context, req request.Request) (*http.Request, error) {
	var body io.Reader
	if req.Method != http.MethodGet {
		body = strings.NewReader(req.Body)
	}
	scheme, rest, _ := strings.Cut(req.URL, "://")
	slash := strings.IndexByte(rest, '/')
	if slash < 0 {
		return nil, errors.New("the URL is not whole")
	}
	wire, err := http.NewRequestWithContext(ctx, req.Method, scheme+"://"+rest[:slash], body)
	if err != nil {
		return nil, err
	}
	// Exactly the target: net/url would print a path its own way.
	path, query, _ := strings.Cut(rest[slash:], "?")
	wire.URL.RawQuery = query
	if plain, err := url.PathUnescape(path); err == nil {
		wire.URL.Path, wire.URL.RawPath = plain, path
	}
	if wire.URL.EscapedPath() != path {
		wire.URL.Opaque = path
	}
	wire.Header["User-Agent"] = nil // none
	// A connection that was used before and ends without a byte of an answer was closed
	// by an application that had waited long enough: the request is made again on a new
	// one, a POST, too. Without a value this goes over no wire.
	wire.Header["Idempotency-Key"] = []string{}
	for _, h := range req.Header {
		switch name := textproto.CanonicalMIMEHeaderKey(h[0]); name {
		case "Host":
			wire.Host = h[1]
		case "Content-Length": // net/http's
		default:
			wire.Header[name] = append(wire.Header[name], h[1])
		}
	}
	return wire, nil
}

// fields lists an answer's header.
func fields(resp *http.Response) [][2]string {
	out := make([][2]string, 0, len(resp.Header)+1)
	for _, name := range slices.Sorted(maps.Keys(resp.Header)) {
		for _, value := range resp.Header[name] {
			out = append(out, [2]string{strings.ToLower(name), value})
		}
	}
	// net/http takes out that the connection is closed. Where only that ends the body, it was not said.
	if said := resp.ContentLength >= 0 || len(resp.TransferEncoding) > 0; resp.Close && said && resp.ProtoAtLeast(1, 1) {
		out = append(out, [2]string{"connection", "close"})
		slices.SortStableFunc(out, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	}
	return out
}

// first is the first value of a field; name is in lower case.
func first(header [][2]string, name string) string {
	for _, h := range header {
		if h[0] == name {
			return h[1]
		}
	}
	return ""
}
