// Command shared measures the deployment that operators run: bridge nodes on one
// RabbitMQ and one PostgreSQL, and receivers of which some fail.
//
//	go run ./internal/bench/shared isolation   what 20 of 100 receivers that fail cost the others
//	go run ./internal/bench/shared overload    what three times too many events cost
//	go run ./internal/bench/shared million     what a million events for a dead receiver cost
//	go run ./internal/bench/shared soak        what an hour of mixed load leaves behind
//
// Each starts servers and nodes of its own, and is publisher and receivers itself.
// Latency is from an event's publishing to its arrival. Everything is printed as it is
// measured; -h after a name lists its flags.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/kazoolab/kazoolab/internal/lab"
)

func main() {
	os.Exit(lab.Main("shared", os.Stderr, func(ctx context.Context) error { return run(ctx, os.Args[1:]) }))
}

type options struct {
	out    io.Writer
	binary string
	store  string
	nodes  int
	rate   float64 // events a second; 0 is half of what is measured

	pairs  int           // of isolation
	window time.Duration // before and after each outage
	outage time.Duration
	lasts  time.Duration // of overload and soak
	events int           // of million
	fill   float64       // events a second at which those come; 0 is as fast as the broker takes them
}

func run(ctx context.Context, args []string) error {
	measurements := map[string]func(context.Context, options) error{
		"isolation": isolation, "overload": overload, "million": million, "soak": soak,
	}
	const usage = "usage: shared isolation|overload|million|soak [flags]; -h after each lists them"
	if len(args) == 0 || measurements[args[0]] == nil {
		return errors.New(usage)
	}
	o, err := parse(args[0], args[1:])
	if err != nil {
		return err
	}
	return measurements[args[0]](ctx, o)
}

func parse(name string, args []string) (options, error) {
	o := options{out: os.Stdout}
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.StringVar(&o.binary, "kazoolab", "bin/kazoolab", "the binary to measure")
	flags.StringVar(&o.store, "store", lab.PostgreSQL, "postgres, or sqlite for one node")
	flags.IntVar(&o.nodes, "nodes", 1, "how many nodes")
	switch name {
	case "isolation":
		flags.Float64Var(&o.rate, "rate", 0, "events a second; 0 is half of the capacity, which is measured first")
		flags.IntVar(&o.pairs, "pairs", 5, "outages")
		flags.DurationVar(&o.window, "window", 20*time.Second, "measured before each outage and after it")
		flags.DurationVar(&o.outage, "outage", 30*time.Second, "how long receivers fail")
	case "overload":
		flags.Float64Var(&o.rate, "rate", 0, "events a second; 0 is three times the capacity, which is measured first")
		flags.DurationVar(&o.lasts, "for", time.Minute, "how long")
	case "million":
		flags.Float64Var(&o.rate, "rate", 100, "events a second for the other receivers")
		flags.IntVar(&o.events, "events", 1_000_000, "events for the dead receiver")
		flags.Float64Var(&o.fill, "fill", 0, "events a second at which those come; 0 is as fast as the broker takes them, so that the others wait their turn in its queue")
		flags.DurationVar(&o.window, "window", 20*time.Second, "the other receivers are measured before, and while all wait")
	case "soak":
		flags.Float64Var(&o.rate, "rate", 0, "events a second; 0 is half of the capacity, which is measured first")
		flags.DurationVar(&o.lasts, "for", time.Hour, "how long")
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unknown argument %q", flags.Arg(0))
	case o.nodes < 1 || o.nodes > 1 && o.store == lab.SQLite:
		return o, errors.New("-nodes: at least 1, and a file has no more")
	}
	return o, nil
}
