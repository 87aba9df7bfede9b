package verdict

import (
	"slices"
	"sync"

	"github.com/kazoolab/kazoolab/simulator/scenario"
)

// Evidence is all that came. It can be added to from any goroutine.
type Evidence struct {
	mu        sync.Mutex
	receivers map[string][]Item
	sockets   map[string][]Item
	bus       []Item
	changed   chan struct{}
	closed    bool
}

// NewEvidence is evidence of nothing.
func NewEvidence() *Evidence {
	return &Evidence{receivers: map[string][]Item{}, sockets: map[string][]Item{}, changed: make(chan struct{})}
}

// AtReceiver adds what a receiver got.
func (e *Evidence) AtReceiver(name string, i Item) {
	e.add(func() { e.receivers[name] = append(e.receivers[name], i) })
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

// Forget leaves nothing of what has come so far.
func (e *Evidence) Forget() { e.add(e.forget) }

func (e *Evidence) forget() {
	clear(e.receivers)
	clear(e.sockets)
	e.bus = nil
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
