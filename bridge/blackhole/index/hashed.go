package index

import "slices"

// hashed are the keys that have a #, which may stand for any part of an event's key.
// Each is found by one of its words, which an event that matches must have: by the
// one that fewest others were found by when it came, so that a word like call, which
// all have, leads to few.
type hashed[T comparable] struct {
	items  map[string]*item[T] // by key
	byWord map[string][]*item[T]
}

type item[T comparable] struct {
	words  []string
	found  string // the word, "" if there is none but wildcards
	values set[T]
}

// ensure finds the values of a key, or begins it.
func (h *hashed[T]) ensure(key string, words []string) *set[T] {
	if known, ok := h.items[key]; ok {
		return &known.values
	}
	added := &item[T]{words: words}
	for _, word := range words {
		if !isWild(word) && (added.found == "" || len(h.byWord[word]) < len(h.byWord[added.found])) {
			added.found = word
		}
	}
	h.items[key] = added
	h.byWord[added.found] = append(h.byWord[added.found], added)
	return &added.values
}

func (h *hashed[T]) remove(key string, value T) bool {
	known, ok := h.items[key]
	if !ok || !known.values.drop(value) {
		return false
	}
	if len(known.values.entries) > 0 {
		return true
	}
	delete(h.items, key)
	others := slices.DeleteFunc(h.byWord[known.found], func(i *item[T]) bool { return i == known })
	if len(others) == 0 {
		delete(h.byWord, known.found)
	} else {
		h.byWord[known.found] = others
	}
	return true
}

// match yields the values of the keys that match an event without #. A * in it may
// stand for the word that a key is found by.
func (h *hashed[T]) match(event []string, yield func(T) bool) bool {
	switch {
	case len(h.items) == 0:
		return true
	case slices.Contains(event, "*"):
		return h.matchAll(event, yield)
	}
	for i, word := range event {
		if word != "" && !slices.Contains(event[:i], word) && !matchEach(h.byWord[word], event, yield) {
			return false
		}
	}
	return matchEach(h.byWord[""], event, yield)
}

func (h *hashed[T]) matchAll(event []string, yield func(T) bool) bool {
	for _, kept := range h.items {
		if matches(kept.words, event) && !kept.values.each(yield) {
			return false
		}
	}
	return true
}

func matchEach[T comparable](items []*item[T], event []string, yield func(T) bool) bool {
	for _, kept := range items {
		if matches(kept.words, event) && !kept.values.each(yield) {
			return false
		}
	}
	return true
}

func isWild(word string) bool { return word == "*" || word == "#" || word == "" }
