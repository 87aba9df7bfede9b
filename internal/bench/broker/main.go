// Command broker puts load on AMQP brokers: it compares the embedded one with
// RabbitMQ, and soaks one to show that it neither stalls nor loses.
//
//	go run ./internal/bench/broker compare [-messages 200000] [-runs 5] [-only REGEXP]
//	go run ./internal/bench/broker soak [-messages 2000000] [-brokers kazoolab] [-only REGEXP]
//
// Each pass has a broker of its own, freshly started in a process of its own and
// warmed; publisher and consumers are this process. With -url the broker at that
// address is used instead, and -pid names its process.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/kazoolab/kazoolab/internal/lab"
)

func main() {
	os.Exit(lab.Main("broker", os.Stderr, func(ctx context.Context) error { return run(ctx, os.Args[1:]) }))
}

type options struct {
	out      io.Writer
	messages int
	runs     int
	only     *regexp.Regexp
	brokers  []contender
}

// contender is a broker with the name that it is printed under.
type contender struct {
	name  string
	start maker
}

func run(ctx context.Context, args []string) error {
	const usage = "usage: broker compare|soak [flags]; -h after either lists them"
	if len(args) == 0 {
		return errors.New(usage)
	}
	switch args[0] {
	case "compare":
		o, err := parse("compare", args[1:], options{out: os.Stdout, messages: 200_000, runs: 5}, "rabbitmq,kazoolab")
		if err != nil {
			return err
		}
		return compare(ctx, o)
	case "soak":
		o, err := parse("soak", args[1:], options{out: os.Stdout, messages: 2_000_000}, "kazoolab")
		if err != nil {
			return err
		}
		return soak(ctx, o)
	default:
		return errors.New(usage)
	}
}

func parse(name string, args []string, o options, brokers string) (options, error) {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	binary := flags.String("kazoolab", "bin/kazoolab", "the binary whose broker is meant by kazoolab")
	flags.StringVar(&brokers, "brokers", brokers, "which to use, with commas between: rabbitmq, kazoolab")
	url := flags.String("url", "", "use the broker that runs at this address instead")
	pid := flags.Int("pid", 0, "process of the broker at -url, to tell its CPU and memory")
	only := flags.String("only", "", "regular expression of the cells to run; default all")
	flags.IntVar(&o.messages, "messages", o.messages, "messages a cell")
	if o.runs > 0 {
		flags.IntVar(&o.runs, "runs", o.runs, "runs of each cell")
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.messages < 1 || name == "compare" && o.runs < 1 {
		return o, errors.New("-messages and -runs must be at least 1")
	}
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		return o, fmt.Errorf("-only: %w", err)
	}
	if *url != "" {
		o.brokers = []contender{{"broker", running(*url, *pid)}}
		return o, nil
	}
	for name := range strings.SplitSeq(brokers, ",") {
		switch name {
		case "rabbitmq":
			o.brokers = append(o.brokers, contender{name, startRabbitMQ})
		case "kazoolab":
			o.brokers = append(o.brokers, contender{name, startKazoolab(*binary)})
		default:
			return o, fmt.Errorf("-brokers: %q is neither rabbitmq nor kazoolab", name)
		}
	}
	return o, nil
}

// chosen are the cells whose names the user asks for.
func (o options) chosen(plans []plan) ([]plan, error) {
	var some []plan
	for _, p := range plans {
		if o.only.MatchString(p.name) {
			some = append(some, p)
		}
	}
	if some == nil {
		return nil, fmt.Errorf("-only: no cell is named like %q", o.only)
	}
	return some, nil
}
