package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// maxShort is the most bytes that AMQP carries in a name or routing key.
const maxShort = 255

// Message is what to publish. On the wire it has the properties that
// kz_amqp_util:basic_publish/5 sends and no others: content_type, timestamp in
// unix microseconds, and those set here.
type Message struct {
	Exchange        string // registered with DeclareExchange, or "" for the queue named by Key
	Key             string
	Body            []byte
	ContentType     string // "" is application/json
	ContentEncoding string
	Headers         amqp.Table
	MessageID       string
	Timestamp       int64  // Unix microseconds; 0 is now
	Expiration      string // milliseconds in the broker
	Persistent      bool   // survives the broker's restart in a durable queue
	Mandatory       bool   // must reach a queue
	UntilRouted     bool   // with Mandatory: reaching no queue is waited out, not an error
}

// ReturnedError says that a mandatory message reached no queue.
type ReturnedError struct {
	Exchange, Key string
	Code          int // the broker's, as 312
	Reason        string
}

func (e *ReturnedError) Error() string {
	return fmt.Sprintf("bus: message to exchange %q with key %q came back: %s (%d)", e.Exchange, e.Key, e.Reason, e.Code)
}

// Publish returns nil when the broker has confirmed the message and, if it is
// mandatory, a queue has taken it. While ctx lives, a lost connection or
// channel, a missing exchange and a blocking broker are waited out and the
// message is sent again, so it may arrive more than once. Other errors:
// *ReturnedError, ErrUndeclared, ErrStopped, and ctx's with the cause of the
// delay; after the last two the message may or may not have arrived.
func (b *Bus) Publish(ctx context.Context, m Message) error {
	sending, err := b.Begin(ctx, m)
	if err != nil {
		return err
	}
	return sending.Wait(ctx)
}

// Sending is a message that has been handed to the connection.
type Sending struct {
	bus *Bus
	publishing
}

// Begin returns when the message is on its way, before those that are begun after it;
// that order ends where a connection is lost. Sending.Wait is to be called for each, in
// any order. Errors are those of Publish.
func (b *Bus) Begin(ctx context.Context, m Message) (*Sending, error) {
	if !b.declared(m.Exchange) {
		return nil, fmt.Errorf("%w: %s", ErrUndeclared, m.Exchange)
	}
	s := &Sending{b, publishing{message: m, properties: b.properties(m), settled: make(chan outcome, 1)}}
	if err := s.validate(); err != nil {
		return nil, err
	}
	return s, s.submit(ctx)
}

// Wait returns as Publish does.
func (s *Sending) Wait(ctx context.Context) error {
	retry := s.bus.newBackoff()
	var cause error
	for lost := 0; ; {
		out, err := s.outcome(ctx)
		switch {
		case err != nil:
			return because(err, cause)
		case out.err == nil && out.returned == nil:
			return nil
		case out.err == nil && !s.message.UntilRouted:
			return out.returned
		case out.err == nil:
			s.bus.rebind() // a queue of our own may have lost its binding, or be gone
			cause = out.returned
		default:
			cause = out.err
			lost++
		}
		// The first loss may be another's fault, and the next channel is waited for anyway.
		// More losses may be this message's doing.
		if out.err == nil || lost > 1 || errors.Is(cause, errRefused) {
			if err := retry.wait(ctx, 0); err != nil {
				return because(err, cause)
			}
		}
		if err := s.submit(ctx); err != nil {
			return because(err, cause)
		}
	}
}

func (s *Sending) submit(ctx context.Context) error {
	pub, err := s.bus.awaitPublisher(ctx)
	if err != nil {
		return err
	}
	if !pub.submit(ctx, &s.publishing) {
		return ctx.Err()
	}
	return nil
}

func (s *Sending) outcome(ctx context.Context) (outcome, error) {
	select {
	case out := <-s.settled:
		return out, nil
	case <-ctx.Done():
		return outcome{}, ctx.Err()
	}
}

func (b *Bus) properties(m Message) amqp.Publishing {
	p := amqp.Publishing{
		ContentType:     m.ContentType,
		ContentEncoding: m.ContentEncoding,
		Headers:         m.Headers,
		MessageId:       m.MessageID,
		Expiration:      m.Expiration,
		Body:            m.Body,
		// The client writes whole seconds, so the microseconds are passed as such.
		Timestamp: time.Unix(b.config.Clock.Now().UnixMicro(), 0),
	}
	if p.ContentType == "" {
		p.ContentType = "application/json"
	}
	if m.Timestamp != 0 {
		p.Timestamp = time.Unix(m.Timestamp, 0)
	}
	if m.Persistent {
		p.DeliveryMode = amqp.Persistent
	}
	return p
}

func (b *Bus) rebind() {
	b.mu.Lock()
	s := b.session
	b.mu.Unlock()
	if s != nil {
		s.rebind()
	}
}

// setPublisher tells the waiting that messages can be sent, or no longer.
func (b *Bus) setPublisher(p *publisher) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.publisher = p
	close(b.publisherNews)
	b.publisherNews = make(chan struct{})
}

// awaitPublisher returns when there is a channel to publish on and the broker
// accepts messages.
func (b *Bus) awaitPublisher(ctx context.Context) (*publisher, error) {
	for {
		changed := b.Changed()
		b.mu.Lock()
		p, news := b.publisher, b.publisherNews
		b.mu.Unlock()
		state := b.State()
		if p != nil && state.Blocked == "" {
			return p, nil
		}
		select {
		case <-news:
		case <-changed:
		case <-b.stopped:
			return nil, ErrStopped
		case <-ctx.Done():
			return nil, because(ctx.Err(), state.LastError)
		}
	}
}

func (b *Bus) blocked(block amqp.Blocking) {
	reason := ""
	if block.Active {
		if reason = block.Reason; reason == "" {
			reason = "no reason given"
		}
	}
	b.status.blocked(reason)
}

// publish keeps a publishing channel open while the connection lives.
func (s *session) publish() {
	const about = "publishing"
	retry := s.bus.newBackoff()
	for s.ctx.Err() == nil {
		// What our own consumers are bound for must not miss them.
		s.awaitConsumers()
		began := clock.System().Now()
		err := s.publishOn()
		if s.lost(err) || s.ctx.Err() != nil {
			return
		}
		s.bus.status.note(about, err)
		if notFound(err) {
			s.topology.declareExchanges()
			s.rebind()
		} else if retry.wait(s.ctx, clock.System().Since(began)) != nil {
			return
		}
	}
}

// publishOn opens a channel and returns why it ended.
func (s *session) publishOn() error {
	p, err := s.openPublisher()
	if err != nil {
		return err
	}
	s.bus.status.note("publishing", nil)
	s.bus.setPublisher(p)
	<-p.done
	s.bus.setPublisher(nil)
	return p.reason
}
