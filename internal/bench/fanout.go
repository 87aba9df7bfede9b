package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/internal/ids"
)

// fanOut measures the bridge where each event has several hooks. There are as many
// deliveries each time, so that the figures can be compared.
func fanOut(ctx context.Context, out io.Writer, o options) error {
	for text := range strings.SplitSeq(o.fanout, ",") {
		if text == "" {
			continue
		}
		hooks, err := strconv.Atoi(text)
		if err != nil || hooks < 1 || hooks > o.events {
			return fmt.Errorf("-fanout: %q is no number of hooks from 1 to -events", text)
		}
		if err := fanOutTo(ctx, out, o, hooks); err != nil {
			return fmt.Errorf("fan-out to %d hooks: %w", hooks, err)
		}
	}
	return nil
}

func fanOutTo(ctx context.Context, out io.Writer, o options, hooks int) error {
	dir, err := os.MkdirTemp("", "kazoolab-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	receiver, err := newReceiver()
	if err != nil {
		return err
	}
	defer receiver.close()
	storeURL := "sqlite:" + filepath.Join(dir, "bench.db")
	accountID := ids.New().Hex(32)
	if err := seedStore(ctx, storeURL, accountID, receiver.url(), hooks); err != nil {
		return err
	}
	events := o.events / hooks
	var results []result
	for i := range o.runs {
		q, err := openQueue(o.amqpURL, accountID, events)
		if err != nil {
			return err
		}
		r, err := measure(ctx, contender{commands: [][]string{o.bridge(storeURL)}}, q, receiver, events*hooks)
		if err = errors.Join(err, q.close()); err != nil {
			return err
		}
		results = append(results, r)
		fmt.Fprintf(out, "run %d  hooks for each event: %-4d %s\n", i+1, hooks, r.deliveries())
	}
	fmt.Fprintf(out, "median hooks for each event: %-4d %s\n", hooks, median(results).deliveries())
	return nil
}

// deliveries is the result where what arrives are deliveries, several for an event.
func (r result) deliveries() string {
	return fmt.Sprintf("%7.0f deliveries/s  %.3f CPU s/1,000  %4.0f MB peak", r.rate, r.cpu, r.peak)
}
