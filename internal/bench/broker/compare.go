package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/kazoolab/kazoolab/internal/bench/figures"
)

// compared are the cells of the comparison.
func compared(messages int) []plan {
	queue := plan{messages: messages, durable: true, confirms: true, ackEvery: 25}
	topic := plan{messages: messages, topic: true, ackEvery: 25}
	filled := queue
	filled.phase, filled.ackEvery = consumeOnly, 1
	return []plan{
		queue.with("durable queue, persistent, confirms, 1 consumer", 1),
		queue.with("durable queue, persistent, confirms, 16 consumers", 16),
		topic.with("topic exchange with 1,000 bindings, transient, 1 consumer", 1),
		topic.with("topic exchange with 1,000 bindings, transient, 16 consumers", 16),
		queue.with("publish only, durable queue, persistent, confirms", 0),
		filled.with("consume only, durable queue, persistent, an ack each", 1),
	}
}

func (p plan) with(name string, consumers int) plan {
	p.name, p.consumers = name, consumers
	if consumers == 0 {
		p.phase = publishOnly
	}
	return p
}

// compare alternates the brokers and prints each run, the medians and their ratio.
func compare(ctx context.Context, o options) error {
	plans, err := o.chosen(compared(o.messages))
	if err != nil {
		return err
	}
	fmt.Fprintf(o.out, "%d messages of %d bytes a run; window of confirms %d, prefetch %d, one ack for 25 messages unless said, a connection each\n",
		o.messages, bodySize, window, prefetch)
	for _, p := range plans {
		fmt.Fprintf(o.out, "\n%s\n", p.name)
		results := map[string][]result{}
		for i := range o.runs {
			for _, c := range o.brokers {
				done, err := fresh(ctx, c, p)
				if err != nil {
					return fmt.Errorf("%s: %s: %w", c.name, p.name, err)
				}
				fmt.Fprintf(o.out, "  run %d   %-8s %s\n", i+1, c.name, done.cost)
				results[c.name] = append(results[c.name], done.cost)
			}
		}
		var medians []result
		for _, c := range o.brokers {
			medians = append(medians, median(results[c.name]))
			fmt.Fprintf(o.out, "  median  %-8s %s\n", c.name, medians[len(medians)-1])
		}
		if len(medians) == 2 {
			a, b := medians[0], medians[1]
			fmt.Fprintf(o.out, "  %s / %s: rate %.2f, CPU of the broker %.2f, of the client %.2f, peak %.2f\n", o.brokers[1].name, o.brokers[0].name,
				b.rate/a.rate, b.broker/a.broker, b.client/a.client, b.peak/a.peak)
		}
	}
	return nil
}

// warming is how many messages go through a fresh broker before it is measured.
const warming = 5000

// fresh starts a broker, warms it and sends the plan's messages through it.
func fresh(ctx context.Context, c contender, p plan) (measured *pass, err error) {
	b, err := c.start(ctx, p.memory)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.stop()) }()
	warm := p
	warm.messages, warm.pace = warming, 0
	if err := (&pass{plan: warm, broker: b}).run(ctx); err != nil {
		return nil, fmt.Errorf("while warming: %w", err)
	}
	measured = &pass{plan: p, broker: b}
	return measured, measured.run(ctx)
}

// median takes each figure's own.
func median(results []result) result {
	return result{
		rate:   figures.Median(results, func(r result) float64 { return r.rate }),
		broker: figures.Median(results, func(r result) float64 { return r.broker }),
		client: figures.Median(results, func(r result) float64 { return r.client }),
		peak:   figures.Median(results, func(r result) float64 { return r.peak }),
		others: figures.Median(results, func(r result) float64 { return r.others }),
	}
}
