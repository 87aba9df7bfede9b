package webhooks

import (
	"context"
	"log/slog"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Graveyard keeps broken messages, for people to look at, to repair what is broken and
// to have them delivered after all.
type Graveyard interface {
	// Bury keeps a message. It returns nil when the message is safe, and waits for that
	// as long as ctx lets it. reason is a word of a closed list, problem a sentence.
	Bury(ctx context.Context, msg Message, reason, problem string) error
}

// failure is why an event could not be delivered, and never can be as it is.
type failure struct{ reason, problem string }

// burials are those under way. There are never more than messages that are not
// acknowledged and deliveries from the store that are in hand.
type burials struct {
	graveyard Graveyard // nil is none
	buried    *prometheus.CounterVec
	log       *slog.Logger
	running   sync.WaitGroup
}

func newBurials(dep Dependencies) *burials {
	b := &burials{
		graveyard: dep.Graveyard,
		buried: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kazoolab_webhook_dead_letters_total", Help: "Messages put into the dead-letter queue, by reason.",
		}, []string{"reason"}),
		log: dep.Log,
	}
	dep.Metrics.MustRegister(b.buried)
	return b
}

// broke ends a delivery that breaks the code, or can never be sent. One that is stored
// is buried now, and its row goes then; else its message is, once, when all its
// deliveries have ended.
func (e *Engine) broke(ctx context.Context, d *inHand, reason, problem string) verdict {
	if stored := d.close(); !stored && d.from != nil {
		d.from.failed.CompareAndSwap(nil, &failure{reason, clip(problem)})
		return concluded
	}
	e.bury(ctx, Message{
		Body: d.what.Body, ContentType: d.what.ContentType, ContentEncoding: d.what.ContentEncoding, RoutingKey: d.what.RoutingKey,
		Ack: func() error {
			e.conclude(d)
			return nil
		},
	}, reason, clip(problem))
	return postponed
}

// letGo ends a message whose deliveries are all safe.
func (e *Engine) letGo(ctx context.Context, from *taken) {
	if failed := from.failed.Load(); failed != nil {
		e.bury(ctx, from.Message, failed.reason, failed.problem)
		return
	}
	e.finish(from.Message)
}

// bury sees to it that a message is kept and then acknowledged, and returns at once.
// While it cannot be kept it stays unacknowledged.
func (e *Engine) bury(ctx context.Context, msg Message, reason, problem string) {
	b := e.burials
	if b.graveyard == nil {
		e.finish(msg)
		return
	}
	b.running.Go(func() {
		if msg.Stale != nil && msg.Stale() {
			return // it comes again
		}
		if err := b.graveyard.Bury(ctx, msg, reason, problem); err != nil {
			b.log.Warn("broken message not kept; it is delivered again", "reason", reason, "key", msg.RoutingKey, "error", err)
			return
		}
		b.buried.WithLabelValues(reason).Inc()
		e.finish(msg)
	})
}
