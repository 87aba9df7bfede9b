package cli_test

import (
	"bufio"
	"context"
	"net"
	"sync"
	"testing"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// door lets a test in to a broker that a program keeps for itself, before anybody else: it
// stands for the program's Listen. Who comes to one of its listeners and speaks AMQP waits
// until the test has opened.
type door struct {
	t      *testing.T
	broker chan chan<- net.Conn // what the broker accepts
	open   chan struct{}
	end    chan struct{}
	once   sync.Once
}

func newDoor(t *testing.T) *door {
	t.Helper()
	d := &door{t: t, broker: make(chan chan<- net.Conn, 1), open: make(chan struct{}), end: make(chan struct{})}
	t.Cleanup(func() { close(d.end) })
	return d
}

// listen is a program's Listen.
func (d *door) listen(ctx context.Context, network, address string) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l := &doorListener{Listener: listener, conns: make(chan net.Conn), closed: make(chan struct{})}
	go func() {
		defer close(l.closed)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go d.admit(l, conn)
		}
	}()
	return l, nil
}

// admit hands a connection on, in its time. Of HTTP and AMQP the client speaks first.
func (d *door) admit(l *doorListener, conn net.Conn) {
	read := bufio.NewReader(conn)
	if begin, _ := read.Peek(4); string(begin) == "AMQP" {
		d.once.Do(func() { d.broker <- l.conns })
		select {
		case <-d.open:
		case <-d.end:
			_ = conn.Close()
			return
		}
	}
	select {
	case l.conns <- &peekedConn{conn, read}:
	case <-l.closed:
		_ = conn.Close()
	}
}

// url waits for the broker, and is where it can be reached already.
func (d *door) url() string {
	d.t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = listener.Close() })
	go func() {
		var inside chan<- net.Conn
		select {
		case inside = <-d.broker:
		case <-d.end:
			return
		}
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			select {
			case inside <- conn:
			case <-d.end:
				_ = conn.Close()
			}
		}
	}()
	return "amqp://guest:guest@" + listener.Addr().String() + "/"
}

// doorListener gives a server what the door has let in.
type doorListener struct {
	net.Listener

	conns  chan net.Conn
	closed chan struct{}
}

// Accept makes doorListener a net.Listener.
func (l *doorListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// peekedConn is a connection of which something has been read ahead.
type peekedConn struct {
	net.Conn

	read *bufio.Reader
}

// Read makes peekedConn a net.Conn.
func (c *peekedConn) Read(p []byte) (int, error) { return c.read.Read(p) }

// pausing is a standard output that keeps the program until the test is through, once it
// has something to say.
type pausing struct {
	buffer

	first sync.Once
	said  chan struct{}
	goOn  chan struct{}
}

func newPausing() *pausing { return &pausing{said: make(chan struct{}), goOn: make(chan struct{})} }

// Write makes pausing an io.Writer.
func (p *pausing) Write(text []byte) (int, error) {
	n, err := p.buffer.Write(text)
	p.first.Do(func() {
		close(p.said)
		<-p.goOn
	})
	return n, err
}

// await returns once there is something.
func (p *pausing) await(t *testing.T) {
	t.Helper()
	select {
	case <-p.said:
	case <-clock.System().After(soon):
		t.Fatal("the program says nothing")
	}
}
