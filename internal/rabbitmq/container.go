package rabbitmq

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
	containerImage = "rabbitmq:4-management"
	containerLimit = 5 * time.Minute // its image may have to be pulled
	// account may log in from outside the container, which guest may not.
	account = "kazoolab"
)

// The image's ports.
const (
	amqpPort       = "5672/tcp"
	managementPort = "15672/tcp"
)

// container is RabbitMQ in a container. Halting stops the broker inside and leaves
// the container running: Docker would give it other ports at its next start.
type container struct {
	testcontainers.Container

	amqp, management url.URL
}

func startContainer(ctx context.Context, options Options) (*container, error) {
	ctx, cancel := context.WithTimeout(ctx, containerLimit)
	defer cancel()
	exposed := []string{amqpPort}
	if options.Management {
		exposed = append(exposed, managementPort)
	}
	running, err := testcontainers.Run(ctx, containerImage,
		testcontainers.WithEnv(map[string]string{"RABBITMQ_DEFAULT_USER": account, "RABBITMQ_DEFAULT_PASS": account}),
		testcontainers.WithExposedPorts(exposed...),
		testcontainers.WithWaitStrategyAndDeadline(containerLimit,
			wait.ForExec([]string{"rabbitmq-diagnostics", "-q", "check_port_connectivity"})),
	)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("RabbitMQ in a container: %w", err), testcontainers.TerminateContainer(running))
	}
	c := &container{Container: running}
	if err := c.locate(ctx, options); err != nil {
		return nil, errors.Join(fmt.Errorf("RabbitMQ in a container: %w", err), c.Stop())
	}
	return c, nil
}

// locate finds where the container's ports are reached from here.
func (c *container) locate(ctx context.Context, options Options) error {
	var err error
	if c.amqp.Host, err = c.published(ctx, amqpPort); err != nil {
		return err
	}
	c.amqp.Scheme, c.amqp.Path, c.amqp.User = "amqp", "/", url.UserPassword(account, account)
	if !options.Management {
		return nil
	}
	c.management.Scheme, c.management.User = "http", c.amqp.User
	c.management.Host, err = c.published(ctx, managementPort)
	return err
}

// published tries this machine first: the library names another when this one is a
// container itself, or has a file that says so.
func (c *container) published(ctx context.Context, port string) (string, error) {
	mapped, err := c.MappedPort(ctx, port)
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
	return "", fmt.Errorf("its port %s answers neither on this machine nor on %s", port, host)
}

// URL makes container a Running, as the methods below.
func (c *container) URL() string { return c.amqp.String() }

// ManagementURL is "" without Options.Management.
func (c *container) ManagementURL() string {
	if c.management.Host == "" {
		return ""
	}
	return c.management.String()
}

// Halt ends the broker in the container.
func (c *container) Halt(ctx context.Context) error {
	_, err := c.Control(ctx, "stop_app")
	return err
}

// Restart brings it back.
func (c *container) Restart(ctx context.Context) error {
	if err := c.Halt(ctx); err != nil {
		return err
	}
	_, err := c.Control(ctx, "start_app")
	return err
}

// Control runs rabbitmqctl in the container.
func (c *container) Control(ctx context.Context, args ...string) (string, error) {
	code, output, err := c.Exec(ctx, append([]string{"rabbitmqctl"}, args...), tcexec.Multiplexed())
	if err != nil {
		return "", fmt.Errorf("rabbitmqctl %s: %w", strings.Join(args, " "), err)
	}
	text, err := io.ReadAll(output)
	if err == nil && code != 0 {
		err = fmt.Errorf("exit code %d", code)
	}
	if err != nil {
		return "", fmt.Errorf("rabbitmqctl %s: %w\n%s", strings.Join(args, " "), err, text)
	}
	return string(text), nil
}

// Stop removes the container.
func (c *container) Stop() error { return testcontainers.TerminateContainer(c.Container) }
