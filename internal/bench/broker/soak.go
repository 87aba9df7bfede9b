package main

import (
	"context"
	"errors"
	"fmt"
)

// soaked are the cells of the soak. The last three need fewer messages to show theirs.
func soaked(messages int) []plan {
	const roomy, tight = 256 << 20, 64 << 20
	queue := plan{messages: messages, durable: true, confirms: true, ackEvery: 25, memory: roomy}
	topic := plan{messages: messages, topic: true, confirms: true, ackEvery: 25, memory: roomy}
	shared, slow := queue, topic
	shared.messages, shared.shared = max(1, messages*3/20), true
	slow.messages, slow.pace, slow.memory = shared.messages, 4000, tight
	stuck := slow // unless the broker reads acknowledgements that stand behind publishes
	stuck.shared = true
	return []plan{
		queue.with("one durable queue, 1 consumer", 1),
		queue.with("one durable queue, 16 consumers", 16),
		topic.with("topic exchange with 1,000 bindings, 1 consumer", 1),
		topic.with("topic exchange with 1,000 bindings, 16 consumers", 16),
		shared.with("publisher and 16 consumers on one connection", 16),
		slow.with("16 consumers that together take 4,000 messages a second, 64 MiB", 16),
		stuck.with("the same and the publisher on one connection", 16),
	}
}

// soak runs each cell once. It fails when one stalls, loses a message, delivers
// one twice or takes more memory than it may.
func soak(ctx context.Context, o options) error {
	plans, err := o.chosen(soaked(o.messages))
	if err != nil {
		return err
	}
	fmt.Fprintf(o.out, "messages of %d bytes, confirms with a window of %d, prefetch %d, one ack for 25 messages; stalled is no progress for %s\n",
		bodySize, window, prefetch, stallLimit)
	var failed []error
	for _, p := range plans {
		fmt.Fprintf(o.out, "\n%s: %d messages\n", p.name, p.messages)
		for _, c := range o.brokers {
			soaking, err := fresh(ctx, c, p)
			if soaking != nil && soaking.cost.rate > 0 {
				fmt.Fprintf(o.out, "  %-8s %s\n  %-8s %s\n", c.name, soaking.cost, "", soaking.progress())
				err = errors.Join(err, soaking.bounded())
			}
			if err != nil {
				fmt.Fprintf(o.out, "  %-8s FAILED: %v\n", c.name, err)
				failed = append(failed, fmt.Errorf("%s failed: %s", c.name, p.name))
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return errors.Join(failed...)
}

// bounded is nil when the broker's memory stayed within what follows from its
// limit, and a publisher was held back where the limit was to be reached.
func (p *pass) bounded() error {
	if !p.broker.limited {
		return nil
	}
	// A garbage collector lets a heap double before it looks.
	bound := 2*float64(p.memory)/(1<<20) + p.broker.rest
	fills := p.pace > 0 && p.messages*bodySize > 3*p.memory
	var faults []error
	if p.cost.peak > bound {
		faults = append(faults, fmt.Errorf("it took %.0f MB, more than %.0f", p.cost.peak, bound))
	}
	if fills && (p.blocked.Load() == 0 || p.unblocked.Load() == 0) {
		faults = append(faults, errors.New("the publisher outran the consumers, and was not told to wait and to go on"))
	}
	return errors.Join(faults...)
}
