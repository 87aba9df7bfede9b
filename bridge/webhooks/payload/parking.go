package payload

import "github.com/tidwall/gjson"

// parking reads what happens to parked calls. Its payload is the message under
// the account of its call, less what is the bus's own, normalised
// (webhooks_parking:format/1).
func (r *Reader) parking(m *message) (*Event, error) {
	accountID := get(m.get("Custom-Channel-Vars"), "Account-ID")
	return &Event{
		Hook:      HookParking,
		Name:      m.text("Event-Name"),
		ID:        m.get("Call-ID").String(),
		IDKind:    IDCall,
		AccountID: accountID.Str,
		Payload: func(Owner) Payload {
			p := m.members()
			if accountID.Type == gjson.String && accountID.Str != "" {
				p = p.with("Account-ID", accountID.Raw)
			}
			p = p.without("Node", "Msg-ID", "App-Version", "App-Name", "Event-Category", "Custom-Channel-Vars")
			return r.withHookEvent(r.Normalise(p), HookParking)
		},
	}, nil
}
