package payload

import (
	"slices"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
)

// manyMembers is where looking through a list for an earlier key becomes dearer
// than a map. An event has some 30 keys; a hostile one may have a million.
const manyMembers = 64

// builder collects members; one met again replaces the first. Beyond manyMembers it
// keeps an index: a hostile message may have a million keys.
type builder struct {
	members Payload
	index   map[string][]int // where the members of a key stand
	removed int              // members that are gone, their Value ""
}

// builder starts with the members of p, with room for more.
func (p Payload) builder(more int) builder {
	members := make(Payload, len(p), len(p)+more)
	copy(members, p)
	return builder{members: members}
}

// overlay sets the members of over. They are walked from last to first, so that new
// keys stand in reverse order (quirk custom-data-reversed); corrected, from first to
// last. null removes a key.
func (b *builder) overlay(mode fidelity.Compat, over Payload) {
	for i := range over {
		m := over[len(over)-1-i]
		if mode == fidelity.Corrected {
			m = over[i]
		}
		if m.Value == "null" {
			b.remove(m.Key)
			continue
		}
		b.set(m.Key, m.Value)
	}
}

func (b *builder) set(key, value string) {
	if at, found := b.find(key); found {
		b.members[at].Value = value
		return
	}
	b.members = append(b.members, Member{Key: key, Value: value})
	if b.index != nil {
		b.index[key] = append(b.index[key], len(b.members)-1)
	}
}

// remove takes the first member of key out.
func (b *builder) remove(key string) {
	at, found := b.find(key)
	if !found {
		return
	}
	b.members[at].Value = ""
	b.removed++
	if b.index != nil {
		b.index[key] = b.index[key][1:]
	}
}

func (b *builder) find(key string) (int, bool) {
	if b.index == nil && len(b.members) <= manyMembers {
		at := slices.IndexFunc(b.members, func(m Member) bool { return m.Key == key && m.Value != "" })
		return at, at >= 0
	}
	if b.index == nil {
		b.index = make(map[string][]int, len(b.members))
		for i, m := range b.members {
			if m.Value != "" {
				b.index[m.Key] = append(b.index[m.Key], i)
			}
		}
	}
	at := b.index[key]
	if len(at) == 0 {
		return 0, false
	}
	return at[0], true
}

func (b *builder) done() Payload {
	if b.removed == 0 {
		return b.members
	}
	return slices.DeleteFunc(b.members, func(m Member) bool { return m.Value == "" })
}
