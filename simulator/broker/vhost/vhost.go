package vhost

import (
	"encoding/base64"
	"sync"

	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// Environment is what virtual hosts of one broker share.
type Environment struct {
	Clock clock.Clock
	IDs   *ids.Source
	Meter *Meter
}

// Vhost is one virtual host. It is safe for use by several goroutines.
type Vhost struct {
	name string
	env  Environment

	mu        sync.Mutex
	exchanges map[string]*exchange
	queues    map[string]*Queue
	sessions  map[*Session]struct{}
	replies   map[string]*Consumer // of direct reply-to, by the token in their address
	deleted   bool

	// Of the routing under way, kept to spare an allocation for each message.
	mark  uint64
	keys  []string
	found routed
	// dead are messages that left a queue and are still to be routed.
	dead []deadLetter
}

// New makes a virtual host with the exchanges that every one has.
func New(name string, env Environment) *Vhost {
	v := &Vhost{
		name: name, env: env,
		exchanges: map[string]*exchange{}, queues: map[string]*Queue{},
		sessions: map[*Session]struct{}{}, replies: map[string]*Consumer{},
	}
	v.predeclare()
	return v
}

// Name is the name that clients open.
func (v *Vhost) Name() string { return v.name }

// Delete ends everything in it, and returns the outlets of the sessions that are
// still to be closed.
func (v *Vhost) Delete() []Outlet {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.deleted = true
	for _, q := range v.queues {
		q.delete()
	}
	v.dead = nil
	open := make([]Outlet, 0, len(v.sessions))
	for s := range v.sessions {
		open = append(open, s.outlet)
	}
	return open
}

// unlock ends an operation: what died in it is routed first.
func (v *Vhost) unlock() {
	v.bury()
	v.mu.Unlock()
}

// nowMS is the time in milliseconds since 1970.
func (v *Vhost) nowMS() int64 { return v.env.Clock.Now().UnixMilli() }

// token is 22 letters that nobody can guess.
func (v *Vhost) token() string {
	var b [16]byte
	_, _ = v.env.IDs.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}
