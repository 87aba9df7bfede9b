package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// Receivers are the servers that hooks point at: one port for all of them, and one
// more for each that can refuse connections. They keep which events came to which.
type Receivers struct {
	book   *Book
	clock  clock.Clock
	hooks  []*Receiver
	shared *port
}

// Receiver is what stands at the other end of one hook. Its methods may be called
// from any goroutine.
type Receiver struct {
	URI string
	// Arrived are the events that were answered 200, and Failed those answered 500.
	Arrived, Failed *Bits

	book   *Book
	clock  clock.Clock
	own    *port // nil where it shares one
	counts counts

	mu        sync.Mutex
	behaviour Behaviour
	changed   chan struct{} // closed at the next change of behaviour
	sampling  bool
	samples   []Sample
}

// NewReceivers listens for so many hooks, all healthy and prompt. Those that owned
// names have a port of their own. The caller closes it.
func NewReceivers(book *Book, hooks int, owned func(hook int) bool) (*Receivers, error) {
	r := &Receivers{book: book, clock: clock.System()}
	random := ids.New()
	var err error
	if r.shared, err = newPort(r, random); err != nil {
		return nil, err
	}
	for i := range hooks {
		h := &Receiver{
			Arrived: NewBits(book.Events), Failed: NewBits(book.Events),
			book: book, clock: r.clock, behaviour: Healthy(0), changed: make(chan struct{}),
		}
		at := r.shared
		if owned != nil && owned(i) {
			if at, err = newPort(r, random); err != nil {
				return nil, errors.Join(err, r.Close())
			}
			h.own = at
		}
		h.URI = fmt.Sprintf("http://%s/hook/%d", at.address, i)
		r.hooks = append(r.hooks, h)
	}
	return r, nil
}

// Hook is the receiver of one hook.
func (r *Receivers) Hook(i int) *Receiver { return r.hooks[i] }

// Close ends every server and request.
func (r *Receivers) Close() error {
	err := r.shared.close()
	for _, h := range r.hooks {
		h.Set(Steady(Reaction{Answer: Drop}))
		if h.own != nil {
			err = errors.Join(err, h.own.close())
		}
	}
	return err
}

// ServeHTTP takes a request of a hook.
func (r *Receivers) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	i, err := strconv.Atoi(strings.TrimPrefix(req.URL.Path, "/hook/"))
	if err != nil || i < 0 || i >= len(r.hooks) {
		http.NotFound(w, req)
		return
	}
	r.hooks[i].serve(w, req)
}

// Set changes the behaviour. Requests that hang are dropped.
func (h *Receiver) Set(b Behaviour) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.behaviour = b
	close(h.changed)
	h.changed = make(chan struct{})
}

// Refuse closes the receiver's own port and all connections to it.
func (h *Receiver) Refuse() error { return h.own.close() }

// Accept opens it again.
func (h *Receiver) Accept() error { return h.own.open() }

func (h *Receiver) serve(w http.ResponseWriter, req *http.Request) {
	const enough = 1 << 20
	body, err := io.ReadAll(io.LimitReader(req.Body, enough))
	if err != nil {
		return
	}
	number, known := Number(body)
	if !known || number >= h.book.Events {
		h.counts.unknown.Add(1)
		http.Error(w, "no event of this run", http.StatusBadRequest)
		return
	}
	h.counts.requests.Add(1)
	h.counts.open.Add(1)
	defer h.counts.open.Add(-1)
	age, _ := h.book.Age(number)
	h.mu.Lock()
	behaviour, changed := h.behaviour, h.changed
	h.mu.Unlock()
	r := behaviour()
	if !h.work(req.Context(), r, changed) {
		hangUp(w)
		return
	}
	if r.Answer == Failure {
		h.Failed.Add(number)
		http.Error(w, "failed, as it was told to", http.StatusInternalServerError)
		return
	}
	h.counts.answered.Add(1)
	if h.Arrived.Add(number) {
		h.sample(number, age)
	}
}

// work takes the time of a reaction and tells whether an answer follows.
func (h *Receiver) work(ctx context.Context, r Reaction, changed <-chan struct{}) bool {
	switch r.Answer {
	case Hang:
		select {
		case <-changed:
		case <-ctx.Done():
		}
		return false
	case Drop, Refuse:
		return false
	default:
		return r.After == 0 || clock.Sleep(ctx, h.clock, r.After) == nil
	}
}

// hangUp closes the connection of a request without an answer.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// Sample is how long an event took to its first arrival at a hook.
type Sample struct {
	Event uint32
	Took  uint32 // microseconds
}

// Sampling keeps the time of each first arrival until Samples takes it, or not.
func (h *Receiver) Sampling(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sampling, h.samples = on, nil
}

// Samples returns what has been kept since the last call.
func (h *Receiver) Samples() []Sample {
	h.mu.Lock()
	defer h.mu.Unlock()
	taken := h.samples
	h.samples = nil
	return taken
}

func (h *Receiver) sample(number int, age time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sampling {
		h.samples = append(h.samples, Sample{uint32(number), uint32(age.Microseconds())}) //nolint:gosec // bounded by the number of events, and by 71 minutes
	}
}
