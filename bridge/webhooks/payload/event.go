package payload

import (
	"errors"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Reasons why a message is for no hook.
var (
	ErrCategory = errors.New("no hook is for this Event-Category")
	ErrName     = errors.New("no hook is for this Event-Name")
	// ErrIgnored: it comes by the bindings of a hook, and is rightly not for it.
	ErrIgnored = errors.New("no event")
)

// Event is what a message says to hooks: what they match on, and the payload
// that they send.
type Event struct {
	// Hook is the hook that fires for it, channel_create … mms; "" when none does
	// but the one that the message brings.
	Hook string
	// OldHook is the hook of Kazoo 3.22 that fires for it as well, with OldPayload:
	// inbound_fax, outbound_fax or callflow; mostly "".
	OldHook string
	// Own is the hook that a callflow brings along, a document; nil for none.
	Own jobj.Object
	// Name is the Event-Name.
	Name string
	// ID is what people call it by and what keeps its order, IDKind says of what it
	// is the id: a call, a document, a message. It may be "".
	ID, IDKind string
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
	// Payload makes what hooks send, before custom_data, and OldPayload what those
	// of OldHook do. They hold on to the whole message.
	Payload, OldPayload func(Owner) Payload
}

// Hooks whose events are not named after them.
const (
	HookParking       = "parking"
	HookObject        = "object"
	HookNotifications = "notifications"
	// Those of Kazoo 3.22, whose events HookNotifications has today.
	HookInboundFax  = "inbound_fax"
	HookOutboundFax = "outbound_fax"
	HookCallflow    = "callflow"
)

// Kinds of ids, as logs name them.
const (
	IDCall     = "call_id"
	IDDocument = "doc_id"
	IDMessage  = "message_id"
)

// Owner is what the account tree says of an event's account.
type Owner struct {
	AccountID  string
	ResellerID string // "" when unknown
}

// Rules say which Kazoo's payloads are made.
type Rules struct {
	Dialect  fidelity.Dialect
	Compat   fidelity.Compat
	Reserved ReservedVars
}

func (r Rules) corrected() bool { return r.Compat == fidelity.Corrected }

// Reader makes events of messages. It is safe for many goroutines.
type Reader struct {
	Rules
	validator *kapi.Validator
}

// NewReader makes a reader.
func NewReader(rules Rules) *Reader {
	if rules.corrected() && rules.Reserved.names == nil {
		rules.Reserved = DefaultReservedVars() // (quirk ccv-vanish)
	}
	return &Reader{rules, kapi.NewValidator()}
}

// Read takes a message apart. The error is that of Check, ErrCategory, ErrName,
// ErrIgnored, or a *kapi.InvalidMessageError where the reference's own validator
// refuses the message.
func (r *Reader) Read(body []byte) (*Event, error) {
	text := string(body)
	if err := check(text); err != nil {
		return nil, err
	}
	m := readMessage(text)
	category, name := m.text("Event-Category"), m.text("Event-Name")
	if category == kapi.CategoryCallEvent && isChannelEvent(name) {
		return r.channelEvent(m) // which nothing validates
	}
	read, err := r.reading(category, name)
	if err != nil {
		return nil, err
	}
	if err := r.validator.Check(category, name, body); err != nil {
		return nil, err
	}
	return read(m)
}

func isChannelEvent(name string) bool {
	switch name {
	case kapi.ChannelCreate, kapi.ChannelAnswer, kapi.ChannelBridge, kapi.ChannelDestroy:
		return true
	}
	return false
}

// reading is how a message is read that must pass its validator before.
func (r *Reader) reading(category, name string) (func(*message) (*Event, error), error) {
	switch category {
	case kapi.CategoryCallEvent:
		switch name {
		case kapi.ParkParked, kapi.ParkRetrieved, kapi.ParkAbandoned:
			return r.parking, nil
		}
		return nil, ErrName
	case kapi.CategoryConfiguration:
		if name == kapi.EventTypeUpdate { // the binding # brings it
			return nil, ErrIgnored
		}
		return r.change, nil
	case kapi.CategoryNotification:
		return r.notification, nil
	case kapi.CategorySMS, kapi.CategoryMMS:
		if name == "inbound" {
			return r.textMessage, nil
		}
		return nil, ErrName
	}
	return nil, ErrCategory
}

// withHookEvent adds the name of the hook, which the reference leaves out of all
// but channel events (quirk no-hook-event).
func (r Rules) withHookEvent(p Payload, hook string) Payload {
	if r.corrected() {
		return p.with("hook_event", quote(hook))
	}
	return p
}
