package blackhole

import (
	"context"
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// announcePause is how often the other nodes are told of what is kept. It must be much
// shorter than Config.ReplayKeep.
const announcePause = 30 * time.Second

// keep has what subscriptions get kept. Where the broker is late with their bindings,
// their clients are told once it has them. The hub is locked.
func (h *Hub) keep(subs []*subscription, late bool) {
	now := h.dep.Clock.Now()
	for _, sub := range subs {
		h.kept.hold(sub, h)
		for _, p := range sub.kept {
			switch {
			case p.live:
			case late:
				p.late = append(p.late, sub)
			default:
				h.kept.start(p, now)
			}
		}
	}
}

// elsewhere says whether the other nodes keep what subscriptions get. agreed is what
// agree has returned. The hub is locked.
func (h *Hub) elsewhere(subs []*subscription, agreed int64) bool {
	all := true
	for _, sub := range subs {
		for _, p := range sub.kept {
			if agreed == h.kept.others {
				p.known = agreed
			}
			all = all && p.known == h.kept.others
		}
	}
	return all
}

// agree has the other nodes keep what subscriptions get. It returns kept.others as of then
// if they do, else 0.
func (h *Hub) agree(ctx context.Context, subs []*subscription) (agreed int64) {
	var unknown []Kept
	h.mu.RLock()
	others := h.kept.others
	for _, sub := range subs {
		for _, one := range keptOf(sub) {
			if p := h.kept.patterns[one.name()]; p == nil || p.known != others {
				unknown = append(unknown, one)
			}
		}
	}
	h.mu.RUnlock()
	if len(unknown) > 0 && !h.dep.Agree(ctx, unknown) {
		return 0
	}
	return others
}

func (h *Hub) announce(news []Kept) {
	if len(news) > 0 {
		h.dep.Announce(news)
	}
}

// Node is what this run of the node is called in marks, and what others are told that it
// is.
func (h *Hub) Node() string { return h.node }

// KeepFor keeps what another node has announced, from when the broker has the bindings.
func (h *Hub) KeepFor(announced []Kept) { h.keepFor(announced) }

// maxAgreed is of how many nodes it is remembered that they know what is kept here: each
// run of a node is another one.
const maxAgreed = 100

// AgreeWith is KeepFor that returns when all of it is kept, and remembers that the node
// knows. It is false where that cannot be said before ctx ends.
func (h *Hub) AgreeWith(ctx context.Context, node string, announced []Kept) bool {
	patterns := h.keepFor(announced)
	if len(patterns) < len(announced) {
		return false
	}
	for _, p := range patterns {
		if err := h.broker.await(ctx, p.Bind); err != nil {
			return false
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range patterns {
		if h.kept.patterns[p.name()] != p {
			return false
		}
		h.startPattern(p)
		if len(p.agreed) == 0 || len(p.agreed) >= maxAgreed {
			p.agreed = map[string]bool{}
		}
		p.agreed[node] = true
	}
	return true
}

func (h *Hub) keepFor(announced []Kept) (patterns []*pattern) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, one := range announced {
		p, there := h.kept.patterns[one.name()]
		if !there {
			p = h.kept.begin(one, h)
		}
		if p != nil {
			p.until = later(p.until, h.dep.Clock.Now().Add(h.kept.keep))
			patterns = append(patterns, p)
		}
	}
	return patterns
}

// OthersChanged is to be called when another node has begun, or begun anew. It is told
// what is needed here; what was agreed holds no more.
func (h *Hub) OthersChanged() {
	h.mu.Lock()
	h.kept.others++
	h.mu.Unlock()
	h.tend()
}

// followBindings starts patterns as the broker gets their bindings, until ctx ends.
func (h *Hub) followBindings(ctx context.Context) {
	for {
		select {
		case <-h.kept.started:
		case <-ctx.Done():
			return
		}
		for p := h.nextStarting(); p != nil; p = h.nextStarting() {
			err := h.broker.await(ctx, p.Bind)
			if ctx.Err() != nil {
				return
			}
			h.mu.Lock()
			if err == nil {
				h.startPattern(p)
			} else if h.kept.patterns[p.name()] == p {
				h.kept.starting = append(h.kept.starting, p) // others first
			}
			h.mu.Unlock()
		}
	}
}

func (h *Hub) nextStarting() *pattern {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.kept.starting) == 0 {
		h.kept.starting = nil
		return nil
	}
	p := h.kept.starting[0]
	h.kept.starting = h.kept.starting[1:]
	return p
}

// startPattern keeps from now on, and tells those who have waited that something may be
// missing up to now. The hub is locked.
func (h *Hub) startPattern(p *pattern) {
	if h.kept.patterns[p.name()] != p {
		return
	}
	h.kept.start(p, h.dep.Clock.Now())
	for _, sub := range p.late {
		if len(sub.memberships) > 0 {
			sub.memberships[0].session.out.replayText(gap(sub, gapBroker))
			h.metrics.gaps.Inc()
		}
	}
	p.late = nil
}

// tend drops what nobody has needed for a while, and announces what is needed here.
func (h *Hub) tend() {
	var needed []Kept
	h.mu.Lock()
	now := h.dep.Clock.Now()
	for _, p := range h.kept.patterns {
		switch {
		case p.holders > 0:
			needed = append(needed, p.Kept)
		case p.until.Before(now):
			h.kept.end(p, h)
		}
	}
	h.mu.Unlock()
	h.dep.Announce(needed)
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
// that which bindings have a gap. The hub is locked, so that live events come after;
// frames are made as they are written.
func (h *Hub) replay(sub *subscribing) {
	var names []string
	wanted := map[string][]*subscription{}
	keys := map[string]string{}
	subs := sub.wished()
	want := func(k Kept, one *subscription) {
		name := k.name()
		if keys[name] == "" {
			names, keys[name] = append(names, name), k.Key
		}
		if !slices.Contains(wanted[name], one) {
			wanted[name] = append(wanted[name], one)
		}
	}
	for _, one := range subs {
		for _, k := range keptOf(one) {
			want(k, one)
			// What is not listened to any more may have come after that event.
			if before := h.kept.before(k.name()); before != nil {
				want(before.Kept, one)
			}
		}
	}
	entries, missing := h.kept.buffer.Since(sub.target.accountID, names, h.place(sub.since))
	for _, one := range subs {
		if slices.ContainsFunc(missing, func(name string) bool { return slices.Contains(wanted[name], one) }) {
			sub.out.replayText(gap(one, gapNotKept))
			h.metrics.gaps.Inc()
		}
	}
	if len(entries) == 0 {
		return
	}
	past := &past{entries: entries, bindings: map[string][]pastBinding{}}
	for name, subs := range wanted {
		for _, one := range subs {
			past.bindings[name] = append(past.bindings[name], pastBinding{client: one.client, key: keys[name]})
		}
	}
	h.metrics.replayed.Add(float64(sub.out.replay(past)))
}

// Missed is to be called when events may have passed by, as the connection to the
// broker was lost: who resumes is told.
func (h *Hub) Missed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept.buffer.Missed(h.dep.Clock.Now())
	for _, s := range h.sockets {
		for _, sub := range s.subscriptions {
			// Who waits for the bindings is told when they stand.
			if sub.resume && !slices.ContainsFunc(sub.kept, func(p *pattern) bool { return slices.Contains(p.late, sub) }) {
				s.out.replayText(gap(sub, gapBroker))
				h.metrics.gaps.Inc()
			}
		}
	}
}
