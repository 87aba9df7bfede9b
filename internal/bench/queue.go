package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

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

// fill puts events into an empty work queue, bound as the bridge binds it.
func fill(ctx context.Context, url, accountID string, events int) error {
	conn, err := amqp.Dial(url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	if err := declare(ch); err != nil {
		return err
	}
	if _, err := ch.QueuePurge(bridge.WorkQueue, false); err != nil {
		return err
	}
	if err := ch.Confirm(false); err != nil {
		return err
	}
	sw := pbx.New(pbx.Config{Clock: clock.System(), IDs: ids.New()})
	var pending []*amqp.DeferredConfirmation
	for range events {
		call, err := sw.NewCall(kapi.ChannelCreate, pbx.Spec{AccountID: accountID})
		if err != nil {
			return err
		}
		msg, err := call.Event().Message()
		if err != nil {
			return err
		}
		confirm, err := ch.PublishWithDeferredConfirmWithContext(ctx, msg.Exchange, msg.Key, false, false,
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

func declare(ch *amqp.Channel) error {
	err := ch.ExchangeDeclare(kapi.ExchangeCallEvents, kapi.ExchangeType(kapi.ExchangeCallEvents), false, false, false, false, nil)
	if err != nil {
		return err
	}
	_, err = ch.QueueDeclare(bridge.WorkQueue, true, false, false, false, bridge.WorkQueueArguments())
	if err != nil {
		return err
	}
	return ch.QueueBind(bridge.WorkQueue, kapi.CallEventKey(kapi.ChannelCreate, "*"), kapi.ExchangeCallEvents, false, nil)
}
