package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	amqp "github.com/rabbitmq/amqp091-go"
)

var (
	// ErrNoQueue says that the broker has no queue of that name.
	ErrNoQueue = errors.New("bus: no such queue")
	// ErrLocked says that another connection has the lock.
	ErrLocked = errors.New("bus: another connection has the lock")
)

// DeclareQueue adds a queue to the registry that is published to and not consumed
// here. It does not wait for the broker. One that is there with other arguments is a
// problem of State, and stays.
func (b *Bus) DeclareQueue(queue Queue) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if slices.ContainsFunc(b.queues, func(q Queue) bool { return q.Name == queue.Name }) {
		return
	}
	b.queues = append(b.queues, queue)
	if b.session != nil {
		b.session.topology.refresh()
	}
}

func (b *Bus) registeredQueues() []Queue {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.queues)
}

// Depth is what a queue has in it.
type Depth struct {
	Ready     int // messages that wait to be delivered; those delivered and not acknowledged do not count
	Consumers int
}

// Inspect asks how a queue stands, without declaring it. The error is ErrNoQueue,
// ErrStopped, the broker's refusal, or ctx's with the cause of the delay.
func (b *Bus) Inspect(ctx context.Context, queue string) (Depth, error) {
	var depth atomic.Pointer[Depth] // the operation may outlive ctx
	err := b.onTopology(ctx, func(channel *amqp.Channel) error {
		q, err := channel.QueueDeclarePassive(queue, false, false, false, false, nil)
		depth.Store(&Depth{Ready: q.Messages, Consumers: q.Consumers})
		return err
	})
	switch {
	case notFound(err):
		return Depth{}, fmt.Errorf("%w: %s", ErrNoQueue, queue)
	case err != nil:
		return Depth{}, err
	}
	return *depth.Load(), nil
}

// HasExchange tells whether the broker has an exchange, without declaring it. The error
// is ErrStopped, the broker's refusal, or ctx's with the cause of the delay.
func (b *Bus) HasExchange(ctx context.Context, name string) (bool, error) {
	err := b.onTopology(ctx, func(channel *amqp.Channel) error {
		return channel.ExchangeDeclarePassive(name, "topic", false, false, false, false, nil) // of the type nothing is compared
	})
	if notFound(err) {
		return false, nil
	}
	return err == nil, err
}

// Lock takes a name that only one connection to the virtual host can have at a time,
// until it is unlocked or the connection ends, however it does. It is a queue that is
// exclusive and empty. The errors are those of Inspect, but ErrLocked for ErrNoQueue.
func (b *Bus) Lock(ctx context.Context, name string) (unlock func(context.Context) error, err error) {
	err = b.onTopology(ctx, func(channel *amqp.Channel) error {
		_, err := channel.QueueDeclare(name, false, true, true, false, nil)
		return err
	})
	if refused(err, amqp.ResourceLocked) {
		return nil, fmt.Errorf("%w: %s", ErrLocked, name)
	}
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		return b.onTopology(ctx, func(channel *amqp.Channel) error {
			_, err := channel.QueueDelete(name, false, false, false)
			return err
		})
	}, nil
}

// onTopology runs one operation once there is a connection. The operation may go on
// when ctx has ended: the client cannot take it back.
func (b *Bus) onTopology(ctx context.Context, operation func(*amqp.Channel) error) error {
	s, err := b.awaitSession(ctx)
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- s.topology.do(operation) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return because(ctx.Err(), b.State().LastError)
	}
}

// awaitSession returns the present connection, once there is one.
func (b *Bus) awaitSession(ctx context.Context) (*session, error) {
	for {
		changed := b.Changed()
		b.mu.Lock()
		s := b.session
		b.mu.Unlock()
		if s != nil {
			return s, nil
		}
		select {
		case <-changed:
		case <-b.stopped:
			return nil, ErrStopped
		case <-ctx.Done():
			return nil, because(ctx.Err(), b.State().LastError)
		}
	}
}
