package bus

import (
	"context"
	"sync"
	"time"
)

// Teller publishes in the order of Tell for those who cannot wait. What cannot be
// published in time, as there is no broker, is dropped: it is for messages that are worth
// nothing later. Its methods may be called from any goroutine.
type Teller struct {
	bus   *Bus
	limit time.Duration
	most  int
	wake  chan struct{}

	sending sync.WaitGroup // that a message is confirmed

	mu      sync.Mutex
	waiting []toldLater
}

type toldLater struct {
	compose func() (Message, error)
	failed  func(error)
}

// NewTeller returns one that gives each message so long, and lets at most so many wait.
func (b *Bus) NewTeller(limit time.Duration, most int) *Teller {
	return &Teller{bus: b, limit: limit, most: most, wake: make(chan struct{}, 1)}
}

// Tell has a message published, which is composed when its turn comes. failed is called with
// why it was not, with the errors of Publish. It is false where too many wait.
func (t *Teller) Tell(compose func() (Message, error), failed func(error)) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) >= t.most {
		return false
	}
	t.waiting = append(t.waiting, toldLater{compose, failed})
	select {
	case t.wake <- struct{}{}:
	default:
	}
	return true
}

// Run publishes until ctx ends. It is called once.
func (t *Teller) Run(ctx context.Context) {
	defer t.sending.Wait()
	for {
		select {
		case <-t.wake:
		case <-ctx.Done():
			return
		}
		for _, one := range t.take() {
			t.publish(ctx, one)
		}
	}
}

func (t *Teller) take() (all []toldLater) {
	t.mu.Lock()
	defer t.mu.Unlock()
	all, t.waiting = t.waiting, nil
	return all
}

// publish returns when the message is on its way, so that the next comes after it.
func (t *Teller) publish(ctx context.Context, one toldLater) {
	message, err := one.compose()
	if err != nil {
		one.failed(err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, t.limit)
	sending, err := t.bus.Begin(ctx, message)
	if err != nil {
		cancel()
		one.failed(err)
		return
	}
	t.sending.Go(func() {
		defer cancel()
		if err := sending.Wait(ctx); err != nil {
			one.failed(err)
		}
	})
}
