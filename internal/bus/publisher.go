package bus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	amqp "github.com/rabbitmq/amqp091-go"
)

var (
	errRefused = errors.New("bus: the broker refused a message")
	errLost    = errors.New("bus: the channel was lost before the broker confirmed")
)

// publishing is one message on its way.
type publishing struct {
	message    Message
	properties amqp.Publishing
	settled    chan outcome // holds one
}

// outcome is what became of a message: err when it must be sent again, returned
// when it reached no queue, neither when all is well.
type outcome struct {
	err      error
	returned *ReturnedError
}

// validate refuses what the client would only notice halfway through a frame,
// which costs the connection.
func (p *publishing) validate() error {
	short := []string{p.message.Exchange, p.message.Key, p.properties.ContentType,
		p.properties.ContentEncoding, p.properties.Expiration, p.properties.MessageId}
	for _, s := range short {
		if len(s) > maxShort {
			return fmt.Errorf("bus: %.40q… has %d bytes, more than AMQP's %d", s, len(s), maxShort)
		}
	}
	if err := p.properties.Headers.Validate(); err != nil {
		return fmt.Errorf("bus: headers: %w", err)
	}
	return nil
}

// publisher sends on one channel in confirm mode, pipelined: up to window
// messages are under way at once, each waited for by its own caller. One
// goroutine writes, so that no caller is caught in a write to a broker that has
// stopped reading, all that has come meanwhile in one write; another hears what became
// of the messages.
type publisher struct {
	channel  *amqp.Channel
	together func(send func() error) error // makes one write of several
	window   chan struct{}                 // one token for each message under way
	more     chan struct{}                 // tells the writer of what is unsent; holds one
	done     chan struct{}                 // closed when the channel is gone and all is settled
	reason   error                         // why it is gone; read after done

	mu      sync.Mutex
	closed  bool
	pending []*sent // in the order of their delivery tags
	unsent  []*sent // the last of them
}

type sent struct {
	*publishing
	returned *ReturnedError
}

func (s *session) openPublisher() (*publisher, error) {
	channel, err := s.conn.Channel()
	if err != nil {
		return nil, err
	}
	p := &publisher{
		channel:  channel,
		together: s.socket.together,
		window:   make(chan struct{}, s.bus.config.PublishWindow),
		more:     make(chan struct{}, 1),
		done:     make(chan struct{}),
	}
	// Without buffers: the client's reader hands over a return before it reads on
	// to the confirm that follows it, so a single listener hears both in order.
	returns := channel.NotifyReturn(make(chan amqp.Return))
	confirms := channel.NotifyPublish(make(chan amqp.Confirmation))
	closed := channel.NotifyClose(make(chan *amqp.Error, 1))
	if err := channel.Confirm(false); err != nil {
		_ = channel.Close()
		return nil, err
	}
	s.tasks.Go(p.write)
	s.tasks.Go(func() { p.listen(returns, confirms, closed) })
	return p, nil
}

// submit hands the message over; false means that ctx ended first. A message
// that the channel's end overtakes is settled as one to send again.
func (p *publisher) submit(ctx context.Context, m *publishing) bool {
	select {
	case p.window <- struct{}{}:
	case <-p.done:
		m.settled <- outcome{err: errLost}
		return true
	case <-ctx.Done():
		return false
	}
	if !p.await(m) {
		m.settled <- outcome{err: errLost}
		return true
	}
	select {
	case p.more <- struct{}{}:
	default: // the writer has been told
	}
	return true
}

// await lists the message as under way, before it can be confirmed.
func (p *publisher) await(m *publishing) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	one := &sent{publishing: m}
	p.pending, p.unsent = append(p.pending, one), append(p.unsent, one)
	return true
}

func (p *publisher) write() {
	var batch []*sent
	for {
		select {
		case <-p.more:
		case <-p.done:
			return
		}
		p.mu.Lock()
		batch, p.unsent = p.unsent, batch[:0]
		p.mu.Unlock()
		if p.together(func() error { return p.send(batch) }) != nil {
			_ = p.channel.Close() // its tags no longer agree with ours
		}
		clear(batch)
	}
}

func (p *publisher) send(batch []*sent) error {
	for _, m := range batch {
		_, err := p.channel.PublishWithDeferredConfirm(m.message.Exchange, m.message.Key, m.message.Mandatory, false, m.properties)
		if err != nil {
			return err
		}
	}
	return nil
}

// listen settles messages until the channel is gone.
func (p *publisher) listen(returns <-chan amqp.Return, confirms <-chan amqp.Confirmation, closed <-chan *amqp.Error) {
	for returns != nil || confirms != nil {
		select {
		case r, ok := <-returns:
			if !ok {
				returns = nil
				continue
			}
			p.returned(r)
		case c, ok := <-confirms:
			if !ok {
				confirms = nil
				continue
			}
			p.confirmed(c)
		}
	}
	p.reason = errLost
	if reason := <-closed; reason != nil {
		p.reason = forbidden(reason)
	}
	p.mu.Lock()
	p.closed = true
	left := p.pending
	p.pending, p.unsent = nil, nil
	p.mu.Unlock()
	for _, m := range left {
		m.settled <- outcome{err: p.reason}
	}
	close(p.done)
}

// confirmed settles the oldest message: the client hands confirms over in the
// order of the tags.
func (p *publisher) confirmed(c amqp.Confirmation) {
	p.mu.Lock()
	m := p.pending[0]
	p.pending[0] = nil
	p.pending = p.pending[1:]
	p.mu.Unlock()
	<-p.window
	if c.Ack {
		m.settled <- outcome{returned: m.returned}
	} else {
		m.settled <- outcome{err: errRefused}
	}
}

// returned marks the message that came back. A return names no tag, but the
// broker sends returns in the order of publishing and each before its confirm,
// so it is the oldest unmarked message under way that equals it. Of two equal ones
// either will do: one reached a queue and one did not.
func (p *publisher) returned(r amqp.Return) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.pending {
		if m.returned == nil && m.equals(r) {
			m.returned = &ReturnedError{r.Exchange, r.RoutingKey, int(r.ReplyCode), r.ReplyText}
			return
		}
	}
}

func (s *sent) equals(r amqp.Return) bool {
	return s.message.Mandatory &&
		s.message.Exchange == r.Exchange && s.message.Key == r.RoutingKey &&
		s.properties.Timestamp.Unix() == r.Timestamp.Unix() &&
		bytes.Equal(s.message.Body, r.Body)
}
