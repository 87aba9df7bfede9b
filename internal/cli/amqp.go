package cli

import (
	"context"
	"errors"
	"time"

	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/config"
	"github.com/kazoolab/kazoolab/internal/runfile"
)

// brokerOf is the broker to use, that of the up that runs unless another one is named;
// and that up, nil when none runs.
func (a *app) brokerOf(ctx context.Context, loaded *config.Loaded) (url string, running *runfile.File) {
	up, err := a.running(ctx, loaded.Config)
	switch {
	case err != nil:
		return loaded.AMQPURL, nil
	case loaded.IsDefault("amqp-url"):
		return up.AMQP, &up
	}
	return loaded.AMQPURL, &up
}

// onBroker runs a bus for as long as a piece of work needs it. limit bounds the wait for
// the connection; a broker that is not there is an error at once. The bus outlives ctx, at whose
// end the work still has something to say.
func onBroker(ctx context.Context, b *bus.Bus, url string, limit time.Duration, work func() error) error {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- b.Run(running) }()
	err := connected(ctx, b, limit)
	switch {
	case err == nil:
		err = work()
	case isRefusal(err):
		err = unreachablef("broker at %s: %w", config.MaskURL(url), err)
	default:
		err = unreachablef("no broker at %s: %w", config.MaskURL(url), err)
	}
	stop()
	if unusable := <-ended; unusable != nil {
		return usagef("%w", unusable)
	}
	return err
}

// isRefusal tells that there is a broker, which refuses something until somebody
// changes that.
func isRefusal(err error) bool {
	for _, kind := range []error{bus.ErrLogin, bus.ErrNoVhost, bus.ErrVhost, bus.ErrForbidden} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// connected waits for the first attempt to connect to end, one way or the other.
func connected(ctx context.Context, b *bus.Bus, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := b.WaitState(ctx, func(s bus.State) bool { return s.Connected || s.LastError != nil })
	if err == nil && !b.State().Connected {
		return cause(b.State().LastError)
	}
	return err
}
