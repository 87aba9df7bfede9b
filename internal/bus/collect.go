package bus

import (
	"context"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// Gathering says when Collect has replies enough. Without a word it waits for the end
// of its context.
type Gathering struct {
	// Quiet is how long nothing must have followed a reply, once AtLeast have come; 0
	// waits for ever.
	Quiet   time.Duration
	AtLeast int
	// Enough is asked after each reply, with all that have come; nil never has enough.
	Enough func(replies []Delivery) bool
}

// Collect publishes r and returns the replies of everyone who answers, in the order
// of their arrival. That ctx ends is no error once the request is sent: what has come
// by then, be it nothing, are the replies (kz_amqp_worker:call_collect/4; the
// reference allows 2 s). A request that reaches no queue is a *ReturnedError at once.
func (b *Bus) Collect(ctx context.Context, r Request, until Gathering) ([]Delivery, error) {
	asked, err := b.ask(ctx, r)
	if err != nil {
		return nil, err
	}
	defer asked.forget()
	var replies []Delivery
	var quiet <-chan time.Time
	for {
		select {
		case d := <-asked.answers:
			replies = append(replies, d)
			if until.Enough != nil && until.Enough(replies) {
				return replies, nil
			}
			if until.Quiet > 0 && len(replies) >= until.AtLeast {
				quiet = clock.System().After(until.Quiet)
			}
		case <-quiet:
			return replies, nil
		case <-b.stopped:
			return replies, ErrStopped
		case <-ctx.Done():
			return replies, nil
		}
	}
}
