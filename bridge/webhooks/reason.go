package webhooks

import (
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// Reason is why a live hook does not take an event of its own account.
type Reason string

// The reasons; "" says that the hook takes the event.
const (
	ReasonEvent       Reason = "other_event"
	ReasonAction      Reason = "action"
	ReasonType        Reason = "type"
	ReasonInternalLeg Reason = "internal_leg"
	ReasonModifier    Reason = "modifier"
)

// refuses says why the hook does not take an event whose account is its owner's or,
// if it includes sub-accounts, below it.
func (h *Hook) refuses(name string, internal bool, base payload.Payload) Reason {
	switch {
	case h.Event != EventAll && h.Event != name:
		return ReasonEvent
	case internal && !h.IncludeInternalLegs:
		return ReasonInternalLeg
	}
	if _, passes := base.Passes(h.Modifiers); !passes {
		return ReasonModifier
	}
	return ""
}
