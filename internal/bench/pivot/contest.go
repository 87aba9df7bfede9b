package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/kazoolab/kazoolab/internal/bench/figures"
)

// contest has the engine and the bare loop do the same in turn.
type contest struct {
	*bench

	line         string // what goes between them and the application
	engine, bare starter
}

// Sides, as they are told of.
const (
	engineName = "engine"
	bareName   = "bare loop"
	ownName    = "bare, own" // at half of its own capacity
)

// overHTTP is the contest of calls over HTTP.
func overHTTP(ctx context.Context, b *bench) error {
	return contest{b, "HTTP", b.httpEngine, b.httpBare}.run(ctx)
}

// overSocket is that of calls over one websocket.
func overSocket(ctx context.Context, b *bench) error {
	return contest{b, "one websocket", b.socketEngine, b.socketBare}.run(ctx)
}

// turn is a side's part of a round: who it is and what it is to do.
type turn struct {
	name  string
	start starter
	load  load
}

// run finds what each can do, and then how soon each does half of what the engine can, and
// the bare loop half of what it can itself: there each has as much of the machine left.
func (c contest) run(ctx context.Context) error {
	c.note("%d calls at a time over %s; ms are from an answer to the call's next request, at the application", c.calls, c.line)
	if err := c.record(ctx, c.engine); err != nil {
		return err
	}
	most, err := c.alternate(ctx, c.runs, c.lasts, turn{bareName, c.bare, load{}}, turn{engineName, c.engine, load{}})
	if err != nil {
		return err
	}
	bare, engine := most[0], most[1]
	c.note("median  %.2f of the bare loop's requests/s, %.2f times its CPU; its p99 is %.2f of the engine's",
		engine.rate()/bare.rate(), engine.cpu/bare.cpu, bare.P99/engine.P99)
	if c.pairs == 0 {
		return nil
	}
	half, own := engine.calls()/2, bare.calls()/2
	c.note("now %.0f calls/s come, whatever becomes of others, half of what the engine can, and it holds %d that wait for a digit beside; %s: %.0f calls/s, half of what that loop can",
		half, c.calls, ownName, own)
	halves, err := c.alternate(ctx, c.pairs, c.window,
		turn{bareName, c.bare, load{rate: half}}, turn{engineName, c.engine, load{rate: half, held: c.calls}}, turn{ownName, c.bare, load{rate: own}})
	if err != nil {
		return err
	}
	bare, engine = halves[0], halves[1]
	c.note("median  %.2f times the bare loop's CPU; p99 of the engine's: the bare loop's as often asked %.2f, at half of its own capacity %.2f",
		engine.cpu/bare.cpu, bare.P99/engine.P99, halves[2].P99/engine.P99)
	return nil
}

// alternate has one after the other work, so often, and returns the medians.
func (c contest) alternate(ctx context.Context, times int, lasts time.Duration, turns ...turn) ([]result, error) {
	results := make([][]result, len(turns))
	for i := range times {
		for k, t := range turns {
			r, err := c.measure(ctx, t.start, t.load, lasts)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", t.name, err)
			}
			c.note("run %d   %-9s  %s", i+1, t.name, r)
			results[k] = append(results[k], r)
		}
	}
	medians := make([]result, len(turns))
	for k, t := range turns {
		medians[k] = median(results[k])
		c.note("median  %-9s  %s", t.name, medians[k])
	}
	return medians, nil
}

// median takes each figure's own.
func median(runs []result) result {
	of := func(figure func(result) float64) float64 { return figures.Median(runs, figure) }
	m := result{took: 1, cpu: of(func(r result) float64 { return r.cpu }), app: of(func(r result) float64 { return r.app })}
	m.others, m.resident = of(func(r result) float64 { return r.others }), of(func(r result) float64 { return r.resident })
	m.Requests, m.Calls = int(math.Round(of(result.rate))), int(math.Round(of(result.calls)))
	m.P50, m.P99, m.Max = of(func(r result) float64 { return r.P50 }), of(func(r result) float64 { return r.P99 }), of(func(r result) float64 { return r.Max })
	return m
}
