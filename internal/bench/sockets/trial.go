package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kazoolab/kazoolab/internal/lab"
)

// trial is a server with its clients, and who publishes to them.
type trial struct {
	*stage
	*server

	crowd *crowd
	next  int // the first event that no publisher has used
}

// patience is how long what was published may take to arrive.
const patience = 30 * time.Second

// result is what a server did while it was kept busy.
type result struct {
	rate float64 // deliveries a second
	cpu  float64 // of the server, seconds for 1,000 deliveries
}

func (r result) String() string {
	return fmt.Sprintf("%8.0f deliveries/s  %.4f CPU s/1,000", r.rate, r.cpu)
}

// bookFor has room for the events of so long.
func bookFor(lasts time.Duration, fan int) *lab.Book {
	const events, deliveries = 20_000, 2_000_000 // a second, which nothing reaches here
	return lab.NewBook(int(lasts.Seconds()+1) * min(events, deliveries/fan+1))
}

// publishing is a publisher at work.
type publishing struct {
	*lab.Publisher

	ended chan error
}

// publish gives the crowd's next events to the broker until it is ended. One publisher
// at a time.
func (t *trial) publish(ctx context.Context, rate float64, gate func(ctx context.Context, event int) error) publishing {
	p := publishing{&lab.Publisher{
		URL: t.Broker.URL(), Book: t.crowd.book, Seed: "sockets", Accounts: t.crowd.accounts,
		From: t.next, To: t.crowd.book.Events, Rate: rate, Gate: gate,
	}, make(chan error, 1)}
	go func() { p.ended <- p.Run(ctx) }()
	return p
}

// end ends a publisher and returns when all that it published has arrived at those who
// read; before is how much had when it began.
func (t *trial) end(ctx context.Context, p publishing, before int64) error {
	p.End()
	err := <-p.ended
	given := p.Next() - t.next
	t.next = p.Next()
	if err != nil {
		return err
	}
	return t.crowd.got.within(ctx, patience, "deliveries arrived", before+int64(given*t.crowd.fan()))
}

// flood publishes for so long as fast as events arrive: at most window are on their
// way, so that no socket has more waiting for it.
func (t *trial) flood(ctx context.Context, window int, lasts time.Duration) (result, error) {
	from, before, fan := t.next, t.crowd.got.n.Load(), int64(t.crowd.fan())
	gate := func(ctx context.Context, event int) error {
		return t.crowd.got.within(ctx, patience, "deliveries arrived", before+int64(event-from-window+1)*fan)
	}
	began, used := t.clock.Now(), t.used()
	p := t.publish(ctx, 0, gate)
	if err := t.wait(ctx, lasts); err != nil {
		return result{}, errors.Join(err, t.end(ctx, p, before))
	}
	if err := t.end(ctx, p, before); err != nil {
		return result{}, err
	}
	took := t.clock.Since(began).Seconds()
	n := float64(t.crowd.got.n.Load() - before)
	if n == 0 {
		return result{}, errors.New("nothing was published: give more time")
	}
	return result{rate: n / took, cpu: (t.used().CPU - used.CPU) / n * 1000}, t.crowd.faults()
}

// stream publishes events of a rate for so long, after a moment to settle, and tells
// how long they took.
func (t *trial) stream(ctx context.Context, rate float64, lasts time.Duration) (result, spell, error) {
	const settle = time.Second
	before := t.crowd.got.n.Load()
	p := t.publish(ctx, rate, nil)
	if err := t.wait(ctx, settle); err != nil {
		return result{}, spell{}, errors.Join(err, t.end(ctx, p, before))
	}
	t.crowd.sample(true)
	from, used, began, got := p.Next(), t.used(), t.clock.Now(), t.crowd.got.n.Load()
	err := t.wait(ctx, lasts)
	until := p.Next()
	n, took, cpu := float64(t.crowd.got.n.Load()-got), t.clock.Since(began).Seconds(), t.used().CPU-used.CPU
	if err = errors.Join(err, t.end(ctx, p, before)); err != nil {
		return result{}, spell{}, err
	}
	took1 := t.crowd.spells(from, until)[0]
	t.crowd.sample(false)
	if n == 0 {
		return result{}, spell{}, errors.New("nothing arrived: give more time, or a higher -rate")
	}
	return result{rate: n / took, cpu: cpu / n * 1000}, took1, t.crowd.faults()
}
