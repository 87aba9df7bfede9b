// Package topic matches routing keys with the patterns of topic bindings: words
// joined by dots, where * stands for one word and # for any number of words. It
// owns the index of patterns and never knows what is bound.
package topic

import (
	"slices"
	"strings"
)

// Index holds values under patterns. A look-up costs what the words of the key
// and the patterns that begin like it cost; other patterns cost nothing. It is
// not safe for use by several goroutines, look-ups included. The zero Index is
// empty and ready.
type Index[T comparable] struct {
	root node[T]
	// round marks the nodes that one word of one look-up has reached, so that a
	// pattern such as #.#.#.# costs its length and not every way to split the key.
	round      uint64
	here, next []*node[T]
}

type node[T comparable] struct {
	words  map[string]*node[T]
	star   *node[T]
	hash   *node[T]
	isHash bool // stands behind a #, and so takes any further word
	values []T
	round  uint64
}

// Insert puts a value under a pattern.
func (x *Index[T]) Insert(pattern string, value T) {
	n := &x.root
	for word := range words(pattern) {
		n = n.child(word)
	}
	n.values = append(n.values, value)
}

// Remove takes a value from under a pattern; it reports whether it was there.
func (x *Index[T]) Remove(pattern string, value T) bool {
	way := []*node[T]{&x.root}
	var names []string
	for word := range words(pattern) {
		n := way[len(way)-1].existing(word)
		if n == nil {
			return false
		}
		way, names = append(way, n), append(names, word)
	}
	last := way[len(way)-1]
	i := slices.Index(last.values, value)
	if i < 0 {
		return false
	}
	last.values = slices.Delete(last.values, i, i+1)
	for i, word := range slices.Backward(names) {
		if !way[i+1].empty() {
			break
		}
		way[i].drop(word)
	}
	return true
}

// Match visits the values of each pattern that matches the key: each as often as
// it was inserted under a matching pattern, in no particular order. visit must
// not change the index.
func (x *Index[T]) Match(key string, visit func(T)) {
	x.round++
	x.here = x.reach(x.here[:0], &x.root)
	for word := range words(key) {
		x.round++
		x.next = x.next[:0]
		for _, n := range x.here {
			if n.isHash {
				x.next = x.reach(x.next, n)
			}
			if child := n.words[word]; child != nil {
				x.next = x.reach(x.next, child)
			}
			if n.star != nil {
				x.next = x.reach(x.next, n.star)
			}
		}
		x.here, x.next = x.next, x.here
		if len(x.here) == 0 {
			return
		}
	}
	for _, n := range x.here {
		for _, value := range n.values {
			visit(value)
		}
	}
}

// reach adds a node, and what a # behind it reaches by standing for no word.
func (x *Index[T]) reach(reached []*node[T], n *node[T]) []*node[T] {
	for ; n != nil && n.round != x.round; n = n.hash {
		n.round = x.round
		reached = append(reached, n)
	}
	return reached
}

func (n *node[T]) existing(word string) *node[T] {
	switch word {
	case "*":
		return n.star
	case "#":
		return n.hash
	}
	return n.words[word]
}

func (n *node[T]) child(word string) *node[T] {
	if child := n.existing(word); child != nil {
		return child
	}
	child := &node[T]{isHash: word == "#"}
	switch word {
	case "*":
		n.star = child
	case "#":
		n.hash = child
	default:
		if n.words == nil {
			n.words = map[string]*node[T]{}
		}
		n.words[word] = child
	}
	return child
}

func (n *node[T]) drop(word string) {
	switch word {
	case "*":
		n.star = nil
	case "#":
		n.hash = nil
	default:
		delete(n.words, word)
	}
}

func (n *node[T]) empty() bool {
	return len(n.values) == 0 && len(n.words) == 0 && n.star == nil && n.hash == nil
}

// words yields the words of a key or pattern. An empty one has none; "a." has an
// empty second word (rabbit_exchange_type_topic:split_topic_key/1).
func words(key string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		if key == "" {
			return
		}
		for {
			word, rest, more := strings.Cut(key, ".")
			if !yield(word) || !more {
				return
			}
			key = rest
		}
	}
}
