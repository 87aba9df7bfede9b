package bus

import "container/list"

// table is which bindings a subscription wants, and which of them the broker has. There
// may be thousands, and one is added at a moment: what is left to do is known without
// looking at all of them.
type table struct {
	want, live bindingSet
	missing    *line // wanted and not live
	surplus    *line // live and not wanted
}

type bindingSet map[Binding]struct{}

func (s bindingSet) has(b Binding) bool {
	_, ok := s[b]
	return ok
}

func newTable(wanted []Binding) *table {
	t := &table{want: bindingSet{}, live: bindingSet{}, missing: newLine(), surplus: newLine()}
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
	t.missing.set(b, t.want.has(b) && !t.live.has(b))
	t.surplus.set(b, t.live.has(b) && !t.want.has(b))
}

// lost says that the broker has none any more.
func (t *table) lost() {
	t.live, t.missing, t.surplus = bindingSet{}, newLine(), newLine()
	for b := range t.want {
		t.note(b)
	}
}

// line is a list without repetitions.
type line struct {
	order *list.List // of Binding
	at    map[Binding]*list.Element
}

func newLine() *line { return &line{order: list.New(), at: map[Binding]*list.Element{}} }

// set adds an element at the end, or removes it.
func (l *line) set(b Binding, in bool) {
	e, there := l.at[b]
	switch {
	case in && !there:
		l.at[b] = l.order.PushBack(b)
	case !in && there:
		l.order.Remove(e)
		delete(l.at, b)
	}
}

// latest are the last n, but for those tried already: who wants few does not wait for
// who wants thousands.
func (l *line) latest(n int, tried bindingSet) []Binding {
	var found []Binding
	for e := l.order.Back(); e != nil && len(found) < n; e = e.Prev() {
		if b, ok := e.Value.(Binding); ok && !tried.has(b) {
			found = append(found, b)
		}
	}
	return found
}

func (l *line) len() int { return len(l.at) }
