// Command with runs another command beside a private RabbitMQ and, when asked to, a
// private PostgreSQL, whose addresses that command's tests find in their environment
// (internal/brokertest, internal/postgrestest), and exits with its code. What the
// environment names already is used instead.
//
//	go run ./internal/brokertest/with -postgresql -- go test -tags real ./...
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
	"github.com/kazoolab/kazoolab/internal/postgres"
	"github.com/kazoolab/kazoolab/internal/postgrestest"
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
	withPostgres := len(args) > 0 && args[0] == "-postgresql"
	if withPostgres {
		args = args[1:]
	}
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return 2, errors.New("usage: with [-postgresql] -- COMMAND [ARGUMENT...]")
	}
	var env []string
	if os.Getenv(brokertest.URLVariable) == "" || os.Getenv(brokertest.ManagementVariable) == "" {
		server, err := rabbitmq.Start(ctx, rabbitmq.Options{Management: true})
		if err != nil {
			return 3, err
		}
		defer stop(server, &err)
		env = append(env, brokertest.URLVariable+"="+server.URL(), brokertest.ManagementVariable+"="+server.ManagementURL())
	}
	if withPostgres && os.Getenv(postgrestest.URLVariable) == "" {
		server, err := postgres.Start(ctx, postgres.Options{})
		if err != nil {
			return 3, err
		}
		defer stop(server, &err)
		env = append(env, postgrestest.URLVariable+"="+server.URL())
	}
	return command(ctx, args, env)
}

func stop(server interface{ Stop() error }, err *error) { *err = errors.Join(*err, server.Stop()) }

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
