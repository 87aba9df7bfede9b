// Package jobj holds JSON as Kazoo does: an object is a list of members that
// keeps its order and may repeat a key, and a number keeps the text it came with.
// It owns parsing, compact printing and lookups for documents and messages that
// are few; the path of an event works on raw bytes instead.
package jobj

import (
	"encoding/json"
	"slices"
)

// Member is one key with its value.
type Member struct {
	Key   string
	Value any
}

// Object is an ordered JSON object. A value is nil, bool, string, json.Number,
// []any or Object; Go's int, int64 and float64, and JSON text as a json.RawMessage, which
// nobody looks into, are accepted when printing.
type Object []Member

// Get follows path through nested objects. When a key is repeated its first
// value counts, as in kz_json:get_value/2.
func (o Object) Get(path ...string) (any, bool) {
	if len(path) == 0 {
		return o, true
	}
	// An Object that becomes an any is an allocation, so that o itself does not.
	for _, key := range path[:len(path)-1] {
		i := o.index(key)
		if i < 0 {
			return nil, false
		}
		inner, ok := o[i].Value.(Object)
		if !ok {
			return nil, false
		}
		o = inner
	}
	i := o.index(path[len(path)-1])
	if i < 0 {
		return nil, false
	}
	return o[i].Value, true
}

// String returns the string at path, or "" when there is none.
func (o Object) String(path ...string) string {
	v, _ := o.Get(path...)
	s, _ := v.(string)
	return s
}

// Int returns the whole number at path, or 0 when there is none.
func (o Object) Int(path ...string) int64 {
	v, _ := o.Get(path...)
	n, ok := v.(json.Number)
	if !ok {
		return 0
	}
	i, _ := n.Int64()
	return i
}

// Bool returns the boolean at path. "true" and "false" count as booleans
// (kz_json:get_boolean_value/3); anything else gives otherwise.
func (o Object) Bool(otherwise bool, path ...string) bool {
	v, _ := o.Get(path...)
	switch v {
	case true, "true":
		return true
	case false, "false":
		return false
	}
	return otherwise
}

// Object returns the object at path, or nil when there is none.
func (o Object) Object(path ...string) Object {
	v, _ := o.Get(path...)
	obj, _ := v.(Object)
	return obj
}

// Set returns o with key's value replaced in place, or appended.
// The receiver is not changed.
func (o Object) Set(key string, value any) Object {
	if i := o.index(key); i >= 0 {
		out := slices.Clone(o)
		out[i].Value = value
		return out
	}
	return append(slices.Clip(o), Member{key, value})
}

// Put is Set for an object that nobody else has: it is changed in place.
func (o Object) Put(key string, value any) Object {
	if i := o.index(key); i >= 0 {
		o[i].Value = value
		return o
	}
	return append(o, Member{key, value})
}

// Delete returns o without any member of one of the keys. The receiver is not changed.
func (o Object) Delete(keys ...string) Object {
	return o.Filter(func(m Member) bool { return !slices.Contains(keys, m.Key) })
}

// Filter returns the members for which keep holds. The receiver is not changed.
func (o Object) Filter(keep func(Member) bool) Object {
	out := make(Object, 0, len(o))
	for _, m := range o {
		if keep(m) {
			out = append(out, m)
		}
	}
	return out
}

// Merge lays over onto o, object by object; any other value, lists included, is
// replaced whole, and null removes the key (crossbar_doc:patch_and_validate/3).
func (o Object) Merge(over Object) Object {
	out := o
	for _, m := range over {
		if m.Value == nil {
			out = out.Delete(m.Key)
			continue
		}
		if patch, ok := m.Value.(Object); ok {
			out = out.Set(m.Key, out.Object(m.Key).Merge(patch))
			continue
		}
		out = out.Set(m.Key, m.Value)
	}
	return out
}

// Has reports whether o has a member key.
func (o Object) Has(key string) bool { return o.index(key) >= 0 }

func (o Object) index(key string) int {
	return slices.IndexFunc(o, func(m Member) bool { return m.Key == key })
}
