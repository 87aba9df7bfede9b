package lab

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/internal/postgres"
	"github.com/kazoolab/kazoolab/internal/rabbitmq"
)

// The stores that nodes can have.
const (
	SQLite     = "sqlite"   // a file, which belongs to one node
	PostgreSQL = "postgres" // a server, for any number
)

// Servers are what nodes share: RabbitMQ and a store. The caller stops them.
type Servers struct {
	Broker   rabbitmq.Running
	Database postgres.Running // nil where the store is a file
	StoreURL string
}

// StartServers starts a private RabbitMQ, and a PostgreSQL unless the store is a file,
// which then lies in dir.
func StartServers(ctx context.Context, store, dir string) (s Servers, err error) {
	if store != SQLite && store != PostgreSQL {
		return s, fmt.Errorf("-store: %q is neither %s nor %s", store, PostgreSQL, SQLite)
	}
	if s.Broker, err = rabbitmq.Start(ctx, rabbitmq.Options{}); err != nil {
		return s, err
	}
	if store == SQLite {
		s.StoreURL = "sqlite:" + filepath.Join(dir, "store.db")
		return s, nil
	}
	if s.Database, err = postgres.Start(ctx, postgres.Options{}); err != nil {
		return s, errors.Join(err, s.Stop())
	}
	s.StoreURL = s.Database.URL()
	return s, nil
}

// Stop ends them and leaves nothing behind.
func (s Servers) Stop() error {
	var err error
	if s.Broker != nil {
		err = s.Broker.Stop()
	}
	if s.Database != nil {
		err = errors.Join(err, s.Database.Stop())
	}
	return err
}

// Queued is how many events wait in the work queue, those with a node not counted.
func (s Servers) Queued() (int, error) {
	conn, err := amqp.Dial(s.Broker.URL())
	if err != nil {
		return 0, fmt.Errorf("ask for the work queue: %w", err)
	}
	defer func() { _ = conn.Close() }()
	ch, err := conn.Channel()
	if err != nil {
		return 0, fmt.Errorf("ask for the work queue: %w", err)
	}
	q, err := ch.QueueDeclarePassive(bridge.WorkQueue, true, false, false, false, bridge.WorkQueueArguments())
	if err != nil {
		return 0, fmt.Errorf("ask for the work queue: %w", err)
	}
	return q.Messages, nil
}
