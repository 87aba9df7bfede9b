package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

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

// Error is a sentence for who develops the application.
func (e *Error) Error() string { return e.URL + ": " + e.text }

func (e *Error) Unwrap() error { return e.Err }

// Silent tells whether a real Kazoo would say nothing and wait (quirk silent-transport).
func (e *Error) Silent() bool {
	return e.Kind == Refused || e.Kind == Dropped || e.Kind == TimedOut || e.Kind == BadURL
}

// failure finds the kind of an error of net/http. ended is that of the caller's context.
func failure(url string, err, ended error) *Error {
	made := func(kind Kind, format string, args ...any) *Error {
		return &Error{kind, url, err, fmt.Sprintf(format, args...)}
	}
	if blocked, ok := errors.AsType[*guard.BlockedError](err); ok {
		return made(Forbidden, "the guard lets no connection lead to %s", blocked.Address)
	}
	if bad, ok := errors.AsType[*request.URIError](err); ok {
		return made(BadURL, "it redirects to what cannot be asked: %s", bad)
	}
	if ended != nil && !errors.Is(ended, context.DeadlineExceeded) {
		return made(Cancelled, "the request was given up")
	}
	timeout, isNet := errors.AsType[net.Error](err)
	if errors.Is(err, context.DeadlineExceeded) || isNet && timeout.Timeout() {
		return made(TimedOut, "no whole answer in time")
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return made(Refused, "no address is known for the host %s", dns.Name)
	}
	operation, ok := errors.AsType[*net.OpError](err)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return made(Refused, "the connection was refused: is the application running?")
	case ok && operation.Op == "dial":
		return made(Refused, "no connection: %s", operation.Err)
	case strings.Contains(err.Error(), "tls:"), strings.Contains(err.Error(), "x509:"), strings.Contains(err.Error(), "HTTPS client"):
		return made(Refused, "no TLS connection: %s", unwrapped(err))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return made(Dropped, "the connection was closed before the answer was whole")
	}
	return made(Dropped, "the answer cannot be read: %s", unwrapped(err))
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
