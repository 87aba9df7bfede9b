package blackhole

import (
	"context"
	"slices"

	"github.com/kazoolab/kazoolab/bridge/blackhole/bindings"
)

// place is a subscription at its socket.
type place struct {
	session *session
	sub     *subscription
}

// reviewConferences asks again whose the conferences are to whose commands sockets are
// subscribed: they are made and deleted meanwhile.
func (h *Hub) reviewConferences(ctx context.Context) {
	for _, at := range h.toConferences() {
		owned := h.owns(ctx, at.sub)
		h.mu.Lock()
		if owned != at.sub.owned && slices.Contains(at.session.subscriptions, at.sub) {
			h.announce(h.replace(at.session, at.sub, func() { at.sub.owned = owned }))
		}
		h.mu.Unlock()
	}
}

// toConferences are the subscriptions to commands. Their entries do not change: they are
// of no month.
func (h *Hub) toConferences() (all []place) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, s := range h.sockets {
		for _, sub := range s.subscriptions {
			if slices.ContainsFunc(sub.entries, func(e bindings.Entry) bool { return e.Conference != "" }) {
				all = append(all, place{s, sub})
			}
		}
	}
	return all
}

// replace has a socket get what a subscription is after a change, in place of what it
// was, and returns what is kept anew for it. The hub is locked.
func (h *Hub) replace(s *session, sub *subscription, change func()) (news []Kept) {
	before := *sub
	sub.memberships, sub.kept = nil, nil
	change()
	h.broker.hold(sub.bind())
	if sub.resume {
		news = h.kept.hold(sub, h)
	}
	for _, e := range sub.entries {
		sub.memberships = append(sub.memberships, h.joinTopic(s, sub, e))
	}
	for _, m := range before.memberships {
		h.leaveTopic(m)
	}
	h.broker.release(before.bind())
	if before.resume {
		h.kept.release(before.kept, h.dep.Clock.Now())
	}
	return news
}
