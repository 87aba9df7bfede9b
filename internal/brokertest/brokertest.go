// Package brokertest gives a test a broker. Without more it is the built-in one
// (simulator/broker), in the test's own process and for that test alone, so that
// `go test` needs nothing else. Where the environment names a RabbitMQ, as
// internal/brokertest/with sets it up for `make test-real`, the test gets a virtual
// host of its own there; with the build tag real there must be one. The same
// tests hold on both.
//
// It owns making and removing brokers and virtual hosts and cutting connections;
// it never touches another test's, nor the default virtual host of a broker that
// it did not start.
package brokertest

import (
	"context"
	"net/url"
	"os"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/ids"
)

// The environment variables that name the RabbitMQ to test with: its AMQP address
// and its management API, both with credentials.
const (
	URLVariable        = "KAZOOLAB_TEST_AMQP_URL"
	ManagementVariable = "KAZOOLAB_TEST_MANAGEMENT_URL"
)

// patience bounds each request to the management API, and the end of a broker.
const patience = 15 * time.Second

// Broker is one test's own broker, or virtual host.
type Broker struct {
	URL string // amqp://user:password@host:port/vhost

	closeConnections func(context.Context) (int, error)
	management       func(testing.TB) string
}

// New makes a broker, or a virtual host, that is gone when the test ends.
func New(t testing.TB) *Broker {
	t.Helper()
	address, managed := os.Getenv(URLVariable), os.Getenv(ManagementVariable)
	switch {
	case address != "" && managed != "":
		return newVhost(t, address, managed)
	case address != "" || managed != "":
		t.Fatalf("set both %s and %s, or neither", URLVariable, ManagementVariable)
	case onlyReal:
		t.Fatalf("no RabbitMQ to test with: run `make test-real`, or set %s and %s", URLVariable, ManagementVariable)
	}
	server := startEmbedded(t)
	return &Broker{URL: server.url(), closeConnections: server.closeConnections, management: server.management}
}

// newVhost makes a virtual host at the RabbitMQ that the environment names.
func newVhost(t testing.TB, address, managed string) *Broker {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatalf("%s is not a URL", URLVariable)
	}
	host, vhost := api{base: managed}, "test-"+ids.New().Hex(12)
	u.Path = "/" + vhost
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := host.createVhost(ctx, vhost, u.User.Username()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := host.deleteVhost(ctx, vhost); err != nil {
			t.Error(err)
		}
	})
	return &Broker{
		URL:              u.String(),
		closeConnections: func(ctx context.Context) (int, error) { return host.closeConnections(ctx, vhost) },
		management:       func(testing.TB) string { return managed },
	}
}

// CloseConnections has the broker close the test's connections, and returns how
// many it found. RabbitMQ can take some seconds to find one that is new; a Proxy
// cuts at once.
func (b *Broker) CloseConnections(ctx context.Context) (int, error) { return b.closeConnections(ctx) }

// ManagementURL is where the management API answers while the test runs, with
// credentials and without a final slash.
func (b *Broker) ManagementURL(t testing.TB) string {
	t.Helper()
	return b.management(t)
}

// Channel opens a plain client's channel, for a test to look at the broker or
// meddle with it. Its connection is closed when the test ends.
func (b *Broker) Channel(t testing.TB) *amqp.Channel {
	t.Helper()
	return Channel(t, b.URL)
}

// Channel is Broker.Channel for any broker.
func Channel(t testing.TB, address string) *amqp.Channel {
	t.Helper()
	conn, err := amqp.Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // the test may have cut it
	channel, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return channel
}
