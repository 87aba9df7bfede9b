package apps

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// Directory is what an engine knows of applications, and of its requests to them. Safe for
// use by many goroutines.
type Directory struct {
	Config

	line line

	mu            sync.Mutex
	registrations map[string]*registration // by id
	calls         map[string][]*call       // by call id; one for each application that was asked
	at            map[string]int           // calls, by the id of their registration
	superseded    map[string]heir          // registrations whose calls another has taken over, and that
	open          map[string]*asking       // by id
	waiting       map[*asking]bool         // of those, who is at no socket
	ended         map[string]end           // of requests, by id: what is said of an answer that comes now
	order         []string                 // of ended
	picked        int64                    // counts choices
}

// line is the way to nodes.
type line interface {
	// tell returns at once, and keeps the order. An empty queue is that of all nodes.
	tell(queue string, m kapi.PivotAppsMessage)
}

// application is whose, and which.
type application struct{ account, name string }

// registration is an application at one socket.
type registration struct {
	kapi.PivotApp

	of       application
	queue    string // of its node
	heard    time.Time
	requests int   // that it has of this engine
	picked   int64 // when it was last chosen
}

// call is a call with one application.
type call struct {
	id string
	of application
	at string // the registration that serves it, which may be gone
	// asked is when it was last.
	asked time.Time
	// The request that was answered last, and the registration that did.
	answered, by string
}

// heir is the registration that has taken over another's calls, and when it last said so.
type heir struct {
	id    string
	heard time.Time
}

// end is what became of a request, and which registration has answered it.
type end struct{ verdict, by string }

// New returns a directory that knows nobody yet.
func New(c Config) *Directory {
	return &Directory{
		Config: c, registrations: map[string]*registration{}, calls: map[string][]*call{}, at: map[string]int{},
		superseded: map[string]heir{}, open: map[string]*asking{}, waiting: map[*asking]bool{}, ended: map[string]end{},
	}
}

// Registered is how many sockets an account's application has.
func (d *Directory) Registered(accountID, name string) (sockets int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range d.registrations {
		if r.of == (application{accountID, name}) && !r.Leaving {
			sockets++
		}
	}
	return sockets
}

// Forget is to be called when a call is over: its socket has one less.
func (d *Directory) Forget(callID string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forget(callID)
}

// forget is Forget. The directory is locked.
func (d *Directory) forget(callID string) {
	for _, c := range d.calls[callID] {
		d.move(c, "")
	}
	delete(d.calls, callID)
}

// callOf is a call with an application. The directory is locked.
func (d *Directory) callOf(callID string, of application) *call {
	for _, c := range d.calls[callID] {
		if c.of == of {
			return c
		}
	}
	return nil
}

// move has a call served by another registration, or by none. The directory is locked.
func (d *Directory) move(c *call, to string) {
	if c.at != "" {
		if d.at[c.at]--; d.at[c.at] == 0 {
			delete(d.at, c.at)
		}
	}
	if c.at = to; to != "" {
		d.at[to]++
	}
}

// announced takes a node's word for what it has. The directory is locked.
func (d *Directory) announced(m kapi.PivotAppsMessage) {
	now := d.Clock.Now()
	for _, one := range m.Apps {
		r := d.registrations[one.ID]
		switch {
		case one.Withdrawn:
			d.remove(r)
			continue
		case d.superseded[one.ID] != heir{}:
			continue // its client has come back elsewhere, which its node does not know yet
		case m.ServerID == "":
			continue // its node has no queue, and tells again when it has
		case r == nil:
			r = &registration{of: application{one.AccountID, one.App}, queue: m.ServerID}
			d.registrations[one.ID] = r
		case r.queue != m.ServerID:
			r.queue = m.ServerID
			d.recall(r) // what was sent to the other queue may have come to nothing
		}
		if one.Resumes != r.Resumes {
			d.release(r) // whatever a client names, it stands in the way of one id alone
		}
		r.PivotApp, r.heard = one, now
		d.takeOver(r)
		d.wake(r.of, one.ID)
	}
}

// takeOver moves the calls of the registration that another resumes: of the same account
// and application, whatever is announced. The directory is locked.
func (d *Directory) takeOver(r *registration) {
	if r.Resumes == "" || r.Resumes == r.ID {
		return
	}
	before := d.registrations[r.Resumes]
	if before != nil && before.of != r.of {
		return
	}
	if d.at[r.Resumes] > 0 {
		for _, calls := range d.calls {
			for _, c := range calls {
				if c.at == r.Resumes && c.of == r.of {
					d.move(c, r.ID)
				}
			}
		}
	}
	d.superseded[r.Resumes] = heir{r.ID, r.heard}
	d.remove(before)
}

// remove forgets a registration; its calls stay its own, for who resumes. What it has not
// answered goes elsewhere. The directory is locked.
func (d *Directory) remove(r *registration) {
	if r == nil {
		return
	}
	delete(d.registrations, r.ID)
	d.release(r)
	d.recall(r)
}

// release has the id free again that a registration resumes, unless another has resumed it
// since. The directory is locked.
func (d *Directory) release(r *registration) {
	if d.superseded[r.Resumes].id == r.ID {
		delete(d.superseded, r.Resumes)
	}
}

// recall takes the requests back that a registration has. The directory is locked.
func (d *Directory) recall(r *registration) {
	for _, q := range d.open {
		if q.at == r {
			d.leave(q)
			q.rouse()
		}
	}
}

// wake has those try again who wait for a socket. What a registration refused before it
// may take now. The directory is locked.
func (d *Directory) wake(of application, id string) {
	for q := range d.waiting {
		if q.of == of {
			delete(q.refused, id)
			q.rouse()
		}
	}
}

// sweep forgets those who are silent, and calls of which nobody has heard for long.
func (d *Directory) sweep() {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.Clock.Now()
	for _, r := range d.registrations {
		if now.Sub(r.heard) > silence {
			d.Log.Warn("a node is silent: its application is taken for gone", "app", r.App, "account_id", r.AccountID)
			d.remove(r)
		}
	}
	for id, calls := range d.calls {
		if !slices.ContainsFunc(calls, func(c *call) bool { return now.Sub(c.asked) <= longCall }) {
			d.forget(id)
		}
	}
	for id, by := range d.superseded {
		if now.Sub(by.heard) > silence {
			delete(d.superseded, id)
		}
	}
}

// choose finds the registration for a request: that of the call, else the one with the
// fewest calls, else nobody. The directory is locked.
func (d *Directory) choose(q *asking) (*registration, error) {
	if c := d.callOf(q.callID, q.of); c != nil {
		if r := d.registrations[c.at]; r != nil && q.fits(r) {
			return r, nil
		}
	}
	var able []*registration
	there := false
	for _, r := range d.registrations {
		if r.of != q.of || r.Leaving {
			continue
		}
		there = true
		if q.fits(r) {
			able = append(able, r)
		}
	}
	switch {
	case !there:
		return nil, ErrNobody
	case able == nil:
		return nil, ErrBusy
	}
	return slices.MinFunc(able, func(a, b *registration) int {
		return cmp.Or(cmp.Compare(d.at[a.ID], d.at[b.ID]), cmp.Compare(a.picked, b.picked), cmp.Compare(a.ID, b.ID))
	}), nil
}

// place gives a request to a registration, and its call with it. The directory is locked.
func (d *Directory) place(q *asking) error {
	r, err := d.choose(q)
	if err != nil {
		return err
	}
	c := d.callOf(q.callID, q.of)
	if c == nil {
		c = &call{id: q.callID, of: q.of}
		d.calls[q.callID] = append(d.calls[q.callID], c)
	}
	c.asked = d.Clock.Now()
	if c.at != r.ID {
		d.move(c, r.ID)
	}
	d.picked++
	r.picked = d.picked
	r.requests++
	q.at = r
	delete(d.waiting, q)
	return nil
}
