package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/lab"
)

// ledger is what an application notes of its calls.
type ledger struct {
	clock clock.Clock

	mu       sync.Mutex
	answered [slots]time.Time // when the last answer of the call there was given away
	on       bool
	requests int
	calls    int // that began
	gaps     []lab.Sample
	samples  []string // a request of each turn, as it came
}

// noted is the ledger since it was begun.
type noted struct {
	Requests int      `json:"requests"`
	Calls    int      `json:"calls"`
	P50      float64  `json:"p50_ms"`
	P99      float64  `json:"p99_ms"`
	Max      float64  `json:"max_ms"`
	Samples  []string `json:"samples"`
}

func newLedger(c clock.Clock, requests int) *ledger {
	return &ledger{clock: c, samples: make([]string, requests)}
}

// arrived notes a request that is there as a whole.
func (l *ledger) arrived(slot, request int, text []byte) {
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if request < len(l.samples) && l.samples[request] == "" {
		l.samples[request] = string(text)
	}
	if !l.on {
		return
	}
	l.requests++
	if request == 0 {
		l.calls++
		return
	}
	if before := l.answered[slot]; !before.IsZero() {
		took := max(now.Sub(before).Microseconds(), 0)
		l.gaps = append(l.gaps, lab.Sample{Took: uint32(took)}) //nolint:gosec // up to 71 minutes
	}
}

// gave notes that the answer goes out.
func (l *ledger) gave(slot int) {
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answered[slot] = now
}

// begin forgets what came before.
func (l *ledger) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.on, l.requests, l.calls, l.gaps = true, 0, 0, l.gaps[:0]
}

// end sums up.
func (l *ledger) end() noted {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.on = false
	took := lab.LatencyOf(l.gaps)
	return noted{
		Requests: l.requests, Calls: l.calls, Samples: slices.Clone(l.samples),
		P50: lab.Milliseconds(took.P50), P99: lab.Milliseconds(took.P99), Max: lab.Milliseconds(took.Max),
	}
}

// Paths by which the ledger is led.
const (
	beginPath = "/-/begin"
	endPath   = "/-/end"
)

// control serves them.
func (l *ledger) control(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case beginPath:
		l.begin()
		_, _ = w.Write([]byte("{}"))
	case endPath:
		_ = json.NewEncoder(w).Encode(l.end()) //nolint:errchkjson // its numbers are finite; who has left needs none
	default:
		http.NotFound(w, r)
	}
}
