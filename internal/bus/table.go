package bus

import (
	"cmp"
	"slices"
)

// table is which bindings a subscription wants, and which of them the broker has. There
// may be thousands, and one is added at a moment: what is left to do is known without
// looking at all of them.
type table struct {
	want, live bindingSet
	// undone are those wanted and not live, and the other way round, by when they came.
	undone map[Binding]uint64
	last   uint64
}

type bindingSet map[Binding]struct{}

func (s bindingSet) has(b Binding) bool {
	_, ok := s[b]
	return ok
}

func newTable(wanted []Binding) *table {
	t := &table{want: bindingSet{}, live: bindingSet{}, undone: map[Binding]uint64{}}
	for _, b := range wanted {
		t.ask(b)
	}
	return t
}

func (t *table) ask(b Binding) {
	t.want[b] = struct{}{}
	t.note(b)
}

func (t *table) drop(b Binding) {
	delete(t.want, b)
	t.note(b)
}

func (t *table) made(b Binding) {
	t.live[b] = struct{}{}
	t.note(b)
}

func (t *table) gone(b Binding) {
	delete(t.live, b)
	t.note(b)
}

func (t *table) note(b Binding) {
	if t.want.has(b) == t.live.has(b) {
		delete(t.undone, b)
		return
	}
	if _, there := t.undone[b]; !there {
		t.last++
		t.undone[b] = t.last
	}
}

// lost says that the broker has none any more.
func (t *table) lost() {
	t.live = bindingSet{}
	clear(t.undone)
	for b := range t.want {
		t.note(b)
	}
}

// missing are at most n that are wanted and not live, but for those tried already. The
// latest come first: who wants few does not wait for who wants thousands.
func (t *table) missing(n int, tried bindingSet) []Binding {
	return t.pick(n, func(b Binding) bool { return t.want.has(b) && !tried.has(b) })
}

// surplus are at most n that are live and not wanted, but for those tried already.
func (t *table) surplus(n int, tried bindingSet) []Binding {
	return t.pick(n, func(b Binding) bool { return t.live.has(b) && !tried.has(b) })
}

func (t *table) pick(n int, which func(Binding) bool) []Binding {
	var picked []Binding
	for b := range t.undone {
		if which(b) {
			picked = append(picked, b)
		}
	}
	slices.SortFunc(picked, func(a, b Binding) int { return cmp.Compare(t.undone[b], t.undone[a]) })
	return picked[:min(n, len(picked))]
}

// complete says whether all that is wanted is live.
func (t *table) complete() bool {
	for b := range t.undone {
		if t.want.has(b) {
			return false
		}
	}
	return true
}
