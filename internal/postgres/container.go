package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/testcontainers/testcontainers-go"
	tcexec "github.com/testcontainers/testcontainers-go/exec"
	"github.com/testcontainers/testcontainers-go/wait"
)

const (
	containerImage = "postgres:17"
	containerLimit = 5 * time.Minute // its image may have to be pulled
	containerPort  = "5432/tcp"
)

// container is PostgreSQL in a container. Halting ends the server inside and leaves
// the container running: Docker would give it another port at its next start.
type container struct {
	testcontainers.Container

	address url.URL
}

func startContainer(ctx context.Context, options Options) (*container, error) {
	ctx, cancel := context.WithTimeout(ctx, containerLimit)
	defer cancel()
	server := []string{"docker-entrypoint.sh", "postgres"}
	for name, value := range withDefaults(options.Settings) {
		server = append(server, "-c", fmt.Sprintf("%s='%s'", name, value))
	}
	running, err := testcontainers.Run(ctx, containerImage,
		testcontainers.WithEnv(map[string]string{
			"POSTGRES_USER": account, "POSTGRES_PASSWORD": account, "POSTGRES_DB": account,
		}),
		// The shell stays when the server goes.
		testcontainers.WithEntrypoint("sh", "-c", strings.Join(server, " ")+" & exec tail -f /dev/null"),
		testcontainers.WithExposedPorts(containerPort),
		// While it makes its data the server has no port.
		testcontainers.WithWaitStrategyAndDeadline(containerLimit,
			wait.ForExec([]string{"pg_isready", "--host", "127.0.0.1", "--username", account})),
	)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("PostgreSQL in a container: %w", err), testcontainers.TerminateContainer(running))
	}
	c := &container{Container: running, address: url.URL{
		Scheme: "postgres", User: url.UserPassword(account, account), Path: "/" + account, RawQuery: sslmode[1:],
	}}
	if c.address.Host, err = c.published(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("PostgreSQL in a container: %w", err), c.Stop())
	}
	return c, nil
}

// published finds where the container's port is reached from here. It tries this
// machine first: the library names another when this one is a container itself, or
// has a file that says so.
func (c *container) published(ctx context.Context) (string, error) {
	mapped, err := c.MappedPort(ctx, containerPort)
	if err != nil {
		return "", err
	}
	host, err := c.Host(ctx)
	if err != nil {
		return "", err
	}
	dialer := net.Dialer{Timeout: 5 * time.Second}
	for _, host := range []string{"127.0.0.1", host} {
		address := net.JoinHostPort(host, mapped.Port())
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err == nil {
			_ = conn.Close()
			return address, nil
		}
	}
	return "", fmt.Errorf("its port answers neither on this machine nor on %s", host)
}

// URL makes container a Running, as the methods below.
func (c *container) URL() string { return c.address.String() }

// NewDatabase makes another empty database.
func (c *container) NewDatabase(ctx context.Context) (string, error) {
	return CreateDatabase(ctx, c.URL())
}

// Halt ends the server in the container.
func (c *container) Halt(ctx context.Context) error { return c.end(ctx, "fast") }

// Kill ends it as a crash does.
func (c *container) Kill(ctx context.Context) error { return c.end(ctx, "immediate") }

func (c *container) end(ctx context.Context, mode string) error {
	const notRunning = 3
	if code, _, err := c.control(ctx, "status"); code == notRunning {
		return err
	}
	return c.must(ctx, "stop", "--mode", mode)
}

// Restart brings it back, with the options of its first start.
func (c *container) Restart(ctx context.Context) error {
	return c.must(ctx, "restart", "--mode", "fast", "--wait", "--log", "/tmp/postgres.log")
}

func (c *container) must(ctx context.Context, command string, args ...string) error {
	code, text, err := c.control(ctx, command, args...)
	if err == nil && code != 0 {
		err = fmt.Errorf("pg_ctl %s: exit code %d\n%s", command, code, text)
	}
	return err
}

// control runs pg_ctl in the container.
func (c *container) control(ctx context.Context, command string, args ...string) (code int, text []byte, err error) {
	line := append([]string{"pg_ctl", command, "--pgdata", "/var/lib/postgresql/data"}, args...)
	code, output, err := c.Exec(ctx, line, tcexec.WithUser("postgres"), tcexec.Multiplexed())
	if err == nil {
		text, err = io.ReadAll(output)
	}
	if err != nil {
		return 0, nil, fmt.Errorf("pg_ctl %s: %w", command, err)
	}
	return code, text, nil
}

// Stop removes the container.
func (c *container) Stop() error { return testcontainers.TerminateContainer(c.Container) }
