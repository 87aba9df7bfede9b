package lab

import (
	"context"
	"fmt"
	"io"
	"os/signal"
	"syscall"
)

// Main runs a program of measurements until it is done or interrupted, and returns its
// exit status. An error is told under the program's name.
func Main(name string, stderr io.Writer, run func(context.Context) error) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		_, _ = fmt.Fprintln(stderr, name+":", err)
		return 1
	}
	return 0
}
