package webhooks

import (
	"context"
	"log/slog"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// AttemptBin is where attempts that are no longer kept go. Both methods delete in
// pieces so small that writers hardly wait, and say how many attempts went, also
// when an error cuts them short.
type AttemptBin interface {
	// DeleteAttempts deletes those created before a moment in Gregorian seconds.
	DeleteAttempts(ctx context.Context, before int64) (int64, error)
	// TrimAttempts deletes the oldest beyond the newest keep.
	TrimAttempts(ctx context.Context, keep int64) (int64, error)
}

// Retention deletes attempts that are too old or too many. The reference keeps them
// for as long as its monthly databases.
type Retention struct {
	Bin   AttemptBin
	Clock clock.Clock
	Log   *slog.Logger
	// Keep is how long attempts are kept; 0 is for ever.
	Keep time.Duration
	// Max is how many are kept, of all hooks together; 0 is any number. One hook's
	// many attempts can thus end another's early: what this bounds is the disk.
	Max int
}

// sweepPause is the time between two looks. A look that finds nothing costs a count
// of the attempts, 20 ms for a million.
const sweepPause = time.Minute

// Run deletes until ctx ends, first at once: what was too old may have waited for
// the program to start.
func (r Retention) Run(ctx context.Context) {
	if r.Keep <= 0 && r.Max <= 0 {
		return
	}
	for {
		r.sweep(ctx)
		if clock.Sleep(ctx, r.Clock, sweepPause) != nil {
			return
		}
	}
}

func (r Retention) sweep(ctx context.Context) {
	started := r.Clock.Now()
	var old, many int64
	var err error
	if r.Keep > 0 {
		old, err = r.Bin.DeleteAttempts(ctx, kapi.Gregorian(started.Add(-r.Keep)))
	}
	if r.Max > 0 && err == nil {
		many, err = r.Bin.TrimAttempts(ctx, int64(r.Max))
	}
	if old+many > 0 {
		r.Log.Info("attempts deleted", "too_old", old, "too_many", many, "ms", r.Clock.Since(started).Milliseconds())
	}
	if err != nil && ctx.Err() == nil {
		r.Log.Error("attempts cannot be deleted", "error", err, "retry_in", sweepPause)
	}
}
