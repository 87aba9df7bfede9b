package rabbitmq

import (
	"context"
	"errors"
)

// Running is a RabbitMQ of one's own: processes of an installed one (Server), or a
// container. Its methods may be called from any goroutine.
type Running interface {
	// URL is the broker's address, default virtual host, with credentials.
	URL() string
	// ManagementURL is the management API's address with credentials, without a
	// final slash; "" when it was not asked for.
	ManagementURL() string
	// Halt ends the broker in order and keeps what is durable for Restart.
	Halt(ctx context.Context) error
	// Restart halts the broker, if it runs, and starts it again at the same addresses.
	Restart(ctx context.Context) error
	// Control runs rabbitmqctl against the broker and returns what it printed.
	Control(ctx context.Context, args ...string) (string, error)
	// Stop ends it and leaves nothing behind.
	Stop() error
}

// Start runs the installed RabbitMQ, or one in a container where none is installed.
// The error says what to do when neither can be had.
func Start(ctx context.Context, options Options) (Running, error) {
	installation, missing := Find()
	if missing == nil {
		return installation.Start(ctx, options)
	}
	container, err := startContainer(ctx, options)
	if err != nil {
		return nil, errors.Join(missing, err)
	}
	return container, nil
}
