package blackhole

import (
	"context"
	"slices"

	"github.com/kazoolab/kazoolab/bridge/blackhole/bindings"
	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// subscription is one binding of one socket for one account. What may change is guarded
// by the hub.
type subscription struct {
	account string // whose events; "*" for all
	asked   string
	client  string // the binding as the client is shown it
	resume  bool
	kept    []*pattern // for resume
	month   string     // name of what is kept of the month before; "" in the first

	entries     []bindings.Entry
	owned       bool // the conference of its entries is the account's own
	memberships []*membership
}

// bind is what the broker must route to this node, once for each entry.
func (s *subscription) bind() []kapi.Binding { return bindOf(s.entries) }

func bindOf(entries []bindings.Entry) []kapi.Binding {
	var all []kapi.Binding
	for _, e := range entries {
		all = append(all, e.Bind...)
	}
	return all
}

func (h *Hub) subscription(ctx context.Context, accountID string, w wish, resume bool) *subscription {
	s := &subscription{account: accountID, asked: w.asked, client: w.resolved.Client, resume: resume}
	for _, e := range w.resolved.Entries {
		same := func(other bindings.Entry) bool { return other.Key == e.Key }
		if slices.ContainsFunc(s.entries, same) {
			continue
		}
		s.entries = append(s.entries, e)
	}
	s.owned = h.owns(ctx, s)
	return s
}

// owns says whether a subscription to commands is to a conference of its account's own.
func (h *Hub) owns(ctx context.Context, sub *subscription) bool {
	for _, e := range sub.entries {
		if e.Conference != "" && sub.account != everyAccount {
			return h.dep.OwnsConference(ctx, sub.account, e.Conference)
		}
	}
	return false
}

// join makes a socket get the events of a subscription. The hub is locked.
func (h *Hub) join(s *session, sub *subscription) {
	for _, e := range sub.entries {
		sub.memberships = append(sub.memberships, h.joinTopic(s, sub, e))
	}
	s.subscriptions = append(s.subscriptions, sub)
	h.metrics.subscriptions.Inc()
}

func (h *Hub) joinTopic(s *session, sub *subscription, e bindings.Entry) *membership {
	at := address{client: sub.client, key: e.Key, account: sub.account, scope: scope{e.Conference, sub.owned}}
	t, there := h.topics[at]
	if !there {
		t = &topic{address: at}
		h.topics[at] = t
		h.index.Add(t.key, t)
	}
	return t.join(s, sub.resume)
}

// part ends a subscription. The hub is locked.
func (h *Hub) part(sub *subscription) {
	for _, m := range sub.memberships {
		h.leaveTopic(m)
	}
	sub.memberships = nil
	h.broker.release(sub.bind())
	if sub.resume {
		h.kept.release(sub.kept, h.dep.Clock.Now())
		sub.kept = nil
	}
	h.metrics.subscriptions.Dec()
}

func (h *Hub) leaveTopic(m *membership) {
	t := m.topic
	t.leave(m)
	if len(t.members) == 0 {
		h.index.Remove(t.key, t)
		delete(h.topics, t.address)
	}
}

// list are the bindings of a socket as it is told them, and as REST shows them: one for
// each key that the reference has for them (quirk subscribed-repeats). The hub is
// locked.
func (s *session) list() []any {
	list := []any{}
	seen := map[string]bool{}
	for _, sub := range s.subscriptions {
		if s.hub.cfg.corrected() {
			if !seen[sub.client] {
				seen[sub.client] = true
				list = append(list, sub.client)
			}
			continue
		}
		for _, e := range sub.entries {
			if !e.Unlisted {
				list = append(list, sub.client)
			}
		}
	}
	return list
}

// leave ends all that a socket had.
func (h *Hub) leave(s *session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, sub := range s.subscriptions {
		h.part(sub)
	}
	s.subscriptions = nil
	delete(h.sockets, s.id)
	h.addresses.Remove(s.source)
	if s.account != "" {
		h.accounts.Remove(s.account)
	}
}
