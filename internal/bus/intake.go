package bus

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/clock"
)

var errQueueGone = errors.New("the broker cancelled the consumer: its queue is gone")

// intake is one consumer on one channel.
type intake struct {
	sub     *Subscription
	session *session
	channel *amqp.Channel
	acks    *acknowledger
	noAck   bool
	tag     string
	up      chan struct{} // tells the handling goroutine to call OnUp
	over    atomic.Bool   // nothing more is handed to Handle
	ended   bool          // the consumer is cancelled; for tend alone
	handled chan struct{} // closed when the handling goroutine has ended
	retry   *backoff      // of refused bindings
}

// serve keeps the subscription consuming while the connection lives.
func (s *Subscription) serve(session *session) {
	retry := s.bus.newBackoff()
	for session.ctx.Err() == nil && s.wishes() == toConsume {
		began := clock.System().Now()
		s.change(func() {
			s.lose()
			s.queue, s.up = "", false
		})
		err := forbidden(s.serveOn(session))
		s.change(func() {
			s.lose()
			s.queue, s.up, s.err = "", false, err
		})
		if err == nil || session.lost(err) {
			return
		}
		s.bus.status.note(s.about(), err)
		s.change(func() { s.tried = true })
		if retry.wait(session.ctx, clock.System().Since(began)) != nil {
			return
		}
	}
}

// serveOn consumes on one channel, and returns nil when the owner has closed the
// subscription, else why the channel ended.
func (s *Subscription) serveOn(session *session) error {
	channel, err := session.conn.Channel()
	if err != nil {
		return err
	}
	defer channel.Close() //nolint:errcheck // closed already, or lost
	closed := channel.NotifyClose(make(chan *amqp.Error, 1))
	cancelled := channel.NotifyCancel(make(chan string, 1))
	in := &intake{
		sub: s, session: session, channel: channel,
		acks:    newAcknowledger(channel, session.socket.together, s.consumer.Prefetch, clock.System()),
		noAck:   s.consumer.NoAck,
		tag:     strings.TrimPrefix(s.consumer.Tag+"-", "-") + s.bus.config.IDs.Hex(8),
		up:      make(chan struct{}, 1),
		handled: make(chan struct{}),
	}
	defer in.over.Store(true)
	forget := session.acknowledging(in.acks)
	defer forget()
	defer in.acks.end()
	if err := in.declareQueue(); err != nil {
		return err
	}
	in.retry = s.bus.newBackoff()
	complete := in.bind()
	deliveries, err := in.consume()
	if err != nil {
		return err
	}
	s.bus.handlers.Go(func() { in.handle(deliveries) })
	s.change(func() { s.up = true })
	return in.tend(complete, closed, cancelled)
}

// tend follows the owner's wishes until the channel ends. complete says whether
// all bindings stand; those refused are tried again from time to time.
func (in *intake) tend(complete bool, closed <-chan *amqp.Error, cancelled <-chan string) error {
	for {
		var again <-chan time.Time
		if !complete {
			again = clock.System().After(in.retry.next())
		}
		select {
		case <-in.sub.kick:
		case <-again:
		case reason := <-closed:
			if reason == nil {
				return amqp.ErrClosed
			}
			return reason
		case <-cancelled:
			return errQueueGone
		case <-in.session.ctx.Done():
			return context.Cause(in.session.ctx)
		}
		switch in.sub.wishes() {
		case toEnd:
			return nil
		case toFinish:
			if err := in.finish(); err != nil {
				return err
			}
			complete = true
		case toCancel:
			if err := in.cancel(); err != nil {
				return err
			}
			complete = true
		case toConsume:
			complete = in.bind()
		}
	}
}

func (in *intake) declareQueue() error {
	q := in.sub.consumer.Queue
	name := q.Name
	if name == "" {
		parts := slices.DeleteFunc([]string{in.sub.bus.config.Node, q.Module, in.sub.bus.config.IDs.Hex(8)},
			func(part string) bool { return part == "" })
		name = strings.Join(parts, "-")
	}
	err := in.session.topology.do(func(channel *amqp.Channel) error {
		_, err := channel.QueueDeclare(name, q.Durable, q.AutoDelete, q.Exclusive, false, q.Args)
		return err
	})
	if err != nil {
		return err
	}
	in.sub.change(func() { in.sub.queue, in.sub.stood = name, true })
	return nil
}

func (in *intake) consume() (<-chan amqp.Delivery, error) {
	c := in.sub.consumer
	if err := in.channel.Qos(c.Prefetch, 0, false); err != nil {
		return nil, err
	}
	return in.channel.Consume(in.sub.QueueName(), in.tag, c.NoAck, c.Exclusive, false, false, nil)
}

// handle passes messages on until the channel ends. After a cancel it gives
// back what the broker had sent ahead.
func (in *intake) handle(deliveries <-chan amqp.Delivery) {
	defer close(in.handled)
	in.sub.handling.Lock()
	defer in.sub.handling.Unlock()
	for {
		select {
		case <-in.up:
			in.onUp()
			continue
		default:
		}
		select {
		case <-in.up:
			in.onUp()
		case d, open := <-deliveries:
			if !open {
				return
			}
			select { // both had come, and either may be seen first
			case <-in.up:
				in.onUp()
			default:
			}
			if in.over.Load() {
				_ = in.delivery(d).Nack(true) // if stale, the broker has it already
				continue
			}
			in.sub.consumer.Handle(in.delivery(d))
		}
	}
}

func (in *intake) onUp() {
	if in.sub.consumer.OnUp != nil && !in.over.Load() {
		in.sub.consumer.OnUp()
	}
}

// cancel stops the flow and returns when Handle will not be called again.
func (in *intake) cancel() error {
	if in.over.Swap(true) {
		return nil
	}
	return in.finish()
}

// finish is cancel for what has not come yet.
func (in *intake) finish() error {
	if in.ended {
		return nil
	}
	in.ended = true
	if err := in.channel.Cancel(in.tag, false); err != nil {
		return err
	}
	select {
	case <-in.handled:
	case <-in.session.ctx.Done():
		return context.Cause(in.session.ctx)
	}
	in.sub.change(func() { in.sub.up = false })
	return nil
}
