package index

import (
	"slices"
	"strings"
)

// Index keeps values under subscription keys. New makes one. It is not safe for use
// by several goroutines at once.
type Index[T comparable] struct {
	// root begins the keys without #, which are followed word by word; hashed has the
	// others.
	root   node[T]
	hashed hashed[T]
	size   int
}

// New makes an empty index.
func New[T comparable]() *Index[T] {
	return &Index[T]{hashed: hashed[T]{items: map[string]*item[T]{}, byWord: map[string][]*item[T]{}}}
}

// Len is the number of values, each counted once for each key it is kept under.
func (x *Index[T]) Len() int { return x.size }

// Add keeps value under key. What is there already is not added again.
func (x *Index[T]) Add(key string, value T) {
	var values *set[T]
	if words := strings.Split(key, "."); slices.Contains(words, "#") {
		values = x.hashed.ensure(key, words)
	} else {
		values = x.root.ensure(words)
	}
	if values.put(value, struct{}{}) {
		x.size++
	}
}

// Remove takes value away from key, if it is there.
func (x *Index[T]) Remove(key string, value T) {
	var removed bool
	if words := strings.Split(key, "."); slices.Contains(words, "#") {
		removed = x.hashed.remove(key, value)
	} else {
		removed = x.root.remove(words, value)
	}
	if removed {
		x.size--
	}
}

// Match yields the values whose keys match that of an event, once for each such
// key, until yield returns false. A word of the event may itself be * or #: whoever
// names a call so has it compared with more of what is kept.
func (x *Index[T]) Match(eventKey string, yield func(T) bool) {
	words := strings.Split(eventKey, ".")
	if slices.Contains(words, "#") {
		if x.root.matchSlow(nil, words, yield) {
			x.hashed.matchAll(words, yield)
		}
		return
	}
	if x.root.match(words, yield) {
		x.hashed.match(words, yield)
	}
}
