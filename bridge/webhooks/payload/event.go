package payload

import (
	"errors"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// Reasons why a message is for no hook at all.
var (
	ErrCategory = errors.New("no hook is for this Event-Category")
	ErrName     = errors.New("no hook is for this Event-Name")
)

// Rules say which Kazoo's payloads are made.
type Rules struct {
	Dialect  fidelity.Dialect
	Compat   fidelity.Compat
	Reserved ReservedVars
}

// Event is what a message says to hooks: what they match on, and the payload
// that they send.
type Event struct {
	// Hook is the hook that fires for it, channel_create … mms.
	Hook string
	// Name is the Event-Name.
	Name string
	// ID is what people call it by and what keeps its order: a Call-ID, else the
	// id of a document or message. It may be "".
	ID string
	// AccountID is the account that the message names, or "".
	AccountID string
	// Dialled is the user part that was called: whose number it is owns an event
	// that names no account. "" where that rule does not hold.
	Dialled string
	// Internal tells a loopback leg, which include_internal_legs: false drops
	// (webhooks_channel_util:is_fireable_hook/2).
	Internal bool
	// Filters are what custom_data of a hook must agree with.
	Filters []Filter
	// Payload makes what the hook sends, before custom_data. It holds on to the
	// whole message.
	Payload func(Owner) Payload
}

// Filter is a member of custom_data that chooses among the events of a hook.
type Filter struct {
	Key string
	// Value is the event's own; Present tells an event that has none from one whose
	// value is no text.
	Value   string
	Present bool
}

// Owner is what the account tree says of an event's account.
type Owner struct {
	AccountID  string
	ResellerID string // "" when unknown
}

// Read takes a message apart. The error is that of Check, ErrCategory or ErrName.
func (r Rules) Read(body []byte) (*Event, error) {
	if err := Check(body); err != nil {
		return nil, err
	}
	m := readMessage(body)
	switch m.text("Event-Category") {
	case kapi.CategoryCallEvent:
		return r.callEvent(m)
	}
	return nil, ErrCategory
}

func (r Rules) callEvent(m *message) (*Event, error) {
	switch m.text("Event-Name") {
	case kapi.ChannelCreate, kapi.ChannelAnswer, kapi.ChannelBridge, kapi.ChannelDestroy:
		return r.channelEvent(m), nil
	}
	return nil, ErrName
}
