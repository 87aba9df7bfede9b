package lab

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/daemon"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// port is an HTTP server on an address that it finds again after it was closed.
type port struct {
	address string
	handler http.Handler

	mu     sync.Mutex
	server *http.Server // nil while closed
}

func newPort(handler http.Handler, random *ids.Source) (*port, error) {
	address, err := freeAddress(random)
	if err != nil {
		return nil, err
	}
	p := &port{address: address, handler: handler}
	return p, p.open()
}

// open listens, within some seconds: connections that are being closed may still
// hold the port.
func (p *port) open() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.server != nil {
		return nil
	}
	const tries, pause = 100, 50 * time.Millisecond
	for try := 1; ; try++ {
		listener, err := net.Listen("tcp4", p.address)
		if err == nil {
			server := &http.Server{Handler: p.handler, ReadHeaderTimeout: time.Minute}
			p.server = server
			go func() { _ = server.Serve(listener) }()
			return nil
		}
		if try == tries {
			return fmt.Errorf("listen for hooks again: %w", err)
		}
		clock.System().Sleep(pause)
	}
}

// close refuses connections and breaks those there are.
func (p *port) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.server == nil {
		return nil
	}
	server := p.server
	p.server = nil
	return server.Close()
}

// freeAddress is one of this machine that nobody takes while its owner is away.
func freeAddress(random *ids.Source) (string, error) {
	ports, err := daemon.FreePorts(1, random)
	if err != nil {
		return "", err
	}
	return daemon.Address(ports[0]), nil
}
