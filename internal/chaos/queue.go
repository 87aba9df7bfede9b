package main

import (
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/bridge"
)

// queued is how many events wait in the work queue, those with a node not counted.
func queued(address string) (int, error) {
	conn, err := amqp.Dial(address)
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
