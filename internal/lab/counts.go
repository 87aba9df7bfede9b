package lab

import "sync/atomic"

// counts are of requests that carried an event of this run, but for unknown.
type counts struct{ requests, answered, open, unknown atomic.Int64 }

// Counts is what a receiver has seen. An event that comes twice counts twice.
type Counts struct {
	Requests int // with an event of this run
	Answered int // of those, with 200
	Open     int // under way now
	Unknown  int // without an event of this run
}

// Counts tells what the receiver has seen so far.
func (h *Receiver) Counts() Counts {
	return Counts{
		Requests: int(h.counts.requests.Load()), Answered: int(h.counts.answered.Load()),
		Open: int(h.counts.open.Load()), Unknown: int(h.counts.unknown.Load()),
	}
}

// Duplicates is how often an event that had arrived was answered 200 again.
func (h *Receiver) Duplicates() int { return int(h.counts.answered.Load()) - h.Arrived.Len() }
