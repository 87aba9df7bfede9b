package main

import (
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// phase is which side of a queue is measured.
type phase int

const (
	both        phase = iota // publish and consume at the same time
	publishOnly              // nobody consumes
	consumeOnly              // the queue is filled before the measuring begins
)

// The numbers of a client that is made with care; a window of confirms and a
// prefetch beyond these gain nothing.
const (
	window   = 1000 // messages published and not confirmed
	prefetch = 500  // messages of a consumer not acknowledged
	bindings = 1000 // of the topic exchange
)

// plan says how messages go through a broker.
type plan struct {
	name     string
	phase    phase
	messages int
	// topic sends them through a topic exchange with 1,000 bindings, of which one
	// matches; otherwise they go straight to the queue.
	topic     bool
	durable   bool // the queue, and with it the messages are persistent
	confirms  bool
	consumers int
	ackEvery  int  // messages; more than one are acknowledged together
	shared    bool // publisher and consumers have one connection, not one each
	pace      int  // messages a second that all consumers together take; 0 is all they can
	memory    int  // bytes of messages that the broker may hold; 0 is more than the plan needs
}

// place is where a plan's messages go: one queue, perhaps behind an exchange.
type place struct{ queue, exchange, idle, key string }

// lay declares the place under names that nobody else has.
func (p plan) lay(ch *amqp.Channel) (place, error) {
	random := ids.New()
	name := "kazoolab.load." + random.Hex(8)
	if _, err := ch.QueueDeclare(name, p.durable, false, false, false, nil); err != nil {
		return place{}, fmt.Errorf("declare the queue: %w", err)
	}
	if !p.topic {
		return place{queue: name, key: name}, nil
	}
	at := place{queue: name, exchange: name, idle: name + ".idle", key: kapi.CallEventKey(kapi.ChannelCreate, random.Hex(32))}
	if err := ch.ExchangeDeclare(at.exchange, amqp.ExchangeTopic, p.durable, false, false, false, nil); err != nil {
		return place{}, fmt.Errorf("declare the exchange: %w", err)
	}
	if err := ch.QueueBind(at.queue, kapi.CallEventKey(kapi.ChannelCreate, "*"), at.exchange, false, nil); err != nil {
		return place{}, fmt.Errorf("bind the queue: %w", err)
	}
	if _, err := ch.QueueDeclare(at.idle, false, false, false, false, nil); err != nil {
		return place{}, fmt.Errorf("declare the idle queue: %w", err)
	}
	for range bindings - 1 { // as many sockets that each follow another call
		if err := ch.QueueBind(at.idle, kapi.CallEventKey("*", random.Hex(32)), at.exchange, false, nil); err != nil {
			return place{}, fmt.Errorf("bind the idle queue: %w", err)
		}
	}
	return at, nil
}

// clear removes the place and returns how many messages its queue still held.
func (at place) clear(ch *amqp.Channel) (left int, err error) {
	if at.exchange != "" {
		if err := ch.ExchangeDelete(at.exchange, false, false); err != nil {
			return 0, fmt.Errorf("delete the exchange: %w", err)
		}
		if n, err := ch.QueueDelete(at.idle, false, false, false); err != nil || n != 0 {
			return 0, fmt.Errorf("delete the idle queue, which held %d messages: %w", n, err)
		}
	}
	return ch.QueueDelete(at.queue, false, false, false)
}
