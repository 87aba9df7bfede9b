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
	"syscall"

	"github.com/kazoolab/kazoolab/internal/bench/figures"
	"github.com/kazoolab/kazoolab/internal/rabbitmq"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
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
	old      string
	starts   int
	events   int
	runs     int
	fanout   string
	hooks    int
	profile  string
	bare     bool
	bridged  bool
	target   string
}

func run(ctx context.Context, args []string) error {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.amqpURL, "amqp-url", "", "broker to use; default a private RabbitMQ")
	flags.StringVar(&o.kazoolab, "kazoolab", "bin/kazoolab", "the binary to measure")
	flags.StringVar(&o.old, "old", "", "another build of it, measured in turn with it; default none")
	flags.IntVar(&o.starts, "starts", 10, "starts of kazoolab up")
	flags.IntVar(&o.events, "events", 20000, "events a run")
	flags.IntVar(&o.runs, "runs", 5, "runs of each")
	flags.StringVar(&o.fanout, "fanout", "1,10,100", "how many hooks an event has, in turn; events are as many fewer")
	flags.IntVar(&o.hooks, "hooks", 0, "hooks of a bridge whose start is measured, such as 1000000; 0 leaves that out")
	flags.StringVar(&o.profile, "profile", "", "folder for profiles of one more run of each")
	flags.BoolVar(&o.bridged, "bridge", false, "be the program, with the arguments that follow (used by bench itself)")
	flags.BoolVar(&o.bare, "bare", false, "be the bare loop (used by bench itself)")
	flags.StringVar(&o.target, "target", "", "where the bare loop posts to")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case o.bare:
		return profiled(o.profile, func() error { return bareLoop(ctx, o.amqpURL, o.target) })
	case o.bridged:
		return profiled(o.profile, func() error { return program(ctx, flags.Args()) })
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
	c := comparison{self, receiver, accountID, []contender{
		{"bare loop", []string{self, "-bare", "-amqp-url", o.amqpURL, "-target", receiver.url()}},
		o.bridge(storeURL),
	}}
	if o.old != "" {
		other := o
		other.kazoolab = o.old
		c.contenders = append(c.contenders, contender{"old bridge", other.bridge(storeURL).command})
	}
	results := map[string][]result{}
	for i := range o.runs {
		for _, one := range c.contenders {
			if err := fill(ctx, o.amqpURL, accountID, o.events); err != nil {
				return fmt.Errorf("fill the queue: %w", err)
			}
			r, err := measure(ctx, one, receiver, o.events)
			if err != nil {
				return fmt.Errorf("%s: %w", one.name, err)
			}
			fmt.Printf("run %d  %-10s %s\n", i+1, one.name, r)
			results[one.name] = append(results[one.name], r)
		}
	}
	if err := summarise(results); err != nil || o.profile == "" {
		return err
	}
	return profiles(ctx, os.Stdout, o, c)
}

// comparison is what takes part in it.
type comparison struct {
	self       string // this program
	receiver   *receiver
	accountID  string
	contenders []contender
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
	if old, measured := results["old bridge"]; measured {
		old := median(old)
		fmt.Printf("median old bridge %s\nbridge / old bridge: rate %.2f, CPU for 1,000 events %.2f\n", old, bridge.rate/old.rate, bridge.cpu/old.cpu)
	}
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
