package webhooks

import (
	"slices"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// owner finds the account of an event: the one it names, else the owner of the
// dialled number. An account without a document has no hooks.
func (e *Engine) owner(read *payload.Event) (account.Account, bool) {
	id := read.AccountID
	if id == "" {
		if read.Dialled == "" {
			return account.Account{}, false
		}
		owner, ok := e.dep.Accounts.NumberOwner(kapi.E164(read.Dialled))
		if !ok {
			return account.Account{}, false
		}
		id = owner
	}
	return e.dep.Accounts.Get(id)
}

// match finds the hooks that take an event, in the order in which they fire.
func (e *Engine) match(ev *event) []*Hook {
	found := e.dep.Hooks.Find(ev.Hook, ev.owner.ID, e.dep.Accounts.Ancestors(ev.owner.ID))
	return slices.DeleteFunc(found, func(hook *Hook) bool { return hook.refuses(ev) != Taken })
}

// Reason says why a hook does not take an event.
type Reason string

// Reasons, in the order in which they are looked for. A hook that is disabled or
// another account's is none of those that are asked.
const (
	Taken              Reason = ""
	ReasonOtherEvent   Reason = "other_event"
	ReasonNoDescendant Reason = "not_a_descendant" // or sub-accounts are not included
	ReasonInternalLeg  Reason = "internal_leg"
	ReasonAction       Reason = "action"
	ReasonType         Reason = "type"
	ReasonModifier     Reason = "modifier"
)

// refuses tells why a live hook of the event's account or of one of its ancestors
// does not take an event: Taken when it does. It is all there is to matching.
func (h *Hook) refuses(ev *event) Reason {
	switch {
	case h.Event != ev.Hook && h.Event != EventAll:
		return ReasonOtherEvent
	case h.AccountID != ev.owner.ID && !h.IncludeSubaccounts:
		return ReasonNoDescendant
	case ev.Internal && !h.IncludeInternalLegs:
		return ReasonInternalLeg
	}
	if h.Modifiers == nil {
		return Taken
	}
	if _, passes := ev.base().Passes(h.Modifiers); !passes {
		return ReasonModifier
	}
	return Taken
}
