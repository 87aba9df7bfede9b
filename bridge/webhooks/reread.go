package webhooks

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// Reading is a message read again, to be explained.
type Reading struct {
	// Dropped is why it is no event, of the reasons of the dropped_total metric.
	Dropped string
	// Event is what hooks call it, such as channel_create, and Name its Event-Name.
	Event, Name string
	// ID is what people call it by, and IDKind what it is the id of, as logs name it.
	ID, IDKind string

	event    *event
	body     []byte
	accounts Accounts
}

// Refusal is a Reason with what decided: the member of the hook, what that asks for
// and what the event has, both as JSON, "" for nothing.
type Refusal struct {
	Reason            Reason
	Field, Wants, Has string
	// Instead are the values that the member could have to let the event through, as
	// JSON. They are given for a hook's event, type and action; there may be none.
	Instead []string
}

// Reread reads a message again, by the same code as when it came. owner is the
// account it was found to belong to then; the zero Account is none.
func (e *Engine) Reread(msg Message, owner account.Account) Reading {
	body, err := e.open(msg)
	if err != nil {
		return Reading{Dropped: dropReason(err)}
	}
	read, err := e.reader.Read(body)
	if err != nil {
		return Reading{Dropped: dropReason(err)}
	}
	return Reading{
		Event: cmp.Or(read.Hook, payload.HookCallflow), Name: read.Name, ID: read.ID, IDKind: read.IDKind,
		event: e.newEvent(read, owner), body: body, accounts: e.dep.Accounts,
	}
}

// Refusals lists all for which a hook of the event's account or of one above does not
// take the event: nothing when it does. Matching stops at the first, so it is asked
// again without what that was about.
func (r Reading) Refusals(hook *Hook) []Refusal {
	ev, asked := *r.event, *hook
	var all []Refusal
	for reason := asked.refuses(&ev); reason != Taken; reason = asked.refuses(&ev) {
		refusal := r.refusal(&asked, reason)
		all = append(all, refusal)
		switch reason {
		case Taken: // not in here
		case ReasonOtherEvent:
			if ev.Hook == "" { // no event that can be asked for
				return all
			}
			asked.Event = EventAll
		case ReasonNoDescendant:
			ev.owner = account.Account{ID: hook.AccountID}
		case ReasonInternalLeg:
			ev.Internal = false
		case ReasonAction, ReasonType:
			ev.Filters = slices.DeleteFunc(slices.Clone(ev.Filters), func(f payload.Filter) bool { return f.Key == string(reason) })
		case ReasonModifier:
			asked.Modifiers = slices.DeleteFunc(slices.Clone(asked.Modifiers), func(m payload.Member) bool { return "modifiers."+m.Key == refusal.Field })
		}
	}
	return all
}

// TakenAsOwn tells whether a hook would take the event if that had happened in the
// hook's own account.
func (r Reading) TakenAsOwn(hook *Hook) bool {
	own := *r.event
	own.owner = account.Account{ID: hook.AccountID}
	return hook.refuses(&own) == Taken
}

// refusal adds to a reason what decided.
func (r Reading) refusal(hook *Hook, reason Reason) Refusal {
	refusal := Refusal{Reason: reason}
	switch reason {
	case Taken: // no refusal at all
	case ReasonOtherEvent:
		refusal.Field, refusal.Wants, refusal.Has = "hook", jsonText(hook.Event), jsonText(r.Event)
		if r.event.OldHook != "" {
			refusal.Instead = append(refusal.Instead, jsonText(r.event.OldHook))
		}
		if r.event.Hook != "" {
			refusal.Instead = append(refusal.Instead, jsonText(r.event.Hook), jsonText(EventAll))
		}
	case ReasonNoDescendant:
		refusal.Field, refusal.Wants, refusal.Has = "include_subaccounts", "true", "false"
	case ReasonInternalLeg:
		refusal.Field, refusal.Wants, refusal.Has = "include_internal_legs", "true", "false"
	case ReasonAction, ReasonType:
		key := string(reason)
		refusal.Field = "custom_data." + key
		refusal.Wants, _ = hook.CustomData.Get(key)
		for _, filter := range r.event.Filters {
			if filter.Key == key {
				refusal.Has, refusal.Instead = filter.Has(), filter.Passing()
			}
		}
	case ReasonModifier:
		key, _ := r.event.rendition(hook).Payload().Passes(hook.Modifiers)
		refusal.Field = "modifiers." + key
		refusal.Wants, _ = hook.Modifiers.Get(key)
		refusal.Has, _ = r.event.rendition(hook).Payload().Get(key)
	}
	return refusal
}

func jsonText(text string) string { return string(jobj.AppendString(nil, text)) }

// Sought is a place in which an account was looked for.
type Sought struct {
	Field string // as the message spells it, with dots
	Has   string // what it holds, "" when it is absent
	// Number is the telephone number that was looked up, "" when Has is the account's
	// id itself.
	Number string
	// Owner is the account that it leads to, which may have no document; "" for none.
	Owner string
}

// Sought lists where the event's account was looked for, in order, up to the place
// that decided.
func (r Reading) Sought() []Sought {
	var all []Sought
	for _, field := range payload.AccountFields(r.Event) {
		found := gjson.GetBytes(r.body, field)
		s := Sought{Field: field, Has: found.String()}
		if s.Has != "" {
			s.Owner = r.event.AccountID
		}
		if all = append(all, s); s.Has != "" {
			return all
		}
	}
	if !strings.HasPrefix(r.Event, "channel_") {
		return all
	}
	dialled := Sought{Field: "Request or To", Has: r.event.Dialled}
	if dialled.Has != "" {
		dialled.Number = kapi.E164(dialled.Has)
		dialled.Owner, _ = r.accounts.NumberOwner(dialled.Number)
	}
	return append(all, dialled)
}
