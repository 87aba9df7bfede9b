package account

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// Directory is the account tree and the owners of numbers. Reads take no lock: they
// see the snapshot that was current when they began. A change copies the snapshot,
// so many accounts at once belong into one call. Slices that it returns must not be
// changed.
type Directory struct {
	writers sync.Mutex // held while a new snapshot is made from the current one
	current atomic.Pointer[snapshot]
}

type snapshot struct {
	accounts map[string]Account // never changed once the snapshot is current
	numbers  map[string]string  // E.164 number to owner
	// below finds the descendants of each account. Events do not ask, so it is
	// worked out at the first question after a change.
	below func() map[string][]string
}

// NewDirectory returns an empty directory.
func NewDirectory() *Directory {
	d := &Directory{}
	d.current.Store(newSnapshot(nil, nil))
	return d
}

func newSnapshot(accounts map[string]Account, numbers map[string]string) *snapshot {
	return &snapshot{
		accounts: accounts,
		numbers:  numbers,
		below: sync.OnceValue(func() map[string][]string {
			below := make(map[string][]string)
			for _, id := range slices.Sorted(maps.Keys(accounts)) {
				for _, ancestor := range accounts[id].Tree {
					below[ancestor] = append(below[ancestor], id)
				}
			}
			return below
		}),
	}
}

// Replace makes accounts and numbers (E.164 number to owner) the whole content.
func (d *Directory) Replace(accounts []Account, numbers map[string]string) {
	byID := make(map[string]Account, len(accounts))
	for _, a := range accounts {
		byID[a.ID] = a.owned()
	}
	d.writers.Lock()
	defer d.writers.Unlock()
	d.current.Store(newSnapshot(byID, maps.Clone(numbers)))
}

// Put adds accounts or replaces those with the same ids. Give what FromDocument
// returned, not what Get did: Get has filled in a reseller that may change.
func (d *Directory) Put(accounts ...Account) {
	d.change(func(byID map[string]Account, _ map[string]string) {
		for _, a := range accounts {
			byID[a.ID] = a.owned()
		}
	})
}

// Remove forgets an account. Its descendants, its numbers and what others say of it
// in their trees stay until they are changed themselves.
func (d *Directory) Remove(id string) {
	d.change(func(byID map[string]Account, _ map[string]string) { delete(byID, id) })
}

// SetNumber gives a number to an account; an empty accountID takes it away.
func (d *Directory) SetNumber(e164, accountID string) {
	d.change(func(_ map[string]Account, numbers map[string]string) {
		if accountID == "" {
			delete(numbers, e164)
			return
		}
		numbers[e164] = accountID
	})
}

func (d *Directory) change(edit func(accounts map[string]Account, numbers map[string]string)) {
	d.writers.Lock()
	defer d.writers.Unlock()
	old := d.current.Load()
	accounts, numbers := make(map[string]Account, len(old.accounts)+1), make(map[string]string, len(old.numbers)+1)
	maps.Copy(accounts, old.accounts)
	maps.Copy(numbers, old.numbers)
	edit(accounts, numbers)
	d.current.Store(newSnapshot(accounts, numbers))
}

// Get returns an account, its reseller filled in.
func (d *Directory) Get(id string) (Account, bool) {
	s := d.current.Load()
	a, ok := s.accounts[id]
	if ok && a.ResellerID == "" {
		a.ResellerID = s.reseller(a)
	}
	return a, ok
}

// reseller is the nearest ancestor that is one, or the account itself when it is
// the root. It is "" where that leads to nobody. A reseller's own flag does not
// count for itself: its reseller is the next one up.
func (s *snapshot) reseller(a Account) string {
	for _, id := range slices.Backward(a.Tree) {
		if s.accounts[id].IsReseller {
			return id
		}
	}
	if len(a.Tree) == 0 && a.IsReseller {
		return a.ID
	}
	return ""
}

// Ancestors returns the ids above an account, from the root down to the parent.
func (d *Directory) Ancestors(id string) []string {
	return d.current.Load().accounts[id].Tree
}

// Children returns the ids of the accounts directly below one, sorted.
func (d *Directory) Children(id string) []string {
	s := d.current.Load()
	var children []string
	for _, below := range s.below()[id] {
		if tree := s.accounts[below].Tree; tree[len(tree)-1] == id {
			children = append(children, below)
		}
	}
	return children
}

// Descendants returns the ids of all accounts below one, sorted.
func (d *Directory) Descendants(id string) []string {
	return d.current.Load().below()[id]
}

// NumberOwner returns the account that has a number in E.164 form.
func (d *Directory) NumberOwner(e164 string) (accountID string, ok bool) {
	accountID, ok = d.current.Load().numbers[e164]
	return accountID, ok
}

// owned returns a with a tree that no one else can change, each ancestor once.
func (a Account) owned() Account {
	tree := make([]string, 0, len(a.Tree))
	for _, id := range a.Tree {
		if id != a.ID && !slices.Contains(tree, id) {
			tree = append(tree, id)
		}
	}
	a.Tree = slices.Clip(tree)
	return a
}
