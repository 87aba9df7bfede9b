package webhooks

import (
	"sync"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
)

// Registry is the table of live hooks. Looking hooks up costs the number of hooks
// found, not the number there are, and a change costs the same whatever there is.
// Safe for use by many goroutines.
type Registry struct {
	mu       sync.RWMutex
	accounts map[string]*owned // by owner; none is empty
	live     int
}

// NewRegistry makes an empty table.
func NewRegistry() *Registry { return &Registry{accounts: map[string]*owned{}} }

// Len is the number of live hooks.
func (r *Registry) Len() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.live
}

// Get is a live hook, or nil.
func (r *Registry) Get(accountID, id string) *Hook {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.accounts[accountID].get(id)
}

// Set makes a hook live, in place of an earlier version.
func (r *Registry) Set(hook *Hook) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.set(hook)
}

func (r *Registry) set(hook *Hook) {
	hooks := r.accounts[hook.AccountID]
	if hooks == nil {
		hooks = &owned{}
		r.accounts[hook.AccountID] = hooks
	}
	if !hooks.remove(hook.ID) {
		r.live++
	}
	hooks.add(hook)
}

// Remove takes a hook out.
func (r *Registry) Remove(accountID, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	hooks := r.accounts[accountID]
	if hooks == nil || !hooks.remove(id) {
		return
	}
	r.live--
	if hooks.count == 0 {
		delete(r.accounts, accountID)
	}
}

// RemoveAccount takes all hooks of an account out, as its deletion does.
func (r *Registry) RemoveAccount(accountID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if hooks := r.accounts[accountID]; hooks != nil {
		r.live -= hooks.count
		delete(r.accounts, accountID)
	}
}

// AccountDeleted is told of the deletion of an account: its hooks end, but in 4.3,
// where they go on until the next start (webhooks_listener:maybe_remove_account_hooks/3).
func (r *Registry) AccountDeleted(accountID string, dialect fidelity.Dialect) {
	if dialect != fidelity.V43 {
		r.RemoveAccount(accountID)
	}
}

// Replace puts hooks in the place of everything there was.
func (r *Registry) Replace(hooks []*Hook) {
	fresh := NewRegistry()
	for _, hook := range hooks {
		fresh.set(hook)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.accounts, r.live = fresh.accounts, fresh.live
}

// Find returns the hooks that an event of accountID concerns: the account's own,
// then, from the root of its tree down to its parent, those of each ancestor that
// include sub-accounts (webhooks_util:find_webhooks/3). Within an account they
// stand by id, where the reference has no order (quirk hook-order). The slice is the
// caller's.
func (r *Registry) Find(event, accountID string, ancestors []string) []*Hook {
	r.mu.RLock()
	defer r.mu.RUnlock()
	found := r.accounts[accountID].appendFor(nil, event, false)
	for _, ancestor := range ancestors {
		found = r.accounts[ancestor].appendFor(found, event, true)
	}
	return found
}
