package webhooks

import (
	"slices"
	"strings"
	"sync"

	"github.com/kazoolab/kazoolab/bridge/account"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/webhooks/journal"
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
	base   payload.Payload
	record *journal.Event // what is remembered of it; nil when nothing is
	// The two encodings that hooks without custom_data share.
	form, json func() encoded
}

type encoded struct {
	payload payload.Payload
	text    []byte
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
		return hook.refuses(name, event.Internal, base) != ""
	})
	plain := sync.OnceValue(func() payload.Payload { return base.Merge(nil, e.dep.ClusterID) })
	e.dep.Log.Debug("event", "event", name, "call_id", event.CallID(), "account_id", owner.ID, "hooks", len(hooks))
	call := event.CallID()
	if call == "" {
		call = e.dep.IDs.Hex(10)
	}
	return &firing{
		event: name, callID: event.CallID(), call: call, hooks: hooks, base: base,
		form: sync.OnceValue(func() encoded { return encoded{plain(), plain().Form()} }),
		json: sync.OnceValue(func() encoded { return encoded{plain(), plain().JSON()} }),
	}
}
