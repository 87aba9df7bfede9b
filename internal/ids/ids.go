// Package ids owns every random choice: identifiers, keys, jitter. One Source is
// made at start and passed down. A Source made with a seed gives the same
// sequence each run, so that a scenario can be replayed byte for byte; without
// one it is keyed by the system's entropy and fit for API keys.
package ids

import (
	crand "crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// Source yields random values. Safe for use by many goroutines; the order in
// which they ask decides who gets which value, so a reproducible run asks from one.
type Source struct {
	mu  sync.Mutex
	rng *rand.ChaCha8
}

// New returns a source that no one can predict.
func New() *Source {
	var key [32]byte
	_, _ = crand.Read(key[:]) // documented never to fail
	return &Source{rng: rand.NewChaCha8(key)}
}

// Seeded returns the source that belongs to seed. Different seeds give
// unrelated sequences.
func Seeded(seed string) *Source {
	return &Source{rng: rand.NewChaCha8(sha256.Sum256([]byte(seed)))}
}

// Hex returns n lower-case hexadecimal digits; Kazoo's document ids have 32.
func (s *Source) Hex(n int) string {
	buf := make([]byte, (n+1)/2)
	s.mu.Lock()
	_, _ = s.rng.Read(buf) // ChaCha8's Read never fails
	s.mu.Unlock()
	return hex.EncodeToString(buf)[:n]
}

// Ordered returns 32 digits of which the first 12 are the time in milliseconds: ids that
// are made one after the other stand beside each other in an index.
func (s *Source) Ordered(at time.Time) string {
	return fmt.Sprintf("%012x", at.UnixMilli()) + s.Hex(20)
}

// IntN returns a number from 0 up to, not including, n. It panics if n is not positive.
func (s *Source) IntN(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return rand.New(s.rng).IntN(n)
}

// Float64 returns a number from 0 up to, not including, 1.
func (s *Source) Float64() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return rand.New(s.rng).Float64()
}

// Read fills p; with it a Source serves as an io.Reader. It never fails.
func (s *Source) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rng.Read(p)
}
