package payload

import (
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// change reads the change of a document or database. Its account is that of its
// database, or for the database of accounts the document itself; what happens
// elsewhere is nobody's. Nothing of the document is in the payload
// (webhooks_object:find_account_id/3, format_event/2).
func (r *Reader) change(m *message) (*Event, error) {
	db := m.text("Database")
	if r.corrected() && db == kapi.DatabaseAccounts {
		return nil, ErrIgnored // the account's own database tells it as well (quirk object-twice)
	}
	id, action, kind := m.get("ID"), m.get("Event-Name"), m.get("Type")
	accountID, ok := kapi.AccountOfDB(db)
	if !ok && db == kapi.DatabaseAccounts {
		accountID = id.Str
	}
	exact := r.Dialect == fidelity.V43
	return &Event{
		Hook:      HookObject,
		Name:      action.Str,
		ID:        id.Str,
		IDKind:    IDDocument,
		AccountID: accountID,
		Filters: []Filter{
			{Key: "action", value: action, rules: r.Rules, exact: exact},
			{Key: "type", value: kind, rules: r.Rules, exact: exact},
		},
		Payload: func(owner Owner) Payload {
			p := Payload{{Key: "id", Value: id.Raw}, {Key: "account_id", Value: quote(owner.AccountID)}, {Key: "action", Value: action.Raw}}
			return r.withHookEvent(p.add("type", kind.Raw), HookObject)
		},
	}, nil
}
