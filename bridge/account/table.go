package account

import (
	"hash/maphash"
	"iter"
	"sync/atomic"
)

// table is a map that is read without a lock while it is changed: a change puts a new
// chain in the place of the one that its key belongs to. A map of Go would have to be
// copied for that, which took 10 ms and 16 MB among 100,000 accounts; to find one of
// them takes as long in either.
type table[V any] struct {
	seed  maphash.Seed
	heads []atomic.Pointer[node[V]] // of the chains; 2^n of them
	keys  int
}

// node is never changed once it can be read.
type node[V any] struct {
	key   string
	value V
	next  *node[V]
}

// newTable makes a table with room for some keys, without growing.
func newTable[V any](room int, from iter.Seq2[string, V]) *table[V] {
	heads := 64
	for heads < room {
		heads *= 2
	}
	t := &table[V]{seed: maphash.MakeSeed(), heads: make([]atomic.Pointer[node[V]], heads)}
	for key, value := range from {
		t.set(key, value)
	}
	return t
}

func (t *table[V]) head(key string) *atomic.Pointer[node[V]] {
	return &t.heads[maphash.String(t.seed, key)&uint64(len(t.heads)-1)] //nolint:gosec // there are some
}

func (t *table[V]) get(key string) (value V, ok bool) {
	for n := t.head(key).Load(); n != nil; n = n.next {
		if n.key == key {
			return n.value, true
		}
	}
	return value, false
}

// full says that the next key should come into a larger table.
func (t *table[V]) full() bool { return t.keys >= len(t.heads) }

// set and remove are for one writer at a time.
func (t *table[V]) set(key string, value V) {
	head := t.head(key)
	rest, found := head.Load().without(key)
	head.Store(&node[V]{key, value, rest})
	if !found {
		t.keys++
	}
}

func (t *table[V]) remove(key string) {
	head := t.head(key)
	rest, found := head.Load().without(key)
	head.Store(rest)
	if found {
		t.keys--
	}
}

// without is a chain without a key.
func (n *node[V]) without(key string) (rest *node[V], found bool) {
	switch {
	case n == nil:
		return nil, false
	case n.key == key:
		return n.next, true
	}
	rest, found = n.next.without(key)
	if !found {
		return n, false
	}
	return &node[V]{n.key, n.value, rest}, true
}

// all goes through what was there when each chain was come to.
func (t *table[V]) all(yield func(string, V) bool) {
	for i := range t.heads {
		for n := t.heads[i].Load(); n != nil; n = n.next {
			if !yield(n.key, n.value) {
				return
			}
		}
	}
}
