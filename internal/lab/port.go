package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
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
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", p.address)
		if err == nil {
			server := &http.Server{Handler: p.handler, ReadHeaderTimeout: time.Minute}
			p.server = server
			go func() { _ = server.Serve(listener) }()
			return nil
		}
		if pause := clock.Sleep(ctx, clock.System(), 50*time.Millisecond); pause != nil {
			return fmt.Errorf("listen for hooks again: %w", err)
		}
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

// freeAddress finds a port of this machine below the range from which systems take
// the client ends of connections, so that it stays free while its owner is away.
func freeAddress(random *ids.Source) (string, error) {
	const low, many, tries = 20000, 12000, 200
	for range tries {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(low+random.IntN(many)))
		listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp4", address)
		if err == nil {
			return address, listener.Close()
		}
	}
	return "", errors.New("no free TCP port on 127.0.0.1 between 20000 and 31999")
}
