package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// seedStore makes an account with so many form-POST hooks.
func seedStore(ctx context.Context, url, accountID, target string, hooks int) error {
	random := ids.New()
	s, err := store.Open(ctx, url, store.Options{Clock: clock.System(), IDs: random, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	docs := []store.Document{{
		DB: kapi.DatabaseAccounts, ID: accountID, Type: store.TypeAccount, AccountID: accountID,
		Body: jobj.Object{{Key: "name", Value: "Bench"}, {Key: "pvt_tree", Value: []any{}}},
	}}
	for range hooks {
		docs = append(docs, store.Document{
			DB: kapi.DatabaseWebhooks, ID: random.Hex(32), Type: store.TypeWebhook, AccountID: accountID,
			Body: jobj.Object{
				{Key: "name", Value: "bench"}, {Key: "uri", Value: target}, {Key: "hook", Value: "channel_create"},
				{Key: "http_verb", Value: "post"}, {Key: "format", Value: "form-data"}, {Key: "enabled", Value: true},
			},
		})
	}
	return s.SaveAll(ctx, docs)
}

// queue is the work queue, bound as the bridge binds it, and the events that fill it.
type queue struct {
	conn      *amqp.Connection
	channel   *amqp.Channel
	accountID string // whose events they are
	events    int
}

// openQueue empties the queue.
func openQueue(url, accountID string, events int) (*queue, error) {
	conn, err := amqp.Dial(url)
	if err != nil {
		return nil, err
	}
	q := &queue{conn: conn, accountID: accountID, events: events}
	if err := q.declare(); err != nil {
		return nil, errors.Join(err, q.close())
	}
	return q, nil
}

func (q *queue) close() error { return q.conn.Close() }

func (q *queue) declare() (err error) {
	if q.channel, err = q.conn.Channel(); err != nil {
		return err
	}
	err = q.channel.ExchangeDeclare(kapi.ExchangeCallEvents, kapi.ExchangeType(kapi.ExchangeCallEvents), false, false, false, false, nil)
	if err != nil {
		return err
	}
	if _, err = q.channel.QueueDeclare(bridge.WorkQueue, true, false, false, false, bridge.WorkQueueArguments()); err != nil {
		return err
	}
	err = q.channel.QueueBind(bridge.WorkQueue, kapi.CallEventKey(kapi.ChannelCreate, "*"), kapi.ExchangeCallEvents, false, nil)
	if err != nil {
		return err
	}
	if _, err = q.channel.QueuePurge(bridge.WorkQueue, false); err != nil {
		return err
	}
	return q.channel.Confirm(false)
}

// awaitConsumers returns when so many take from the queue.
func (q *queue) awaitConsumers(ctx context.Context, consumers int) error {
	again := clock.System().NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		now, err := q.channel.QueueDeclarePassive(bridge.WorkQueue, true, false, false, false, bridge.WorkQueueArguments())
		if err != nil || now.Consumers >= consumers {
			return err
		}
		select {
		case <-again.Chan():
		case <-ctx.Done():
			return errors.New("too few take from the queue")
		}
	}
}

// fill puts the events in.
func (q *queue) fill(ctx context.Context) error {
	sw := pbx.New(pbx.Config{Clock: clock.System(), IDs: ids.New()})
	var pending []*amqp.DeferredConfirmation
	for range q.events {
		call, err := sw.NewCall(kapi.ChannelCreate, pbx.Spec{AccountID: q.accountID})
		if err != nil {
			return err
		}
		msg, err := call.Event().Message()
		if err != nil {
			return err
		}
		confirm, err := q.channel.PublishWithDeferredConfirmWithContext(ctx, msg.Exchange, msg.Key, false, false,
			amqp.Publishing{ContentType: kapi.ContentType, Body: msg.Body})
		if err != nil {
			return err
		}
		pending = append(pending, confirm)
	}
	for _, confirm := range pending {
		if ok, err := confirm.WaitContext(ctx); err != nil || !ok {
			return fmt.Errorf("an event was not confirmed: %w", errors.Join(err, ctx.Err()))
		}
	}
	return nil
}
