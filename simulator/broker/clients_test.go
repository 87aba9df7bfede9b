package broker_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strconv"
	"testing"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/broker"
)

// launch serves a broker until the test ends, and returns its address. The
// configuration's clock and source of names are filled in.
func launch(t *testing.T, config broker.Config) string {
	t.Helper()
	g := NewWithT(t)
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	config.Clock, config.IDs = clock.System(), ids.New()
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- broker.New(config).Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		g.Expect(<-served).To(Succeed())
	})
	return listener.Addr().String()
}

// connect opens an ordinary client's connection and channel until the test ends.
func connect(t *testing.T, address string) (*amqp.Connection, *amqp.Channel) {
	t.Helper()
	g := NewWithT(t)
	conn, err := amqp.Dial("amqp://guest:guest@" + address + "/")
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = conn.Close() })
	ch, err := conn.Channel()
	g.Expect(err).NotTo(HaveOccurred())
	return conn, ch
}

func put(ctx context.Context, ch *amqp.Channel, exchange, key, body string) error {
	return ch.PublishWithContext(ctx, exchange, key, false, false, amqp.Publishing{Body: []byte(body)})
}

// ready is how many messages of a queue nobody holds.
func ready(g Gomega, ch *amqp.Channel, queue string) int {
	status, err := ch.QueueDeclarePassive(queue, true, false, false, false, nil)
	g.Expect(err).NotTo(HaveOccurred())
	return status.Messages
}

// exists asks on a channel of its own, which a no closes.
func exists(g Gomega, conn *amqp.Connection, queue string) bool {
	ch, err := conn.Channel()
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = ch.Close() }()
	_, err = ch.QueueDeclarePassive(queue, false, false, false, false, nil)
	var refusal *amqp.Error
	if errors.As(err, &refusal) && refusal.Code == amqp.NotFound {
		return false
	}
	g.Expect(err).NotTo(HaveOccurred())
	return true
}

// roundTrips publishes a message and waits for it, n times, one after the other.
// Without an exchange it goes straight to a queue. The whole takes at most patience.
func roundTrips(ctx context.Context, ch *amqp.Channel, exchange string, n int) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	queue, err := ch.QueueDeclare("", false, true, true, false, nil)
	if err != nil {
		return err
	}
	if exchange != "" {
		if err := ch.QueueBind(queue.Name, "", exchange, false, nil); err != nil {
			return err
		}
	}
	// Not with ctx: at its end the client would cancel once more, into the caller's next call.
	deliveries, err := ch.Consume(queue.Name, queue.Name, true, true, false, false, nil)
	if err != nil {
		return err
	}
	for i := range n {
		body := strconv.Itoa(i)
		if err := put(ctx, ch, exchange, queue.Name, body); err != nil {
			return err
		}
		select {
		case d := <-deliveries:
			if string(d.Body) != body {
				return fmt.Errorf("message %s came back as %q", body, d.Body)
			}
		case <-ctx.Done():
			return fmt.Errorf("message %d of %d did not come back: %w", i, n, ctx.Err())
		}
	}
	return ch.Cancel(queue.Name, false) // which ends the queue
}

// heap is how many bytes are in use.
func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
