package journal

import (
	"strconv"
	"sync"
)

// Config bounds a journal.
type Config struct {
	// Events is how many are remembered of those that belong to an account, and as
	// many again of those that belong to none: these must not push the others out.
	Events int
	// Bytes bounds what the bodies and texts of each half take.
	Bytes int
	// Mark begins the ids of this journal's events.
	Mark string
}

// DefaultBytes is room for a thousand events of ordinary size, some 4 kB each with
// what was sent, four times over.
const DefaultBytes = 16 << 20

// Journal holds the last events. A nil Journal remembers nothing. Safe for use by
// many goroutines.
type Journal struct {
	mark string

	mu           sync.Mutex
	number       uint64
	owned, stray ring
}

// New makes an empty journal, or none when it may hold no event.
func New(cfg Config) *Journal {
	if cfg.Events <= 0 {
		return nil
	}
	return &Journal{
		mark:  cfg.Mark,
		owned: newRing(cfg.Events, cfg.Bytes),
		stray: newRing(cfg.Events, cfg.Bytes),
	}
}

// On says whether the journal remembers anything.
func (j *Journal) On() bool { return j != nil }

// Add remembers what a new event says of itself, and the hooks that take it. The
// journal keeps the body, which must not be changed.
func (j *Journal) Add(what Event, hooks []Delivery) *Event {
	if j == nil {
		return nil
	}
	e := &what
	e.Size, e.mu, e.deliveries, e.ring = len(e.Body), &j.mu, hooks, &j.owned
	if e.AccountID == "" {
		e.ring = &j.stray
	}
	if e.Cut = e.Size > e.ring.limit/4; e.Cut { // one event is not worth all others
		e.Body = nil
	}
	e.bytes = eventBytes + len(e.Body) + len(hooks)*deliveryBytes
	j.mu.Lock()
	defer j.mu.Unlock()
	j.number++
	e.number = j.number
	e.ID = j.mark + "-" + strconv.FormatUint(e.number, 10)
	e.ring.add(e)
	return e
}

// Newest lists what is remembered, the newest first.
func (j *Journal) Newest() []*Event {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	owned, stray := j.owned.newest(), j.stray.newest()
	j.mu.Unlock()
	all := make([]*Event, 0, len(owned)+len(stray))
	for len(owned)+len(stray) > 0 {
		from := &owned
		if len(owned) == 0 || len(stray) > 0 && stray[0].number > owned[0].number {
			from = &stray
		}
		all = append(all, (*from)[0])
		*from = (*from)[1:]
	}
	return all
}

// Find returns the event with an id, if it is still remembered.
func (j *Journal) Find(id string) (*Event, bool) {
	for _, e := range j.Newest() {
		if e.ID == id {
			return e, true
		}
	}
	return nil, false
}
