//go:build real

package brokertest

import (
	"context"
	"testing"

	"github.com/kazoolab/kazoolab/internal/rabbitmq"
)

// onlyReal says that no built-in broker will do.
const onlyReal = true

func startPrivate(t testing.TB) (string, outage) {
	t.Helper()
	server, err := rabbitmq.Start(t.Context(), rabbitmq.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server.URL(), realOne{server}
}

type realOne struct{ server rabbitmq.Running }

func (r realOne) stop(ctx context.Context) error  { return r.server.Halt(ctx) }
func (r realOne) start(ctx context.Context) error { return r.server.Restart(ctx) }

// The limit is a share of the machine's memory; 0.4 is RabbitMQ's own.
func (r realOne) block(ctx context.Context) error   { return r.limit(ctx, "0.000001") }
func (r realOne) unblock(ctx context.Context) error { return r.limit(ctx, "0.4") }

func (r realOne) limit(ctx context.Context, share string) error {
	_, err := r.server.Control(ctx, "set_vm_memory_high_watermark", share)
	return err
}
