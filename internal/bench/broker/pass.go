package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/bench/figures"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// result is what one pass cost, over the measured phase alone but for the peak.
type result struct {
	rate   float64 // messages a second
	broker float64 // its CPU seconds for 1,000 messages
	client float64 // the same of publisher and consumers together
	peak   float64 // the broker's resident memory at its highest since it started, MB
	others float64 // cores that everything else on the machine kept busy
}

func (r result) String() string {
	return fmt.Sprintf("%7.0f msg/s  CPU s/1,000: broker %.4f, client %.4f  broker's peak %4.0f MB  others %.2f cores",
		r.rate, r.broker, r.client, r.peak, r.others)
}

// pass is one plan on its way through one broker.
type pass struct {
	plan
	broker *broker
	lines  *lines
	place  place
	body   body
	ledger *ledger

	published atomic.Int64
	confirmed atomic.Int64
	acked     atomic.Int64
	blocked   atomic.Int64 // times that the broker told the publisher to wait
	unblocked atomic.Int64

	cost result // known when every message has gone its way
}

// run sends the plan's messages through a broker. The error says what stalled,
// broke, was lost or came twice; then the queue stays, for whoever looks.
func (p *pass) run(ctx context.Context) (err error) {
	if p.body, err = newBody(); err != nil {
		return err
	}
	err = p.control(ctx, func(ch *amqp.Channel) error {
		p.place, err = p.lay(ch)
		return err
	})
	if err != nil {
		return err
	}
	if err := p.phases(ctx); err != nil {
		return err
	}
	var left int
	err = p.control(ctx, func(ch *amqp.Channel) error {
		left, err = p.place.clear(ch)
		return err
	})
	if err != nil {
		return err
	}
	stay := 0
	if p.phase == publishOnly {
		stay = p.messages
	} else {
		err = p.ledger.verdict()
	}
	if left != stay {
		err = errors.Join(err, fmt.Errorf("the queue held %d messages at the end, not %d", left, stay))
	}
	return err
}

// control declares and clears up on a connection that is no part of the load.
func (p *pass) control(ctx context.Context, use func(*amqp.Channel) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	l := &lines{url: p.broker.url}
	defer l.close()
	_, ch, err := l.channel(ctx)
	if err != nil {
		return err
	}
	return use(ch)
}

func (p *pass) phases(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p.ledger = newLedger(p.messages)
	p.lines = &lines{url: p.broker.url, shared: p.shared}
	defer p.lines.close()
	work := []func(context.Context) error{p.publish}
	var consumers []func(context.Context) error
	for range p.consumers {
		consumers = append(consumers, p.consume)
	}
	switch p.phase {
	case both:
		work = append(work, consumers...)
	case consumeOnly:
		if err := p.together(ctx, cancel, work...); err != nil {
			return err
		}
		work = consumers
	case publishOnly:
	}
	began := start(p.broker.pid)
	if err := p.together(ctx, cancel, work...); err != nil {
		return err
	}
	p.cost = began.stop(p.messages)
	return nil
}

// together does several things at once and returns when all have ended. The first
// error, or a stall, ends ctx by cancel, and with it the others.
func (p *pass) together(ctx context.Context, cancel context.CancelCauseFunc, work ...func(context.Context) error) error {
	var working, watching sync.WaitGroup
	for _, f := range work {
		working.Go(func() {
			if err := f(ctx); err != nil {
				cancel(err)
			}
		})
	}
	watched, enough := context.WithCancel(ctx)
	var stall error
	watching.Go(func() {
		if stall = p.watch(watched); stall != nil {
			cancel(stall)
		}
	})
	working.Wait()
	enough()
	watching.Wait()
	if stall != nil {
		return stall // while its state was asked for, the connections may have broken
	}
	return context.Cause(ctx)
}

// meter is the state of the machine when a phase began.
type meter struct {
	at             time.Time
	pid            int
	broker, client figures.Used
	busy           float64
}

func start(pid int) meter {
	return meter{
		pid: pid, at: clock.System().Now(),
		broker: figures.Tree(pid), client: figures.Process(os.Getpid()), busy: figures.Busy(),
	}
}

func (m meter) stop(messages int) result {
	now := start(m.pid)
	seconds, thousands := now.at.Sub(m.at).Seconds(), float64(messages)/1000
	broker, client := now.broker.CPU-m.broker.CPU, now.client.CPU-m.client.CPU
	return result{
		rate:   float64(messages) / seconds,
		broker: broker / thousands,
		client: client / thousands,
		peak:   now.broker.Peak,
		others: max(0, now.busy-m.busy-broker-client) / seconds,
	}
}
