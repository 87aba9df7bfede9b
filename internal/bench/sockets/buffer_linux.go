package main

import (
	"errors"
	"syscall"
)

// smallBuffer has both kernels keep little for a client that does not read: its own
// buffer is small, and segments are those of a network. Of loopback's 64 KB each, the
// server's kernel took hundreds of frames before any had to wait. It must be said before
// the connection is made.
func smallBuffer(_, _ string, conn syscall.RawConn) error {
	const segment = 1400
	var refused error
	err := conn.Control(func(fd uintptr) {
		refused = errors.Join(
			syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, smallSize),
			syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, segment),
		)
	})
	return errors.Join(err, refused)
}
