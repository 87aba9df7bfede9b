package brokertest

import (
	"context"
	"errors"
	"net"
	"net/http/httptest"
	"testing"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/broker"
	"github.com/kazoolab/kazoolab/simulator/broker/management"
)

// embeddedVhost is not the default one, as on RabbitMQ it would not be.
const embeddedVhost = "test"

// embedded is a built-in broker of one test. Its methods are called one at a time.
type embedded struct {
	address string // stays the same through stop and start

	broker *broker.Broker
	end    context.CancelFunc
	ended  chan error // nil while it is stopped
}

func startEmbedded(t testing.TB) *embedded {
	t.Helper()
	e := &embedded{address: "127.0.0.1:0"}
	if err := e.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.stop(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func (e *embedded) url() string { return "amqp://guest:guest@" + e.address + "/" + embeddedVhost }

func (e *embedded) closeConnections(context.Context) (int, error) {
	return e.broker.CloseConnections(embeddedVhost, "closed by the test"), nil
}

func (e *embedded) management(t testing.TB) string {
	t.Helper()
	server := httptest.NewServer(management.Handler(e.broker))
	t.Cleanup(server.Close)
	return "http://guest:guest@" + server.Listener.Addr().String()
}

// start runs a new and empty broker.
func (e *embedded) start() error {
	listener, err := net.Listen("tcp4", e.address)
	if err != nil {
		return err
	}
	e.address = listener.Addr().String()
	e.broker = broker.New(broker.Config{Vhosts: []string{embeddedVhost}, Clock: clock.System(), IDs: ids.New()})
	ctx, end := context.WithCancel(context.Background())
	e.end, e.ended = end, make(chan error, 1)
	go func(ended chan<- error) { ended <- e.broker.Serve(ctx, listener) }(e.ended)
	return nil
}

// stop ends the broker, and what it holds.
func (e *embedded) stop() error {
	if e.ended == nil {
		return nil
	}
	e.end()
	select {
	case err := <-e.ended:
		e.ended = nil
		return err
	case <-clock.System().After(patience):
		return errors.New("the broker does not end")
	}
}
