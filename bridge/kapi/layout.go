package kapi

import (
	"slices"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// layout is a definition made ready for many messages: each field it knows has a slot. A
// call event has some 45 of 120 possible fields; to search the one list for each of the
// other took a third of what a message costs.
type layout struct {
	Definition

	fields []string       // in the order of the wire
	keys   []string       // the same as JSON, with the colon
	slots  map[string]int // their places in it
}

// newLayout orders the fields as they travel: optional, required, then default ones, each
// list backwards. They are taken in turn from the other end, so that a field which two
// lists name stands where the first of them has it.
func newLayout(def Definition) *layout {
	l := &layout{Definition: def, slots: map[string]int{}}
	own := slices.Concat(def.Required, def.Either, def.Optional)
	optional := slices.DeleteFunc(defaultOptional(), func(key string) bool { return slices.Contains(own, key) })
	for _, key := range slices.Concat(defaultRequired(), optional, own) {
		if _, twice := l.slots[key]; !twice {
			l.slots[key] = 0
			l.fields = append(l.fields, key)
		}
	}
	slices.Reverse(l.fields)
	for slot, key := range l.fields {
		l.slots[key] = slot
		l.keys = append(l.keys, string(jobj.AppendString(nil, key))+":")
	}
	return l
}

// finish validates the fields and keeps the known ones, in the order of the wire. When a
// key is repeated its first value counts.
func (l *layout) finish(fields jobj.Object) (jobj.Object, error) {
	at, err := l.place(fields)
	if err != nil {
		return nil, err
	}
	var out jobj.Object
	for slot, i := range at {
		if i > 0 {
			out = append(out, jobj.Member{Key: l.fields[slot], Value: fields[i-1].Value})
		}
	}
	return out, nil
}

// text is finish as JSON.
func (l *layout) text(fields jobj.Object) ([]byte, error) {
	const usual = 2 << 10 // bytes of a call event
	at, err := l.place(fields)
	if err != nil {
		return nil, err
	}
	out := append(make([]byte, 0, usual), '{')
	for slot, i := range at {
		if i == 0 {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, l.keys[slot]...)
		out = jobj.Append(out, fields[i-1].Value)
	}
	return append(out, '}'), nil
}

// place validates the fields and finds, for each slot, one more than the index of its
// field; 0 is none.
func (l *layout) place(fields jobj.Object) ([]int32, error) {
	at := make([]int32, len(l.fields))
	for i, m := range fields {
		if slot, ok := l.slots[m.Key]; ok && at[slot] == 0 {
			at[slot] = int32(i) + 1
		}
	}
	return at, l.check(fields.String("Event-Name"), func(key string) shape {
		slot, ok := l.slots[key]
		if !ok || at[slot] == 0 {
			return shape{}
		}
		return shapeOf(fields[at[slot]-1].Value)
	})
}
