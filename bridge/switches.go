package bridge

import (
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
)

const (
	// switchApp is what nodes run that have switches, as they advertise it.
	switchApp = "ecallmgr"
	// maxSwitches is how many nodes with switches are remembered.
	maxSwitches = 1000
)

// switches counts the nodes that answer questions about channels. Nodes of Kazoo
// advertise themselves every 5 to 15 s, with what runs on them and the milliseconds to
// their next word; a quarter is added to that (kz_nodes).
type switches struct {
	clock clock.Clock

	mu    sync.Mutex
	until map[string]time.Time // by the name of the node: when it has been silent for too long
}

func newSwitches(c clock.Clock) *switches { return &switches{clock: c, until: map[string]time.Time{}} }

// subscribe listens to what nodes say of themselves.
func (s *switches) subscribe(b *bus.Bus) error {
	b.DeclareExchange(kapi.ExchangeNodes, kapi.ExchangeType(kapi.ExchangeNodes))
	_, err := b.Consume(bus.Consumer{
		Queue:    bus.Queue{Module: "nodes", Exclusive: true, AutoDelete: true, Args: map[string]any{"x-max-length": int32(maxSwitches)}},
		Bindings: []bus.Binding{{Exchange: kapi.ExchangeNodes}},
		NoAck:    true,
		Handle:   func(d bus.Delivery) { s.heard(d.Body) },
	})
	return err
}

// heard reads one advertisement. What runs on a node is an object, or a list of names
// from old ones.
func (s *switches) heard(body []byte) {
	said := gjson.ParseBytes(body)
	node, expires := said.Get("Node").Str, said.Get("Expires").Int()
	if said.Get("Event-Name").Str != "advertise" || node == "" || expires <= 0 {
		return
	}
	apps := said.Get("WhApps")
	runs := apps.IsObject() && apps.Get(switchApp).Exists()
	for _, app := range apps.Array() {
		runs = runs || app.Str == switchApp
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.until[node]; !runs || !known && len(s.until) >= maxSwitches {
		if !runs {
			delete(s.until, node)
		}
		return
	}
	s.until[node] = s.clock.Now().Add(time.Duration(min(expires, time.Hour.Milliseconds())) * time.Millisecond * 5 / 4)
}

// count is how many nodes have switches now, as far as they say so.
func (s *switches) count() int {
	now := s.clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for node, until := range s.until {
		if until.Before(now) {
			delete(s.until, node)
		}
	}
	return len(s.until)
}
