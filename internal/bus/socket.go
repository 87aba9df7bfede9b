package bus

import (
	"net"
	"sync"
)

// socket is the connection to the broker. What is written to it together goes out in
// one write: amqp091-go makes one of each frame, and where receivers that fail leave
// gaps among what is done, a write for each acknowledgement took 7 % of the bridge's
// CPU. Safe for use by many goroutines.
type socket struct {
	net.Conn

	mu   sync.Mutex
	open int    // calls of together that have not ended
	held []byte // not written yet
}

// mostHeld is how much waits for the end of what is written together.
const mostHeld = 64 << 10

func (s *socket) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == 0 {
		return s.Conn.Write(p)
	}
	s.held = append(s.held, p...)
	if len(s.held) < mostHeld {
		return len(p), nil
	}
	return len(p), s.flush()
}

// together writes what send writes at its end.
func (s *socket) together(send func() error) error {
	s.mu.Lock()
	s.open++
	s.mu.Unlock()
	err := send()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open--; s.open > 0 {
		return err
	}
	if lost := s.flush(); lost != nil {
		// Who has written it believes that it has gone out.
		_ = s.Close()
		return lost
	}
	return err
}

// flush writes what is held. The caller holds the lock.
func (s *socket) flush() error {
	if len(s.held) == 0 {
		return nil
	}
	_, err := s.Conn.Write(s.held)
	s.held = s.held[:0]
	return err
}
