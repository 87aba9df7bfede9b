package main

import (
	"errors"
	"syscall"
)

// smallBuffer has the kernel keep little for a client that does not read. It must be
// said before the connection is made.
func smallBuffer(_, _ string, conn syscall.RawConn) error {
	var refused error
	err := conn.Control(func(fd uintptr) {
		refused = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, smallSize)
	})
	return errors.Join(err, refused)
}
