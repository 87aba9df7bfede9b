package blackhole

import (
	"context"
	"slices"

	"github.com/gorilla/websocket"

	"github.com/kazoolab/kazoolab/bridge/blackhole/bindings"
)

// rightsChanged is the text of the close frame of a socket that has what it may no
// longer have.
const rightsChanged = "the rights of the account have changed, connect again"

// AccountsChanged is to be called when an account has another place in the tree, has
// lost its rights or its realm, or is gone. Kazoo asks for rights only when something
// is subscribed to; here a socket that has more than it would get now is closed.
func (h *Hub) AccountsChanged() {
	select {
	case h.changed <- struct{}{}:
	default: // they are looked at after this
	}
}

func (h *Hub) followAccounts(ctx context.Context) {
	for {
		select {
		case <-h.changed:
			h.checkRights()
		case <-ctx.Done():
			return
		}
	}
}

// checkRights closes the sockets that have what they would not get any more. It holds
// the lock for one socket at a time, so that events pass meanwhile.
func (h *Hub) checkRights() {
	h.mu.RLock()
	open := make([]*session, 0, len(h.sockets))
	for _, s := range h.sockets {
		open = append(open, s)
	}
	h.mu.RUnlock()
	for _, s := range open {
		if !h.rightful(s) {
			h.dep.Log.Info("socket closed: the rights of its account have changed", "socket", s.id, "account_id", s.accountOf())
			s.part(websocket.ClosePolicyViolation, rightsChanged, "rights")
		}
	}
}

// rightful says whether a socket would get today what it has.
func (h *Hub) rightful(s *session) bool {
	served := h.pivot.accounts(s) // before the lock: see pivotTable
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, accountID := range served {
		if h.authorize(s.account, accountID) != nil {
			return false
		}
	}
	return !slices.ContainsFunc(s.subscriptions, func(sub *subscription) bool {
		return h.authorize(s.account, sub.account) != nil || h.resolvedElse(sub)
	})
}

// resolvedElse says whether a binding means something else by now, as the account has
// another realm. What follows the month is left to that.
func (h *Hub) resolvedElse(sub *subscription) bool {
	now, err := h.resolve(sub.asked, sub.account)
	return err != nil || slices.ContainsFunc(sub.entries, func(e bindings.Entry) bool {
		return !e.Monthly && !slices.ContainsFunc(now.Entries, func(other bindings.Entry) bool { return other.Key == e.Key })
	})
}

// authorize allows an account itself and those below it, and the account * to those of
// the system, who have no more than that (bh_authz_subscribe).
func (h *Hub) authorize(callerID, wantedID string) error {
	caller := h.account(callerID)
	if wantedID == everyAccount {
		if !caller.Superduper {
			return errWildcard
		}
		return nil
	}
	wanted, known := h.dep.Accounts.Get(wantedID)
	if !known || callerID != wantedID && !slices.Contains(wanted.Tree, callerID) {
		return errAccount
	}
	return nil
}
