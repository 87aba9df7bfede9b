package deadletter

import (
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/bus"
)

// Queue holds the dead letters of all nodes at a virtual host.
const Queue = "kazoolab.webhooks.dead"

// Limits of Queue. The oldest go first when one is met. As many messages come at once
// as two nodes hold that a third message kills again and again (webhooks.prefetch); as
// many octets has the largest message that RabbitMQ took before version 4, and a larger
// one would push out all others and itself.
const (
	MaxLetters = 10_000
	MaxBytes   = 128 << 20 // of bodies
)

// Arguments declares Queue: replicated, bounded, and with a limit of deliveries that
// nobody meets, since looking at a letter counts as one and from RabbitMQ 4 on the
// default of 20 would drop it.
func Arguments() map[string]any {
	return map[string]any{
		"x-queue-type": "quorum", "x-delivery-limit": int32(1_000_000),
		"x-max-length": int32(MaxLetters), "x-max-length-bytes": int32(MaxBytes), "x-overflow": "drop-head",
	}
}

// Headers of a letter, and of one that is sent to work again: the latter has its old
// routing key and exchange alone.
const (
	headerReason   = "x-kazoolab-reason"
	headerProblem  = "x-kazoolab-problem"
	headerKey      = "x-kazoolab-routing-key"
	headerExchange = "x-kazoolab-exchange"
	headerTime     = "x-kazoolab-time" // RFC 3339 with milliseconds, UTC
	headerNode     = "x-kazoolab-node"
)

const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// Letter is a message that became no delivery.
type Letter struct {
	ID              string    // hexadecimal, the message_id
	Time            time.Time // when it was put away
	Node            string    // by whom
	Reason          string    // a word, as in the metrics
	Problem         string    // a sentence
	Exchange        string    // where it was published; "" where that is not known
	RoutingKey      string
	ContentType     string
	ContentEncoding string
	Body            []byte
	Size            int // of the body, also where that is left out
}

// Message is the letter on its way to Queue. It has to arrive there: the queue is
// declared by each node, and waited for.
func (l Letter) Message() bus.Message {
	headers := amqp.Table{
		headerReason: l.Reason, headerProblem: strings.ToValidUTF8(l.Problem, "\ufffd"), headerKey: l.RoutingKey,
		headerTime: l.Time.UTC().Format(timeFormat), headerNode: l.Node,
	}
	if l.Exchange != "" {
		headers[headerExchange] = l.Exchange
	}
	return bus.Message{
		Key: Queue, Body: l.Body, ContentType: l.ContentType, ContentEncoding: l.ContentEncoding,
		Headers: headers, MessageID: l.ID, Persistent: true, Mandatory: true, UntilRouted: true,
	}
}

// again is the letter on its way to a queue where it is worked on. Published to its
// exchange it would reach everybody else once more.
func (l Letter) again(queue string) bus.Message {
	headers := amqp.Table{headerKey: l.RoutingKey}
	if l.Exchange != "" {
		headers[headerExchange] = l.Exchange
	}
	return bus.Message{
		Key: queue, Body: l.Body, ContentType: l.ContentType, ContentEncoding: l.ContentEncoding,
		Headers: headers, Persistent: true, Mandatory: true,
	}
}

// Address is the exchange and key that a message was first published with: those it
// came by, or for one that is sent to work again those it had before.
func Address(d bus.Delivery) (exchange, key string) {
	if old, ok := d.Headers[headerKey].(string); ok && d.Exchange == "" {
		return text(d.Headers, headerExchange), old
	}
	return d.Exchange, d.RoutingKey
}

// read is the letter that a delivery of Queue is. Anybody can publish there, so that
// nothing has to be as Message makes it.
func read(d bus.Delivery) Letter {
	at, _ := time.Parse(time.RFC3339, text(d.Headers, headerTime)) // the zero time where it is none
	return Letter{
		ID: d.MessageID, Time: at, Node: text(d.Headers, headerNode),
		Reason: text(d.Headers, headerReason), Problem: text(d.Headers, headerProblem),
		Exchange: text(d.Headers, headerExchange), RoutingKey: text(d.Headers, headerKey),
		ContentType: d.ContentType, ContentEncoding: d.ContentEncoding, Body: d.Body, Size: len(d.Body),
	}
}

func text(headers amqp.Table, name string) string {
	text, _ := headers[name].(string)
	return text
}
