package blackhole

import (
	"context"
	"sync"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/blackhole/frames"
	"github.com/kazoolab/kazoolab/bridge/blackhole/index"
	"github.com/kazoolab/kazoolab/bridge/blackhole/limits"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// Hub is where a node's sockets and the events of its queue meet. Safe for use by many
// goroutines.
type Hub struct {
	cfg       Config
	dep       Dependencies
	metrics   *metrics
	reader    frames.Reader
	broker    *references
	node      string          // of this run, which marks name
	addresses *limits.Counter // of sockets, by address
	accounts  *limits.Counter // of sockets, by account
	served    sync.WaitGroup  // goroutines of sockets
	changed   chan struct{}   // accounts have, since their sockets were looked at
	pivot     *pivotTable

	handling sync.Mutex // one event at a time, so that each socket gets them in order

	mu       sync.RWMutex // guards what follows, and what sockets are subscribed to
	topics   map[address]*topic
	index    *index.Index[*topic]
	sockets  map[string]*session // by id
	kept     *kept
	receipts *receipts
	draining bool
}

// Message is what came off the bus.
type Message struct {
	Exchange, RoutingKey string
	Body                 []byte
}

// New makes a hub without sockets.
func New(cfg Config, dep Dependencies) *Hub {
	h := &Hub{
		cfg: cfg, dep: dep, reader: frames.Reader{Compat: cfg.Compat},
		broker:    newReferences(dep.Broker),
		node:      dep.IDs.Hex(8),
		addresses: limits.NewCounter(cfg.PerAddress),
		accounts:  limits.NewCounter(cfg.PerAccount),
		changed:   make(chan struct{}, 1),
		pivot:     newPivotTable(),
		topics:    map[address]*topic{},
		index:     index.New[*topic](),
		sockets:   map[string]*session{},
		kept:      newKept(cfg),
		receipts:  newReceipts(cfg.ExplainEvents),
	}
	h.metrics = newMetrics(dep.Metrics, h)
	return h
}

// Run keeps the hub in time with the clock, until ctx ends: months begin, and what is
// kept for replay is told to others and dropped.
func (h *Hub) Run(ctx context.Context) {
	var tasks sync.WaitGroup
	tasks.Go(func() { h.followMonths(ctx) })
	tasks.Go(func() { h.followBindings(ctx) })
	tasks.Go(func() { h.followAccounts(ctx) })
	if h.serves() {
		tasks.Go(func() { h.followPivot(ctx) })
	}
	tasks.Go(func() {
		for clock.Sleep(ctx, h.dep.Clock, announcePause) == nil {
			h.reviewConferences(ctx)
			h.tend()
		}
	})
	tasks.Wait()
}

// Handle gives an event to the sockets that are subscribed to it.
func (h *Hub) Handle(m Message) {
	ev, err := h.reader.Read(m.Body, m.RoutingKey)
	if err != nil {
		h.metrics.unreadable.Inc()
		h.dep.Log.Debug("event for sockets not readable", "exchange", m.Exchange, "key", m.RoutingKey, "error", err)
		return
	}
	h.metrics.events.Inc()
	if ev.Category == kapi.CategoryCallEvent {
		var known bool
		if ev, known = h.ofCall(ev); !known {
			h.metrics.unowned.Inc()
			h.dep.Log.Debug("event for sockets is nobody's", "event", ev.Name, "call_id", ev.CallID)
			return
		}
	}
	h.deliver(ev, m)
}

// ofCall finds whose call it is. The first and last event of a call that names no
// account is that of whose number was dialled, or of nobody at all; other events
// without an account are for those who have all accounts (kz_hooks_util).
func (h *Hub) ofCall(ev frames.Event) (frames.Event, bool) {
	if ev.AccountID != "" {
		return ev.OfCall(ev.AccountID), true
	}
	if ev.Name != kapi.ChannelCreate && ev.Name != kapi.ChannelDestroy {
		return ev.OfCall(""), true
	}
	owner, ok := h.dep.Accounts.NumberOwner(kapi.E164(ev.Dialled))
	if !ok {
		return ev, false
	}
	return ev.OfCall(owner), true
}

// deliver puts an event's frames into the outboxes of those subscribed to it. It waits
// for none of them.
func (h *Hub) deliver(ev frames.Event, m Message) {
	h.handling.Lock()
	defer h.handling.Unlock()
	d := &delivery{hub: h, event: ev, message: m, wild: wild(ev.Key)}
	h.mu.RLock()
	h.kept.add(d, h.dep.Clock.Now())
	h.index.Match(ev.Key, func(t *topic) bool {
		t.deliver(d)
		return true
	})
	if h.receipts != nil {
		h.receipts.add(d)
	}
	h.mu.RUnlock()
	h.metrics.frames.Add(float64(d.sent))
	for _, s := range d.slow {
		s.tooSlow()
	}
}

// delivery is one event on its way to sockets.
type delivery struct {
	hub     *Hub
	event   frames.Event
	message Message
	wild    bool   // words of its key stand for any
	id      string // once somebody needs it
	sent    int
	first   []Receipt // of the first sockets, to be explained
	slow    []*session
}

// identity is the event's id, the same on every node.
func (d *delivery) identity() string {
	if d.id == "" {
		d.id = EventID(d.message)
	}
	return d.id
}

// account is an account of the tree, or the id alone of one that is not in it.
func (h *Hub) account(id string) account.Account {
	a, ok := h.dep.Accounts.Get(id)
	if !ok {
		a = account.Account{ID: id}
	}
	return a
}
