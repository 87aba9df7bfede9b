package bus

import (
	"context"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// backoff spaces attempts: doubling from least to most, each between half and
// all of that, so that many clients of a restarted broker do not return at once.
type backoff struct {
	least, most time.Duration
	random      *ids.Source
	failures    int
}

func (b *Bus) newBackoff() *backoff {
	return &backoff{least: b.config.MinBackoff, most: b.config.MaxBackoff, random: b.config.IDs}
}

// wait pauses before the next attempt, or until ctx ends, in which case it
// returns ctx's error. lasted is how long the last attempt went well: one that
// lasted makes the next a first attempt.
func (r *backoff) wait(ctx context.Context, lasted time.Duration) error {
	if lasted > r.most {
		r.failures = 0
	}
	return clock.Sleep(ctx, clock.System(), r.next())
}

func (r *backoff) next() time.Duration {
	d := r.least
	for range r.failures {
		if d >= r.most {
			break
		}
		d *= 2
	}
	r.failures++
	d = min(d, r.most)
	return d/2 + time.Duration(r.random.Float64()*float64(d/2))
}
