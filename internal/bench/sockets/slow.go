package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/internal/bench/figures"
	"github.com/kazoolab/kazoolab/internal/lab"
)

// slow has some of the sockets stop reading, half of them for good and half of them
// but for one frame in ten, and measures what that costs the others.
func slow(ctx context.Context, o options) error {
	return on(ctx, o, 1, func(ctx context.Context, st *stage) error {
		rate := o.rate
		if rate == 0 {
			best, err := st.capacity(ctx)
			if err != nil {
				return err
			}
			rate = best.rate / 2 / float64(o.sockets)
			st.say("%s at the best", best)
		}
		return st.slowly(ctx, rate)
	})
}

// capacity is what a node delivers to all sockets of events that come one by one.
func (st *stage) capacity(ctx context.Context) (best result, err error) {
	const window, lasts = 1, 10 * time.Second
	s, err := st.startAlone(ctx)
	if err != nil {
		return best, err
	}
	defer func() { err = errors.Join(err, s.stop(ctx)) }()
	crowd, err := newCrowd(ctx, s, st.tree.Accounts, bookFor(lasts+2*warm, st.sockets), st.sockets, nil)
	if err != nil {
		return best, err
	}
	defer crowd.close()
	t := &trial{stage: st, server: s, crowd: crowd}
	if _, err := t.flood(ctx, window, warm); err != nil {
		return best, err
	}
	return t.flood(ctx, window, lasts)
}

// Of how many events a slow reader takes one, and how many seconds' events may wait for
// it: a socket's queue is that small here so that it is full within a spell.
const (
	takes   = 10
	backlog = 5
	least   = 50
)

// slowpokes are those who stop reading now and then.
type slowpokes struct {
	*trial

	deaf, lazy *manner
	rate       float64
	peak       float64 // of the node's memory before any stopped
	pairs      []pair
}

// pair is what the others saw before and while they did.
type pair struct{ before, during spell }

func (st *stage) slowly(ctx context.Context, rate float64) (err error) {
	const frameSize = 2 << 10
	queue := max(least, int(backlog*rate))
	s, err := st.startAlone(ctx, fmt.Sprint("--websockets-max-queue=", queue), fmt.Sprint("--websockets-max-queue-bytes=", queue*frameSize))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop(ctx)) }()
	p := &slowpokes{deaf: &manner{"deaf", newBrake()}, lazy: &manner{"lazy", newBrake()}, rate: rate}
	lasts := time.Duration(st.runs) * (2*st.lasts + 2*aside + reconnecting)
	book := lab.NewBook(int(rate*lasts.Seconds()) + 1)
	crowd, err := newCrowd(ctx, s, st.tree.Accounts, book, st.sockets, p.manner(st.sockets, st.slow))
	if err != nil {
		return err
	}
	defer crowd.close()
	p.trial = &trial{stage: st, server: s, crowd: crowd}
	st.say("%.1f events/s to %d sockets, of which %d stop reading and %d read one frame in %d, for %s, %d times; a queue holds %d events",
		rate, st.sockets, st.slow-st.slow/2, st.slow/2, takes, st.lasts, st.runs, queue)
	return p.run(ctx)
}

// manner spreads them evenly over the places.
func (p *slowpokes) manner(clients, slow int) func(place int) *manner {
	every := clients / slow
	return func(place int) *manner {
		switch at := place / every; {
		case place%every != 0 || at >= slow:
			return nil
		case at%2 == 0:
			return p.deaf
		default:
			return p.lazy
		}
	}
}

// aside is how long events may take to arrive before they count as late, and
// reconnecting how long those may take that were closed.
const aside, reconnecting = 3 * time.Second, 10 * time.Second

func (p *slowpokes) run(ctx context.Context) error {
	publisher := p.publish(ctx, p.rate, nil)
	if err := p.wait(ctx, aside); err != nil {
		return err
	}
	p.peak = p.used().Peak
	for range p.runs {
		if err := p.pair(ctx, publisher); err != nil {
			return err
		}
	}
	publisher.End()
	if err := <-publisher.ended; err != nil {
		return err
	}
	given := publisher.Next()
	reading := 0
	for _, c := range p.crowd.clients {
		if c.manner == nil {
			reading++
		}
	}
	if err := p.crowd.got.within(ctx, patience, "deliveries to the others arrived", int64(given*reading)); err != nil {
		return err
	}
	before := figures.Median(p.pairs, func(p pair) time.Duration { return p.before.P99 })
	during := figures.Median(p.pairs, func(p pair) time.Duration { return p.during.P99 })
	p.say("median p99  before %.1f ms  during %.1f ms (%.2f); every one of %d events has come to each of the %d others, %d twice",
		lab.Milliseconds(before), lab.Milliseconds(during), float64(during)/float64(before), given, reading, p.crowd.twice.Load())
	return p.crowd.faults()
}

func (p *slowpokes) pair(ctx context.Context, publisher publishing) error {
	p.crowd.sample(true)
	from := publisher.Next()
	if err := p.wait(ctx, p.lasts); err != nil {
		return err
	}
	stopped := publisher.Next()
	p.deaf.engage(0)
	p.lazy.engage(time.Duration(takes / p.rate * float64(time.Second)))
	err := p.wait(ctx, p.lasts)
	until := publisher.Next()
	closed, failed := p.closed(ctx)
	p.deaf.release()
	p.lazy.release()
	if err := errors.Join(err, failed, p.wait(ctx, aside)); err != nil {
		return err
	}
	spells := p.crowd.spells(from, stopped, until)
	p.crowd.sample(false)
	p.pairs = append(p.pairs, pair{spells[0], spells[1]})
	used := p.used()
	p.say("pair %d  before  %s", len(p.pairs), spells[0])
	p.say("        during  %s", spells[1])
	p.say("        %.0f sockets closed by the node as slow so far; %.0f MB, %.0f at the most, before any stopped %.0f",
		closed, used.Resident, used.Peak, p.peak)
	return p.again(ctx)
}

// closed is how many sockets the node has closed as too slow.
func (p *slowpokes) closed(ctx context.Context) (float64, error) {
	m, err := p.node.Metrics(ctx)
	return m[`kazoolab_websockets_closed_total{reason="slow"}`], err
}

// again tells how those that stopped fared, and has those connect that were closed.
func (p *slowpokes) again(ctx context.Context) error {
	var gone []*client
	left := map[string]int{}
	for _, c := range p.crowd.clients {
		switch {
		case c.gone():
			gone = append(gone, c)
		case c.manner != nil:
			left[c.manner.name]++
		}
	}
	ended := p.crowd.endings()
	for _, how := range slices.Sorted(maps.Keys(ended)) {
		p.say("        %d %s", ended[how], how)
	}
	for name, n := range left {
		p.say("        %d %s, still open", n, name)
	}
	for _, c := range gone {
		if c.manner == nil {
			return errors.New("a socket was closed whose client reads")
		}
	}
	return p.crowd.connect(ctx, gone)
}
