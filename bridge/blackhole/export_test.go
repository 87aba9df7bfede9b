package blackhole

import "context"

// HandleCall is Handle for a call event that is an account's whatever it says itself,
// as the hooks of the reference hand events on.
func (h *Hub) HandleCall(m Message, accountID string) error {
	ev, err := h.reader.Read(m.Body, m.RoutingKey)
	if err == nil {
		h.deliver(ev.OfCall(accountID), m)
	}
	return err
}

// Announcing is how often nodes tell each other what is kept.
const Announcing = announcePause

// Keeping is of how many keys events are kept by now.
func (h *Hub) Keeping() (n int) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, p := range h.kept.patterns {
		if p.live {
			n++
		}
	}
	return n
}

// MaxKept is the limit of that, for one account.
const MaxKept = maxKept

// CheckRights does at once what AccountsChanged asks for.
func (h *Hub) CheckRights() { h.checkRights() }

// ReviewConferences does what is done now and then.
func (h *Hub) ReviewConferences(ctx context.Context) { h.reviewConferences(ctx) }

// Turned is how many keys the first subscription to a binding has at the moment.
func (h *Hub) Turned(client string) int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, s := range h.sockets {
		for _, sub := range s.subscriptions {
			if sub.client == client {
				return len(sub.entries)
			}
		}
	}
	return 0
}
