// Command stack brings up docker-compose.yml, under a name and on ports of its own, and
// removes it when it is done. While events flow at an even rate, it kills one of the
// two nodes; then it starts both anew, one after the other, while as many more flow.
// Each event that the broker confirmed must arrive at the receiver: one that does not
// is an error. What arrives twice is counted.
//
//	go run ./internal/stack [-events 2000] [-rate 100]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/internal/lab"
)

func main() {
	os.Exit(lab.Main("stack", os.Stderr, func(ctx context.Context) error { return run(ctx, os.Stdout, os.Args[1:]) }))
}

func run(ctx context.Context, out io.Writer, args []string) (err error) {
	flags := flag.NewFlagSet("stack", flag.ContinueOnError)
	docker := flags.String("docker", "docker", "the container engine's client, with its compose command")
	events := flags.Int("events", 2000, "events to send while a node is killed, and at least as many while both are started anew")
	rate := flags.Float64("rate", 100, "events a second")
	build := flags.Bool("build", true, "build the image; without, the one that is called kazoolab is used")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unknown argument %q", flags.Arg(0))
	case *events < 10:
		return errors.New("-events: at least 10, or nothing is under way when a node is killed")
	case *rate <= 0:
		return errors.New("-rate: more than 0 events a second")
	}
	source := ids.New()
	s := &stack{docker: *docker, project: "kazoolab-stack-" + source.Hex(6), password: source.Hex(16), apiKey: source.Hex(64)}
	defer func() { err = errors.Join(err, s.down(ctx, err != nil)) }()
	if err := s.up(ctx, *build); err != nil {
		return err
	}
	fmt.Fprintln(out, "up:      both nodes are ready")
	return show(ctx, out, s, *events, *rate)
}
