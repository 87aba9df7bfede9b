package form

import (
	"strconv"

	"github.com/tidwall/gjson"
)

// AppendCorrected prints the members as form text without the reference's
// quirks: keys are escaped and only brackets of nesting stand bare (raw-keys), what
// is empty is left out with its & (empty-ampersand), of a repeated key the last
// counts and is written once (duplicate-first), objects and lists in a list get its
// index, k[0][b]=1 and k[0][]=1 (list-object-json, nested-list-bytes), floats stay
// as they came (float-forms), null is an empty text (null-crash).
func (p Members) AppendCorrected(dst []byte) []byte {
	return correctedMembers(dst, p, func(key string) string { return key })
}

// correctedMembers appends members whose names are made of their escaped keys.
func correctedMembers(dst []byte, p Members, name func(key string) string) []byte {
	counts := p.lastOfKey()
	for i, m := range p {
		if counts(i) {
			dst = appendCorrected(dst, name(string(appendEscaped(nil, m.Key))), gjson.Parse(m.Value))
		}
	}
	return dst
}

// appendCorrected appends one member; name is its whole name, escaped.
func appendCorrected(dst []byte, name string, value gjson.Result) []byte {
	switch {
	case len(dst) > MaxEncoded:
		return dst
	case value.IsObject():
		return correctedMembers(dst, Parse(value.Raw), func(key string) string { return name + "[" + key + "]" })
	case value.IsArray():
		for i, element := range value.Array() {
			inner := name + "[]"
			if element.IsObject() || element.IsArray() {
				inner = name + "[" + strconv.Itoa(i) + "]"
			} else if element.Type == gjson.Null {
				element = gjson.Result{Type: gjson.String, Str: "null"} // as the reference has it
			}
			if dst = appendCorrected(dst, inner, element); len(dst) > MaxEncoded {
				break
			}
		}
		return dst
	}
	if len(dst) > 0 {
		dst = append(dst, '&')
	}
	dst = append(dst, name...)
	dst = append(dst, '=')
	switch value.Type {
	case gjson.Null:
		return dst
	case gjson.Number:
		return appendEscaped(dst, IntegerText(value.Raw))
	}
	return appendScalar(dst, value)
}

// lastOfKey tells for each index whether no later member has the same key.
func (p Members) lastOfKey() func(i int) bool {
	if len(p) <= manyMembers {
		return func(i int) bool { return p[i+1:].index(p[i].Key) < 0 }
	}
	last := make(map[string]int, len(p))
	for i, m := range p {
		last[m.Key] = i
	}
	return func(i int) bool { return last[p[i].Key] == i }
}
