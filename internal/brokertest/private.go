package brokertest

import (
	"context"
	"testing"
)

// Private is a broker that a test may stop and block: with the build tag real a
// RabbitMQ of its own, which keeps what is durable while it is stopped; else a
// built-in one, which keeps nothing.
type Private struct {
	URL string // the same before and after

	outage outage
}

// outage is what can befall a broker.
type outage interface {
	stop(ctx context.Context) error
	start(ctx context.Context) error
	block(ctx context.Context) error
	unblock(ctx context.Context) error
}

// NewPrivate starts a broker for one test and ends it with the test.
func NewPrivate(t testing.TB) *Private {
	t.Helper()
	address, outage := startPrivate(t)
	return &Private{URL: address, outage: outage}
}

// Stop ends the broker without a warning to its clients.
func (p *Private) Stop(ctx context.Context) error { return p.outage.stop(ctx) }

// Start brings the broker back after Stop.
func (p *Private) Start(ctx context.Context) error { return p.outage.start(ctx) }

// Block has the broker take no messages, as if short of memory. It tells a
// publisher so at its next message.
func (p *Private) Block(ctx context.Context) error { return p.outage.block(ctx) }

// Unblock ends what Block began.
func (p *Private) Unblock(ctx context.Context) error { return p.outage.unblock(ctx) }
