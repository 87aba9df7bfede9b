package webhooks

import (
	"cmp"
	"slices"
)

// owned are the live hooks of one account. A million hooks are mostly a few in each
// of many accounts, so what an account takes is kept small; but there may be one with
// 100,000.
type owned struct {
	groups []group
	count  int
	// index finds a hook by its id. A few hooks are looked at one by one instead:
	// an index took 100 bytes a hook.
	index map[string]spot
}

// few hooks need no index.
const few = 32

// group are the hooks that listen to the same, so that an event looks at no other.
// There are two for each event at most.
type group struct {
	event string
	deep  bool    // for the events of sub-accounts, too
	hooks []*Hook // in no order, so that any can go without the others moving up
}

// spot is where a hook stands.
type spot struct{ group, at int }

// appendFor adds the hooks for an event and those for all events to found, by their
// ids; with deep, only those that take events of sub-accounts.
func (o *owned) appendFor(found []*Hook, event string, deep bool) []*Hook {
	const usual = 8 // hooks of one event, or fewer
	if o == nil {
		return found
	}
	from := len(found)
	for i := range o.groups {
		g := &o.groups[i]
		if g.event != event && g.event != EventAll || deep && !g.deep || len(g.hooks) == 0 {
			continue
		}
		if found == nil {
			found = make([]*Hook, 0, max(usual, len(g.hooks)))
		}
		found = append(found, g.hooks...)
	}
	slices.SortFunc(found[from:], func(a, b *Hook) int { return cmp.Compare(a.ID, b.ID) })
	return found
}

// add takes a hook whose id is not there yet.
func (o *owned) add(hook *Hook) {
	i := slices.IndexFunc(o.groups, func(g group) bool {
		return g.event == hook.Event && g.deep == hook.IncludeSubaccounts
	})
	if i < 0 {
		i = len(o.groups)
		o.groups = append(o.groups, group{event: hook.Event, deep: hook.IncludeSubaccounts})
	}
	g := &o.groups[i]
	g.hooks = append(g.hooks, hook)
	o.count++
	switch {
	case o.index != nil:
		o.index[hook.ID] = spot{i, len(g.hooks) - 1}
	case o.count > few:
		o.index = make(map[string]spot, 2*few)
		for i, g := range o.groups {
			for at, hook := range g.hooks {
				o.index[hook.ID] = spot{i, at}
			}
		}
	}
}

// remove tells whether there was such a hook. The last of its group takes its place.
func (o *owned) remove(id string) bool {
	s, ok := o.find(id)
	if !ok {
		return false
	}
	g := &o.groups[s.group]
	last := len(g.hooks) - 1
	moved := g.hooks[last]
	g.hooks[s.at], g.hooks[last] = moved, nil
	g.hooks = g.hooks[:last]
	o.count--
	if o.index != nil {
		o.index[moved.ID] = s
		delete(o.index, id)
	}
	return true
}

// get is the hook of an id, or nil.
func (o *owned) get(id string) *Hook {
	if o == nil {
		return nil
	}
	s, ok := o.find(id)
	if !ok {
		return nil
	}
	return o.groups[s.group].hooks[s.at]
}

func (o *owned) find(id string) (spot, bool) {
	if o.index != nil {
		s, ok := o.index[id]
		return s, ok
	}
	for i := range o.groups {
		for at, hook := range o.groups[i].hooks {
			if hook.ID == id {
				return spot{i, at}, true
			}
		}
	}
	return spot{}, false
}
