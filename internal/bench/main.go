// Command bench measures the program. First kazoolab up, from the start of its
// process until it is ready, and its memory at rest. Then the bridge beside the
// least that could do its job: a loop that consumes, posts the raw body and
// acknowledges after a 2xx. Both take the same events from the same queue and post
// to the same receiver; runs alternate. Then the bridge alone, with several hooks for
// each event. Every run is printed.
//
//	go run ./internal/bench -kazoolab bin/kazoolab [-starts 10] [-events 20000] [-runs 5] [-fanout 1,10,100] [-hooks 1000000]
//
// For the runs it starts a private RabbitMQ, or uses -amqp-url, whose queue
// kazoolab.webhooks it then empties. -runs 0, -starts 0 or -fanout ” leaves that part
// out. -hooks adds the start of a bridge that has so many.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/kazoolab/kazoolab/internal/bench/figures"
	"github.com/kazoolab/kazoolab/internal/rabbitmq"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has run
	}
}

type options struct {
	amqpURL  string
	kazoolab string
	starts   int
	events   int
	runs     int
	fanout   string
	hooks    int
	bare     bool
	target   string
}

func run(ctx context.Context, args []string) error {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.amqpURL, "amqp-url", "", "broker to use; default a private RabbitMQ")
	flags.StringVar(&o.kazoolab, "kazoolab", "bin/kazoolab", "the binary to measure")
	flags.IntVar(&o.starts, "starts", 10, "starts of kazoolab up")
	flags.IntVar(&o.events, "events", 20000, "events a run")
	flags.IntVar(&o.runs, "runs", 5, "runs of each")
	flags.StringVar(&o.fanout, "fanout", "1,10,100", "how many hooks an event has, in turn; events are as many fewer")
	flags.IntVar(&o.hooks, "hooks", 0, "hooks of a bridge whose start is measured, such as 1000000; 0 leaves that out")
	flags.BoolVar(&o.bare, "bare", false, "be the bare loop (used by bench itself)")
	flags.StringVar(&o.target, "target", "", "where the bare loop posts to")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.bare {
		return bareLoop(ctx, o.amqpURL, o.target)
	}
	if err := measureStarts(ctx, os.Stdout, o.kazoolab, o.starts); err != nil {
		return err
	}
	if o.hooks > 0 {
		if err := measureCrowd(ctx, os.Stdout, o.kazoolab, o.hooks); err != nil {
			return err
		}
	}
	if o.runs == 0 {
		return nil
	}
	if o.amqpURL == "" {
		server, err := rabbitmq.Start(ctx, rabbitmq.Options{})
		if err != nil {
			return err
		}
		defer func() { _ = server.Stop() }()
		o.amqpURL = server.URL()
	}
	if err := compare(ctx, o); err != nil {
		return err
	}
	return fanOut(ctx, os.Stdout, o)
}

// compare alternates the two and prints each run, the medians and their ratio.
func compare(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "kazoolab-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	receiver, err := newReceiver()
	if err != nil {
		return err
	}
	defer receiver.close()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	storeURL := "sqlite:" + filepath.Join(dir, "bench.db")
	accountID, err := seedStore(ctx, storeURL, receiver.url(), 1)
	if err != nil {
		return err
	}
	contenders := []contender{
		{"bare loop", []string{self, "-bare", "-amqp-url", o.amqpURL, "-target", receiver.url()}},
		o.bridge(storeURL),
	}
	results := map[string][]result{}
	for i := range o.runs {
		for _, c := range contenders {
			if err := fill(ctx, o.amqpURL, accountID, o.events); err != nil {
				return fmt.Errorf("fill the queue: %w", err)
			}
			r, err := measure(ctx, c, receiver, o.events)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			fmt.Printf("run %d  %-10s %s\n", i+1, c.name, r)
			results[c.name] = append(results[c.name], r)
		}
	}
	return summarise(results)
}

// bridge is the contender that all this is about.
func (o options) bridge(storeURL string) contender {
	return contender{"bridge", []string{
		o.kazoolab, "bridge", "--amqp-url", o.amqpURL, "--store", storeURL, "--rest-listen", "127.0.0.1:0",
		"--allow-loopback-targets", "--log-level", "error",
	}}
}

func summarise(results map[string][]result) error {
	bare, bridge := median(results["bare loop"]), median(results["bridge"])
	if bare.rate == 0 || bare.cpu == 0 {
		return errors.New("too little was measured: give more -events")
	}
	fmt.Printf("median %-10s %s\nmedian %-10s %s\n", "bare loop", bare, "bridge", bridge)
	fmt.Printf("bridge / bare loop: rate %.2f, CPU for 1,000 events %.2f\n", bridge.rate/bare.rate, bridge.cpu/bare.cpu)
	return nil
}

// median takes each figure's own.
func median(results []result) result {
	return result{
		rate: figures.Median(results, func(r result) float64 { return r.rate }),
		cpu:  figures.Median(results, func(r result) float64 { return r.cpu }),
		peak: figures.Median(results, func(r result) float64 { return r.peak }),
	}
}
