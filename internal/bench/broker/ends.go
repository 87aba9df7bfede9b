package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// publish sends every message. With confirms it returns when the broker has taken
// responsibility for each.
func (p *pass) publish(ctx context.Context) error {
	conn, ch, err := p.lines.channel(ctx)
	if err != nil {
		return fmt.Errorf("publisher: %w", err)
	}
	go p.countBlocks(conn.NotifyBlocked(make(chan amqp.Blocking, 1)))
	closed := ch.NotifyClose(make(chan *amqp.Error, 1))
	outstanding := make(chan struct{}, window)
	if p.confirms {
		if err := ch.Confirm(false); err != nil {
			return fmt.Errorf("publisher: %w", err)
		}
		go p.countConfirms(ch.NotifyPublish(make(chan amqp.Confirmation, window)), outstanding)
	}
	take := func() error {
		select {
		case outstanding <- struct{}{}:
			return nil
		case reason := <-closed:
			return fmt.Errorf("publisher: %w", cut(reason))
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := p.publishAll(ctx, ch, take); err != nil || !p.confirms {
		return err
	}
	for range window {
		if err := take(); err != nil {
			return err
		}
	}
	if n := p.confirmed.Load(); n != int64(p.messages) {
		return fmt.Errorf("the broker refused %d messages", int64(p.messages)-n)
	}
	return nil
}

func (p *pass) publishAll(ctx context.Context, ch *amqp.Channel, take func() error) error {
	message := amqp.Publishing{ContentType: kapi.ContentType, DeliveryMode: amqp.Transient}
	if p.durable {
		message.DeliveryMode = amqp.Persistent
	}
	for n := range p.messages {
		if p.confirms {
			if err := take(); err != nil {
				return err
			}
		}
		message.Body = p.body.number(n) // written out before the call returns
		if err := ch.PublishWithContext(ctx, p.place.exchange, p.place.key, false, false, message); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		p.published.Add(1)
	}
	return nil
}

func (p *pass) countConfirms(confirms <-chan amqp.Confirmation, outstanding <-chan struct{}) {
	for confirm := range confirms {
		if confirm.Ack {
			p.confirmed.Add(1)
		}
		<-outstanding
	}
}

func (p *pass) countBlocks(blocks <-chan amqp.Blocking) {
	for b := range blocks {
		if b.Active {
			p.blocked.Add(1)
		} else {
			p.unblocked.Add(1)
		}
	}
}

// consume takes messages until each has arrived somewhere, and acknowledges its own.
func (p *pass) consume(ctx context.Context) error {
	_, ch, err := p.lines.channel(ctx)
	if err != nil {
		return fmt.Errorf("consumer: %w", err)
	}
	closed := ch.NotifyClose(make(chan *amqp.Error, 1))
	if err := ch.Qos(prefetch, 0, false); err != nil {
		return fmt.Errorf("consumer: %w", err)
	}
	deliveries, err := ch.ConsumeWithContext(ctx, p.place.queue, "", false, false, false, false, nil)
	if err != nil {
		return fmt.Errorf("consumer: %w", err)
	}
	var last amqp.Delivery
	held, before := 0, -1
	ack := func() error {
		if held == 0 {
			return nil
		}
		if err := last.Ack(held > 1); err != nil {
			return fmt.Errorf("acknowledge: %w", err)
		}
		p.acked.Add(int64(held))
		held = 0
		return p.rest(ctx)
	}
	for {
		select {
		case d, ok := <-deliveries:
			if !ok {
				return fmt.Errorf("consumer: %w", cut(<-closed))
			}
			n, intact := p.body.read(d.Body)
			before = p.ledger.enter(arrival{number: n, intact: intact, redelivered: d.Redelivered}, before)
			last, held = d, held+1
			if held == p.ackEvery {
				if err := ack(); err != nil {
					return err
				}
			}
		case <-p.ledger.all:
			return ack()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// rest holds a consumer to its part of the plan's pace after it has acknowledged.
func (p *pass) rest(ctx context.Context) error {
	if p.pace == 0 {
		return nil
	}
	return clock.Sleep(ctx, clock.System(), time.Second*time.Duration(p.ackEvery*p.consumers)/time.Duration(p.pace))
}

var errCut = errors.New("the broker ended the channel")

func cut(reason *amqp.Error) error {
	if reason == nil {
		return errCut
	}
	return fmt.Errorf("%w: %w", errCut, reason)
}
