package brokertest

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// Proxy stands between a client and a broker and can cut the line.
type Proxy struct {
	URL string // the broker's, through the proxy

	broker string
	lines  sync.WaitGroup

	mu    sync.Mutex
	open  map[net.Conn]bool // both ends of each line
	cable bool              // plugged in
}

// NewProxy forwards to the broker at address until the test ends.
func NewProxy(t testing.TB, address string) *Proxy {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{broker: u.Host, open: map[net.Conn]bool{}, cable: true}
	u.Host = listener.Addr().String()
	p.URL = u.String()
	p.lines.Go(func() { p.accept(listener) })
	t.Cleanup(func() {
		_ = listener.Close()
		p.Unplug()
		p.lines.Wait()
	})
	return p
}

// Cut breaks every line and returns how many there were. New ones are accepted.
func (p *Proxy) Cut() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	ends := len(p.open)
	for end := range p.open {
		_ = end.Close()
	}
	clear(p.open)
	return ends / 2
}

// Unplug cuts every line and breaks new ones at once, until Plug.
func (p *Proxy) Unplug() {
	p.mu.Lock()
	p.cable = false
	p.mu.Unlock()
	p.Cut()
}

// Plug ends what Unplug began.
func (p *Proxy) Plug() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cable = true
}

func (p *Proxy) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.broker) //nolint:noctx // a connection has no caller to cancel it
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		if p.cable {
			p.open[client], p.open[server] = true, true
			p.lines.Go(func() { p.forward(client, server) })
			p.lines.Go(func() { p.forward(server, client) })
		} else {
			_, _ = client.Close(), server.Close()
		}
		p.mu.Unlock()
	}
}

func (p *Proxy) forward(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, end := range []net.Conn{to, from} {
		_ = end.Close()
		delete(p.open, end)
	}
}
