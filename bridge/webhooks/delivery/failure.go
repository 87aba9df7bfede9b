package delivery

import (
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/kazoolab/kazoolab/internal/guard"
)

func failure(err error, connected bool) Outcome {
	return Outcome{ClientError: clientError(err, connected), Err: err}
}

// clientError names a failure as the reference's client does (recorded, where it
// has a name for it).
func clientError(err error, connected bool) string {
	if uri, ok := errors.AsType[uriError](err); ok {
		return string(uri)
	}
	if blocked, ok := errors.AsType[*guard.BlockedError](err); ok {
		return blocked.Error()
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
		switch {
		case timedOut(err):
			return "timeout"
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
			errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
			return "socket_closed_remotely"
		}
	}
	return "unknown"
}

func timedOut(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
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
