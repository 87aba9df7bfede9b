package index

// node is a word of keys, behind all words before it.
type node[T comparable] struct {
	children list[string, *node[T]]
	values   set[T] // of the key that ends here
}

// ensure finds the values of a key, whose node is made if need be.
func (n *node[T]) ensure(words []string) *set[T] {
	for _, word := range words {
		child, ok := n.children.get(word)
		if !ok {
			child = &node[T]{}
			n.children.put(word, child)
		}
		n = child
	}
	return &n.values
}

// remove takes a value from a key, and away what nothing is kept under any more.
func (n *node[T]) remove(words []string, value T) bool {
	if len(words) == 0 {
		return n.values.drop(value)
	}
	child, ok := n.children.get(words[0])
	if !ok || !child.remove(words[1:], value) {
		return false
	}
	if len(child.children.entries) == 0 && len(child.values.entries) == 0 {
		n.children.drop(words[0])
	}
	return true
}

// match yields the values of the keys that match an event without #: as many words,
// each the same as its counterpart or one of them a *.
func (n *node[T]) match(words []string, yield func(T) bool) bool {
	if len(words) == 0 {
		return n.values.each(yield)
	}
	if words[0] == "*" {
		for i := range n.children.entries {
			if !n.children.entries[i].value.match(words[1:], yield) {
				return false
			}
		}
		return true
	}
	for _, word := range [...]string{words[0], "*"} {
		if child, ok := n.children.get(word); ok && !child.match(words[1:], yield) {
			return false
		}
	}
	return true
}

// matchSlow looks at each key, which begins with the words so far.
func (n *node[T]) matchSlow(key, event []string, yield func(T) bool) bool {
	if len(n.values.entries) > 0 && matches(key, event) && !n.values.each(yield) {
		return false
	}
	for i := range n.children.entries {
		child := &n.children.entries[i]
		if !child.value.matchSlow(append(key, child.key), event, yield) {
			return false
		}
	}
	return true
}
