package bus

import (
	"context"
	"fmt"
	"math"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// holdPatience is how long the next message may take to come. Those counted before are
// ready, so that only somebody else's taking them keeps them away.
const holdPatience = 2 * time.Second

// Held are messages taken out of a queue to look at them. Unlike a consumer's they end
// with their connection, for good: what is neither acknowledged nor given back by Nack
// is in the queue again then.
type Held struct {
	channel *amqp.Channel
	acks    *acknowledger
	forget  func()
}

// Hold takes up to n messages out of a queue and hands them to take, in order, on the
// caller's goroutine. It does not wait for messages that are not there; none stays with
// it when it fails. (A basic.get for each would take RabbitMQ a millisecond.) The error
// is ErrNoQueue, ErrStopped, how the channel ended, or ctx's with the cause of the delay.
func (b *Bus) Hold(ctx context.Context, queue string, n int, take func(Delivery)) (*Held, error) {
	s, err := b.awaitSession(ctx)
	if err != nil {
		return nil, err
	}
	channel, err := s.conn.Channel()
	if err != nil {
		return nil, err
	}
	closed := channel.NotifyClose(make(chan *amqp.Error, 1))
	n = min(n, math.MaxUint16)
	in := &intake{channel: channel, acks: newAcknowledger(channel, s.socket.together, n, clock.System()), tag: b.config.IDs.Hex(8)}
	held := &Held{channel, in.acks, s.acknowledging(in.acks)}
	if err := in.take(ctx, queue, n, take); err != nil {
		_ = held.Close() // in vain where that was the error
		select {
		case reason := <-closed:
			if reason != nil {
				err = reason
			}
		default:
		}
		if notFound(err) {
			err = fmt.Errorf("%w: %s", ErrNoQueue, queue)
		}
		return nil, forbidden(err)
	}
	return held, nil
}

// take consumes n messages and then no more.
func (in *intake) take(ctx context.Context, queue string, n int, take func(Delivery)) error {
	if err := in.channel.Qos(n, 0, false); err != nil {
		return err
	}
	deliveries, err := in.channel.Consume(queue, in.tag, false, false, false, false, nil)
	if err != nil {
		return err
	}
	idle := clock.System().NewTimer(holdPatience)
	defer idle.Stop()
	for range n {
		select {
		case d, open := <-deliveries:
			if !open {
				return errQueueGone
			}
			take(in.delivery(d))
			idle.Reset(holdPatience)
			continue
		case <-ctx.Done():
			return ctx.Err()
		case <-idle.Chan():
		}
		break
	}
	return in.channel.Cancel(in.tag, false)
}

// Close ends the channel, and with it the waiting of acknowledgements. The error is
// ErrStale. A message that was given back is there for whoever asks next;
// what returns only by this is so at RabbitMQ a moment later.
func (h *Held) Close() error {
	h.acks.end()
	h.forget()
	return stale(h.channel.Close())
}
