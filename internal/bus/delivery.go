package bus

import (
	"errors"
	"math"

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
	MessageID                    string
	Timestamp                    int64 // as the wire has it: Unix microseconds from Kazoo; 0 for none
	Redelivered                  bool  // may have been delivered before
	// Returns is how often the message was delivered and came back unacknowledged,
	// as a quorum queue counts it (x-delivery-count): given back, or left by a
	// consumer, channel or connection that ended. Other queues do not count.
	Returns int

	tag    uint64
	intake *intake
}

// Ack says that the message is dealt with. The broker is told a moment later,
// together with others, and delivers the message again if its channel is lost by
// then. It may be called from any goroutine, once. The error is ErrStale.
func (d Delivery) Ack() error {
	switch {
	case d.settled():
		return nil
	case d.Stale():
		return ErrStale
	}
	return d.intake.acks.ack(d.tag)
}

// Nack gives the message back, to be delivered again or dropped. The error is ErrStale.
func (d Delivery) Nack(requeue bool) error {
	if d.settled() {
		return nil
	}
	return d.intake.acks.nack(d.tag, requeue)
}

// Stale tells that the channel the message came on is gone: acknowledging it is
// no longer possible, and the broker delivers it again.
func (d Delivery) Stale() bool { return d.intake != nil && d.intake.channel.IsClosed() }

// settled tells that there is nothing to be told to a broker.
func (d Delivery) settled() bool { return d.intake == nil || d.intake.noAck }

func (in *intake) delivery(d amqp.Delivery) Delivery {
	var timestamp int64
	if !d.Timestamp.IsZero() {
		timestamp = d.Timestamp.Unix() // the client takes the number for seconds
	}
	return Delivery{
		Timestamp:       timestamp,
		Exchange:        d.Exchange,
		RoutingKey:      d.RoutingKey,
		ContentType:     d.ContentType,
		ContentEncoding: d.ContentEncoding,
		Headers:         d.Headers,
		Body:            d.Body,
		MessageID:       d.MessageId,
		Returns:         returns(d.Headers),
		Redelivered:     d.Redelivered,
		tag:             d.DeliveryTag,
		intake:          in,
	}
}

func returns(headers amqp.Table) int {
	count, _ := headers["x-delivery-count"].(int64)
	return int(min(max(count, 0), math.MaxInt32)) // a publisher may have set anything
}
