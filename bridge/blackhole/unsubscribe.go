package blackhole

import (
	"context"

	"github.com/kazoolab/kazoolab/bridge/blackhole/command"
	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// unsubscribing is the action unsubscribe. A subscription is found by its account and
// by the binding as the client has it, so that it goes whatever month it is from (quirk
// month-frozen), and nobody's else with it.
type unsubscribing struct {
	*exchange
	target
	all bool // of the account, or of every one where that is ""
}

func (x *exchange) readUnsubscribe() (job, error) {
	if all, accountID := x.everything(); all {
		return &unsubscribing{exchange: x, target: target{accountID: accountID}, all: true}, nil
	}
	t, err := x.readTarget()
	return &unsubscribing{exchange: x, target: t}, err
}

// everything: in the talk, an unsubscribe without a binding is from all of an account,
// and without that from all. It is documented to this day, and exists nowhere.
func (x *exchange) everything() (all bool, accountID string) {
	if x.hub.cfg.Dialect != fidelity.Talk || x.Data.Has("binding") || x.Data.Has("bindings") {
		return false, ""
	}
	id, there := x.Data.Get("account_id")
	if !there {
		return true, ""
	}
	accountID, isText := command.Text(id)
	if raw, ok := kapi.AccountOfDB(accountID); ok {
		accountID = raw
	}
	return isText && accountID != "", accountID
}

// authorize asks nothing: a socket can only lose what it has.
func (u *unsubscribing) authorize(string) error { return u.unavailable }

func (u *unsubscribing) run(context.Context) (jobj.Object, error) {
	h := u.hub
	gone := []any{}
	h.mu.Lock()
	defer h.mu.Unlock()
	named := map[string]bool{}
	for _, w := range u.wishes {
		gone = append(gone, w.resolved.Client)
		named[w.resolved.Client] = true
	}
	var kept []*subscription
	for _, own := range u.subscriptions {
		if !u.covers(own, named) {
			kept = append(kept, own)
			continue
		}
		h.part(own)
		if u.all && !named[own.client] {
			named[own.client] = true
			gone = append(gone, own.client)
		}
	}
	u.subscriptions = kept
	return jobj.Object{{Key: "unsubscribed", Value: gone}, {Key: "subscribed", Value: u.list()}}, nil
}

func (u *unsubscribing) covers(own *subscription, named map[string]bool) bool {
	if u.all {
		return u.target.accountID == "" || u.target.accountID == own.account
	}
	return u.target.accountID == own.account && named[own.client]
}
