package blackhole

import (
	"context"
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/bridge/blackhole/bindings"
	"github.com/kazoolab/kazoolab/internal/clock"
)

// followMonths keeps subscriptions to the database of the month true to the clock,
// until ctx ends (quirk month-frozen).
func (h *Hub) followMonths(ctx context.Context) {
	for {
		now := h.dep.Clock.Now()
		if clock.Sleep(ctx, h.dep.Clock, turnAfter(now).Sub(now)) != nil {
			return
		}
		h.turnMonth()
	}
}

// turnAfter is the next moment at which another set of databases is listened to.
func turnAfter(now time.Time) time.Time {
	now = now.UTC()
	this := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	next := this.AddDate(0, 1, 0)
	for _, turn := range []time.Time{this, this.Add(monthLag), next.Add(-monthLead), next} {
		if turn.After(now) {
			return turn
		}
	}
	return next.Add(monthLag)
}

// turnMonth resolves anew what depends on the month. The new keys are bound as soon as
// can be; there is time for it.
func (h *Hub) turnMonth() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.sockets {
		for _, sub := range s.subscriptions {
			if slices.ContainsFunc(sub.entries, func(e bindings.Entry) bool { return e.Monthly }) {
				h.turn(s, sub)
			}
		}
	}
}

// turn replaces what has changed of one subscription. The hub is locked.
func (h *Hub) turn(s *session, sub *subscription) {
	resolved, err := h.resolve(sub.asked, sub.account)
	if err != nil {
		h.dep.Log.Error("subscription does not follow the month", "socket", s.id, "binding", sub.client, "error", err)
		return
	}
	before := *sub
	sub.entries, sub.memberships = resolved.Entries, nil
	h.broker.hold(sub.bind())
	if sub.resume {
		h.kept.hold(sub, h)
	}
	for _, e := range sub.entries {
		sub.memberships = append(sub.memberships, h.joinTopic(s, sub, e))
	}
	for _, m := range before.memberships {
		h.leaveTopic(m)
	}
	h.broker.release(before.bind())
	if before.resume {
		h.kept.release(&before, h.dep.Clock.Now())
	}
}
