package cli

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"time"

	"github.com/kazoolab/kazoolab/conformance/target"
)

// command is one of another program, which is told to end when ctx does.
func (c *certify) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // docker, and what the flags name
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopLimit
	return cmd
}

// engineLimit bounds the end of what was started in containers.
const engineLimit = 2 * time.Minute

// gateway is the name under which containers reach this machine.
const gateway = "host.docker.internal"

// hear has webhooks heard where containers reach them.
func (w *whereabouts) hear(ctx context.Context, c *certify, p *target.Profile) error {
	if w.listen != "" { // and --receiver-advertise with it
		return nil
	}
	listener, err := c.Listen(ctx, "tcp", "0.0.0.0:0")
	if err != nil {
		return err
	}
	port := portOf(listener)
	if err := listener.Close(); err != nil {
		return err
	}
	p.Receiver = target.Receiver{Listen: "0.0.0.0:" + port, Advertise: "http://" + gateway + ":" + port}
	return nil
}

// startCompose brings up the two nodes of docker-compose.yml, under a name and on ports of
// their own.
func (w *whereabouts) startCompose(ctx context.Context, c *certify, p *target.Profile) (func() error, error) {
	source := newIDs("")
	project, password, key := "kazoolab-certify-"+source.Hex(6), source.Hex(16), source.Hex(64)
	env := []string{
		"KAZOOLAB_PORT=0", "KAZOOLAB_PORT_2=0", "KAZOOLAB_WEBSOCKET_PORT=0", "KAZOOLAB_WEBSOCKET_PORT_2=0", "KAZOOLAB_AMQP_PORT=0",
		"KAZOOLAB_MANAGEMENT_PORT=0", "RABBITMQ_PASSWORD=" + password, "POSTGRES_PASSWORD=" + password,
		"KAZOOLAB_BOOTSTRAP_ACCOUNT_NAME=Certify", "KAZOOLAB_BOOTSTRAP_PASSWORD=", "KAZOOLAB_BOOTSTRAP_API_KEY=" + key,
	}
	if c.dialect.value != "" {
		env = append(env, "KAZOOLAB_DIALECT="+c.dialect.value)
	}
	compose := func(ctx context.Context, args ...string) (string, error) {
		return c.engine(ctx, env, append([]string{"compose", "--project-name", project, "--file", w.compose, "--progress", "quiet"}, args...)...)
	}
	stop := func() error {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), engineLimit)
		defer cancel()
		_, err := compose(ending, "down", "--volumes", "--timeout", "40")
		return err
	}
	c.say("bringing up %s as %s", w.compose, project)
	c.stays(fmt.Sprintf("docker compose --project-name %s down --volumes ends what was brought up", project))
	if _, err := compose(ctx, "up", "--detach", "--wait", "--wait-timeout", "300"); err != nil {
		return nil, errors.Join(unreachablef("--target compose: %w", err), stop())
	}
	address := func(service, port string) string {
		line, err := compose(ctx, "port", service, port)
		if err == nil {
			line, err = published(line)
		}
		if err != nil {
			c.say("%s:%s: %v", service, port, err)
		}
		return line
	}
	p.REST = target.Address{URL: "http://" + address("bridge1", "8000")}
	p.Sockets = target.Address{URL: "ws://" + address("bridge2", "5555")}
	p.AMQP = target.Address{URL: fmt.Sprintf("amqp://kazoolab:%s@%s/", password, address("rabbitmq", "5672"))}
	p.Management = target.Address{URL: "http://" + address("rabbitmq", "15672")}
	p.Credentials = target.Credentials{APIKey: &target.Secret{Inline: key}}
	if err := w.hear(ctx, c, p); err != nil {
		return nil, errors.Join(err, stop())
	}
	return stop, nil
}
