package index

// list is a table that is mostly short: it is searched from its start until it has
// more than fewEntries, and by an index from then on. Its order is that of adding,
// but the last entry takes the place of one removed.
type list[K comparable, V any] struct {
	entries []entry[K, V]
	at      map[K]int
}

type entry[K comparable, V any] struct {
	value V
	key   K
}

// set is a list of keys alone.
type set[T comparable] = list[T, struct{}]

const fewEntries = 8

func (l *list[K, V]) find(key K) (int, bool) {
	if l.at != nil {
		i, ok := l.at[key]
		return i, ok
	}
	for i := range l.entries {
		if l.entries[i].key == key {
			return i, true
		}
	}
	return 0, false
}

func (l *list[K, V]) get(key K) (value V, ok bool) {
	i, ok := l.find(key)
	if !ok {
		return value, false
	}
	return l.entries[i].value, true
}

// put adds an entry, unless there is one of that key.
func (l *list[K, V]) put(key K, value V) bool {
	if _, ok := l.find(key); ok {
		return false
	}
	l.entries = append(l.entries, entry[K, V]{value, key})
	switch n := len(l.entries); {
	case l.at != nil:
		l.at[key] = n - 1
	case n > fewEntries:
		l.at = make(map[K]int, 2*n)
		for i := range l.entries {
			l.at[l.entries[i].key] = i
		}
	}
	return true
}

func (l *list[K, V]) drop(key K) bool {
	i, ok := l.find(key)
	if !ok {
		return false
	}
	last := len(l.entries) - 1
	l.entries[i] = l.entries[last]
	l.entries[last] = entry[K, V]{}
	l.entries = l.entries[:last]
	switch {
	case last == 0:
		*l = list[K, V]{}
	case l.at != nil:
		delete(l.at, key)
		if i < last {
			l.at[l.entries[i].key] = i
		}
	}
	return true
}

// each yields the keys until yield returns false, and says whether it did not.
func (l *list[K, V]) each(yield func(K) bool) bool {
	for i := range l.entries {
		if !yield(l.entries[i].key) {
			return false
		}
	}
	return true
}
