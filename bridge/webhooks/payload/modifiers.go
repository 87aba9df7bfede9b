package payload

import (
	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/kapi/form"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Passes reports whether the payload satisfies a hook's modifiers, and if not,
// which key failed first (webhooks_util:maybe_fire_foldl/3). A key the payload
// lacks passes, and so does an empty list; a list names the values that pass.
func (p Payload) Passes(modifiers Payload) (failed string, ok bool) {
	for _, m := range modifiers {
		value, present := p.Get(m.Key)
		if present && !allowed(gjson.Parse(m.Value), gjson.Parse(value)) {
			return m.Key, false
		}
	}
	return "", true
}

func allowed(want, have gjson.Result) bool {
	if !want.IsArray() {
		return equal(want, have)
	}
	elements := want.Array()
	for _, element := range elements {
		if equal(element, have) {
			return true
		}
	}
	return len(elements) == 0
}

// equal compares as Erlang's =:= does: typed, integers apart from floats,
// objects member by member in order.
func equal(a, b gjson.Result) bool {
	if a.Type != b.Type {
		return false
	}
	switch a.Type {
	case gjson.String:
		return a.Str == b.Str
	case gjson.Number:
		if jobj.IsFloat(a.Raw) != jobj.IsFloat(b.Raw) {
			return false
		}
		if jobj.IsFloat(a.Raw) {
			return a.Num == b.Num
		}
		return form.IntegerText(a.Raw) == form.IntegerText(b.Raw)
	case gjson.JSON:
		return equalMembers(a, b)
	}
	return true
}

func equalMembers(a, b gjson.Result) bool {
	if a.IsObject() != b.IsObject() {
		return false
	}
	left, right := members(a), members(b)
	if len(left) != len(right) {
		return false
	}
	for i := range left {
		if left[i].key != right[i].key || !equal(left[i].value, right[i].value) {
			return false
		}
	}
	return true
}

type member struct {
	key   string
	value gjson.Result
}

// members lists an object's members, or a list's elements under the key "".
func members(v gjson.Result) []member {
	var out []member
	object := v.IsObject()
	v.ForEach(func(key, value gjson.Result) bool {
		m := member{value: value}
		if object {
			m.key = key.Str
		}
		out = append(out, m)
		return true
	})
	return out
}
