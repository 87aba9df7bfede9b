package payload

import (
	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// notification reads a notification. Its payload is the whole message, normalised
// (webhooks_notifications:handle_event/2).
func (r *Reader) notification(m *message) (*Event, error) {
	if m.text("Event-Name") == kapi.NotificationWebhook {
		return r.callflow(m)
	}
	event := &Event{
		Hook:      HookNotifications,
		Name:      m.text("Event-Name"),
		ID:        m.text("Call-ID"),
		IDKind:    IDCall,
		AccountID: notifiedAccount(m),
		Filters:   []Filter{{Key: "type", value: m.get("Event-Name"), rules: r.Rules}},
		Payload: func(Owner) Payload {
			return r.withHookEvent(r.Normalise(m.members()), HookNotifications)
		},
	}
	if r.Dialect == fidelity.Talk {
		switch event.Name {
		case "inbound_fax", "inbound_fax_error":
			event.OldHook = HookInboundFax
		case "outbound_fax", "outbound_fax_error":
			event.OldHook = HookOutboundFax
		}
		event.OldPayload = func(Owner) Payload { return r.oldFax(m, event.OldHook) }
	}
	return event, nil
}

// notifiedAccount looks for the account in all the places where notifications
// have it; the first that is there counts, and it must be text.
func notifiedAccount(m *message) string {
	for _, place := range kapi.NotifiedPlaces() {
		if found := get(m.get(place[0]), place[1:]...); found.Raw != "" {
			return found.Str
		}
	}
	return ""
}

// callflow reads what the callflow action webhook publishes: a call, and the hook
// to send it with. No other hook is looked up
// (webhooks_notifications:handle_account_notification/2), but for those that
// listen to callflow in the dialect that has them.
func (r *Reader) callflow(m *message) (*Event, error) {
	own, err := jobj.ParseObject([]byte(m.get("Hook").Raw))
	if err != nil {
		return nil, &kapi.InvalidMessageError{Event: kapi.NotificationWebhook, Field: "Hook", Reason: "must be an object"}
	}
	call := func(Owner) Payload { return r.Normalise(Parse(m.get("Data").Raw)) }
	event := &Event{
		Own:       own,
		Name:      kapi.NotificationWebhook,
		ID:        get(m.get("Data"), "call_id").Str,
		IDKind:    IDCall,
		AccountID: own.String("pvt_account_id"),
		Payload:   call,
	}
	if r.Dialect == fidelity.Talk {
		event.OldHook = HookCallflow
		event.OldPayload = func(owner Owner) Payload { return call(owner).with("hook_event", quote(HookCallflow)) }
	}
	return event, nil
}

// oldFax is the payload of the fax hooks of 3.22: the members of Fax-Info stand
// beside the others (webhooks_inbound_fax:format_inbound_fax_event/1 there).
func (r Rules) oldFax(m *message, hook string) Payload {
	p := m.members().without("Fax-Notifications", "Node", "Msg-ID", "App-Version", "App-Name", "Event-Category", "Fax-Info")
	p = r.Normalise(p)
	if info := m.get("Fax-Info"); info.Type == gjson.JSON {
		p = p.overlay(r.Compat, r.Normalise(Parse(info.Raw)))
	}
	return p.with("hook_event", quote(hook))
}
