package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// counter counts what many goroutines do, and one waits for.
type counter struct {
	n, target atomic.Int64
	reached   chan struct{}
}

func newCounter() *counter { return &counter{reached: make(chan struct{}, 1)} }

func (c *counter) add() {
	if c.n.Add(1) == c.target.Load() {
		select {
		case c.reached <- struct{}{}:
		default: // it is told already
		}
	}
}

// await returns when there are so many, or with ctx's error. One waits at a time.
func (c *counter) await(ctx context.Context, n int64) error {
	c.target.Store(n)
	for c.n.Load() < n {
		select {
		case <-c.reached:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// within is await with a limit, whose end it tells of.
func (c *counter) within(ctx context.Context, limit time.Duration, what string, n int64) error {
	if c.n.Load() >= n {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := c.await(ctx, n); err != nil {
		return fmt.Errorf("%s: %d of %d after %s: %w", what, c.n.Load(), n, limit, err)
	}
	return nil
}
