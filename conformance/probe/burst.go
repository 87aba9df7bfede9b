package probe

import (
	"context"
	"errors"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/conformance/capture"
)

// Message is one of a burst.
type Message struct {
	Step          string // its name in the log
	Exchange, Key string
	Body          []byte
}

// PublishAll publishes messages as fast as they go, in their order, and returns when the
// broker has all of them.
func (p *Probe) PublishAll(ctx context.Context, messages []Message) error {
	p.settleHooks(ctx)
	b, err := p.connect()
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, p.Target.Patience.Reply)
	defer cancel()
	var confirms []*amqp.DeferredConfirmation
	for _, m := range messages {
		if err := b.exchange(m.Exchange); err != nil {
			return fmt.Errorf("exchange %s: %w", m.Exchange, err)
		}
		p.add(capture.Entry{
			Kind: capture.Published, Name: m.Step, Head: m.Exchange + " " + m.Key, Header: properties("application/json", "", "", ""), Body: m.Body,
		})
		confirm, err := b.channel.PublishWithDeferredConfirmWithContext(ctx, m.Exchange, m.Key, false, false, amqp.Publishing{
			ContentType: "application/json", Body: m.Body, Timestamp: p.Clock.Now().Truncate(time.Second),
		})
		if err != nil {
			return fmt.Errorf("publish %s: %w", m.Step, err)
		}
		confirms = append(confirms, confirm)
	}
	for i, confirm := range confirms {
		acked, err := confirm.WaitContext(ctx)
		if err == nil && !acked {
			err = errors.New("the broker refused it")
		}
		if err != nil {
			return fmt.Errorf("publish %s: %w", messages[i].Step, err)
		}
	}
	return nil
}
