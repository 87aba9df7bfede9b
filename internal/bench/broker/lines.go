package main

import (
	"context"
	"fmt"
	"net"
	"sync"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// lines are the connections of one pass. When the context of an opening ends, its
// connection is cut: the client's calls take no context, and wait for a broker
// that does not read for as long as it does not.
type lines struct {
	url    string
	shared bool // one connection for all channels

	mu   sync.Mutex
	open []*amqp.Connection
}

// channel opens a channel, on a connection of its own unless they share one.
func (l *lines) channel(ctx context.Context) (*amqp.Connection, *amqp.Channel, error) {
	conn, err := l.connection(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("connect: %w", err)
	}
	ch, err := conn.Channel()
	if err != nil {
		return nil, nil, fmt.Errorf("open a channel: %w", err)
	}
	return conn, ch, nil
}

func (l *lines) connection(ctx context.Context) (*amqp.Connection, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shared && len(l.open) > 0 {
		return l.open[0], nil
	}
	conn, err := dial(ctx, l.url)
	if err == nil {
		l.open = append(l.open, conn)
	}
	return conn, err
}

// close ends, in order, the connections that are left.
func (l *lines) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range l.open {
		_ = conn.CloseDeadline(clock.System().Now().Add(patience))
	}
	l.open = nil
}

func dial(ctx context.Context, url string) (*amqp.Connection, error) {
	return amqp.DialConfig(url, amqp.Config{Dial: func(network, address string) (net.Conn, error) {
		socket, err := new(net.Dialer).DialContext(ctx, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { _ = socket.Close() })
		}
		return socket, err
	}})
}
