package bridge

import (
	"context"

	"github.com/kazoolab/kazoolab/bridge/deadletter"
	"github.com/kazoolab/kazoolab/bridge/webhooks"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// graveyard puts broken messages into DeadQueue.
type graveyard struct {
	bus   *bus.Bus
	clock clock.Clock
	ids   *ids.Source
	node  string
}

// Bury returns nil when the broker has confirmed the letter. While it is away that is
// waited for.
func (g graveyard) Bury(ctx context.Context, m webhooks.Message, reason, problem string) error {
	return g.bus.Publish(ctx, deadletter.Letter{
		ID: g.ids.Hex(16), Time: g.clock.Now(), Node: g.node, Reason: reason, Problem: problem,
		Exchange: m.Exchange, RoutingKey: m.RoutingKey,
		ContentType: m.ContentType, ContentEncoding: m.ContentEncoding, Body: m.Body,
	}.Message())
}
