package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// bareLoop is the least that could do a node's work. A socket gets the events of the
// account that its request names, as they are on the bus.
type bareLoop struct {
	upgrader websocket.Upgrader
	greeting *websocket.PreparedMessage // of a socket that will get events

	mu       sync.RWMutex
	accounts map[string][]chan *websocket.PreparedMessage // a queue for each socket
}

// bare serves until ctx ends. It prints where, once events would come.
func bare(ctx context.Context, o options) error {
	conn, err := amqp.Dial(o.amqpURL)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	deliveries, err := consume(conn)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	b, err := newBareLoop()
	if err != nil {
		return err
	}
	server := &http.Server{Handler: b, ReadHeaderTimeout: time.Minute}
	defer func() { _ = server.Close() }()
	go func() { _ = server.Serve(listener) }()
	fmt.Fprintf(o.out, "ws://%s/\n", listener.Addr())
	for {
		select {
		case <-ctx.Done():
			return nil
		case d, open := <-deliveries:
			if !open {
				return errors.New("the broker sends no more")
			}
			if err := errors.Join(b.deliver(d.Body), d.Ack(false)); err != nil {
				return err
			}
		}
	}
}

// consume declares a queue as a node's is.
func consume(conn *amqp.Connection) (<-chan amqp.Delivery, error) {
	const prefetch = 1000 // as a node
	ch, err := conn.Channel()
	if err != nil {
		return nil, err
	}
	err = ch.ExchangeDeclare(kapi.ExchangeCallEvents, kapi.ExchangeType(kapi.ExchangeCallEvents), false, false, false, false, nil)
	if err != nil {
		return nil, err
	}
	q, err := ch.QueueDeclare("", false, true, true, false, nil)
	if err != nil {
		return nil, err
	}
	if err := ch.QueueBind(q.Name, kapi.CallEventKey(kapi.ChannelCreate, "*"), kapi.ExchangeCallEvents, false, nil); err != nil {
		return nil, err
	}
	if err := ch.Qos(prefetch, 0, false); err != nil {
		return nil, err
	}
	return ch.Consume(q.Name, "", false, true, false, false, nil)
}

func newBareLoop() (*bareLoop, error) {
	greeting, err := websocket.NewPreparedMessage(websocket.TextMessage, []byte("success"))
	return &bareLoop{greeting: greeting, accounts: map[string][]chan *websocket.PreparedMessage{}}, err
}

// deliver gives an event to the sockets of its account.
func (b *bareLoop) deliver(body []byte) error {
	m, err := websocket.NewPreparedMessage(websocket.TextMessage, body)
	if err != nil {
		return err
	}
	account := gjson.GetBytes(body, "Custom-Channel-Vars.Account-ID").Str
	b.mu.RLock()
	queues := b.accounts[account]
	b.mu.RUnlock()
	for _, queue := range queues {
		queue <- m
	}
	return nil
}

// ServeHTTP serves a socket.
func (b *bareLoop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const deep = 256
	conn, err := b.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // it has answered
	}
	defer func() { _ = conn.Close() }()
	queue := make(chan *websocket.PreparedMessage, deep)
	queue <- b.greeting
	account := r.URL.Query().Get("account")
	b.mu.Lock()
	b.accounts[account] = append(b.accounts[account], queue)
	b.mu.Unlock()
	go write(conn, queue)
	_, _ = io.Copy(io.Discard, conn.NetConn())
}

// write goes on for a socket that is gone, so that nobody waits for it.
func write(conn *websocket.Conn, queue <-chan *websocket.PreparedMessage) {
	for m := range queue {
		_ = conn.WritePreparedMessage(m) // fails for good
	}
}
