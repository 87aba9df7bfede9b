// Command chaos is a storm over the shared deployment: two bridge nodes on one
// RabbitMQ and one PostgreSQL deliver events to 50 hooks, some of which are dead,
// hang, are slow or flap, while nodes are killed, both servers are restarted and the
// lines between them are cut. When it is over, each event that was sent must have
// arrived at each hook of its account, or failed for good with a record of that, or
// be parked for a receiver that is still dead; and what is parked must arrive once
// the dead are back. Anything else is lost, and an error.
//
//	go run ./internal/chaos [-time 3m] [-events 20000] [-seed WORD]
//
// The seed decides what happens, to whom and after how many events; it is printed, and
// given again repeats the same storm. -store sqlite storms one node on a file.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/internal/lab"
)

func main() {
	os.Exit(lab.Main("chaos", os.Stderr, func(ctx context.Context) error { return run(ctx, os.Stdout, os.Args[1:]) }))
}

// usualTime is how long the events of a whole storm flow.
const usualTime = 3 * time.Minute

func run(ctx context.Context, out io.Writer, args []string) error {
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	var o options
	o.out = out
	flags.DurationVar(&o.time, "time", usualTime, "how long events flow, if nothing holds them up; the end takes about a minute more")
	flags.IntVar(&o.events, "events", 0, "events to send; 0 is 20,000, or as many fewer as -time is shorter")
	flags.StringVar(&o.seed, "seed", "", "repeats a storm; default a new one")
	flags.StringVar(&o.store, "store", lab.PostgreSQL, "postgres for two nodes, sqlite for one")
	flags.StringVar(&o.binary, "kazoolab", "bin/kazoolab", "the binary to storm")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unknown argument %q", flags.Arg(0))
	case o.time < 10*time.Second:
		return errors.New("-time: at least 10s, or there is no room for the faults")
	}
	if o.events == 0 {
		const usual = 20_000
		o.events = int(min(1, o.time.Seconds()/usualTime.Seconds()) * usual)
	}
	if o.seed == "" {
		o.seed = ids.New().Hex(8)
	}
	return storm(ctx, o)
}

type options struct {
	out    io.Writer
	time   time.Duration
	events int
	seed   string
	store  string
	binary string
}

// nodes of a storm: a file belongs to one.
func (o options) nodes() int {
	if o.store == lab.SQLite {
		return 1
	}
	return 2
}
