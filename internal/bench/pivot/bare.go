package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// recorded are an engine's requests, one of each turn of a call.
func recorded(o options) ([]string, error) {
	text, err := os.ReadFile(o.samples)
	if err != nil {
		return nil, err
	}
	var samples []string
	if err := json.Unmarshal(text, &samples); err != nil {
		return nil, err
	}
	if len(samples) != o.requests {
		return nil, fmt.Errorf("-samples: %d requests where a call has %d", len(samples), o.requests)
	}
	return samples, nil
}

// bareLoop makes the requests of calls without an engine.
type bareLoop struct {
	options

	host   string
	bodies []string
	line   *http.Transport
}

// runBare is the bare loop, until ctx ends.
func runBare(ctx context.Context, o options) error {
	collectLess()
	bodies, err := recorded(o)
	if err != nil {
		return err
	}
	at, err := url.Parse(o.url)
	if err != nil {
		return err
	}
	const kept = 2048 // as many unused connections as the engine's client keeps
	b := &bareLoop{
		options: o, host: at.Host, bodies: bodies,
		line: &http.Transport{MaxIdleConnsPerHost: kept, DisableCompression: true},
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if err := o.say(measured()); err != nil {
		return err
	}
	if o.rate > 0 {
		b.arrive(ctx, stop)
	} else {
		var all sync.WaitGroup
		for slot := range o.calls {
			all.Go(func() {
				for ctx.Err() == nil {
					b.call(ctx, slot, stop)
				}
			})
		}
		all.Wait()
	}
	return reason(ctx)
}

// arrive begins calls at the rate, whatever becomes of the others.
func (b *bareLoop) arrive(ctx context.Context, stop context.CancelCauseFunc) {
	var all sync.WaitGroup
	offer(ctx, b.rate, func(n int) {
		all.Go(func() { b.call(ctx, n%slots, stop) })
	})
	all.Wait()
}

// offer does something at a rate until ctx ends, each time with its number.
func offer(ctx context.Context, rate float64, do func(n int)) {
	const pause = time.Millisecond
	began := clock.System().Now()
	for n := 0; ctx.Err() == nil; _ = clock.Sleep(ctx, clock.System(), pause) {
		for due := int(clock.System().Since(began).Seconds() * rate); n < due; n++ {
			do(n)
		}
	}
}

// call makes the requests of one.
func (b *bareLoop) call(ctx context.Context, slot int, stop context.CancelCauseFunc) {
	for n, body := range b.bodies {
		if err := b.ask(ctx, slot, n, body); err != nil {
			if ctx.Err() == nil {
				stop(failed{err})
			}
			return
		}
	}
}

func (b *bareLoop) ask(ctx context.Context, slot, n int, body string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+b.host+path(slot, n), strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header = http.Header{
		"User-Agent": nil, "Content-Type": {"application/x-www-form-urlencoded"}, "Te": {""}, "Connection": {"keep-alive"},
	}
	answer, err := b.line.RoundTrip(r)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s", r.URL, answer.Status)
	}
	return err
}
