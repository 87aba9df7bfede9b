// Package brokertest gives a test a RabbitMQ virtual host of its own. It owns
// making and removing virtual hosts and cutting connections; it never
// touches another test's virtual host, nor the default one.
//
// The broker is the one named by the environment, as `make test` sets it up
// through internal/rabbitmq/with. A package that is also to be tested by a bare
// `go test` starts one for its test binary:
//
//	func TestMain(m *testing.M) { os.Exit(brokertest.Main(m)) }
//
// A test that stops or restarts its broker takes a Private one.
package brokertest

import (
	"context"
	"log/slog"
	"net/url"
	"os"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/internal/rabbitmq"
)

// The environment variables that name the broker to test with: its AMQP address
// and its management API, both with credentials.
const (
	URLVariable        = "KAZOOLAB_TEST_AMQP_URL"
	ManagementVariable = "KAZOOLAB_TEST_MANAGEMENT_URL"
)

const missing = "no broker to test with: run `make test`, or set " + URLVariable + " and " + ManagementVariable +
	", or let the package's TestMain call brokertest.Main"

// patience bounds each request to the management API.
const patience = 15 * time.Second

// Broker is one test's virtual host.
type Broker struct {
	URL        string // amqp://user:password@host:port/vhost
	management management
	vhost      string
}

// Main runs the tests, with a private RabbitMQ when the environment names none,
// and returns the exit code.
func Main(m *testing.M) int {
	if os.Getenv(URLVariable) != "" && os.Getenv(ManagementVariable) != "" {
		return m.Run()
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	server, err := start(rabbitmq.Options{Management: true})
	if err != nil {
		log.Error("no broker to test with", "error", err)
		return 1
	}
	defer func() {
		if err := server.Stop(context.Background()); err != nil {
			log.Error("stopping the broker", "error", err)
		}
	}()
	for name, value := range map[string]string{
		URLVariable: server.URL(), ManagementVariable: server.ManagementURL(),
	} {
		if err := os.Setenv(name, value); err != nil {
			log.Error("naming the broker", "error", err)
			return 1
		}
	}
	return m.Run()
}

// New makes a virtual host and removes it when the test ends.
func New(t testing.TB) *Broker {
	t.Helper()
	address, api := os.Getenv(URLVariable), os.Getenv(ManagementVariable)
	if address == "" || api == "" {
		t.Fatal(missing)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatalf("%s is not a URL", URLVariable)
	}
	b := &Broker{management: management{base: api}, vhost: "test-" + ids.New().Hex(12)}
	u.Path = "/" + b.vhost
	b.URL = u.String()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := b.management.createVhost(ctx, b.vhost, u.User.Username()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := b.management.deleteVhost(ctx, b.vhost); err != nil {
			t.Error(err)
		}
	})
	return b
}

// CloseConnections has the broker close the connections of the virtual host, and
// returns how many it found. A connection can be found some seconds after it is
// made; a Proxy cuts at once.
func (b *Broker) CloseConnections(ctx context.Context) (int, error) {
	return b.management.closeConnections(ctx, b.vhost)
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

// Private starts a RabbitMQ for one test, which may restart or kill it, and stops
// it when the test ends.
func Private(t testing.TB, options rabbitmq.Options) *rabbitmq.Server {
	t.Helper()
	server, err := start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return server
}

func start(options rabbitmq.Options) (*rabbitmq.Server, error) {
	installation, err := rabbitmq.Find()
	if err != nil {
		return nil, err
	}
	return installation.Start(context.Background(), options)
}
