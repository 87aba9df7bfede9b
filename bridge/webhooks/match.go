package webhooks

import (
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// owner finds the account of an event: the one it names, else the owner of the
// dialled number, who is then written into the event. An account without a
// document has no hooks.
func (e *Engine) owner(event *payload.Channel) (account.Account, bool) {
	id := event.AccountID()
	if id == "" {
		owner, ok := e.dep.Accounts.NumberOwner(kapi.E164(event.DialledUser()))
		if !ok {
			return account.Account{}, false
		}
		event.SetAccountID(owner)
		id = owner
	}
	return e.dep.Accounts.Get(id)
}

// firing is one event on its way to the hooks it concerns.
type firing struct {
	event  string
	callID string
	call   string // callID, or what stands for it where there is none
	hooks  []*Hook
	base   *payload.Base
}

func (e *Engine) match(event *payload.Channel, owner account.Account) *firing {
	name := strings.ToLower(event.Name)
	e.metrics.events.WithLabelValues(name).Inc()
	found := e.dep.Hooks.Find(name, owner.ID, e.dep.Accounts.Ancestors(owner.ID))
	if len(found) == 0 {
		return &firing{}
	}
	base := event.Payload(payload.Owner{AccountID: owner.ID, ResellerID: owner.ResellerID}, e.cfg.Reserved)
	hooks := slices.DeleteFunc(found, func(hook *Hook) bool {
		if event.Internal && !hook.IncludeInternalLegs {
			return true
		}
		_, passes := base.Passes(hook.Modifiers)
		return !passes
	})
	e.dep.Log.Debug("event", "event", name, "call_id", event.CallID(), "account_id", owner.ID, "hooks", len(hooks))
	call := event.CallID()
	if call == "" {
		call = e.dep.IDs.Hex(10)
	}
	return &firing{
		event: name, callID: event.CallID(), call: call, hooks: hooks,
		base: payload.NewBase(base, e.cfg.Compat, e.dep.ClusterID),
	}
}
