package webhooks

import (
	"cmp"
	"errors"
	"slices"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// errNoAccount: the event is nobody's, or that of an account without a document,
// which has no hooks.
var errNoAccount = errors.New("no account is concerned")

// find makes what was read an event of its account, and finds the hooks that take
// it, in the order in which they fire. The error is errNoAccount, or what is wrong
// with the hook that a callflow brought.
func (e *Engine) find(read *payload.Event) (*event, []*Hook, error) {
	owner, known := e.owner(read)
	if !known && read.Own == nil {
		return nil, nil, errNoAccount
	}
	e.metrics.events.WithLabelValues(cmp.Or(read.Hook, payload.HookCallflow)).Inc()
	if read.Own == nil {
		ev := e.newEvent(read, owner)
		return ev, e.match(ev), nil
	}
	own, err := parseOwn(Prepare(read.Own, e.cfg.Dialect, e.cfg.Compat))
	if err != nil {
		return nil, nil, err
	}
	// The reference asks no account for a hook that is brought along.
	owner.ID = own.AccountID
	ev := e.newEvent(read, owner)
	var hooks []*Hook
	if own.refuses(ev) == Taken {
		hooks = append(hooks, own)
	}
	if known {
		hooks = append(hooks, e.match(ev)...)
	}
	return ev, hooks, nil
}

// owner finds the account of an event: the one it names, else the owner of the
// dialled number.
func (e *Engine) owner(read *payload.Event) (account.Account, bool) {
	id := read.AccountID
	if id == "" && read.Dialled != "" {
		id, _ = e.dep.Accounts.NumberOwner(kapi.E164(read.Dialled))
	}
	return e.dep.Accounts.Get(id)
}

// match finds the live hooks that take an event.
func (e *Engine) match(ev *event) []*Hook {
	ancestors := e.dep.Accounts.Ancestors(ev.owner.ID)
	var found []*Hook
	if ev.Hook != "" {
		found = e.dep.Hooks.Find(ev.Hook, ev.owner.ID, ancestors)
	}
	if ev.OldHook != "" {
		old := e.dep.Hooks.Find(ev.OldHook, ev.owner.ID, ancestors)
		found = append(found, slices.DeleteFunc(old, func(hook *Hook) bool { return hook.Event != ev.OldHook })...)
		rank := func(hook *Hook) int { return slices.Index(ancestors, hook.AccountID) } // -1: its own account
		slices.SortStableFunc(found, func(a, b *Hook) int { return cmp.Compare(rank(a), rank(b)) })
	}
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
	ReasonAction       Reason = "action" // of custom_data
	ReasonType         Reason = "type"   // of custom_data
	ReasonModifier     Reason = "modifier"
)

// refuses tells why a live hook of the event's account or of one of its ancestors
// does not take an event: Taken when it does. It is all there is to matching.
func (h *Hook) refuses(ev *event) Reason {
	if !h.Own { // a callflow's hook is for this event and no other
		switch {
		case !h.listens(ev):
			return ReasonOtherEvent
		case h.AccountID != ev.owner.ID && !h.IncludeSubaccounts:
			return ReasonNoDescendant
		case ev.Internal && !h.IncludeInternalLegs:
			return ReasonInternalLeg
		}
		if reason := h.filters(ev); reason != Taken {
			return reason
		}
	}
	if h.Modifiers == nil {
		return Taken
	}
	if _, passes := ev.rendition(h).Payload().Passes(h.Modifiers); !passes {
		return ReasonModifier
	}
	return Taken
}

// listens: an event that is looked up for no hook is for none that takes all.
func (h *Hook) listens(ev *event) bool {
	switch h.Event {
	case EventAll:
		return ev.Hook != ""
	case ev.Hook:
		return true
	}
	return ev.OldHook != "" && h.Event == ev.OldHook
}

// filters: type and action in custom_data choose among the events of the hook that
// is named; a hook for all events takes them all, and so do those of old.
func (h *Hook) filters(ev *event) Reason {
	if h.CustomData == nil || h.Event != ev.Hook {
		return Taken
	}
	for _, filter := range ev.Filters {
		if !filter.Passes(h.CustomData) {
			return Reason(filter.Key)
		}
	}
	return Taken
}
