package broker_test

import (
	"net"
	"sync/atomic"
)

// muted is a client's connection that can be made to send nothing any more.
type muted struct {
	net.Conn

	on atomic.Bool
}

func (m *muted) Write(p []byte) (int, error) {
	if m.on.Load() {
		return len(p), nil
	}
	return m.Conn.Write(p)
}
