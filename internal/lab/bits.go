package lab

import "sync/atomic"

// Bits is a set of numbers from 0 up to a limit. Any goroutine may use it.
type Bits struct {
	words []atomic.Uint64
	count atomic.Int64
}

// NewBits returns an empty set for numbers below limit.
func NewBits(limit int) *Bits { return &Bits{words: make([]atomic.Uint64, (limit+63)/64)} }

// Add puts n in and tells whether it is new. A number beyond the limit never is.
func (b *Bits) Add(n int) bool {
	if n < 0 || n/64 >= len(b.words) {
		return false
	}
	bit := uint64(1) << (n % 64)
	if b.words[n/64].Or(bit)&bit != 0 {
		return false
	}
	b.count.Add(1)
	return true
}

// Has tells whether n is in.
func (b *Bits) Has(n int) bool {
	return n >= 0 && n/64 < len(b.words) && b.words[n/64].Load()&(1<<(n%64)) != 0
}

// Len is how many numbers are in.
func (b *Bits) Len() int { return int(b.count.Load()) }
