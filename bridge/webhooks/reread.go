package webhooks

import (
	"strings"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// Reading is a message read again, to be explained.
type Reading struct {
	// Dropped is why it is no event, of the reasons of the dropped_total metric.
	Dropped string
	// Event is what hooks call it, such as channel_create; CallID is "" for one
	// that is not of a call.
	Event, CallID string

	event    *payload.Channel
	base     payload.Payload
	accounts Accounts
}

// Refusal is a Reason with what decided: the member of the hook, what that asks for
// and what the event has, both as JSON, "" for nothing.
type Refusal struct {
	Reason            Reason
	Field, Wants, Has string
}

// Reread reads a message again, by the same code as when it came. owner is the
// account it was found to belong to then; the zero Account is none.
func (e *Engine) Reread(msg Message, owner account.Account) Reading {
	event, reason := e.read(msg)
	if reason != "" {
		return Reading{Dropped: reason}
	}
	if event.AccountID() == "" && owner.ID != "" {
		event.SetAccountID(owner.ID)
	}
	return Reading{
		Event: strings.ToLower(event.Name), CallID: event.CallID(), event: event, accounts: e.dep.Accounts,
		base: event.Payload(payload.Owner{AccountID: owner.ID, ResellerID: owner.ResellerID}, e.cfg.Reserved),
	}
}

// Refusal says why a hook would not take the event if it were its owner's; the zero
// Refusal that it would.
func (r Reading) Refusal(hook *Hook) Refusal {
	refusal := Refusal{Reason: hook.refuses(r.Event, r.event.Internal, r.base)}
	quoted := func(text string) string { return string(jobj.AppendString(nil, text)) }
	switch refusal.Reason {
	case ReasonEvent:
		refusal.Field, refusal.Wants, refusal.Has = "hook", quoted(hook.Event), quoted(r.Event)
	case ReasonInternalLeg:
		refusal.Field, refusal.Wants, refusal.Has = "include_internal_legs", "false", "true"
	case ReasonModifier:
		key, _ := r.base.Passes(hook.Modifiers)
		refusal.Field = key
		refusal.Wants, _ = hook.Modifiers.Get(key)
		refusal.Has, _ = r.base.Get(key)
	}
	return refusal
}

// Sought is a place in which an account was looked for.
type Sought struct {
	Field string // as the message spells it, with dots
	Has   string // its value as text, "" when it is absent
	// Number is the telephone number that was looked up, "" when Has is the account's
	// id itself.
	Number string
	// Owner is the account that it leads to, which may have no document; "" for none.
	Owner string
}

// Sought lists where the event's account was looked for, in order.
func (r Reading) Sought() []Sought {
	id := r.event.AccountID()
	all := []Sought{{Field: "Custom-Channel-Vars.Account-ID", Has: id, Owner: id}}
	if id != "" {
		return all
	}
	user := r.event.DialledUser()
	if user == "" {
		return append(all, Sought{Field: "Request"}, Sought{Field: "To"})
	}
	number := kapi.E164(user)
	owner, _ := r.accounts.NumberOwner(number)
	return append(all, Sought{Field: "Request", Has: user, Number: number, Owner: owner})
}
