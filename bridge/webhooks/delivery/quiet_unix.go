//go:build unix

package delivery

import (
	"errors"
	"net"
	"syscall"
)

// quiet tells whether nothing has come over a socket that is not in use, not even its
// end. Some receivers send 408 before they close it, which is no answer to the next
// request.
func quiet(socket net.Conn) bool {
	conn, ok := socket.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	nothing := false
	err = raw.Read(func(fd uintptr) (done bool) {
		_, err := syscall.Read(int(fd), make([]byte, 1))
		nothing = errors.Is(err, syscall.EAGAIN)
		return true
	})
	return nothing && err == nil
}
