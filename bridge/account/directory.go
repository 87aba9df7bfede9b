package account

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// Directory is the account tree and the owners of numbers. Reads of events take no
// lock, and a change costs little however many accounts there are. Slices that it
// returns must not be changed.
type Directory struct {
	current atomic.Pointer[content]

	mu sync.RWMutex // held while something is changed
	// below are the descendants of each account, sorted. Events do not ask for them,
	// so they are worked out at the first question, and kept up from then on.
	below map[string][]string
}

type content struct {
	accounts *table[Account]
	numbers  *table[string] // E.164 number to owner
}

// NewDirectory returns an empty directory.
func NewDirectory() *Directory {
	d := &Directory{}
	d.Replace(nil, nil)
	return d
}

// Replace makes accounts and numbers (E.164 number to owner) the whole content.
func (d *Directory) Replace(accounts []Account, numbers map[string]string) {
	byID := func(yield func(string, Account) bool) {
		for _, a := range accounts {
			if !yield(a.ID, a.owned()) {
				return
			}
		}
	}
	fresh := &content{accounts: newTable(len(accounts), byID), numbers: newTable(len(numbers), maps.All(numbers))}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.current.Store(fresh)
	if d.below != nil {
		d.below = fresh.below()
	}
}

// Put adds an account or replaces the one with the same id. Give what FromDocument
// returned, not what Get did: Get has filled in a reseller that may change.
func (d *Directory) Put(a Account) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a = a.owned()
	c := d.roomy()
	old, _ := c.accounts.get(a.ID)
	c.accounts.set(a.ID, a)
	d.moved(a.ID, old.Tree, a.Tree)
}

// Remove forgets an account. Its descendants, its numbers and what others say of it
// in their trees stay until they are changed themselves.
func (d *Directory) Remove(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.current.Load()
	old, _ := c.accounts.get(id)
	c.accounts.remove(id)
	d.moved(id, old.Tree, nil)
}

// SetNumber gives a number to an account; an empty accountID takes it away.
func (d *Directory) SetNumber(e164, accountID string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if accountID == "" {
		d.current.Load().numbers.remove(e164)
		return
	}
	d.roomy().numbers.set(e164, accountID)
}

// roomy is the current content, in larger tables if need be: those who read go on in
// the old ones.
func (d *Directory) roomy() *content {
	c := *d.current.Load()
	if !c.accounts.full() && !c.numbers.full() {
		return d.current.Load()
	}
	if c.accounts.full() {
		c.accounts = newTable(2*c.accounts.keys, c.accounts.all)
	}
	if c.numbers.full() {
		c.numbers = newTable(2*c.numbers.keys, c.numbers.all)
	}
	d.current.Store(&c)
	return &c
}

// moved keeps below up with an account's way through the tree.
func (d *Directory) moved(id string, from, to []string) {
	if d.below == nil {
		return
	}
	for _, ancestor := range from {
		if !slices.Contains(to, ancestor) {
			place, _ := slices.BinarySearch(d.below[ancestor], id)
			d.below[ancestor] = slices.Delete(d.below[ancestor], place, place+1)
		}
	}
	for _, ancestor := range to {
		if !slices.Contains(from, ancestor) {
			place, _ := slices.BinarySearch(d.below[ancestor], id)
			d.below[ancestor] = slices.Insert(d.below[ancestor], place, id)
		}
	}
}

// Get returns an account, its reseller filled in.
func (d *Directory) Get(id string) (Account, bool) {
	c := d.current.Load()
	a, ok := c.accounts.get(id)
	if ok && a.ResellerID == "" {
		a.ResellerID = c.reseller(a)
	}
	return a, ok
}

// reseller is the nearest ancestor that is one, or the account itself when it is
// the root. It is "" where that leads to nobody. A reseller's own flag does not
// count for itself: its reseller is the next one up.
func (c *content) reseller(a Account) string {
	for _, id := range slices.Backward(a.Tree) {
		if ancestor, _ := c.accounts.get(id); ancestor.IsReseller {
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
	a, _ := d.current.Load().accounts.get(id)
	return a.Tree
}

// Children returns the ids of the accounts directly below one, sorted.
func (d *Directory) Children(id string) []string {
	c := d.current.Load()
	var children []string
	for _, below := range d.Descendants(id) {
		if a, _ := c.accounts.get(below); len(a.Tree) > 0 && a.Tree[len(a.Tree)-1] == id {
			children = append(children, below)
		}
	}
	return children
}

// Descendants returns the ids of all accounts below one, sorted.
func (d *Directory) Descendants(id string) []string {
	d.keepBelow()
	d.mu.RLock()
	defer d.mu.RUnlock()
	return slices.Clone(d.below[id])
}

// CountDescendants says how many accounts there are below one.
func (d *Directory) CountDescendants(id string) int {
	d.keepBelow()
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.below[id])
}

// keepBelow has below worked out, if nobody has asked yet.
func (d *Directory) keepBelow() {
	d.mu.RLock()
	kept := d.below != nil
	d.mu.RUnlock()
	if kept {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.below == nil {
		d.below = d.current.Load().below()
	}
}

func (c *content) below() map[string][]string {
	below := make(map[string][]string)
	for id, a := range c.accounts.all {
		for _, ancestor := range a.Tree {
			below[ancestor] = append(below[ancestor], id)
		}
	}
	for _, ids := range below {
		slices.Sort(ids)
	}
	return below
}

// NumberOwner returns the account that has a number in E.164 form.
func (d *Directory) NumberOwner(e164 string) (accountID string, ok bool) {
	return d.current.Load().numbers.get(e164)
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
