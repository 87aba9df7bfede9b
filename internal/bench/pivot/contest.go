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

const engineName, bareName = "engine", "bare loop"

// overHTTP is the contest of calls over HTTP.
func overHTTP(ctx context.Context, b *bench) error {
	return contest{b, "HTTP", b.httpEngine, b.httpBare}.run(ctx)
}

// overSocket is that of calls over one websocket.
func overSocket(ctx context.Context, b *bench) error {
	return contest{b, "one websocket", b.socketEngine, b.socketBare}.run(ctx)
}

// run finds what each can do, and then how soon each does half of what the engine can.
func (c contest) run(ctx context.Context) error {
	c.note("%d calls at a time over %s; ms are from an answer to the call's next request, at the application", c.calls, c.line)
	if err := c.record(ctx, c.engine); err != nil {
		return err
	}
	engine, err := c.alternate(ctx, c.runs, load{}, c.lasts)
	if err != nil || c.pairs == 0 {
		return err
	}
	half := engine.calls() / 2
	c.note("now %.0f calls/s come, whatever becomes of others, half of what the engine can; it holds %d that wait for a digit beside", half, c.calls)
	_, err = c.alternate(ctx, c.pairs, load{rate: half, held: c.calls}, c.window)
	return err
}

// alternate has one after the other work, so often, and compares the medians.
func (c contest) alternate(ctx context.Context, times int, l load, lasts time.Duration) (engine result, err error) {
	var engines, bares []result
	for i := range times {
		for _, one := range []struct {
			name  string
			start starter
			to    *[]result
		}{{bareName, c.bare, &bares}, {engineName, c.engine, &engines}} {
			r, err := c.measure(ctx, one.start, l, lasts)
			if err != nil {
				return engine, fmt.Errorf("%s: %w", one.name, err)
			}
			c.note("run %d   %-9s  %s", i+1, one.name, r)
			*one.to = append(*one.to, r)
		}
	}
	engine, bare := median(engines), median(bares)
	c.note("median  %-9s  %s", bareName, bare)
	c.note("median  %-9s  %s", engineName, engine)
	c.note("median  %.2f of the bare loop's requests/s, %.2f times its CPU; its p99 is %.2f of the engine's",
		engine.rate()/bare.rate(), engine.cpu/bare.cpu, bare.P99/engine.P99)
	return engine, nil
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
