package bus_test

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/brokertest"
	"github.com/kazoolab/kazoolab/internal/bus"
)

// eventSize is that of a CHANNEL_CREATE.
const eventSize = 1640

// BenchmarkPublish confirms transient messages from 64 goroutines into a queue that keeps few.
func BenchmarkPublish(b *testing.B) {
	publisher := run(b, configFor(brokertest.New(b).URL))
	publisher.DeclareExchange("callevt", "topic")
	sub, err := publisher.Consume(bus.Consumer{
		Queue:    bus.Queue{Module: "bench", AutoDelete: true, Args: amqp.Table{"x-max-length": 10}},
		Bindings: []bus.Binding{{Exchange: "callevt", Key: "#"}},
		Prefetch: 1,
		Handle:   func(bus.Delivery) {}, // never acknowledged
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := sub.WaitReady(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	publishAll(b, publisher, bus.Message{Exchange: "callevt", Key: "call.CHANNEL_CREATE.x", Mandatory: true})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

// BenchmarkConsume takes and acknowledges messages from a quorum queue filled before.
func BenchmarkConsume(b *testing.B) {
	consumer := run(b, configFor(brokertest.New(b).URL))
	var left atomic.Int64
	left.Store(int64(b.N))
	done := make(chan struct{})
	start := make(chan struct{})
	sub, err := consumer.Consume(bus.Consumer{
		Queue:    bus.Queue{Name: "work", Durable: true, Args: amqp.Table{"x-queue-type": "quorum"}},
		Prefetch: 500,
		Handle: func(d bus.Delivery) {
			<-start
			if err := d.Ack(); err != nil {
				b.Error(err)
			}
			if left.Add(-1) == 0 {
				close(done)
			}
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := sub.WaitReady(b.Context()); err != nil {
		b.Fatal(err)
	}
	publishAll(b, consumer, bus.Message{Key: "work", Persistent: true, Mandatory: true})
	b.ResetTimer()
	close(start)
	<-done
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

func publishAll(b *testing.B, publisher *bus.Bus, m bus.Message) {
	b.Helper()
	m.Body = bytes.Repeat([]byte("x"), eventSize)
	var left atomic.Int64
	left.Store(int64(b.N))
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if err := publisher.Publish(b.Context(), m); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}
