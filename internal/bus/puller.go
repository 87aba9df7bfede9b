package bus

import (
	"context"
	"fmt"
)

// Puller takes messages from a queue one by one (basic.get), on a channel of its own.
// It is for looking at a queue, not for working it off. Its methods are called by one
// goroutine.
type Puller struct {
	queue  string
	intake *intake // of the channel alone, for acknowledgements
}

// Pull begins to take messages from a queue, once there is a connection. Unlike a
// consumer a puller ends with its connection; what it has taken and not acknowledged is
// in the queue again then. The error is ErrStopped, the broker's refusal, or ctx's with
// the cause of the delay.
func (b *Bus) Pull(ctx context.Context, queue string) (*Puller, error) {
	s, err := b.awaitSession(ctx)
	if err != nil {
		return nil, err
	}
	channel, err := s.conn.Channel()
	if err != nil {
		return nil, err
	}
	return &Puller{queue: queue, intake: &intake{channel: channel}}, nil
}

// Next takes a message; ok is false when none waits. The error is ErrNoQueue, or tells
// how the channel ended. It waits as long as the connection lives.
func (p *Puller) Next() (d Delivery, ok bool, err error) {
	got, ok, err := p.intake.channel.Get(p.queue, false)
	switch {
	case notFound(err):
		return Delivery{}, false, fmt.Errorf("%w: %s", ErrNoQueue, p.queue)
	case err != nil || !ok:
		return Delivery{}, false, err
	}
	return p.intake.delivery(got), true, nil
}

// Close ends the puller. What it has neither acknowledged nor given back by Nack
// returns to the queue, at RabbitMQ a moment later; what was given back is there for
// whoever asks next.
func (p *Puller) Close() error { return p.intake.channel.Close() }
