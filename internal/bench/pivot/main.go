// Command pivot measures the engine of Pivot: calls that ask an application again and
// again, beside a bare loop that makes the same requests.
//
//	go run ./internal/bench/pivot                 all of these, one after the other
//	go run ./internal/bench/pivot -only http      1,000 calls at a time over HTTP
//	go run ./internal/bench/pivot -only socket    1,000 calls at a time over one websocket of a bridge node
//	go run ./internal/bench/pivot -only memory    what a call takes that is in the engine's hands
//
// A call is a menu: it is asked for by a digit (Gather), goes elsewhere (Redirect), and
// so on in turn until the application hangs up; its caller presses the key as soon as
// the prompt begins. The switch is played inside the engine's process. The application
// is a process of its own, the same for both; so are the node and the built-in broker
// between it and an engine at websockets, whose work counts as the engine's.
//
// The latency is from an answer to the next request of the same call, in the
// application's own process: from when it has given the answer away until it has the
// whole request. What both sides and the wire take is in it, and whatever waits its turn
// there; no time of a person is. The bare loop's requests are recorded ones of the
// engine, byte by byte; it reads no answer, it only waits for it. At half of what it can
// the engine stands beside a loop that makes as many requests, and beside one that makes
// half of what that can, which leaves both as much of the machine. Runs alternate, and
// each is printed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/internal/bench/figures"
	"github.com/kazoolab/kazoolab/internal/lab"
)

func main() {
	os.Exit(lab.Main("pivot", os.Stderr, func(ctx context.Context) error { return run(ctx, os.Args[1:]) }))
}

type options struct {
	out      io.Writer
	binary   string
	only     []string
	calls    int // at a time
	requests int // of each
	runs     int
	lasts    time.Duration
	pairs    int
	window   time.Duration
	profile  string

	// Of the processes that this one starts of itself.
	role    string
	url     string  // the application's
	rate    float64 // calls a second of an open loop; 0 is none: as one call ends another begins
	held    int     // calls that wait for a digit all the while
	idle    bool    // nothing but what is held
	samples string  // the file of recorded requests
	amqpURL string
	account string
	token   string
}

// Roles of such processes.
const (
	roleApp        = "app"
	roleSocketApp  = "socket-app"
	roleEngine     = "engine"
	roleBare       = "bare"
	roleBareSocket = "bare-socket"
)

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	roles := map[string]func(context.Context, options) error{
		roleApp: serveHTTP, roleSocketApp: serveSocket, roleEngine: runEngine, roleBare: runBare, roleBareSocket: runBareSocket,
	}
	if o.role != "" {
		if roles[o.role] == nil {
			return fmt.Errorf("-role: there is no %q", o.role)
		}
		return roles[o.role](ctx, o)
	}
	measurements := map[string]func(context.Context, *bench) error{"http": overHTTP, "socket": overSocket, "memory": memory}
	dir, err := os.MkdirTemp("", "kazoolab-pivot-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for _, name := range o.only {
		if err := measurements[name](ctx, newBench(o, dir)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func parse(args []string) (options, error) {
	o := options{out: os.Stdout}
	all := []string{"http", "memory", "socket"}
	var only string
	flags := flag.NewFlagSet("pivot", flag.ContinueOnError)
	flags.StringVar(&o.binary, "kazoolab", "bin/kazoolab", "the binary whose broker and node are used")
	flags.StringVar(&only, "only", strings.Join(all, ","), "which to measure, with commas between")
	flags.IntVar(&o.calls, "calls", 1000, "calls at a time")
	flags.IntVar(&o.requests, "requests", 10, "requests of a call")
	flags.IntVar(&o.runs, "runs", 5, "how often each is measured as fast as it goes; of memory, how often")
	flags.DurationVar(&o.lasts, "for", 10*time.Second, "how long each of these")
	flags.IntVar(&o.pairs, "pairs", 5, "how often each is measured at half of the engine's capacity; 0 is not")
	flags.DurationVar(&o.window, "window", 20*time.Second, "how long each of these")
	flags.StringVar(&o.profile, "profile", "", "how the names of files begin that profiles of the engine's last process are written to; default none")
	flags.StringVar(&o.role, "role", "", "what this process is: this and what follows is for its own use")
	flags.StringVar(&o.url, "url", "", "where the application is, or what it connects to")
	flags.Float64Var(&o.rate, "rate", 0, "calls a second, whatever becomes of others")
	flags.IntVar(&o.held, "held", 0, "calls that wait for a digit")
	flags.BoolVar(&o.idle, "idle", false, "nothing but these")
	flags.StringVar(&o.samples, "samples", "", "a file of recorded requests")
	flags.StringVar(&o.amqpURL, "amqp-url", "", "the broker of an engine at websockets")
	flags.StringVar(&o.account, "account", "", "whose calls and application they are")
	flags.StringVar(&o.token, "token", "", "with which the application registers")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.only = strings.Split(only, ",")
	for _, name := range o.only {
		if !slices.Contains(all, name) {
			return o, fmt.Errorf("-only: %q is none of %s", name, strings.Join(all, ", "))
		}
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unknown argument %q", flags.Arg(0))
	case o.calls < 1 || o.calls > mostCalls || o.requests < 2 || o.requests > mostRequests:
		return o, fmt.Errorf("-calls must be from 1 to %d, as many as a websocket takes, -requests from 2 to %d", mostCalls, mostRequests)
	case o.runs < 1 || o.pairs < 0 || o.lasts <= 0 || o.window <= 0 || o.rate < 0 || o.held < 0:
		return o, errors.New("-runs must be 1 or more, -for and -window positive, -pairs, -rate and -held not negative")
	}
	return o, figures.EnoughFiles("-calls", o.calls, figures.MaxFiles())
}
