package bus

import (
	"context"
	"fmt"
	"sync"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// targeted is the exchange that carries every reply.
const targeted = "targeted"

// Request is a message that someone is to answer.
type Request struct {
	Exchange, Key string
	// Fields is the message. Server-ID, System-Log-ID, Server-Queue-ID and, if
	// missing, Msg-ID are set in it as kz_amqp_worker:send_request/4 does. A Msg-ID
	// under which an answer is waited for already is exchanged for another.
	Fields jobj.Object
	// Encode prints the completed fields, in the order that the kind of message
	// has on the wire; nil prints them as they are.
	Encode func(jobj.Object) ([]byte, error)
}

// Request publishes r and returns the first reply. The time limit is ctx's (the
// reference allows 2 s). A reply that says Defer-Response is returned only when
// ctx ends without a better one. A request that reaches no queue is a
// *ReturnedError at once.
func (b *Bus) Request(ctx context.Context, r Request) (Delivery, error) {
	asked, err := b.ask(ctx, r)
	if err != nil {
		return Delivery{}, err
	}
	defer asked.forget()
	var deferred *Delivery
	for {
		select {
		case d := <-asked.answers:
			if !gjson.GetBytes(d.Body, "Defer-Response").Bool() {
				return d, nil
			}
			deferred = &d
		case <-b.stopped:
			return Delivery{}, ErrStopped
		case <-ctx.Done():
			if deferred != nil {
				return *deferred, nil
			}
			return Delivery{}, fmt.Errorf("bus: no reply to %s: %w", asked.id, ctx.Err())
		}
	}
}

// asked is a request that has been sent.
type asked struct {
	id      string // its Msg-ID
	answers <-chan Delivery
	forget  func()
}

// ask publishes a request; forget ends the interest in its answers.
func (b *Bus) ask(ctx context.Context, r Request) (asked, error) {
	replies := b.replyQueue()
	if err := replies.sub.WaitReady(ctx); err != nil {
		return asked{}, fmt.Errorf("bus: reply queue: %w", err)
	}
	fields, id := b.addressed(r.Fields, replies.sub.QueueName())
	answers, free := replies.expect(id)
	if !free { // a client chose it; answers would reach one of the two
		id = b.config.IDs.Hex(32)
		fields = fields.Set("Msg-ID", id)
		answers, _ = replies.expect(id)
	}
	a := asked{id: id, answers: answers, forget: func() { replies.forget(id) }}
	body, err := encode(r, fields)
	if err == nil {
		err = b.Publish(ctx, Message{Exchange: r.Exchange, Key: r.Key, Body: body, Mandatory: true})
	}
	if err != nil {
		a.forget()
		return asked{}, err
	}
	return a, nil
}

func encode(r Request, fields jobj.Object) ([]byte, error) {
	if r.Encode == nil {
		return jobj.Append(nil, fields), nil
	}
	return r.Encode(fields)
}

// addressed adds what brings the reply back here.
func (b *Bus) addressed(fields jobj.Object, queue string) (jobj.Object, string) {
	id := fields.String("Msg-ID")
	if id == "" {
		id = b.config.IDs.Hex(16)
		fields = fields.Set("Msg-ID", id)
	}
	log := id
	for _, key := range []string{"Call-ID", "System-Log-ID"} {
		if value := fields.String(key); value != "" {
			log = value
		}
	}
	fields = fields.Set("System-Log-ID", log)
	if asker := fields.String("Server-ID"); asker != "" {
		fields = fields.Set("Server-Queue-ID", asker)
	}
	return fields.Set("Server-ID", queue), id
}

// replies is the queue on which answers arrive, and who waits for which.
type replies struct {
	sub *Subscription

	mu      sync.Mutex
	waiting map[string]chan Delivery
}

// replyQueue returns the reply queue, made at the first request.
func (b *Bus) replyQueue() *replies {
	b.DeclareExchange(targeted, "direct")
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.replies != nil {
		return b.replies
	}
	r := &replies{waiting: map[string]chan Delivery{}}
	r.sub = b.consume(Consumer{
		Queue:   Queue{Module: "replies", Exclusive: true, AutoDelete: true},
		Address: targeted,
		NoAck:   true,
		Handle:  r.deliver,
	})
	b.replies = r
	return r
}

// expect registers interest in the answers to a Msg-ID. free is false when somebody
// waits for those already.
func (r *replies) expect(id string) (answers <-chan Delivery, free bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, taken := r.waiting[id]; taken {
		return nil, false
	}
	waiting := make(chan Delivery, 64)
	r.waiting[id] = waiting
	return waiting, true
}

func (r *replies) forget(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, id)
}

// deliver hands a reply to who waits for it. Late ones, and more than anyone
// reads, are dropped.
func (r *replies) deliver(d Delivery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case r.waiting[gjson.GetBytes(d.Body, "Msg-ID").String()] <- d:
	default:
	}
}
