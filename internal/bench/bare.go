package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	amqp "github.com/rabbitmq/amqp091-go"
	"golang.org/x/sync/errgroup"

	"github.com/kazoolab/kazoolab/bridge"
	"github.com/kazoolab/kazoolab/bridge/kapi"
)

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
	err = group.Wait()
	switch {
	case ctx.Err() != nil:
		return nil
	case err == nil:
		return errors.New("the broker sends no more")
	}
	return err
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
