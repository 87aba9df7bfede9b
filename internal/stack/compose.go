package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// stack is the deployment of docker-compose.yml.
type stack struct {
	docker   string
	project  string
	password string // of RabbitMQ and PostgreSQL
	apiKey   string // of the first account
}

// The nodes, and the container ports that this machine reaches.
const (
	node1, node2 = "bridge1", "bridge2"
	restPort     = "8000"
	amqpPort     = "5672"
)

func (s *stack) command(ctx context.Context, args ...string) *exec.Cmd {
	args = append([]string{
		"compose", "--project-name", s.project, "--file", "docker-compose.yml", "--file", "internal/stack/compose.yml",
		"--profile", "tools",
	}, args...)
	cmd := exec.CommandContext(ctx, s.docker, args...)
	cmd.Env = append(cmd.Environ(),
		"KAZOOLAB_PORT=0", "KAZOOLAB_PORT_2=0", "KAZOOLAB_WEBSOCKET_PORT=0", "KAZOOLAB_WEBSOCKET_PORT_2=0",
		"KAZOOLAB_AMQP_PORT=0", "KAZOOLAB_MANAGEMENT_PORT=0",
		"RABBITMQ_PASSWORD="+s.password, "POSTGRES_PASSWORD="+s.password,
		"KAZOOLAB_BOOTSTRAP_ACCOUNT_NAME=Stack", "KAZOOLAB_BOOTSTRAP_PASSWORD=", "KAZOOLAB_BOOTSTRAP_API_KEY="+s.apiKey,
	)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// compose runs a command of docker compose and returns what it prints.
func (s *stack) compose(ctx context.Context, args ...string) (string, error) {
	cmd := s.command(ctx, append([]string{"--progress", "quiet"}, args...)...)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	printed, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("docker compose %s: %w\n%s", strings.Join(args, " "), err, complaint.String())
	}
	return strings.TrimSpace(string(printed)), nil
}

// up builds the image, if it is to, and returns when all is healthy.
func (s *stack) up(ctx context.Context, build bool) error {
	args := []string{"up", "--wait", "--wait-timeout", "300"}
	if build {
		args = append(args, "--build")
	}
	cmd := s.command(ctx, args...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr // the image's build takes minutes: it is to be seen
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("docker compose up: %w", err)
	}
	return nil
}

// start starts a service that has ended and returns when it is healthy.
func (s *stack) start(ctx context.Context, service string) error {
	_, err := s.compose(ctx, "up", "--detach", "--no-deps", "--wait", "--wait-timeout", "120", service)
	return err
}

// renew is one step of a rolling restart: the container is ended, removed and made
// anew, and has become healthy.
func (s *stack) renew(ctx context.Context, service string) error {
	_, err := s.compose(ctx, "up", "--detach", "--no-deps", "--force-recreate", "--wait", "--wait-timeout", "120", service)
	return err
}

// address is where this machine reaches a container's port.
func (s *stack) address(ctx context.Context, service, port string) (string, error) {
	return s.compose(ctx, "port", service, port)
}

// down removes everything, after the logs of the nodes were shown if that is wanted.
func (s *stack) down(ctx context.Context, explain bool) error {
	const limit = 2 * time.Minute
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	if explain {
		logs := s.command(ctx, "logs", "--no-color", "--tail", "100", "rabbitmq", "postgres", node1, node2)
		logs.Stdout, logs.Stderr = os.Stderr, os.Stderr
		_ = logs.Run() // they are an extra
	}
	_, err := s.compose(ctx, "down", "--volumes", "--timeout", "40")
	return err
}
