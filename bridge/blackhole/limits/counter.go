package limits

import "sync"

// Counter counts things by owner, up to a limit for each; 0 is no limit. Safe for use
// by many goroutines.
type Counter struct {
	limit int

	mu     sync.Mutex
	counts map[string]int
}

// NewCounter counts nothing yet.
func NewCounter(limit int) *Counter { return &Counter{limit: limit, counts: map[string]int{}} }

// Add counts one more, unless the owner has as many as the limit allows.
func (c *Counter) Add(owner string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.limit > 0 && c.counts[owner] >= c.limit {
		return false
	}
	c.counts[owner]++
	return true
}

// Remove counts one less.
func (c *Counter) Remove(owner string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts[owner] <= 1 {
		delete(c.counts, owner)
		return
	}
	c.counts[owner]--
}
