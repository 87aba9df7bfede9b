package blackhole

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
