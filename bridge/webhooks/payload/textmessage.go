package payload

// textMessage reads a text message that arrived. What is attached to it is not
// sent on (webhooks_sms:format_event/2, webhooks_mms:format_event/2).
func (r *Reader) textMessage(m *message) (*Event, error) {
	hook := m.text("Event-Category") // the hooks are named after it
	return &Event{
		Hook:      hook,
		Name:      m.text("Event-Name"),
		ID:        m.text("Message-ID"),
		IDKind:    IDMessage,
		AccountID: r.textOf(m.get("Account-ID")),
		Payload: func(owner Owner) Payload {
			p := make(Payload, 0, 10)
			p = p.add("id", m.get("Message-ID").Raw)
			p = p.add("account_id", quote(owner.AccountID))
			p = p.add("type", quote(hook))
			p = p.add("from", m.get("From").Raw)
			p = p.add("to", m.get("To").Raw)
			p = p.add("body", r.text(m.get("Body")))
			p = p.add("origin", m.get("Route-Type").Raw)
			p = p.add("charges", number(m.get("Charges")))
			return r.withHookEvent(p, hook)
		},
	}, nil
}
