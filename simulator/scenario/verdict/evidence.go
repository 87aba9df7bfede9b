package verdict

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/simulator/scenario"
)

// Evidence is all that came. It can be added to from any goroutine.
type Evidence struct {
	mu        sync.Mutex
	receivers map[string][]Item
	sockets   map[string][]Item
	bus       []Item
	underway  map[string]delivery // by the receiver
	changed   chan struct{}
	closed    bool
}

// delivery is what is known of requests that may still come to a receiver.
type delivery struct {
	unanswered int
	retried    time.Duration // when the last that broke off is tried again, from the story's beginning
}

// retryPause is how long after one that broke off a request is tried again
// (webhooks_util:retry_hook/3).
const retryPause = 2 * time.Second

// Endless is how long more may come to a receiver that owes an answer.
const Endless = time.Duration(math.MaxInt64)

// NewEvidence is evidence of nothing.
func NewEvidence() *Evidence {
	return &Evidence{receivers: map[string][]Item{}, sockets: map[string][]Item{}, underway: map[string]delivery{}, changed: make(chan struct{})}
}

// AtReceiver adds what a receiver got, and has not answered yet.
func (e *Evidence) AtReceiver(name string, i Item) {
	e.add(func() {
		e.receivers[name] = append(e.receivers[name], i)
		d := e.underway[name]
		d.unanswered++
		e.underway[name] = d
	})
}

// Answered says when a receiver answered one of its requests; brokenOff, that it closed the
// connection instead, or that the sender did.
func (e *Evidence) Answered(name string, at time.Duration, brokenOff bool) {
	e.add(func() {
		d := e.underway[name]
		d.unanswered--
		if brokenOff {
			d.retried = at + retryPause
		}
		e.underway[name] = d
	})
}

// Busy is how long from now more may come to a receiver because of what it has got: Endless
// while a request is unanswered, since the next of its call waits for that; until the
// retry of one that broke off; else 0.
func (e *Evidence) Busy(name string, now time.Duration) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	d := e.underway[name]
	if d.unanswered > 0 {
		return Endless
	}
	return max(d.retried-now, 0)
}

// AtSocket adds what a websocket got.
func (e *Evidence) AtSocket(name string, i Item) {
	e.add(func() { e.sockets[name] = append(e.sockets[name], i) })
}

// OnBus adds what was on the bus.
func (e *Evidence) OnBus(i Item) { e.add(func() { e.bus = append(e.bus, i) }) }

// Close leaves nothing of what has come, and has nothing kept any more.
func (e *Evidence) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.forget()
	e.closed = true
}

// Forget leaves nothing of what has come so far; what is unanswered stays so.
func (e *Evidence) Forget() { e.add(e.forget) }

func (e *Evidence) forget() {
	clear(e.receivers)
	clear(e.sockets)
	e.bus = nil
	for name, d := range e.underway {
		e.underway[name] = delivery{unanswered: d.unanswered}
	}
}

func (e *Evidence) add(do func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	do()
	close(e.changed)
	e.changed = make(chan struct{})
}

// Changed is closed when more has come.
func (e *Evidence) Changed() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.changed
}

// of are the items that an expectation is about. hookID is the id of its hook.
func (e *Evidence) of(x scenario.Expected, hookID string) []Item {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch x.Of {
	case scenario.AtReceiver:
		return slices.DeleteFunc(slices.Clone(e.receivers[x.Receiver]), func(i Item) bool {
			return x.Hook != "" && i.hookID != hookID || x.Method != "" && i.method != x.Method
		})
	case scenario.AtSocket:
		return slices.Clone(e.sockets[x.Socket])
	case scenario.OnBus:
		return slices.DeleteFunc(slices.Clone(e.bus), func(i Item) bool { return x.Event != "" && i.name != x.Event })
	case scenario.OverREST: // which is asked
	}
	return nil
}
