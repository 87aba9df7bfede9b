package callflow

import (
	"maps"
	"time"
)

// cost is what a node of a flow takes (callflow.min_bucket_cost).
const cost = 5

// Bucket is the tokens of an account, of which each node of its flows takes 5
// (cf_exe:launch_cf_module/1, kz_buckets). What is zero is Kazoo's default.
type Bucket struct {
	Size int // 0 is 100; negative is without limit
	Fill int // a second; 0 is 10
}

// bucket is the tokens that an account has at a moment.
type bucket struct {
	tokens int
	since  time.Time
}

// pays takes the tokens of a node; false where there are not enough.
func (e *Engine) pays(accountID string) bool {
	size, fill := e.Tokens.Size, e.Tokens.Fill
	if size < 0 {
		return true
	}
	if size == 0 {
		size = 100
	}
	if fill == 0 {
		fill = 10
	}
	now := e.Line.Now()
	b := e.buckets[accountID]
	if b == nil {
		e.forgetFull(size, fill)
		b = &bucket{tokens: size, since: now}
		e.buckets[accountID] = b
	}
	b.refill(now, size, fill)
	if b.tokens < cost {
		return false
	}
	b.tokens -= cost
	return true
}

func (b *bucket) refill(now time.Time, size, fill int) {
	if seconds := int(now.Sub(b.since) / time.Second); seconds > 0 {
		b.tokens = min(size, b.tokens+seconds*fill)
		b.since = b.since.Add(time.Duration(seconds) * time.Second)
	}
}

// fewBuckets are never looked through.
const fewBuckets = 64

// forgetFull forgets the buckets that are full again, which says nothing, when there are twice as many as were left
// the last time.
func (e *Engine) forgetFull(size, fill int) {
	if len(e.buckets) < max(2*e.spent, fewBuckets) {
		return
	}
	now := e.Line.Now()
	maps.DeleteFunc(e.buckets, func(_ string, b *bucket) bool {
		b.refill(now, size, fill)
		return b.tokens == size
	})
	e.spent = len(e.buckets)
}
