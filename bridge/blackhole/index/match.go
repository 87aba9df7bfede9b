package index

import "slices"

// matches reports whether a subscription key and that of an event match, as the
// reference finds (kazoo_bindings:map/3 with blackhole_bindings:bh_match/2): they are
// equal, or one covers the other.
func matches(key, event []string) bool {
	return slices.Equal(key, event) || covers(key, event) || covers(event, key)
}

// reading is a key as the reference reads it: from its last word to its first, and
// then two words that it puts before every key. They matter, since # is not read
// alike from both ends.
type reading []string

func (r reading) len() int { return len(r) + 2 }

func (r reading) at(i int) string {
	switch n := len(r); {
	case i < n:
		return r[n-1-i]
	case i == n:
		return "event"
	}
	return "blackhole"
}

// has reports whether word stands at i or behind.
func (r reading) has(word string, i int) bool {
	for ; i < r.len(); i++ {
		if r.at(i) == word {
			return true
		}
	}
	return false
}

// covers reports whether key matches the pattern. Both read in the order above, * of
// either stands for one word of the other, and # of the pattern for any number of
// them. But # does not try each number: it ends at the first word of the key that is
// the next of the pattern, or, if the key has that word again, may go on past it; a
// * of the key ends it; and before a * of the pattern it has no end.
func covers(pattern, key reading) bool { return coversFrom(pattern, key, 0, 0, false) }

// coversFrom is covers from word i of the pattern and word j of the key. open says
// that a # comes before that of the pattern.
func coversFrom(pattern, key reading, i, j int, open bool) bool {
	for i < pattern.len() || open {
		if !open && pattern.at(i) == "#" {
			open = true
			i++
			continue
		}
		if j == key.len() {
			return open && i == pattern.len()
		}
		switch at := key.at(j); {
		case at == "*" && open:
			open = false
		case open && i < pattern.len() && at == pattern.at(i):
			i++
			open = key.has(at, j+1)
			if open && coversFrom(pattern, key, i, j+1, false) {
				return true
			}
		case open: // past this word
		case at == "*" || at == pattern.at(i) || pattern.at(i) == "*":
			i++
		default:
			return false
		}
		j++
	}
	return j == key.len()
}
