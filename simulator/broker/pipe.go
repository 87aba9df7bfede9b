package broker

import (
	"context"
	"net"
	"sync"
)

// Pipe is a listener within the process: a test's clients reach the broker
// without a port.
type Pipe struct {
	calls chan net.Conn
	done  chan struct{}
	close sync.Once
}

// NewPipe makes a Pipe for Broker.Serve.
func NewPipe() *Pipe { return &Pipe{calls: make(chan net.Conn), done: make(chan struct{})} }

// Dial connects; it waits until the listener accepts. It fits amqp091.Config.Dial
// with a closure.
func (p *Pipe) Dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.calls <- server:
		return client, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (p *Pipe) Accept() (net.Conn, error) {
	select {
	case server := <-p.calls:
		return server, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (p *Pipe) Close() error {
	p.close.Do(func() { close(p.done) })
	return nil
}

// Addr implements net.Listener.
func (p *Pipe) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

// Network implements net.Addr.
func (pipeAddr) Network() string { return "pipe" }

// String implements net.Addr.
func (pipeAddr) String() string { return "pipe" }
