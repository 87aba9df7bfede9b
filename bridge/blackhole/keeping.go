package blackhole

import (
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/bridge/blackhole/frames"
	"github.com/kazoolab/kazoolab/bridge/blackhole/index"
	"github.com/kazoolab/kazoolab/bridge/blackhole/replay"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// announcePause is how often the other nodes are told of what is kept. It must be much
// shorter than Config.ReplayKeep.
const announcePause = 30 * time.Second

// Kept is a key whose events are kept for clients that come back. Every node keeps it,
// so that they may come back to any.
type Kept struct {
	AccountID  string // whose events; "*" for all
	Key        string
	Conference string // as in bindings.Entry; Owned says that it is the account's
	Owned      bool
	Bind       []kapi.Binding
}

// name tells patterns apart in the buffer.
func (k Kept) name() string { return k.AccountID + " " + k.Key }

// kept is what is kept for replay, and for whom. Guarded by the hub, but for add.
type kept struct {
	keep     time.Duration
	buffer   *replay.Buffer[frames.Event]
	index    *index.Index[*pattern]
	patterns map[string]*pattern
}

// pattern is kept as long as a socket of this node holds it, and for a while after it
// left or another node last said that it is needed.
type pattern struct {
	Kept
	holders int
	until   time.Time
}

func newKept(cfg Config) *kept {
	return &kept{
		keep: cfg.ReplayKeep, buffer: replay.New[frames.Event](cfg.Replay),
		index: index.New[*pattern](), patterns: map[string]*pattern{},
	}
}

// add keeps an event for the patterns that it matches. It is called for one event at a
// time, with the hub locked for reading.
func (k *kept) add(d *delivery, now time.Time) {
	var names []string
	k.index.Match(d.event.Key, func(p *pattern) bool {
		if p.mayHave(d.event.AccountID) {
			names = append(names, p.name())
		}
		return true
	})
	if len(names) > 0 {
		entry := replay.Entry[frames.Event]{ID: d.identity(), Value: d.event}
		k.buffer.Add(entry, len(d.message.Body), now, names)
	}
}

func (p *pattern) mayHave(accountID string) bool {
	t := topic{address: address{account: p.AccountID}, conference: p.Conference, owned: p.Owned}
	return t.mayHave(accountID)
}

func keptOf(sub *subscription) []Kept {
	all := make([]Kept, len(sub.entries))
	for i, e := range sub.entries {
		all[i] = Kept{AccountID: sub.account, Key: e.Key, Conference: e.Conference, Owned: sub.owned, Bind: e.Bind}
	}
	return all
}

// hold keeps what a subscription gets. It returns what was not kept before.
func (k *kept) hold(sub *subscription, h *Hub) (news []Kept) {
	for _, one := range keptOf(sub) {
		p, there := k.patterns[one.name()]
		if !there {
			p = k.begin(one, h)
			news = append(news, one)
		}
		p.holders++
	}
	return news
}

func (k *kept) begin(one Kept, h *Hub) *pattern {
	p := &pattern{Kept: one}
	k.patterns[one.name()] = p
	k.index.Add(one.Key, p)
	k.buffer.Keep(one.name(), h.dep.Clock.Now())
	h.broker.hold(one.Bind)
	return p
}

func (k *kept) release(sub *subscription, now time.Time) {
	for _, one := range keptOf(sub) {
		if p, there := k.patterns[one.name()]; there {
			p.holders--
			p.until = later(p.until, now.Add(k.keep))
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// keep has what subscriptions get kept, here and, as soon as they hear of it, on the
// other nodes. It returns the mark of this moment.
func (h *Hub) keep(subs []*subscription) string {
	mark := replay.Mark(h.dep.Clock.Now())
	var news []Kept
	h.mu.Lock()
	for _, sub := range subs {
		news = append(news, h.kept.hold(sub, h)...)
	}
	h.mu.Unlock()
	if len(news) > 0 {
		h.dep.Announce(news)
	}
	return mark
}

// KeepFor keeps what another node has announced.
func (h *Hub) KeepFor(announced []Kept) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, one := range announced {
		p, there := h.kept.patterns[one.name()]
		if !there {
			p = h.kept.begin(one, h)
		}
		p.until = later(p.until, h.dep.Clock.Now().Add(h.kept.keep))
	}
}

// tend drops what nobody has needed for a while, and announces what is needed here.
func (h *Hub) tend() {
	var needed []Kept
	h.mu.Lock()
	now := h.dep.Clock.Now()
	for name, p := range h.kept.patterns {
		switch {
		case p.holders > 0:
			needed = append(needed, p.Kept)
		case p.until.Before(now):
			delete(h.kept.patterns, name)
			h.kept.index.Remove(p.Key, p)
			h.kept.buffer.Drop(name)
			h.broker.release(p.Bind)
		}
	}
	h.mu.Unlock()
	if len(needed) > 0 {
		h.dep.Announce(needed)
	}
}

// Reasons of a gap.
const (
	gapNotKept = "not_kept"    // of what came after since, this node has not everything
	gapBroker  = "broker_lost" // the node had no connection to the broker for a while
)

// gap is the frame that says that events of a binding may be missing.
func gap(sub *subscription, reason string) []byte {
	return jobj.Append(nil, jobj.Object{
		{Key: "action", Value: "gap"},
		{Key: "subscribed_key", Value: sub.client},
		{Key: "account_id", Value: sub.account},
		{Key: "reason", Value: reason},
	})
}

// replay sends what came since the events that the client has seen last, and before
// that which bindings have a gap. The hub is locked, so that live events come after.
func (h *Hub) replay(sub *subscribing, fresh []*subscription) {
	var names []string
	wanted := map[string][]*subscription{}
	keys := map[string]string{}
	for _, one := range fresh {
		for _, k := range keptOf(one) {
			name := k.name()
			if wanted[name] == nil {
				names = append(names, name)
			}
			wanted[name], keys[name] = append(wanted[name], one), k.Key
		}
	}
	entries, missing := h.kept.buffer.Since(names, sub.since)
	for _, one := range fresh {
		if slices.ContainsFunc(missing, func(name string) bool { return slices.Contains(wanted[name], one) }) {
			sub.out.replayText(gap(one, gapNotKept))
			h.metrics.gaps.Inc()
		}
	}
	for _, e := range entries {
		for _, one := range wanted[e.Pattern] {
			sub.out.replayText(e.Value.Frame(one.client, keys[e.Pattern], e.ID))
			h.metrics.replayed.Inc()
		}
	}
}

// Missed is to be called when events may have passed by, as the connection to the
// broker was lost: who resumes is told.
func (h *Hub) Missed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept.buffer.Missed(h.dep.Clock.Now())
	for _, s := range h.sockets {
		for _, sub := range s.subscriptions {
			if sub.resume {
				s.out.replayText(gap(sub, gapBroker))
				h.metrics.gaps.Inc()
			}
		}
	}
}
