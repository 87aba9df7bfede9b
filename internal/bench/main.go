// Command bench measures the program. First kazoolab up, from the start of its
// process until it is ready, and its memory at rest. Then the bridge beside the
// least that could do its job: a loop that consumes, posts the raw body and
// acknowledges after a 2xx. Both take the same events from the same queue and post
// to the same receiver; runs alternate, with each kind of store, with a receiver that
// fails so that attempts are stored, and with two nodes. What RabbitMQ and PostgreSQL
// spend is counted in no figure of theirs. Then the bridge alone, with several hooks
// for each event. Every run is printed.
//
//	go run ./internal/bench -kazoolab bin/kazoolab [-starts 10] [-events 20000] [-runs 5] [-store sqlite,postgres] [-fanout 1,10,100] [-hooks 1000000]
//
// For the runs it starts a private RabbitMQ, or uses -amqp-url, whose queue
// kazoolab.webhooks it then empties, and a private PostgreSQL. -runs 0, -starts 0 or
// -fanout ” leaves that part out; -store sqlite -fails=false -nodes 1 leaves the bare
// loop and the bridge. -old adds another build of the same schema, -profile writes
// what CPU and memory were spent on, and -hooks adds the start of a bridge that has
// so many.
package main

import (
	"context"
	"flag"
	"os"

	"github.com/kazoolab/kazoolab/internal/lab"
	"github.com/kazoolab/kazoolab/internal/rabbitmq"
)

func main() {
	os.Exit(lab.Main("bench", os.Stderr, func(ctx context.Context) error { return run(ctx, os.Args[1:]) }))
}

type options struct {
	amqpURL  string
	kazoolab string
	old      string
	starts   int
	events   int
	runs     int
	stores   []string
	fails    bool
	nodes    int
	fanout   string
	hooks    int
	profile  string
	bare     bool
	bridged  bool
	target   string
}

func run(ctx context.Context, args []string) error {
	var o options
	var stores string
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.amqpURL, "amqp-url", "", "broker to use; default a private RabbitMQ")
	flags.StringVar(&o.kazoolab, "kazoolab", "bin/kazoolab", "the binary to measure")
	flags.StringVar(&o.old, "old", "", "another build of it, measured in turn with it; default none")
	flags.IntVar(&o.starts, "starts", 10, "starts of kazoolab up")
	flags.IntVar(&o.events, "events", 20000, "events a run")
	flags.IntVar(&o.runs, "runs", 5, "runs of each")
	flags.StringVar(&stores, "store", lab.SQLite+","+lab.PostgreSQL, "where the bridge keeps what it keeps, in turn")
	flags.BoolVar(&o.fails, "fails", true, "measure with a receiver, too, that answers one in ten requests with 500")
	flags.IntVar(&o.nodes, "nodes", 2, "measure so many nodes, too, that share a database")
	flags.StringVar(&o.fanout, "fanout", "1,10,100", "how many hooks an event has, in turn; events are as many fewer")
	flags.IntVar(&o.hooks, "hooks", 0, "hooks of a bridge whose start is measured, such as 1000000; 0 leaves that out")
	flags.StringVar(&o.profile, "profile", "", "folder for profiles of one more run of each")
	flags.BoolVar(&o.bridged, "bridge", false, "be the program, with the arguments that follow (used by bench itself)")
	flags.BoolVar(&o.bare, "bare", false, "be the bare loop (used by bench itself)")
	flags.StringVar(&o.target, "target", "", "where the bare loop posts to")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var err error
	if o.stores, err = parseStores(stores); err != nil {
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
	if err := compare(ctx, os.Stdout, o); err != nil {
		return err
	}
	return fanOut(ctx, os.Stdout, o)
}
