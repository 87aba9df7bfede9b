package limits

import "time"

// Rate is a bucket's size and how it is filled: Refill tokens at each tick of Every, as
// a block (kz_buckets, token_buckets of the system configuration). A zero Tokens is no
// limit.
type Rate struct {
	Tokens int
	Refill int
	Every  time.Duration
}

// Bucket holds tokens. Not safe for concurrent use.
type Bucket struct {
	rate   Rate
	tokens int
	filled time.Time // of the last tick that counted
}

// NewBucket is a full bucket.
func NewBucket(rate Rate, now time.Time) *Bucket {
	return &Bucket{rate: rate, tokens: rate.Tokens, filled: now}
}

// Take takes one token, if there is one.
func (b *Bucket) Take(now time.Time) bool {
	if b.rate.Tokens <= 0 {
		return true
	}
	if b.rate.Every > 0 {
		if ticks := int64(now.Sub(b.filled) / b.rate.Every); ticks > 0 {
			b.filled = now.Add(-(now.Sub(b.filled) % b.rate.Every))
			missing := b.rate.Tokens - b.tokens
			if b.rate.Refill > 0 && ticks > int64(missing/b.rate.Refill) {
				b.tokens = b.rate.Tokens
			} else {
				b.tokens += int(ticks) * b.rate.Refill
			}
		}
	}
	if b.tokens == 0 {
		return false
	}
	b.tokens--
	return true
}
