package delivery

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"net"
	"net/http"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

const (
	// maxHeader bounds an answer's header, in bytes.
	maxHeader = 64 << 10
	// maxAtOnce is the longest body that is written before the answer is read: systems
	// take so much without a receiver that reads. Of a longer one, a receiver that
	// answers before it has read all could wait for us as we for it.
	maxAtOnce = 16 << 10
)

// connection is one to a receiver. It serves one request at a time.
type connection struct {
	net.Conn          // in plain
	socket   net.Conn // beneath TLS
	to       place
	in       *bufio.Reader
	out      []byte
	since    time.Time // unused since

	// Of the request under way.
	read  int64       // bytes of its answer
	limit int64       // of read
	stop  func() bool // no longer heeds the request's context
	sent  chan error  // of a body that is written meanwhile; else nil
}

func newConnection(to place, socket, plain net.Conn) *connection {
	c := &connection{Conn: plain, socket: socket, to: to}
	c.in = bufio.NewReader(c)
	return c
}

// Read is for in.
func (c *connection) Read(p []byte) (int, error) {
	if c.read >= c.limit {
		return 0, fmt.Errorf("the answer's header exceeds %d bytes", maxHeader)
	}
	n, err := c.Conn.Read(p[:min(int64(len(p)), c.limit-c.read)])
	c.read += int64(n)
	return n, err
}

// answered tells whether anything came back of the request under way.
func (c *connection) answered() bool { return c.read > 0 }

// ask writes a request and reads its answer up to the body. With an error the
// connection is closed.
func (c *connection) ask(ctx context.Context, deadline time.Time, o outgoing) (*http.Response, error) {
	c.read, c.limit, c.sent = 0, maxHeader, nil
	_ = c.SetDeadline(deadline) // what is closed says so when it is used
	c.stop = context.AfterFunc(ctx, func() { _ = c.SetDeadline(clock.System().Now()) })
	resp, err := c.exchange(o)
	if err != nil {
		c.stop()
		_ = c.Close()
	}
	return resp, err
}

func (c *connection) exchange(o outgoing) (*http.Response, error) {
	if len(o.body) > maxAtOnce {
		c.sent = make(chan error, 1)
		go func() { c.sent <- c.send(o) }()
	} else if err := c.send(o); err != nil {
		return nil, err
	}
	for {
		resp, err := http.ReadResponse(c.in, nil)
		if err != nil {
			return nil, err
		}
		// Another follows what is only informative (RFC 9110, 15.2).
		if resp.StatusCode >= http.StatusOK || resp.StatusCode == http.StatusSwitchingProtocols {
			c.limit = math.MaxInt64
			return resp, nil
		}
	}
}

func (c *connection) send(o outgoing) error {
	if len(o.body) > maxAtOnce {
		_, err := (&net.Buffers{o.head, o.body}).WriteTo(c.Conn)
		return err
	}
	c.out = append(append(c.out[:0], o.head...), o.body...) // in one piece, for one packet
	_, err := c.Conn.Write(c.out)
	return err
}

// release ends a request whose answer was read, and tells whether another can follow.
func (c *connection) release() bool {
	free := c.stop() && c.in.Buffered() == 0
	if c.sent == nil {
		return free
	}
	select {
	case err := <-c.sent:
		return free && err == nil
	default:
		return false
	}
}
