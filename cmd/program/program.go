// Package program is the kazoolab program as a function, for main packages: this project's own,
// and those of people who add requirements of their own to certify. It turns signals into the
// end of a context and owns nothing else.
package program

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/kazoolab/kazoolab/conformance/suite"
	"github.com/kazoolab/kazoolab/internal/cli"
)

// Run runs the command that the process was given and returns its exit code. The additions are
// called with the suite of certify. The first signal ends the work in order, the second does not
// wait.
func Run(additions ...func(*suite.Suite)) int {
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
	state := cli.NewState(hurry)
	state.Additions = additions
	return cli.Run(ctx, state)
}
