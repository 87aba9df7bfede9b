package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kazoolab/kazoolab/internal/bench/figures"
	"github.com/kazoolab/kazoolab/internal/lab"
)

// contest has the node and the bare loop serve the same clients in turn.
type contest struct {
	*stage

	windows []int // events on their way at once, each measured
	floods  map[string][]result
	memory  map[string][]float64 // KB a socket, at rest
	streams map[string][]streamed
}

// streamed is what came of a given rate.
type streamed struct {
	result
	lab.Latency
}

// contender is who takes part.
type contender struct {
	name  string
	start func(context.Context) (*server, error)
}

const nodeName, loopName = "node", "bare loop"

func (c *contest) contenders() []contender {
	return []contender{
		{loopName, c.startBare},
		{nodeName, func(ctx context.Context) (*server, error) { return c.startAlone(ctx) }},
	}
}

// fanout gives one account's events to all sockets. A lone event costs a write for each
// socket; where several wait for one, the node writes them at once. Capacity is that of
// lone events.
func fanout(ctx context.Context, o options) error {
	return compete(ctx, o, 1, 1, 16)
}

// single has as many accounts as sockets, whose events come in turn.
func single(ctx context.Context, o options) error {
	return compete(ctx, o, o.sockets, 256)
}

// compete finds what each can deliver, and then how soon it delivers half of what the
// node can.
func compete(ctx context.Context, o options, accounts int, windows ...int) error {
	return on(ctx, o, accounts, func(ctx context.Context, st *stage) error {
		c := &contest{
			stage: st, windows: windows, floods: map[string][]result{}, memory: map[string][]float64{}, streams: map[string][]streamed{},
		}
		for run := range o.runs {
			for _, one := range c.contenders() {
				if err := c.with(ctx, one, run, c.flood); err != nil {
					return err
				}
			}
		}
		c.summarise()
		rate := o.rate
		if rate == 0 {
			best := c.medianOf(nodeName, windows[0])
			rate = best.rate / 2 / float64(o.sockets/accounts)
		}
		c.say("now %.1f events/s", rate)
		for run := range o.runs {
			for _, one := range c.contenders() {
				err := c.with(ctx, one, run, func(ctx context.Context, run int, one contender, t *trial) error {
					return c.stream(ctx, run, one, t, rate)
				})
				if err != nil {
					return err
				}
			}
		}
		c.summariseStreams()
		return nil
	})
}

// with has a contender serve the clients while something is done with them.
func (c *contest) with(ctx context.Context, one contender, run int, do func(context.Context, int, contender, *trial) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", one.name, err)
		}
	}()
	s, err := one.start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop(ctx)) }()
	before := s.used().Resident
	accounts := c.tree.Accounts
	book := bookFor(time.Duration(len(c.windows)+1)*(c.lasts+warm), c.sockets/len(accounts))
	crowd, err := newCrowd(ctx, s, accounts, book, c.sockets, nil)
	if err != nil {
		return err
	}
	defer crowd.close()
	t := &trial{stage: c.stage, server: s, crowd: crowd}
	with := s.used().Resident
	each := (with - before) * 1024 / float64(c.sockets)
	c.memory[one.name] = append(c.memory[one.name], each)
	if _, err := t.flood(ctx, 2, warm); err != nil {
		return err
	}
	c.say("run %d  %-9s  %.0f MB, with %d sockets %.0f MB: %.1f KB each  frames of %d bytes",
		run+1, one.name, before, c.sockets, with, each, crowd.size.Load())
	return do(ctx, run, one, t)
}

// warm is how long clients are served before anything counts.
const warm = time.Second

func (c *contest) flood(ctx context.Context, run int, one contender, t *trial) error {
	for _, window := range c.windows {
		r, err := t.flood(ctx, window, c.lasts)
		if err != nil {
			return err
		}
		c.say("run %d  %-9s  %3d events at once  %s  %4.0f MB at the most", run+1, one.name, window, r, t.used().Peak)
		key := floodKey(one.name, window)
		c.floods[key] = append(c.floods[key], r)
	}
	return nil
}

func floodKey(name string, window int) string { return fmt.Sprint(name, window) }

func (c *contest) stream(ctx context.Context, run int, one contender, t *trial, rate float64) error {
	r, took, err := t.stream(ctx, rate, c.lasts)
	if err != nil {
		return err
	}
	c.say("run %d  %-9s  %s  %s", run+1, one.name, r, took)
	c.streams[one.name] = append(c.streams[one.name], streamed{r, took.Latency})
	return nil
}

func (c *contest) medianOf(name string, window int) result {
	return medianResult(c.floods[floodKey(name, window)], func(r result) result { return r })
}

// medianResult takes each figure's own.
func medianResult[T any](runs []T, of func(T) result) result {
	return result{
		rate: figures.Median(runs, func(r T) float64 { return of(r).rate }),
		cpu:  figures.Median(runs, func(r T) float64 { return of(r).cpu }),
	}
}

func (c *contest) summarise() {
	same := func(v float64) float64 { return v }
	for _, one := range c.contenders() {
		c.say("median %-9s  %.1f KB a socket", one.name, figures.Median(c.memory[one.name], same))
	}
	for _, window := range c.windows {
		node, loop := c.medianOf(nodeName, window), c.medianOf(loopName, window)
		c.say("median %-9s  %3d events at once  %s", loopName, window, loop)
		c.say("median %-9s  %3d events at once  %s  rate %.2f, CPU %.2f of the bare loop's",
			nodeName, window, node, node.rate/loop.rate, node.cpu/loop.cpu)
	}
}

func (c *contest) summariseStreams() {
	for _, one := range c.contenders() {
		runs := c.streams[one.name]
		r := medianResult(runs, func(s streamed) result { return s.result })
		c.say("median %-9s  %s  p50 %.1f ms  p99 %.1f ms", one.name, r,
			lab.Milliseconds(figures.Median(runs, func(s streamed) time.Duration { return s.P50 })),
			lab.Milliseconds(figures.Median(runs, func(s streamed) time.Duration { return s.P99 })))
	}
}
