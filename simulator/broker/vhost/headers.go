package vhost

import (
	"bytes"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// byHeaders finds bindings whose arguments the message's headers satisfy.
type byHeaders struct {
	all []*headerBinding
}

type headerBinding struct {
	*binding

	any    bool // one is enough
	wanted wire.Table
}

const argMatch = "x-match"

func (r *byHeaders) add(b *binding) *wire.Error {
	h := &headerBinding{binding: b}
	withX := false
	if value, ok := b.arguments.Get(argMatch); ok {
		mode, ok := value.(string)
		switch {
		case !ok:
			return wire.Errorf(wire.PreconditionFailed, "Invalid x-match field type %s (value %v); expected longstr", typeName(value), value)
		case mode == "all", mode == "any":
		case mode == "all-with-x", mode == "any-with-x":
			withX = true
		default:
			return wire.Errorf(wire.PreconditionFailed, "Invalid x-match field value %s; expected all, any, all-with-x, or any-with-x", wire.Octets([]byte(mode)))
		}
		h.any = strings.HasPrefix(mode, "any")
	}
	for _, f := range b.arguments {
		if f.Name != argMatch && (withX || !strings.HasPrefix(f.Name, "x-")) {
			h.wanted = append(h.wanted, f)
		}
	}
	r.all = append(r.all, h)
	return nil
}

func (r *byHeaders) remove(b *binding) {
	r.all = slices.DeleteFunc(r.all, func(h *headerBinding) bool { return h.binding == b })
}

func (r *byHeaders) route(_ string, m *Message, visit func(*binding)) {
	headers := m.table()
	for _, h := range r.all {
		if h.matches(headers) {
			visit(h.binding)
		}
	}
}

func (h *headerBinding) matches(headers wire.Table) bool {
	for _, f := range h.wanted {
		value, present := headers.Get(f.Name)
		if satisfied := present && (f.Value == nil || same(f.Value, value)); satisfied == h.any {
			return satisfied
		}
	}
	return !h.any
}

// same compares values as RabbitMQ does: integers by number, whatever their
// width; everything else by type and content.
func same(a, b any) bool {
	if x, ok := wire.Integer(a); ok {
		y, ok := wire.Integer(b)
		return ok && x == y
	}
	return bytes.Equal(encoded(a), encoded(b))
}

func encoded(value any) []byte { return wire.Table{{Value: value}}.Append(nil) }
