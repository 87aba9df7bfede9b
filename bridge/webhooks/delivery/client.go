package delivery

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/uris"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/guard"
)

// Config sets the limits of a Client. Fields without a remark are required.
type Config struct {
	// Compat says whether the reference's redirects and queries are reproduced.
	Compat fidelity.Compat
	// Guard refuses addresses; the zero value refuses this machine's.
	Guard guard.Guard
	// TLSUnverified takes any certificate for any host, as the reference does.
	TLSUnverified bool
	// Resolver finds the addresses of names; nil is the system's.
	Resolver *net.Resolver
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
	// Extra headers have passed CheckHeaders. They go to the hook's own host only,
	// wherever a redirect leads.
	Extra []Header
	// Sign, if set, gives the headers that sign a request: its body, or the query of
	// one without. They go where Extra goes.
	Sign func(content []byte) []Header
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
	cfg         Config
	connections *connections
}

// NewClient makes a client with connections of its own.
func NewClient(cfg Config) *Client {
	dialer := &net.Dialer{
		Timeout: cfg.ConnectTimeout, KeepAlive: 30 * time.Second,
		Resolver: cfg.Resolver, Control: cfg.Guard.Control(),
	}
	return &Client{cfg: cfg, connections: &connections{
		dial: dialer.DialContext, // without a proxy: a receiver is named by its hook alone
		tls: &tls.Config{ // which offers HTTP/1.1 only
			MinVersion:         tls.VersionTLS12,
			InsecureSkipVerify: cfg.TLSUnverified, //nolint:gosec // the operator's choice, for receivers without a certificate
		},
		handshake: cfg.ConnectTimeout,
		keep:      cfg.IdlePerHost,
		idle:      map[place][]*connection{},
	}}
}

// Close drops idle connections.
func (c *Client) Close() { c.connections.close() }

// Do makes the request, follows redirects as the reference's client does, and
// reads the answer. It returns when the answer is complete, a limit is reached
// or ctx ends; then Err is ctx's error.
func (c *Client) Do(ctx context.Context, req Request) Outcome {
	machine := clock.System() // as sockets have it, even where the clock of all else is put forward
	start := machine.Now()
	out := c.follow(ctx, start.Add(c.cfg.AnswerTimeout), req)
	if out.Err != nil && ctx.Err() != nil {
		out.Err = ctx.Err()
	}
	out.Elapsed = machine.Since(start)
	return out
}

func (c *Client) follow(ctx context.Context, deadline time.Time, req Request) Outcome {
	uri, method, text := req.URI, req.Method, req.Text
	if method == http.MethodGet {
		// The hook's own uri is judged before text of an event is added to it.
		if _, err := parseTarget(uri); err != nil {
			return failure(err, false)
		}
		uri, text = c.withQuery(uri, text), nil
	}
	var first target
	for hop := 0; ; hop++ {
		t, err := parseTarget(uri)
		if err != nil {
			return failure(err, false)
		}
		if hop == 0 {
			first = t
			first.user, _ = uris.Credentials(t.user, c.cfg.Compat == fidelity.Corrected)
		}
		// Credentials are for the host they were written for.
		home := hop == 0 || sameHost(first, t)
		t.user = first.user
		if !home {
			t.user, req.Extra, req.Sign = "", nil, nil
		}
		o, err := t.outgoing(method, req, text)
		if err != nil {
			return failure(err, false)
		}
		out, location := c.exchange(ctx, deadline, o)
		nextMethod, follows := c.redirect(out.Status, method)
		if location == "" || !follows || hop == maxRedirects {
			return out
		}
		next, err := resolve(t, location)
		if err != nil {
			return failure(uriError("invalid_uri"), false)
		}
		if c.cfg.Compat == fidelity.Corrected && !leadsHome(first, next) {
			return out
		}
		if nextMethod != method {
			text = nil
		}
		uri, method = next, nextMethod
	}
}

// exchange is one request and its answer. location is the answer's, if any.
func (c *Client) exchange(ctx context.Context, deadline time.Time, o outgoing) (out Outcome, location string) {
	conn, resp, err := c.connections.ask(ctx, deadline, o)
	if err != nil {
		return failure(err, conn != nil), ""
	}
	body, complete, err := c.read(resp.Body)
	c.connections.done(conn, resp, complete)
	if err != nil {
		return failure(err, true), ""
	}
	return Outcome{Status: resp.StatusCode, Headers: headers(resp), Body: body}, resp.Header.Get("Location")
}

// read gives the beginning of an answer's body, and whether the rest was read, too.
func (c *Client) read(body io.Reader) (kept string, complete bool, err error) {
	if body == http.NoBody {
		return "", true, nil
	}
	text, err := io.ReadAll(io.LimitReader(body, c.cfg.KeepBody))
	if err == nil {
		_, err = io.CopyN(io.Discard, body, 64*c.cfg.KeepBody)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return "", false, err
	}
	return string(text), err != nil, nil
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
