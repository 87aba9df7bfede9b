package crossbar

import (
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// Limits of the reference (kz_buckets, crossbar.token_costs).
const (
	bucketSize   = 100
	bucketRefill = 10 // a second
	tokenCost    = 1
	// maxBuckets bounds memory: beyond it full buckets, which say nothing, go, and
	// if none is full all of them.
	maxBuckets = 10_000
)

// buckets limit how often one address may fail to authenticate or log in.
type buckets struct {
	clock clock.Clock

	mu    sync.Mutex
	level map[string]*bucket
}

type bucket struct {
	tokens float64
	seen   time.Time
}

func newBuckets(c clock.Clock) *buckets {
	return &buckets{clock: c, level: map[string]*bucket{}}
}

// bucket names the bucket of a request: its address and the path's account.
func (r *request) bucket() string {
	if r.account.ID == "" {
		return r.peer + "/no_account"
	}
	return r.peer + "/" + r.account.ID
}

// take takes one token, and says whether there was one.
func (b *buckets) take(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	got := b.current(name)
	if got.tokens < tokenCost {
		return false
	}
	got.tokens -= tokenCost
	return true
}

// remaining is how many tokens are left.
func (b *buckets) remaining(name string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.level[name]; !ok {
		return bucketSize
	}
	return int(b.current(name).tokens)
}

func (b *buckets) current(name string) *bucket {
	now := b.clock.Now()
	got, ok := b.level[name]
	if !ok {
		if len(b.level) >= maxBuckets {
			b.shrink(now)
		}
		got = &bucket{tokens: bucketSize, seen: now}
		b.level[name] = got
	}
	got.refill(now)
	return got
}

func (b *buckets) shrink(now time.Time) {
	for name, got := range b.level {
		if got.refill(now); got.tokens >= bucketSize {
			delete(b.level, name)
		}
	}
	if len(b.level) >= maxBuckets {
		clear(b.level)
	}
}

func (b *bucket) refill(now time.Time) {
	b.tokens = min(bucketSize, b.tokens+now.Sub(b.seen).Seconds()*bucketRefill)
	b.seen = now
}
