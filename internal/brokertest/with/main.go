// Command with runs another command beside a private RabbitMQ, whose addresses
// that command's tests find in their environment (internal/brokertest), and exits
// with its code. If the environment names a broker already, that one is used.
//
//	go run ./internal/brokertest/with -- go test -tags real ./...
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/rabbitmq"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := run(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "with:", err)
	}
	os.Exit(code)
}

func run(ctx context.Context, args []string) (code int, err error) {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return 2, errors.New("usage: with -- COMMAND [ARGUMENT...]")
	}
	if os.Getenv(brokertest.URLVariable) != "" && os.Getenv(brokertest.ManagementVariable) != "" {
		return command(ctx, args, nil)
	}
	server, err := rabbitmq.Start(ctx, rabbitmq.Options{Management: true})
	if err != nil {
		return 3, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	return command(ctx, args, []string{
		brokertest.URLVariable + "=" + server.URL(),
		brokertest.ManagementVariable + "=" + server.ManagementURL(),
	})
}

func command(ctx context.Context, args, env []string) (int, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}
