package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/kazoolab/kazoolab/internal/guard"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

// Kind is what became of a request that has no answer.
type Kind string

// The kinds. Those that the reference waits over for ever (quirk silent-transport) are
// Refused, Dropped and TimedOut.
const (
	Refused          Kind = "refused"            // no connection: nobody listens, no such host, no TLS
	Dropped          Kind = "dropped"            // closed before the answer was whole, or no HTTP
	TimedOut         Kind = "timed out"          //
	TooLarge         Kind = "too large"          // more body than Config.MaxBody
	Forbidden        Kind = "forbidden address"  // the guard refuses it
	TooManyRedirects Kind = "too many redirects" // more than request.MaxRedirects in a row
	BadURL           Kind = "bad URL"            // a redirect to what is not asked
	Cancelled        Kind = "cancelled"          // the caller's context ended
)

// Error is a request without an answer.
type Error struct {
	Kind Kind
	URL  string // that of the request in hand, redirects followed
	Err  error  // its cause; may be nil
	text string
}

// Error is a sentence for who develops the application. It names the address that was asked.
func (e *Error) Error() string { return e.text }

func (e *Error) Unwrap() error { return e.Err }

// Silent tells whether a real Kazoo would say nothing and wait (quirk silent-transport).
func (e *Error) Silent() bool {
	return e.Kind == Refused || e.Kind == Dropped || e.Kind == TimedOut || e.Kind == BadURL
}

// failure finds the kind of an error of net/http, and words it. came is how many bytes of the answer's
// body there are, -1 where there is not even a header; ended is that of the caller's context.
func failure(req request.Request, came int, err, ended error) *Error {
	where := place(req.URL)
	made := func(kind Kind, format string, args ...any) *Error {
		return &Error{kind, req.URL, err, fmt.Sprintf(format, args...)}
	}
	if blocked, ok := errors.AsType[*guard.BlockedError](err); ok {
		return made(Forbidden, "%s is an address that the guard lets nobody ask", blocked.Address)
	}
	if bad, ok := errors.AsType[*request.URIError](err); ok {
		return made(BadURL, "%s redirects to %q, which cannot be asked: %s", where, request.Shown(bad.URI), bad.Reason)
	}
	if ended != nil && !errors.Is(ended, context.DeadlineExceeded) {
		return made(Cancelled, "the request was given up")
	}
	operation, _ := errors.AsType[*net.OpError](err)
	dialled := operation != nil && operation.Op == "dial"
	timeout, isNet := errors.AsType[net.Error](err)
	if errors.Is(err, context.DeadlineExceeded) || isNet && timeout.Timeout() {
		return made(TimedOut, "%s", late(where, req.Timeout, dialled, came))
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if name, ok := strings.CutSuffix(dns.Name, request.SocketHost); ok {
			return made(Refused, "%q is no name of an app at a websocket, which has at most 32 of a-z, 0-9 and -", name)
		}
		if dns.IsNotFound {
			return made(Refused, "there is no host %s", dns.Name)
		}
		return made(Refused, "the address of %s cannot be found (%s)", dns.Name, dns.Err)
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return made(Refused, "nothing listens at %s", where)
	case dialled && (errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EHOSTUNREACH)):
		return made(Refused, "no way leads to %s from here", where)
	case dialled:
		return made(Refused, "no connection to %s (%s)", where, unwrapped(operation.Err))
	}
	if text := untrusted(where, err); text != "" {
		return made(Refused, "%s", text)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		if came < 0 {
			return made(Dropped, "%s closed the connection without an answer", where)
		}
		return made(Dropped, "%s closed the connection in the middle of its answer, of which %s came", where, octets(came))
	}
	cause := unwrapped(err).Error()
	const alert = `\x15\x03` // how a server that wants TLS refuses what is none
	if strings.Contains(cause, alert) {
		return made(Dropped, "%s speaks TLS: its URL begins with https://", where)
	}
	return made(Dropped, "what %s answers is no HTTP (%s)", where, cause)
}

func octets(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

// late words what has not come in time.
func late(where string, within time.Duration, dialled bool, came int) string {
	limit := "in time"
	switch {
	case within >= time.Second && within%time.Second == 0:
		limit = fmt.Sprintf("within %d s", within/time.Second)
	case within > 0:
		limit = fmt.Sprintf("within %d ms", within.Milliseconds())
	}
	switch {
	case dialled:
		return fmt.Sprintf("no connection to %s %s", where, limit)
	case came < 0:
		return fmt.Sprintf("%s answered nothing %s", where, limit)
	}
	return fmt.Sprintf("%s began an answer, and did not end it %s", where, limit)
}

// untrusted words why there is no TLS; "" where that is not what is wrong.
func untrusted(where string, err error) string {
	if other, ok := errors.AsType[x509.HostnameError](err); ok {
		return fmt.Sprintf("the TLS certificate of %s is for another host (%s)", where, unwrapped(other))
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return fmt.Sprintf("the TLS certificate of %s is not trusted: no authority that this machine knows has signed it", where)
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if invalid.Reason == x509.Expired {
			return fmt.Sprintf("the TLS certificate of %s has expired, or is not valid yet (%s)", where, invalid.Detail)
		}
		return fmt.Sprintf("the TLS certificate of %s is not trusted (%s)", where, invalid)
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || strings.Contains(err.Error(), "HTTPS client") {
		return fmt.Sprintf("%s speaks no TLS: its URL begins with http://", where)
	}
	if strings.Contains(err.Error(), "tls:") || strings.Contains(err.Error(), "x509:") {
		return fmt.Sprintf("no TLS connection to %s (%s)", where, unwrapped(err))
	}
	return ""
}

// place is the host and port of a URL.
func place(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" {
		return uri
	}
	if u.Port() != "" {
		return u.Host
	}
	return u.Host + map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
}

// without is a URL without its query, which may hold all parameters of a call.
func without(uri string) string {
	uri, _, _ = strings.Cut(uri, "?")
	return uri
}

// unwrapped is the innermost cause, without the URL that net/http puts before it.
func unwrapped(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
