package callflow

import (
	"maps"
	"time"
)

// cost is what a node of a flow takes (callflow.min_bucket_cost).
const cost = 5

// What an account has at most, and gets a second (kz_buckets).
const (
	bucketSize = 100
	bucketFill = 10
)

// bucket is the tokens that an account has at a moment.
type bucket struct {
	tokens int
	since  time.Time
}

// pays takes the tokens of a node (cf_exe:launch_cf_module/1); false where there are not enough.
func (e *Engine) pays(accountID string) bool {
	if e.Unmetered {
		return true
	}
	now := e.Line.Now()
	b := e.buckets[accountID]
	if b == nil {
		e.forgetFull()
		b = &bucket{tokens: bucketSize, since: now}
		e.buckets[accountID] = b
	}
	b.refill(now)
	if b.tokens < cost {
		return false
	}
	b.tokens -= cost
	return true
}

func (b *bucket) refill(now time.Time) {
	if seconds := int(now.Sub(b.since) / time.Second); seconds > 0 {
		b.tokens = min(bucketSize, b.tokens+seconds*bucketFill)
		b.since = b.since.Add(time.Duration(seconds) * time.Second)
	}
}

// fewBuckets are never looked through.
const fewBuckets = 64

// forgetFull forgets the buckets that are full again, which says nothing, when there are twice as many as were left
// the last time.
func (e *Engine) forgetFull() {
	if len(e.buckets) < max(2*e.spent, fewBuckets) {
		return
	}
	now := e.Line.Now()
	maps.DeleteFunc(e.buckets, func(_ string, b *bucket) bool {
		b.refill(now)
		return b.tokens == bucketSize
	})
	e.spent = len(e.buckets)
}
