package webhooks

import (
	"cmp"

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
	read, err := e.read(msg)
	if err != nil {
		return Reading{Dropped: dropReason(err)}
	}
	return Reading{
		Event: cmp.Or(read.Hook, payload.HookCallflow), Name: read.Name, ID: read.ID, IDKind: read.IDKind,
		event: e.newEvent(read, owner), accounts: e.dep.Accounts,
	}
}

// Refusals says why a hook of the event's account or of one above does not take the
// event: nothing when it does. What else a hook that does not include sub-accounts
// would refuse stands there too.
func (r Reading) Refusals(hook *Hook) []Refusal {
	reason := hook.refuses(r.event)
	if reason == Taken {
		return nil
	}
	all := []Refusal{r.refusal(hook, reason)}
	if reason == ReasonNoDescendant {
		all = append(all, r.AsOwn(hook)...)
	}
	return all
}

// AsOwn is Refusals as if the event had happened in the hook's own account.
func (r Reading) AsOwn(hook *Hook) []Refusal {
	own := *r.event
	own.owner = account.Account{ID: hook.AccountID}
	if reason := hook.refuses(&own); reason != Taken {
		return []Refusal{r.refusal(hook, reason)}
	}
	return nil
}

// refusal adds to a reason what decided.
func (r Reading) refusal(hook *Hook, reason Reason) Refusal {
	refusal := Refusal{Reason: reason}
	switch reason {
	case ReasonOtherEvent:
		refusal.Field, refusal.Wants, refusal.Has = "hook", jsonText(hook.Event), jsonText(r.Event)
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
				refusal.Has = filter.Has()
			}
		}
	case ReasonModifier:
		key, _ := r.event.rendition(hook).base().Passes(hook.Modifiers)
		refusal.Field = "modifiers." + key
		refusal.Wants, _ = hook.Modifiers.Get(key)
		refusal.Has, _ = r.event.rendition(hook).base().Get(key)
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

// Sought lists where the event's account was looked for, in order.
func (r Reading) Sought() []Sought {
	fields := accountFields(r.Event)
	if id := r.event.AccountID; id != "" {
		return []Sought{{Field: fields[0], Has: id, Owner: id}}
	}
	all := make([]Sought, 0, len(fields)+1)
	for _, field := range fields {
		all = append(all, Sought{Field: field})
	}
	if user := r.event.Dialled; user != "" {
		number := kapi.E164(user)
		owner, _ := r.accounts.NumberOwner(number)
		all = append(all, Sought{Field: "Request", Has: user, Number: number, Owner: owner})
	}
	return all
}

// accountFields names, for people, where the account of an event is looked for
// (webhooks.md, the catalogue of hooks).
func accountFields(hook string) []string {
	switch hook {
	case "object":
		return []string{"Database", "ID"}
	case "sms", "mms":
		return []string{"Account-ID"}
	}
	return []string{"Custom-Channel-Vars.Account-ID"}
}
