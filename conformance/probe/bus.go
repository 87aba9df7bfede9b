package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/conformance/capture"
)

// bus is a group's own connection to the broker. It declares exchanges as Kazoo has them,
// passively first, so that one that exists is left as it is.
type bus struct {
	conn    *amqp.Connection
	mu      sync.Mutex // guards what follows: publishing waits for the broker's confirm
	channel *amqp.Channel
	readers sync.WaitGroup
	known   map[string]bool
}

// harnessName begins the names of the harness's own connections.
const harnessName = "kazoolab certify "

func (p *Probe) connect() (*bus, error) {
	p.open.Lock()
	defer p.open.Unlock()
	if p.bus != nil {
		return p.bus, nil
	}
	if p.cut {
		return nil, errCut
	}
	conn, err := amqp.DialConfig(p.Target.AMQP, amqp.Config{Dial: p.dialBroker, Properties: amqp.Table{"connection_name": harnessName + p.group}})
	if err != nil {
		return nil, fmt.Errorf("the broker: %w", err)
	}
	channel, err := conn.Channel()
	if err == nil {
		err = channel.Confirm(false)
	}
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("the broker: %w", err)
	}
	p.bus = &bus{conn: conn, channel: channel, known: map[string]bool{}}
	return p.bus, nil
}

// dialBroker connects, and remembers the line: cutting it is all that ends a wait for a broker
// that goes on to live and answers nothing.
func (p *Probe) dialBroker(network, address string) (net.Conn, error) {
	conn, err := amqp.DefaultDial(p.Target.Patience.Reply)(network, address)
	if err != nil {
		return nil, err
	}
	p.wire.Lock()
	defer p.wire.Unlock()
	if p.over {
		_ = conn.Close()
		return nil, errCut
	}
	p.line = conn
	return conn, nil
}

// cutBroker cuts the line to the broker, and has no other be made.
func (p *Probe) cutBroker() {
	p.wire.Lock()
	defer p.wire.Unlock()
	p.over = true
	if p.line != nil {
		_ = p.line.Close()
	}
}

// closeBus takes leave of the broker, which may be too far gone to answer.
func (p *Probe) closeBus() error {
	late := p.Clock.AfterFunc(goodbye, p.cutBroker)
	defer late.Stop()
	err := p.bus.conn.Close()
	p.bus.readers.Wait()
	if errors.Is(err, amqp.ErrClosed) {
		return nil
	}
	return err
}

// goodbye is how long the end of a connection may take.
const goodbye = 5 * time.Second

// Exchange makes sure that an exchange exists, as Kazoo has it.
func (p *Probe) Exchange(name string) error {
	b, err := p.connect()
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.exchange(name); err != nil {
		return fmt.Errorf("exchange %s: %w", name, err)
	}
	return nil
}

// kindOf is the type of one of Kazoo's exchanges.
func kindOf(exchange string) string {
	switch exchange {
	case "targeted", "callctl":
		return amqp.ExchangeDirect
	case "nodes":
		return amqp.ExchangeFanout
	}
	return amqp.ExchangeTopic
}

// exchange makes sure that an exchange exists.
func (b *bus) exchange(name string) error {
	if b.known[name] {
		return nil
	}
	kind := kindOf(name)
	try, err := b.conn.Channel()
	if err != nil {
		return err
	}
	defer func() { _ = try.Close() }()
	if try.ExchangeDeclarePassive(name, kind, false, false, false, false, nil) != nil {
		if err := b.channel.ExchangeDeclare(name, kind, false, false, false, false, nil); err != nil {
			return err
		}
	}
	b.known[name] = true
	return nil
}

// Publish publishes a message as Kazoo does (application/json, transient) and returns when the
// broker has it. step is its name in the log.
func (p *Probe) Publish(ctx context.Context, step, exchange, key string, body []byte) error {
	return p.PublishAs(ctx, step, exchange, key, amqp.Publishing{ContentType: "application/json", Body: body})
}

// PublishAs publishes with properties of one's own.
func (p *Probe) PublishAs(ctx context.Context, step, exchange, key string, message amqp.Publishing) error {
	p.settleHooks(ctx)
	b, err := p.connect()
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.exchange(exchange); err != nil {
		return fmt.Errorf("exchange %s: %w", exchange, err)
	}
	if message.Timestamp.IsZero() {
		message.Timestamp = p.Clock.Now().Truncate(time.Second)
	}
	ctx, cancel := context.WithTimeout(ctx, p.Target.Patience.Reply)
	defer cancel()
	// The entry comes first, so that whatever the target does of it stands behind it.
	p.add(capture.Entry{
		Kind: capture.Published, Name: step, Head: exchange + " " + key, Header: properties(message.ContentType, message.ReplyTo, message.CorrelationId, message.MessageId),
		Body: message.Body,
	})
	confirm, err := b.channel.PublishWithDeferredConfirmWithContext(ctx, exchange, key, false, false, message)
	if err != nil {
		return fmt.Errorf("publish %s: %w", step, err)
	}
	acked, err := confirm.WaitContext(ctx)
	if err == nil && !acked {
		err = errors.New("the broker refused it")
	}
	if err != nil {
		return fmt.Errorf("publish %s: %w", step, err)
	}
	return nil
}

func properties(contentType, replyTo, correlationID, messageID string) []capture.Field {
	var list []capture.Field
	for _, f := range []capture.Field{{Name: "content-type", Value: contentType}, {Name: "reply-to", Value: replyTo}, {Name: "correlation-id", Value: correlationID}, {Name: "message-id", Value: messageID}} {
		if f.Value != "" {
			list = append(list, f)
		}
	}
	return list
}

// received lists every property of a message that is set: times as the number on the wire,
// and each header as "header <name>" with its text.
func received(m amqp.Delivery) []capture.Field {
	list := properties(m.ContentType, m.ReplyTo, m.CorrelationId, m.MessageId)
	number := func(n int64) string {
		if n == 0 {
			return ""
		}
		return strconv.FormatInt(n, 10)
	}
	timestamp := ""
	if !m.Timestamp.IsZero() {
		timestamp = number(m.Timestamp.Unix())
	}
	for _, f := range []capture.Field{
		{Name: "content-encoding", Value: m.ContentEncoding}, {Name: "delivery-mode", Value: number(int64(m.DeliveryMode))},
		{Name: "priority", Value: number(int64(m.Priority))}, {Name: "expiration", Value: m.Expiration}, {Name: "timestamp", Value: timestamp},
		{Name: "type", Value: m.Type}, {Name: "user-id", Value: m.UserId}, {Name: "app-id", Value: m.AppId},
	} {
		if f.Value != "" {
			list = append(list, f)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		value := m.Headers[name]
		if text, is := value.([]byte); is {
			value = string(text)
		}
		list = append(list, capture.Field{Name: "header " + name, Value: fmt.Sprint(value)})
	}
	return list
}

// Listen binds a queue of the harness's own (exclusive, gone with the connection) to keys of an
// exchange. What it is given is in the log under its name. It returns the queue's name at the
// broker, for replies by the exchange targeted.
func (p *Probe) Listen(ctx context.Context, name, exchange string, keys ...string) (string, error) {
	return p.listen(ctx, "", name, exchange, keys)
}

// ListenAbout is Listen for messages in which an account's id stands: whose keys do not say
// whose they are, as those of calls, and which are nobody's business but that account's.
func (p *Probe) ListenAbout(ctx context.Context, account Account, name, exchange string, keys ...string) error {
	_, err := p.listen(ctx, account.ID, name, exchange, keys)
	return err
}

func (p *Probe) listen(ctx context.Context, about, name, exchange string, keys []string) (string, error) {
	b, err := p.connect()
	if err != nil {
		return "", err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.exchange(exchange); err != nil {
		return "", fmt.Errorf("exchange %s: %w", exchange, err)
	}
	channel, err := b.conn.Channel()
	if err != nil {
		return "", fmt.Errorf("queue %s: %w", name, err)
	}
	queue, err := channel.QueueDeclare("", false, true, true, false, nil)
	if err != nil {
		return "", fmt.Errorf("queue %s: %w", name, err)
	}
	for _, key := range keys {
		if key == "" {
			key = queue.Name
		}
		if err := channel.QueueBind(queue.Name, key, exchange, false, nil); err != nil {
			return "", fmt.Errorf("bind %s to %s: %w", name, key, err)
		}
	}
	messages, err := channel.ConsumeWithContext(ctx, queue.Name, "", true, true, false, false, nil)
	if err != nil {
		return "", fmt.Errorf("queue %s: %w", name, err)
	}
	b.readers.Go(func() {
		for m := range messages {
			if !bytes.Contains(m.Body, []byte(about)) {
				continue
			}
			p.add(capture.Entry{
				Kind: capture.Delivered, Name: name, Head: strings.TrimSpace(m.Exchange + " " + m.RoutingKey),
				Header: received(m), Body: m.Body,
			})
		}
	})
	return queue.Name, nil
}

// AwaitDeliveries waits for a number of messages in one of the harness's queues.
func (p *Probe) AwaitDeliveries(ctx context.Context, queue string, n int) bool {
	return p.Await(ctx, fmt.Sprintf("%d messages in %s", n, queue), p.Target.Patience.Delivery, func(v capture.View) bool {
		return len(v.Deliveries(queue)) >= n
	})
}

// Declared declares an exchange as Kazoo does, and notes as "exchange <name>" whether the
// broker takes that: one that is there as something else refuses.
func (p *Probe) Declared(name string) {
	said := "ok"
	if err := p.declare(name); err != nil {
		said = err.Error()
	}
	p.Note("exchange "+name, said)
}

func (p *Probe) declare(name string) error {
	b, err := p.connect()
	if err != nil {
		return err
	}
	channel, err := b.conn.Channel() // a refusal ends it
	if err != nil {
		return err
	}
	defer func() { _ = channel.Close() }()
	return channel.ExchangeDeclare(name, kindOf(name), false, false, false, false, nil)
}
