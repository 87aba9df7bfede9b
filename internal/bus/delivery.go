package bus

import (
	"errors"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
)

// ErrStale says that the channel a message came on is gone. Nothing is lost: the
// broker delivers an unacknowledged message again.
var ErrStale = errors.New("bus: the message's channel is gone, the broker will deliver it again")

// Delivery is a received message. Body belongs to the receiver.
type Delivery struct {
	Exchange, RoutingKey         string
	ContentType, ContentEncoding string
	Headers                      amqp.Table
	Body                         []byte
	Redelivered                  bool // may have been delivered before

	tag    uint64
	intake *intake
}

// Ack says that the message is dealt with. It may be called from any goroutine,
// once. The error is ErrStale.
func (d Delivery) Ack() error {
	return d.settle(func(channel *amqp.Channel) error { return channel.Ack(d.tag, false) })
}

// Nack gives the message back, to be delivered again or dropped. The error is ErrStale.
func (d Delivery) Nack(requeue bool) error {
	return d.settle(func(channel *amqp.Channel) error { return channel.Nack(d.tag, false, requeue) })
}

// Stale tells that the channel the message came on is gone: acknowledging it is
// no longer possible, and the broker delivers it again.
func (d Delivery) Stale() bool { return d.intake != nil && d.intake.channel.IsClosed() }

func (d Delivery) settle(answer func(*amqp.Channel) error) error {
	if d.intake == nil || d.intake.noAck {
		return nil
	}
	if err := answer(d.intake.channel); err != nil {
		return fmt.Errorf("%w: %w", ErrStale, err)
	}
	return nil
}

func (in *intake) delivery(d amqp.Delivery) Delivery {
	return Delivery{
		Exchange:        d.Exchange,
		RoutingKey:      d.RoutingKey,
		ContentType:     d.ContentType,
		ContentEncoding: d.ContentEncoding,
		Headers:         d.Headers,
		Body:            d.Body,
		Redelivered:     d.Redelivered,
		tag:             d.DeliveryTag,
		intake:          in,
	}
}
