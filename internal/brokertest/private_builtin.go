//go:build !real

package brokertest

import (
	"context"
	"testing"

	"github.com/kazoolab/kazoolab/simulator/broker"
)

// onlyReal says that no built-in broker will do.
const onlyReal = false

func startPrivate(t testing.TB) (string, outage) {
	t.Helper()
	server := startEmbedded(t)
	return server.url(), builtIn{server}
}

type builtIn struct{ *embedded }

func (b builtIn) stop(context.Context) error  { return b.embedded.stop() }
func (b builtIn) start(context.Context) error { return b.embedded.start() }

func (b builtIn) block(context.Context) error {
	b.broker.SetMaxMemory(-1) // even an empty broker holds more
	return nil
}

func (b builtIn) unblock(context.Context) error {
	b.broker.SetMaxMemory(broker.DefaultMaxMemory)
	return nil
}
