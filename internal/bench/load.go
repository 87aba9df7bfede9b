package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"

	amqp "github.com/rabbitmq/amqp091-go"
	"golang.org/x/sync/errgroup"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// seedStore makes one account with so many form-POST hooks.
func seedStore(ctx context.Context, url, target string, hooks int) (accountID string, err error) {
	random := ids.New()
	s, err := store.Open(ctx, url, store.Options{Clock: clock.System(), IDs: random, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return "", err
	}
	defer func() { _ = s.Close() }()
	accountID = random.Hex(32)
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
	return accountID, s.SaveAll(ctx, docs)
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

// bareLoop is the floor: consume, POST the raw body, acknowledge after a 2xx,
// with the bridge's own window and number of requests at once.
func bareLoop(ctx context.Context, url, target string) error {
	const workers, prefetch = 64, 1000
	conn, err := amqp.Dial(url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	if err := ch.Qos(prefetch, 0, false); err != nil {
		return err
	}
	deliveries, err := ch.ConsumeWithContext(ctx, bridge.WorkQueue, "", false, false, false, false, nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers, DisableCompression: true}}
	var acks sync.Mutex // a channel's frames must not interleave
	var group errgroup.Group
	for range workers {
		group.Go(func() error {
			for d := range deliveries {
				if err := post(ctx, client, target, d.Body); err != nil {
					return err
				}
				acks.Lock()
				err := d.Ack(false)
				acks.Unlock()
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

func post(ctx context.Context, client *http.Client, target string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", kapi.ContentType)
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("the receiver answered %s", resp.Status)
	}
	return nil
}
