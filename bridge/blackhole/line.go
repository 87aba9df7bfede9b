package blackhole

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
)

// line is the connection under a socket. Frames that are written while it is held go
// out with one call. Where bursts wait, that made three times as many deliveries.
type line struct {
	net.Conn

	mu   sync.Mutex
	hold bool
	held net.Buffers // frames of prepared messages, which do not change
}

// sendBuffer is what the kernel takes of a socket, at the most: of 4 MB, which it takes
// otherwise, nothing showed of a client that had stopped reading for minutes. It holds
// any batch.
const sendBuffer = 2 * maxBatchBytes

// bound says so to the kernel.
func (l *line) bound() error {
	conn := l.Conn
	if over, is := conn.(*tls.Conn); is {
		conn = over.NetConn()
	}
	if tcp, is := conn.(*net.TCPConn); is {
		return tcp.SetWriteBuffer(sendBuffer)
	}
	return nil
}

// Write is for whole frames.
func (l *line) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.hold {
		return l.Conn.Write(p)
	}
	l.held = append(l.held, p)
	return len(p), nil
}

// collect holds back what is written from now on.
func (l *line) collect() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hold = true
}

// release writes what was held back.
func (l *line) release() error {
	const keep = 16
	l.mu.Lock()
	defer l.mu.Unlock()
	held := l.held
	l.hold, l.held = false, nil
	var err error
	if _, plain := l.Conn.(*net.TCPConn); plain {
		rest := held
		_, err = rest.WriteTo(l.Conn)
	} else { // TLS would make a record of each
		_, err = l.Conn.Write(bytes.Join(held, nil))
	}
	if cap(held) <= keep {
		clear(held)
		l.held = held[:0]
	}
	return err
}

// lineWriter gives the upgrade a line in place of the connection.
type lineWriter struct {
	http.ResponseWriter
	line *line
}

// Hijack is that of http.Hijacker.
func (w *lineWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.line = &line{Conn: conn}
	return w.line, buffers, w.line.bound()
}
