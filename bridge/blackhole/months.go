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
	var news []Kept
	h.mu.Lock()
	for _, s := range h.sockets {
		for _, sub := range s.subscriptions {
			if slices.ContainsFunc(sub.entries, func(e bindings.Entry) bool { return e.Monthly }) {
				news = append(news, h.turn(s, sub)...)
			}
		}
	}
	h.mu.Unlock()
	h.announce(news)
}

// turn replaces what has changed of one subscription, and returns what is kept anew for
// it. The hub is locked.
func (h *Hub) turn(s *session, sub *subscription) (news []Kept) {
	resolved, err := h.resolve(sub.asked, sub.account)
	if err != nil {
		h.dep.Log.Error("subscription does not follow the month", "socket", s.id, "binding", sub.client, "error", err)
		return nil
	}
	return h.replace(s, sub, func() {
		for _, e := range sub.entries {
			if e.Monthly {
				sub.month = keptAs(sub, e).name()
				break
			}
		}
		sub.entries = resolved.Entries
	})
}
