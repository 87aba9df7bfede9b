package payload

import (
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
)

// MaxEncoded is where encoding stops, in bytes: a hostile event whose long keys
// are repeated for each element of a list would grow from 1 MB to 100 GB. A text
// that is longer than this is cut off and must not be sent.
const MaxEncoded = 16 << 20

// Form prints the payload as form text (kz_http_util:json_to_querystring/1): the
// body of form requests and the query of GET requests. Keys are not escaped
// (quirk raw-keys), an empty object or list leaves its bare & (quirk
// empty-ampersand), a repeated key is written with its first value (quirk
// duplicate-first), floats are printed anew (quirk float-forms). Where the
// reference crashes, on null, the member is sent empty (quirk null-crash).
// Corrected form text has none of this: see correctedForm.
func (p Payload) Form(mode fidelity.Compat) []byte {
	return p.appendForm(make([]byte, 0, 1024), mode)
}

func (p Payload) appendForm(dst []byte, mode fidelity.Compat) []byte {
	if mode == fidelity.Corrected {
		return correctedForm(dst, p)
	}
	first := p.firstValues()
	for i, m := range p {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = appendMember(dst, m.Key, gjson.Parse(first(i)))
	}
	return dst
}

// manyMembers is where looking through a list for an earlier key becomes dearer
// than a map. An event has some 30 keys; a hostile one may have a million.
const manyMembers = 64

// firstValues gives for each index the value of the first member of the same key.
func (p Payload) firstValues() func(i int) string {
	if len(p) <= manyMembers {
		return func(i int) string { return p[p.index(p[i].Key)].Value }
	}
	seen := make(map[string]string, len(p))
	for _, m := range p {
		if _, ok := seen[m.Key]; !ok {
			seen[m.Key] = m.Value
		}
	}
	return func(i int) string { return seen[p[i].Key] }
}

// appendMember prints one member; name is its whole bracketed name.
func appendMember(dst []byte, name string, value gjson.Result) []byte {
	switch {
	case len(dst) > MaxEncoded:
		return dst
	case value.IsObject():
		inner := Parse(value.Raw)
		first := inner.firstValues()
		for i, m := range inner {
			if i > 0 {
				dst = append(dst, '&')
			}
			dst = appendMember(dst, name+"["+m.Key+"]", gjson.Parse(first(i)))
		}
		return dst
	case value.IsArray():
		for i, element := range value.Array() {
			if i > 0 {
				dst = append(dst, '&')
			}
			dst = append(dst, name...)
			dst = append(dst, "[]="...)
			dst = appendElement(dst, element)
			if len(dst) > MaxEncoded {
				break
			}
		}
		return dst
	}
	dst = append(dst, name...)
	dst = append(dst, '=')
	if value.Type == gjson.Null {
		return dst
	}
	return appendScalar(dst, value)
}

func appendScalar(dst []byte, value gjson.Result) []byte {
	switch value.Type {
	case gjson.String:
		return appendEscaped(dst, value.Str)
	case gjson.Number:
		return appendEscaped(dst, string(appendFormNumber(nil, value.Raw)))
	}
	return append(dst, value.Raw...) // true, false and, in a list, null
}

// appendElement prints an element of a list: an object as its JSON text (quirk
// list-object-json), a list as its strings joined with its integers as bytes
// (quirk nested-list-bytes).
func appendElement(dst []byte, element gjson.Result) []byte {
	switch {
	case element.IsObject():
		return appendEscaped(dst, string(appendCompact(nil, element, fidelity.Kazoo)))
	case element.IsArray():
		return appendEscaped(dst, string(joined(nil, element)))
	}
	return appendScalar(dst, element)
}

// joined concatenates a list as Erlang's iolist_to_binary/1. What that refuses
// (floats, booleans, null, integers beyond a byte) stands as its text.
func joined(dst []byte, list gjson.Result) []byte {
	list.ForEach(func(_, element gjson.Result) bool {
		switch {
		case element.IsArray():
			dst = joined(dst, element)
		case element.Type == gjson.String:
			dst = append(dst, element.Str...)
		case element.Type == gjson.Number:
			if b, err := strconv.ParseUint(integer(element.Raw), 10, 8); err == nil {
				dst = append(dst, byte(b))
				break
			}
			dst = appendFormNumber(dst, element.Raw)
		default:
			dst = appendCompact(dst, element, fidelity.Kazoo)
		}
		return true
	})
	return dst
}

const upperHex = "0123456789ABCDEF"

// appendEscaped is kz_http_util:urlencode/1: letters, digits and . - _ ~ stay, a
// space becomes +, every other byte %XX.
func appendEscaped(dst []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '-', c == '_', c == '~':
			dst = append(dst, c)
		case c == ' ':
			dst = append(dst, '+')
		default:
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&0xF])
		}
	}
	return dst
}
