package webhooks

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/kazoolab/kazoolab/bridge/store"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// AttemptStore keeps attempts. A nil error means they survive a crash.
type AttemptStore interface {
	AddAttempts(ctx context.Context, attempts []store.Attempt) error
}

// recorder writes attempts in batches: whatever has gathered while the last
// batch was being written goes into the next, so that a commit, the dear part
// (1,500 a second), is shared under load and immediate at rest.
type recorder struct {
	store AttemptStore
	clock clock.Clock
	log   *slog.Logger
	in    chan recording
}

type recording struct {
	attempt store.Attempt
	bytes   int // of what was sent and answered
	done    chan struct{}
}

// Bounds of a batch: maxBatch is where sharing a commit brings no more (performance
// measured with 100 rows a commit: 20,000 a second), maxBatchBytes keeps a batch of
// large attempts from holding the store, and their printed copies, for long.
const (
	maxBatch      = 200
	maxBatchBytes = 4 << 20
)

func newRecorder(s AttemptStore, c clock.Clock, log *slog.Logger) *recorder {
	return &recorder{store: s, clock: c, log: log, in: make(chan recording)}
}

// record returns when the attempt, of so many bytes, is stored, or with ctx's error.
func (r *recorder) record(ctx context.Context, attempt store.Attempt, bytes int) error {
	rec := recording{attempt, bytes, make(chan struct{})}
	select {
	case r.in <- rec:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-rec.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run writes until ctx ends. While the store refuses, attempts wait and with
// them the messages they belong to: nothing is acknowledged that is not safe.
func (r *recorder) run(ctx context.Context) {
	for {
		batch := r.gather(ctx)
		if len(batch) == 0 {
			return
		}
		attempts := make([]store.Attempt, len(batch))
		for i, rec := range batch {
			attempts[i] = rec.attempt
		}
		if !r.write(ctx, attempts) {
			return
		}
		for _, rec := range batch {
			close(rec.done)
		}
	}
}

func (r *recorder) gather(ctx context.Context) []recording {
	var batch []recording
	bytes := 0
	add := func(rec recording) {
		batch = append(batch, rec)
		bytes += rec.bytes
	}
	select {
	case rec := <-r.in:
		add(rec)
	case <-ctx.Done():
		return nil
	}
	for len(batch) < maxBatch && bytes < maxBatchBytes {
		select {
		case rec := <-r.in:
			add(rec)
		default:
			return batch
		}
	}
	return batch
}

// write returns true when the attempts are stored, or can never be.
func (r *recorder) write(ctx context.Context, attempts []store.Attempt) bool {
	const firstPause, longestPause = 100 * time.Millisecond, 5 * time.Second
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := r.store.AddAttempts(ctx, attempts)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		if errors.Is(err, store.ErrInvalid) {
			return r.writeEach(ctx, attempts, err)
		}
		r.log.Error("attempts cannot be stored; their messages stay unacknowledged", "attempts", len(attempts), "error", err, "retry_in", pause)
		if clock.Sleep(ctx, r.clock, pause) != nil {
			return false
		}
	}
}

// writeEach stores what a batch has beside an attempt that can never be stored,
// such as one whose hook, made up by a message, has NUL in its id. To try that
// again would keep every later attempt waiting for ever.
func (r *recorder) writeEach(ctx context.Context, attempts []store.Attempt, err error) bool {
	if len(attempts) == 1 {
		r.log.Error("an attempt can never be stored and is left out", "error", err)
		return true
	}
	for i := range attempts {
		if !r.write(ctx, attempts[i:i+1]) {
			return false
		}
	}
	return true
}
