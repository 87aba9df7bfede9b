package judge

import (
	"slices"
	"strings"
)

// memory keeps the latest of what can be forgotten.
type memory[V any] struct {
	byID  map[string]V
	order []string // the oldest first; some may be dropped already
	most  int
}

func remember[V any](most int) *memory[V] { return &memory[V]{byID: map[string]V{}, most: most} }

func (m *memory[V]) get(id string) (V, bool) {
	v, ok := m.byID[id]
	return v, ok
}

func (m *memory[V]) put(id string, v V) {
	if _, there := m.byID[id]; !there {
		id = strings.Clone(id)
		m.order = append(m.order, id)
	}
	m.byID[id] = v
	for len(m.byID) > m.most {
		delete(m.byID, m.order[0])
		m.order = m.order[1:]
	}
}

func (m *memory[V]) drop(id string) {
	if _, there := m.byID[id]; !there {
		return
	}
	delete(m.byID, id)
	if i := slices.Index(m.order, id); i >= 0 {
		m.order = slices.Delete(m.order, i, i+1)
	}
}
