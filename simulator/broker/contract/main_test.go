package contract_test

import (
	"context"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/internal/brokertest"
)

// lab is a virtual host and a client's channel in it. The channel confirms, so
// that what send has sent is where it belongs.
type lab struct {
	t      *testing.T
	broker *brokertest.Broker
	ch     *amqp.Channel
}

// newBroker makes a virtual host for a test, which may run beside others for
// that reason. The tests within it share it, and run in turn.
func newBroker(t *testing.T) *brokertest.Broker {
	t.Helper()
	t.Parallel()
	return brokertest.New(t)
}

// newLab is newBroker with a channel.
func newLab(t *testing.T) lab {
	t.Helper()
	return lab{t: t, broker: newBroker(t)}.in(t)
}

// in is the same virtual host for a test within, with a connection of its own:
// what one test breaks, the next does not see.
func (l lab) in(t *testing.T) lab {
	t.Helper()
	l.t, l.ch = t, l.broker.Channel(t)
	if err := l.ch.Confirm(false); err != nil {
		t.Fatal(err)
	}
	return l
}

// vhost is the virtual host's name, as texts of errors have it.
func (l lab) vhost() string { return l.broker.URL[strings.LastIndexByte(l.broker.URL, '/')+1:] }

// channel is one on a further connection, without confirms.
func (l lab) channel() *amqp.Channel {
	l.t.Helper()
	return l.broker.Channel(l.t)
}

func (l lab) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// queue declares a durable queue. Its arguments are names and values in turn.
func (l lab) queue(name string, nameAndValue ...any) string {
	l.t.Helper()
	_, err := l.ch.QueueDeclare(name, true, false, false, false, arguments(nameAndValue...))
	l.must(err)
	return name
}

// quorum declares a quorum queue.
func (l lab) quorum(name string, nameAndValue ...any) string {
	l.t.Helper()
	return l.queue(name, append(nameAndValue, "x-queue-type", "quorum")...)
}

// exchange declares a durable exchange.
func (l lab) exchange(name, kind string, nameAndValue ...any) string {
	l.t.Helper()
	l.must(l.ch.ExchangeDeclare(name, kind, true, false, false, false, arguments(nameAndValue...)))
	return name
}

func (l lab) bind(queue, exchange, key string, nameAndValue ...any) {
	l.t.Helper()
	l.must(l.ch.QueueBind(queue, key, exchange, false, arguments(nameAndValue...)))
}

func arguments(nameAndValue ...any) amqp.Table {
	table := amqp.Table{}
	for i := 0; i < len(nameAndValue); i += 2 {
		table[nameAndValue[i].(string)] = nameAndValue[i+1]
	}
	return table
}

// post publishes and returns whether the broker confirmed with an ack.
func (l lab) post(exchange, key string, message amqp.Publishing) bool {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), patience)
	defer cancel()
	confirmation, err := l.ch.PublishWithDeferredConfirmWithContext(ctx, exchange, key, false, false, message)
	l.must(err)
	acked, err := confirmation.WaitContext(ctx)
	l.must(err)
	return acked
}

// send publishes bodies to a queue, each confirmed.
func (l lab) send(queue string, bodies ...string) {
	l.t.Helper()
	l.sendTo("", queue, bodies...)
}

func (l lab) sendTo(exchange, key string, bodies ...string) {
	l.t.Helper()
	for _, body := range bodies {
		if !l.post(exchange, key, amqp.Publishing{Body: []byte(body)}) {
			l.t.Fatalf("the broker did not take %q", body)
		}
	}
}

// take gets a message and leaves it unacknowledged; it must come soon, as a
// dead letter or a requeued message need not be there at once.
func (l lab) take(queue string) amqp.Delivery {
	l.t.Helper()
	var taken amqp.Delivery
	NewWithT(l.t).Eventually(func() (bool, error) {
		message, ok, err := l.ch.Get(queue, false)
		taken = message
		return ok, err
	}).WithTimeout(patience).Should(BeTrue(), "a message in "+queue)
	return taken
}

// drain gets and acknowledges all that a queue has.
func (l lab) drain(queue string) []string {
	l.t.Helper()
	bodies := []string{}
	for {
		message, ok, err := l.ch.Get(queue, true)
		l.must(err)
		if !ok {
			return bodies
		}
		bodies = append(bodies, string(message.Body))
	}
}

// ready waits until a queue has that many messages for a consumer.
func (l lab) ready(queue string, want int) {
	l.t.Helper()
	NewWithT(l.t).Eventually(func() (int, error) { return l.count(queue) }).
		WithTimeout(patience).Should(Equal(want), "messages ready in "+queue)
}

func (l lab) count(queue string) (int, error) {
	q, err := l.ch.QueueDeclarePassive(queue, false, false, false, false, nil)
	return q.Messages, err
}

// exists looks on a connection of its own, as the answer may close it.
func (l lab) exists(queue string) bool {
	l.t.Helper()
	_, err := l.channel().QueueDeclarePassive(queue, false, false, false, false, nil)
	return err == nil
}

// consume starts a consumer that acknowledges by hand, with the tag as name.
func (l lab) consume(ch *amqp.Channel, queue, tag string, nameAndValue ...any) <-chan amqp.Delivery {
	l.t.Helper()
	deliveries, err := ch.Consume(queue, tag, false, false, false, false, arguments(nameAndValue...))
	l.must(err)
	return deliveries
}

// receive takes the next delivery, which must come.
func (l lab) receive(deliveries <-chan amqp.Delivery) amqp.Delivery {
	l.t.Helper()
	var delivery amqp.Delivery
	NewWithT(l.t).Eventually(deliveries).WithTimeout(patience).Should(Receive(&delivery))
	return delivery
}

// bodies takes that many deliveries.
func (l lab) bodies(deliveries <-chan amqp.Delivery, n int) []string {
	l.t.Helper()
	bodies := make([]string, n)
	for i := range bodies {
		bodies[i] = string(l.receive(deliveries).Body)
	}
	return bodies
}

// waits is how long a test watches for what must not come. RabbitMQ does all of
// these things within some milliseconds, if it does them.
const waits = 150 * time.Millisecond
