package blackhole

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/bridge/blackhole/apps"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// Engines are who runs calls, and asks applications at sockets of this node what is next.
// Both methods return at once; what is told in turn arrives in turn.
type Engines interface {
	// Announce tells all of them of applications here.
	Announce(registered []kapi.PivotApp)
	// Tell tells the one that has a queue.
	Tell(queue string, m kapi.PivotAppsMessage)
}

const (
	// pivotBeat is how often engines are told again of what is registered. They forget a
	// node that has been silent for some of these.
	pivotBeat = 10 * time.Second
	// pivotGrace is how long after its deadline a request is held whose engine has not said
	// that it is over.
	pivotGrace = 2 * time.Second
	// resultLimit is how long the result of an answer is waited for.
	resultLimit = time.Minute
	// maxApps are registered by one socket.
	maxApps = 100
	// maxEnded requests of a socket are remembered, to tell those that are over from those
	// that never were.
	maxEnded = 1000
)

// pivotTable is which socket serves which application, and which requests it has. The
// hub may be locked while it is, and never the other way round.
type pivotTable struct {
	mu            sync.Mutex
	registrations map[string]*registration
	held          map[string]*held // by id; of all sockets
}

func newPivotTable() *pivotTable {
	return &pivotTable{registrations: map[string]*registration{}, held: map[string]*held{}}
}

// registration is one application of an account at one socket.
type registration struct {
	id, token    string
	account, app string
	session      *session
	max, open    int // requests at one time: as many as it takes, and has
	resumes      string
	leaving      bool // unregistered: no new calls
}

func (r *registration) announced() kapi.PivotApp {
	return kapi.PivotApp{
		ID: r.id, AccountID: r.account, App: r.app, MaxCalls: r.max, Resumes: r.resumes, Leaving: r.leaving,
	}
}

// registrationID is what others call a registration: who knows it does not know the token
// with which its calls are taken over, and any node can tell it from that.
func registrationID(token string) string {
	digest := sha256.Sum256([]byte(token))
	return hex.EncodeToString(digest[:16])
}

// pivoting is a socket's part of the table, which guards it.
type pivoting struct {
	registrations []*registration
	held          map[string]*held
	ended         map[string]refusal // what an answer is told that comes now
	order         []string           // of ended
}

// state is how far a request is.
type state uint8

const (
	asked     state = iota
	answering       // the engine is to say whether it takes the answer
	answered        // its result is awaited
)

// held is a request at a socket.
type held struct {
	registration *registration
	id, engine   string
	state        state
	until        time.Time
	paid         bool // an answer has been free
	// Of an answer: whom to reply to, and what was answered.
	exchange *exchange
	answer   kapi.PivotAppsMessage
}

// find is a registration of a socket's. The table is locked.
func (p *pivoting) find(accountID, app string) *registration {
	for _, r := range p.registrations {
		if r.account == accountID && r.app == app {
			return r
		}
	}
	return nil
}

// calls is how many requests the socket takes at one time. The table is locked.
func (p *pivoting) calls() (most int) {
	for _, r := range p.registrations {
		most += r.max
	}
	return most
}

// end forgets a request, and remembers what an answer to it is told. The table is locked.
func (t *pivotTable) end(one *held, told refusal) {
	if t.held[one.id] == one {
		delete(t.held, one.id)
	}
	if one.state == asked {
		one.registration.open--
	}
	p := one.registration.session.pivot
	delete(p.held, one.id)
	if told == "" {
		return
	}
	if len(p.order) == maxEnded {
		delete(p.ended, p.order[0])
		p.order = p.order[1:]
	}
	p.ended[one.id] = told
	p.order = append(p.order, one.id)
}

// accounts are those whose applications a socket serves.
func (t *pivotTable) accounts(s *session) (ids []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.pivot == nil {
		return nil
	}
	for _, r := range s.pivot.registrations {
		ids = append(ids, r.account)
	}
	return ids
}

func (t *pivotTable) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.registrations)
}

// remove takes a registration off the table, and returns what engines are to know. The
// table is locked.
func (t *pivotTable) remove(r *registration) kapi.PivotApp {
	delete(t.registrations, r.id)
	gone := r.announced()
	gone.Withdrawn = true
	return gone
}

// PivotUp is to be called when the node's queue for engines is there, for the first time
// or another one: what was said meanwhile may have been lost, and so has what was told here.
func (h *Hub) PivotUp() {
	h.announcePivot()
	h.pivot.mu.Lock()
	defer h.pivot.mu.Unlock()
	for _, one := range h.pivot.held {
		if one.state == answering {
			h.dep.Engines.Tell(one.engine, one.answer)
		}
	}
}

// announcePivot tells engines of all that is registered here, as when one asks.
func (h *Hub) announcePivot() {
	h.pivot.mu.Lock()
	defer h.pivot.mu.Unlock()
	all := make([]kapi.PivotApp, 0, len(h.pivot.registrations))
	for _, r := range h.pivot.registrations {
		all = append(all, r.announced())
	}
	h.dep.Engines.Announce(all)
}

// followPivot tells engines that this node lives, and ends what they have forgotten.
func (h *Hub) followPivot(ctx context.Context) {
	for clock.Sleep(ctx, h.dep.Clock, pivotBeat) == nil {
		h.reapPivot()
		h.announcePivot()
	}
}

// reapPivot ends requests whose engine is silent.
func (h *Hub) reapPivot() {
	now := h.dep.Clock.Now()
	h.pivot.mu.Lock()
	defer h.pivot.mu.Unlock()
	for _, one := range h.pivot.held {
		if now.Before(one.until) {
			continue
		}
		switch one.state {
		case asked:
			h.cancel(one, kapi.PivotTimeout)
		case answering:
			h.pivot.end(one, errPivotExpired)
			one.refuse(errPivotExpired)
		case answered:
			h.pivot.end(one, errPivotAnswered)
		}
	}
}

// leavePivot is called when a socket ends: as soon as nothing more is sent to it, and once
// more when it does nothing more itself.
func (h *Hub) leavePivot(s *session) {
	h.pivot.mu.Lock()
	defer h.pivot.mu.Unlock()
	h.withdraw(s)
}

// withdraw is leavePivot with the table locked.
func (h *Hub) withdraw(s *session) {
	if s.pivot == nil || len(s.pivot.registrations)+len(s.pivot.held) == 0 {
		return
	}
	gone := make([]kapi.PivotApp, 0, len(s.pivot.registrations))
	for _, r := range s.pivot.registrations {
		gone = append(gone, h.pivot.remove(r))
	}
	s.pivot.registrations = nil
	h.dep.Engines.Announce(gone)
	for _, one := range s.pivot.held {
		if one.state == asked {
			h.dep.Engines.Tell(one.engine, kapi.PivotAppsMessage{
				Name: kapi.PivotLost, PivotID: one.id, Registration: one.registration.id,
			})
		}
		h.pivot.end(one, "")
	}
}

// say sends a frame about Pivot. A socket that does not take it is closed, and engines are
// told what it had. The table is locked.
func (s *session) say(text []byte) {
	f, err := newFrame(text)
	if err != nil {
		s.hub.dep.Log.Error("frame not made", "error", err)
		return
	}
	if !s.out.event(f) {
		s.endSlow()
		s.hub.withdraw(s)
	}
}

// cancel tells the client that a request is not wanted any more. The table is locked.
func (h *Hub) cancel(one *held, reason string) {
	h.pivot.end(one, errPivotExpired)
	one.registration.session.say(apps.Frame(apps.Cancel, one.id, apps.Cancelled(reason)))
}
