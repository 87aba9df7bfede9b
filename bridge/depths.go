package bridge

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// depthPause is how often the queues are looked at, and depthLimit how long one look
// may take.
const (
	depthPause = 10 * time.Second
	depthLimit = 5 * time.Second
)

// depths are how many messages wait in the queues that nodes share, as metrics. A queue
// that cannot be asked has none: an old figure would hide that nobody knows.
type depths struct {
	bus                 *bus.Bus
	clock               clock.Clock
	log                 *slog.Logger
	messages, consumers *prometheus.GaugeVec
}

func newDepths(b *bus.Bus, c clock.Clock, log *slog.Logger) *depths {
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{"queue"})
	}
	return &depths{
		bus: b, clock: c, log: log,
		messages:  gauge("kazoolab_queue_messages", "Messages that wait in a queue, those taken and not acknowledged left out."),
		consumers: gauge("kazoolab_queue_consumers", "Consumers of a queue: as many as nodes take events."),
	}
}

// run looks from time to time until ctx ends, first when the queues are declared.
func (d *depths) run(ctx context.Context, declared <-chan struct{}) {
	select {
	case <-declared:
	case <-ctx.Done():
		return
	}
	for {
		for _, queue := range []string{WorkQueue, DeadQueue} {
			d.look(ctx, queue)
		}
		if clock.Sleep(ctx, d.clock, depthPause) != nil {
			return
		}
	}
}

func (d *depths) look(ctx context.Context, queue string) {
	ctx, cancel := context.WithTimeout(ctx, depthLimit)
	defer cancel()
	depth, err := d.bus.Inspect(ctx, queue)
	if err != nil {
		d.messages.DeleteLabelValues(queue)
		d.consumers.DeleteLabelValues(queue)
		if !errors.Is(err, bus.ErrNoQueue) {
			d.log.Debug("queue not looked at", "queue", queue, "error", err)
		}
		return
	}
	d.messages.WithLabelValues(queue).Set(float64(depth.Ready))
	d.consumers.WithLabelValues(queue).Set(float64(depth.Consumers))
}
