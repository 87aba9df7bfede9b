package journal

import (
	"slices"
	"sync"
	"time"
)

// Message is an event as it came off the bus.
type Message struct {
	Body            []byte // must not be changed by anyone
	ContentType     string
	ContentEncoding string
	RoutingKey      string
}

// Event is one message that came in. Its own fields never change once it is in the
// journal; its deliveries grow.
type Event struct {
	// ID is unique among all nodes and runs: the journal's mark and a number. Cut
	// says that the body was too large to be kept, Size what it had. These the
	// journal fills in.
	ID   string
	Cut  bool
	Size int

	At time.Time
	Message
	// Dropped is why the message was no event, as the dropped_total metric has it,
	// and Problem says it in words; "" when it was one.
	Dropped, Problem string
	// AccountID is the account that it belongs to; "" when there is none.
	AccountID string

	number     uint64
	ring       *ring
	mu         *sync.Mutex // the journal's, which guards what follows
	deliveries []Delivery
	index      map[hookKey]int // of the deliveries, where there are many
	bytes      int
}

type hookKey struct{ accountID, hookID string }

// many deliveries are found by an index: each is looked for several times, under a
// lock that all events share. Of 20,000 one by one, that took 90 us each time.
const many = 32

// Delivery is one hook that took the event.
type Delivery struct {
	HookID    string
	AccountID string // the hook's owner
	Request
	// Unsent is why no request, or no further one, was made: HookGone … ; else "".
	Unsent string
	// Parking is of one that is Parked.
	Parking Parking
	Tries   []Try
}

// Request is what a hook is sent.
type Request struct {
	URI    string
	Method string // get, post or put
	// EventID stands in each attempt of the delivery; "" until the first try.
	EventID     string
	ContentType string // "" for GET
	// Sent is the body, or for GET the query; nil until the first try. Deliveries
	// of one event may share it.
	Sent []byte
}

// Why a hook is sent nothing, or nothing more.
const (
	HookGone    = "hook_gone"    // it was disabled or deleted while the event waited
	HookChanged = "hook_changed" // it was changed, and takes the event no more
	TooLarge    = "too_large_encoded"
	Panicked    = "panic"
	Parked      = "parked" // it waits in the store; what becomes of it is not noted here
)

// Parking says where and why a delivery waits.
type Parking struct {
	At     time.Time
	Reason string // NoAnswer …
	// HookID and Row are its key in the store, with the account of its hook.
	HookID, Row string
}

// Why a delivery is parked.
const (
	NoAnswer = "no_answer" // its receiver gives none
	TooSlow  = "too_slow"  // its receiver, for what comes
	Behind   = "behind"    // others of its hook are parked
)

// Try is one request and what came of it.
type Try struct {
	At      time.Time // when it was over
	Status  int       // 0 without an answer
	Success bool
	// ClientError names what kept an answer from coming.
	ClientError string
	// Answer is the beginning of the answer's body.
	Answer  string
	Elapsed time.Duration
	// AttemptID is the stored attempt; "" for one that is not stored.
	AttemptID string
	Final     bool // no other try follows
}

// keepAnswer is how many bytes of an answer's body are kept.
const keepAnswer = 1 << 10

// Deliveries copies what is known of the event's deliveries by now.
func (e *Event) Deliveries() []Delivery {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := slices.Clone(e.deliveries)
	for i := range out {
		out[i].Tries = slices.Clone(out[i].Tries)
	}
	return out
}

// Sending notes what a hook is sent. Like all that follow it does nothing for a nil
// Event, which a journal that is off hands out, and for a hook that does not fire.
func (e *Event) Sending(accountID, hookID string, what Request) {
	e.change(accountID, hookID, func(d *Delivery) (grown int) {
		if d.Sent == nil && !e.shared(what.Sent) {
			grown = len(what.Sent)
		}
		d.Request = what
		return grown
	})
}

// Tried notes one request.
func (e *Event) Tried(accountID, hookID string, t Try) {
	if len(t.Answer) > keepAnswer {
		t.Answer = string([]byte(t.Answer[:keepAnswer])) // a copy: the rest must not stay
	}
	e.change(accountID, hookID, func(d *Delivery) int {
		d.Tries = append(d.Tries, t)
		return tryBytes + len(t.Answer)
	})
}

// GaveUp notes why a hook is sent nothing after all.
func (e *Event) GaveUp(accountID, hookID, reason string) {
	e.change(accountID, hookID, func(d *Delivery) int {
		d.Unsent = reason
		return 0
	})
}

// Park notes that a delivery is Parked.
func (e *Event) Park(accountID, hookID string, where Parking) {
	e.change(accountID, hookID, func(d *Delivery) int {
		d.Unsent, d.Parking = Parked, where
		return 0
	})
}

// shared says whether a text is counted already: hooks that have nothing of their
// own to add are sent the same bytes.
func (e *Event) shared(text []byte) bool {
	for _, d := range e.deliveries[:min(len(e.deliveries), sharedLook)] {
		if len(d.Sent) > 0 && len(d.Sent) == len(text) && &d.Sent[0] == &text[0] {
			return true
		}
	}
	return len(text) == 0
}

// sharedLook bounds how many deliveries are looked at for a shared text.
const sharedLook = 8

func (e *Event) change(accountID, hookID string, do func(*Delivery) (grown int)) {
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	d := e.find(hookKey{accountID, hookID})
	if d == nil {
		return
	}
	grown := do(d)
	if e.ring != nil { // nobody asks for it any more, but its deliveries go on
		e.ring.grow(e, grown)
	}
}

func (e *Event) find(key hookKey) *Delivery {
	if len(e.deliveries) <= many {
		for i := range e.deliveries {
			if d := &e.deliveries[i]; d.HookID == key.hookID && d.AccountID == key.accountID {
				return d
			}
		}
		return nil
	}
	if e.index == nil {
		e.index = make(map[hookKey]int, len(e.deliveries))
		for i := range e.deliveries {
			e.index[hookKey{e.deliveries[i].AccountID, e.deliveries[i].HookID}] = i
		}
	}
	if i, ok := e.index[key]; ok {
		return &e.deliveries[i]
	}
	return nil
}
