package main

import (
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
)

// brake holds readers up.
type brake struct {
	mu       sync.Mutex
	pause    time.Duration
	released chan struct{} // closed while nobody is held up
}

func newBrake() *brake {
	b := &brake{released: make(chan struct{})}
	close(b.released)
	return b
}

// engage has readers wait for so long before each frame; 0 is until release.
func (b *brake) engage(pause time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pause, b.released = pause, make(chan struct{})
}

func (b *brake) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-b.released:
	default:
		close(b.released)
	}
}

// hold returns when the next frame may be read.
func (b *brake) hold() {
	b.mu.Lock()
	pause, released := b.pause, b.released
	b.mu.Unlock()
	var over <-chan time.Time // never
	if pause > 0 {
		over = clock.System().After(pause)
	}
	select {
	case <-released:
	case <-over:
	}
}
