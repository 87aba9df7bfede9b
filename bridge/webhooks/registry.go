package webhooks

import (
	"cmp"
	"slices"
	"sync"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
)

// Registry is the table of live hooks. Looking hooks up costs the number of
// hooks found, not the number there are. Safe for use by many goroutines.
type Registry struct {
	mu       sync.RWMutex
	live     map[hookKey]*Hook
	accounts map[string]map[string][]*Hook // owner, event, hooks by id
}

// NewRegistry makes an empty table.
func NewRegistry() *Registry {
	return &Registry{live: map[hookKey]*Hook{}, accounts: map[string]map[string][]*Hook{}}
}

// Len is the number of live hooks.
func (r *Registry) Len() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.live)
}

// Get is a live hook, or nil.
func (r *Registry) Get(accountID, id string) *Hook {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.live[hookKey{accountID, id}]
}

// Set makes a hook live, in place of an earlier version.
func (r *Registry) Set(hook *Hook) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.remove(hook.key())
	r.add(hook)
}

// Remove takes a hook out.
func (r *Registry) Remove(accountID, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.remove(hookKey{accountID, id})
}

// RemoveAccount takes all hooks of an account out, as its deletion does.
func (r *Registry) RemoveAccount(accountID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, hooks := range r.accounts[accountID] {
		for _, hook := range hooks {
			delete(r.live, hook.key())
		}
	}
	delete(r.accounts, accountID)
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
		fresh.add(hook)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.live, r.accounts = fresh.live, fresh.accounts
}

// Find returns the hooks that an event of accountID concerns: the account's own,
// then, from the root of its tree down to its parent, those of each ancestor that
// include sub-accounts (webhooks_util:find_webhooks/3). Within an account they
// stand by id, where the reference has no order (quirk hook-order).
func (r *Registry) Find(event, accountID string, ancestors []string) []*Hook {
	r.mu.RLock()
	defer r.mu.RUnlock()
	found := r.of(accountID, event)
	for _, ancestor := range ancestors {
		for _, hook := range r.of(ancestor, event) {
			if hook.IncludeSubaccounts {
				found = append(found, hook)
			}
		}
	}
	return found
}

// of lists an account's hooks for an event and those for all events.
func (r *Registry) of(accountID, event string) []*Hook {
	byEvent := r.accounts[accountID]
	named, all := byEvent[event], byEvent[EventAll]
	if len(named)+len(all) == 0 {
		return nil
	}
	found := slices.Concat(named, all)
	if len(named) > 0 && len(all) > 0 {
		slices.SortFunc(found, byID)
	}
	return found
}

func byID(a, b *Hook) int { return cmp.Compare(a.ID, b.ID) }

func (r *Registry) add(hook *Hook) {
	r.live[hook.key()] = hook
	byEvent := r.accounts[hook.AccountID]
	if byEvent == nil {
		byEvent = map[string][]*Hook{}
		r.accounts[hook.AccountID] = byEvent
	}
	hooks := byEvent[hook.Event]
	at, _ := slices.BinarySearchFunc(hooks, hook, byID)
	byEvent[hook.Event] = slices.Insert(slices.Clone(hooks), at, hook)
}

func (r *Registry) remove(key hookKey) {
	hook, ok := r.live[key]
	if !ok {
		return
	}
	delete(r.live, key)
	byEvent := r.accounts[key.accountID]
	left := slices.DeleteFunc(slices.Clone(byEvent[hook.Event]), func(h *Hook) bool { return h.ID == key.id })
	if len(left) > 0 {
		byEvent[hook.Event] = left
		return
	}
	delete(byEvent, hook.Event)
	if len(byEvent) == 0 {
		delete(r.accounts, key.accountID)
	}
}
