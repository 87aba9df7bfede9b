// Command sockets measures websockets: bridge nodes on a RabbitMQ, and thousands of
// clients over loopback.
//
//	go run ./internal/bench/sockets            all of these, one after the other
//	go run ./internal/bench/sockets fanout     one account's events to all sockets, beside a bare loop
//	go run ./internal/bench/sockets single     as many accounts as sockets, beside a bare loop
//	go run ./internal/bench/sockets index      an event for one socket among 10 to 100,000 subscriptions
//	go run ./internal/bench/sockets slow       what 500 that stop reading cost the others
//	go run ./internal/bench/sockets resume     what clients miss when one of two nodes dies
//
// Each starts servers and nodes of its own, and is publisher and clients itself; what
// is measured runs in processes of its own, whose CPU and memory are theirs alone. The
// bare loop takes the same events from a queue of its own, makes a prepared message of
// each and has a writer for each socket. Everything is printed as it is measured; -h
// after a name lists its flags.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/internal/bench/figures"
	"github.com/kazoolab/kazoolab/internal/lab"
)

func main() {
	os.Exit(lab.Main("sockets", os.Stderr, func(ctx context.Context) error { return run(ctx, os.Args[1:]) }))
}

type options struct {
	out     io.Writer
	binary  string
	store   string
	amqpURL string // of the bare loop
	sockets int
	rate    float64       // events a second; 0 is half of what is measured
	runs    int           // of fanout, single and index; pairs of slow
	lasts   time.Duration // each
	most    int           // subscriptions of index
	slow    int           // sockets of slow
}

const bareName = "bare"

func run(ctx context.Context, args []string) error {
	measurements := map[string]func(context.Context, options) error{
		"fanout": fanout, "single": single, "index": measureIndex, "slow": slow, "resume": resume, bareName: bare,
	}
	names := []string{"fanout", "single", "index", "slow", "resume"}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		if measurements[args[0]] == nil {
			return fmt.Errorf("usage: sockets [%s] [flags]; -h after each lists them", strings.Join(names, "|"))
		}
		names, args = args[:1], args[1:]
	}
	for _, name := range names {
		o, err := parse(name, args)
		if err != nil {
			return err
		}
		if err := measurements[name](ctx, o); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func parse(name string, args []string) (options, error) {
	o := options{out: os.Stdout}
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	if name == bareName {
		flags.StringVar(&o.amqpURL, "amqp-url", "", "the broker")
		return o, flags.Parse(args)
	}
	store, runs, lasts := lab.SQLite, 5, 10*time.Second
	switch name {
	case "index":
		runs = 3
	case "slow":
		lasts = 20 * time.Second
	case "resume":
		store, runs, lasts = lab.PostgreSQL, 1, 30*time.Second
	}
	flags.StringVar(&o.binary, "kazoolab", "bin/kazoolab", "the binary to measure")
	flags.StringVar(&o.store, "store", store, "postgres, or sqlite for one node")
	flags.IntVar(&o.sockets, "sockets", 5000, "how many")
	flags.IntVar(&o.runs, "runs", runs, "how often")
	flags.DurationVar(&o.lasts, "for", lasts, "how long each time")
	flags.Float64Var(&o.rate, "rate", 0, "events a second where the rate is given; 0 is half of the capacity, which is measured first, and 50 for resume")
	flags.IntVar(&o.most, "subscriptions", 100_000, "of index, at the most")
	flags.IntVar(&o.slow, "slow", 500, "sockets that slow has stop reading")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unknown argument %q", flags.Arg(0))
	case o.sockets < 2 || o.runs < 1 || o.lasts <= 0 || o.rate < 0 || o.most < 1:
		return o, errors.New("-sockets must be 2 or more, -runs and -subscriptions 1 or more, -for and -rate positive")
	case name == "slow" && (o.slow < 2 || o.slow > o.sockets/2):
		return o, errors.New("-slow: at least 2, and half of -sockets at the most")
	case name == "resume" && o.store == lab.SQLite:
		return o, errors.New("-store: two nodes cannot share a file")
	}
	return o, figures.EnoughFiles("-sockets", o.sockets, figures.MaxFiles())
}
