// Command simulator measures how fast the simulated switch fills a broker, beside a bare
// loop that publishes as many messages of the same size.
//
//	go run ./internal/bench/simulator                       10,000 calls, 5 times, on RabbitMQ and the embedded broker
//	go run ./internal/bench/simulator -calls 100000 -runs 1 a business day
//	go run ./internal/bench/simulator -rate 500 -for 1m     an open loop: what is offered, and how late it comes
//
// Both are processes of their own with the same window of unconfirmed messages, in turn.
// What nobody has bound to is gone once the broker has it.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/kazoolab/kazoolab/internal/bench/figures"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/lab"
)

func main() {
	os.Exit(lab.Main("simulator", os.Stderr, func(ctx context.Context) error { return run(ctx, os.Args[1:]) }))
}

type options struct {
	out      io.Writer
	kazoolab string
	brokers  string
	calls    int
	runs     int
	rate     float64
	lasts    time.Duration

	bare     bool // this process is the bare loop
	amqpURL  string
	messages int
	size     int
}

func run(ctx context.Context, args []string) error {
	o := options{out: os.Stdout}
	flags := flag.NewFlagSet("simulator", flag.ContinueOnError)
	flags.StringVar(&o.kazoolab, "kazoolab", "bin/kazoolab", "the binary to measure")
	flags.StringVar(&o.brokers, "brokers", "rabbitmq,kazoolab", "which to use, with commas between")
	flags.IntVar(&o.calls, "calls", 10_000, "calls each time")
	flags.IntVar(&o.runs, "runs", 5, "how often")
	flags.Float64Var(&o.rate, "rate", 0, "calls a second of an open loop; 0 is as fast as it goes")
	flags.DurationVar(&o.lasts, "for", time.Minute, "how long an open loop lasts")
	flags.BoolVar(&o.bare, "bare", false, "be the bare loop: for its own use")
	flags.StringVar(&o.amqpURL, "amqp-url", "", "the broker of the bare loop")
	flags.IntVar(&o.messages, "messages", 0, "messages of the bare loop")
	flags.IntVar(&o.size, "size", 0, "bytes of each")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case o.bare:
		return publishBare(ctx, o)
	case o.calls < 1, o.runs < 1, o.rate < 0:
		return errors.New("-calls and -runs are at least 1, -rate at least 0")
	}
	return o.each(ctx, func(name, url string) error {
		if o.rate > 0 {
			return o.openLoop(ctx, name, url)
		}
		return o.compare(ctx, name, url)
	})
}

// result is one run of the switch or of the bare loop.
type result struct {
	Messages int     `json:"messages"`
	Seconds  float64 `json:"seconds"`
	Late99   float64 `json:"late_p99_ms"`
	Late     float64 `json:"late_worst_ms"`
	Begun    int     `json:"begun"`
	used     figures.Used
}

func (d result) rate() float64 { return float64(d.Messages) / d.Seconds }

func (d result) String() string {
	return fmt.Sprintf("%8d messages  %7.0f/s  %.3f CPU s/1,000  %4.0f MB peak", d.Messages, d.rate(), d.used.CPU/float64(d.Messages)*1000, d.used.Peak)
}

// compare has both fill a broker in turn.
func (o options) compare(ctx context.Context, name, url string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var switches, bares []result
	for i := range o.runs {
		s, err := o.command(ctx, 0, o.kazoolab, "simulate", "--amqp-url", url, "--calls", strconv.Itoa(o.calls), "--rate", "1.2", "--arrivals", "day",
			"--speed", "max", "--seed", "bench", "--output", "json", "--run-file", os.DevNull)
		if err != nil {
			return err
		}
		const size = 1635 // bytes: what the messages of a call have on average
		b, err := o.command(ctx, 0, self, "-bare", "-amqp-url", url, "-messages", strconv.Itoa(s.Messages), "-size", strconv.Itoa(size))
		if err != nil {
			return err
		}
		fmt.Fprintf(o.out, "run %d  %-9s  switch     %s\nrun %d  %-9s  bare loop  %s\n", i+1, name, s, i+1, name, b)
		switches, bares = append(switches, s), append(bares, b)
	}
	s, b := figures.Median(switches, result.rate), figures.Median(bares, result.rate)
	fmt.Fprintf(o.out, "median %-9s  switch %.0f messages/s, bare loop %.0f: %.2f\n", name, s, b, s/b)
	return nil
}

// openLoop offers calls at a rate whatever the broker does. Those that are up by then would
// go on for up to an hour, and are left.
func (o options) openLoop(ctx context.Context, name, url string) error {
	s, err := o.command(ctx, o.lasts+time.Second, o.kazoolab, "simulate", "--amqp-url", url, "--rate", strconv.FormatFloat(o.rate, 'g', -1, 64), "--arrivals", "steady",
		"--duration", o.lasts.String(), "--seed", "bench", "--output", "json", "--run-file", os.DevNull)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.out, "%-9s  %d calls in %s: %.1f calls/s of %g offered, late %.1f ms at p99 and %.1f at most; %s\n",
		name, s.Begun, o.lasts, float64(s.Begun)/o.lasts.Seconds(), o.rate, s.Late99, s.Late, s)
	return nil
}

// command runs one of the two to its end, or until it is ended after a while; 0 is not.
func (o options) command(ctx context.Context, lasts time.Duration, name string, args ...string) (d result, err error) {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // the binary that the user names
	var told bytes.Buffer
	cmd.Stdout, cmd.Stderr = &told, os.Stderr
	if err := cmd.Start(); err != nil {
		return d, err
	}
	if lasts > 0 {
		waiting, stop := context.WithCancel(ctx)
		defer stop()
		go func() {
			if clock.Sleep(waiting, clock.System(), lasts) == nil {
				_ = cmd.Process.Signal(syscall.SIGTERM)
			}
		}()
	}
	if err := cmd.Wait(); err != nil {
		return d, fmt.Errorf("%s %s: %w", name, args[0], err)
	}
	if err := json.Unmarshal(told.Bytes(), &d); err != nil {
		return d, fmt.Errorf("%s %s said %q: %w", name, args[0], &told, err)
	}
	d.used = figures.Ended(cmd.ProcessState)
	return d, nil
}
