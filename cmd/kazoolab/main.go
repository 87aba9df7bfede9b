// Command kazoolab delivers a Kazoo cluster's events to webhooks, and brings what
// a laptop lacks to try that.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/kazoolab/kazoolab/internal/cli"
)

func main() { os.Exit(run()) }

// run turns signals into the end of a context: the first ends the work in order,
// the second does not wait.
func run() int {
	ctx, end := context.WithCancelCause(context.Background())
	defer end(nil)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	hurry := make(chan struct{})
	go func() {
		if <-signals == os.Interrupt {
			end(cli.ErrInterrupted)
		} else {
			end(cli.ErrTerminated)
		}
		<-signals
		close(hurry)
	}()
	return cli.Run(ctx, cli.NewState(hurry))
}
