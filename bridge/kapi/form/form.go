package form

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// MaxEncoded is where encoding stops, in bytes: a hostile object whose long keys
// are repeated for each element of a list would grow from 1 MB to 100 GB. A text
// that is longer than this is cut off and must not be sent.
const MaxEncoded = 16 << 20

// Append prints the members as form text (kz_http_util:json_to_querystring/1).
// Keys are not escaped (quirk raw-keys), an empty object or list leaves its bare &
// (quirk empty-ampersand), a repeated key is written with its first value (quirk
// duplicate-first), floats are printed anew (quirk float-forms). Where the
// reference crashes, on null, the member is sent empty (quirk null-crash).
func (p Members) Append(dst []byte) []byte {
	return p.appendMembers(dst, make([]byte, 0, usualName), "", "")
}

// usualName is how long the names of members are, or shorter.
const usualName = 128

// appendMembers prints members whose names are prefix, open, their keys and shut.
func (p Members) appendMembers(dst, prefix []byte, open, shut string) []byte {
	first := p.FirstValues()
	for i, m := range p {
		if i > 0 {
			dst = append(dst, '&')
		}
		name := append(append(append(prefix, open...), m.Key...), shut...)
		dst = appendMember(dst, name, first(i))
	}
	return dst
}

// manyMembers is where looking through a list for an earlier key becomes dearer
// than a map. An event has some 30 keys; a hostile one may have a million.
const manyMembers = 64

// FirstValues gives for each index the value of the first member of the same key.
func (p Members) FirstValues() func(i int) string {
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
func appendMember(dst, name []byte, value string) []byte {
	switch {
	case len(dst) > MaxEncoded:
		return dst
	case strings.HasPrefix(value, "{"):
		return Parse(value).appendMembers(dst, name, "[", "]")
	case strings.HasPrefix(value, "["):
		for i, element := range gjson.Parse(value).Array() {
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
	if value == "null" {
		return dst
	}
	if strings.HasPrefix(value, `"`) && strings.IndexByte(value, '\\') < 0 {
		return appendEscaped(dst, value[1:len(value)-1])
	}
	return appendScalar(dst, gjson.Parse(value))
}

func appendScalar(dst []byte, value gjson.Result) []byte {
	switch value.Type {
	case gjson.String:
		return appendEscaped(dst, value.Str)
	case gjson.Number:
		return appendEscaped(dst, string(AppendNumber(nil, value.Raw)))
	}
	return append(dst, value.Raw...) // true, false and, in a list, null
}

// appendElement prints an element of a list: an object as its JSON text (quirk
// list-object-json), a list as its strings joined with its integers as bytes
// (quirk nested-list-bytes).
func appendElement(dst []byte, element gjson.Result) []byte {
	switch {
	case element.IsObject():
		return appendEscaped(dst, string(AppendCompact(nil, element, false)))
	case element.IsArray():
		return appendEscaped(dst, string(AppendJoined(nil, element)))
	}
	return appendScalar(dst, element)
}

// AppendJoined concatenates a list as Erlang's iolist_to_binary/1. What that refuses
// (floats, booleans, null, integers beyond a byte) stands as its text.
func AppendJoined(dst []byte, list gjson.Result) []byte {
	list.ForEach(func(_, element gjson.Result) bool {
		switch {
		case element.IsArray():
			dst = AppendJoined(dst, element)
		case element.Type == gjson.String:
			dst = append(dst, element.Str...)
		case element.Type == gjson.Number:
			if b, err := strconv.ParseUint(IntegerText(element.Raw), 10, 8); err == nil {
				dst = append(dst, byte(b))
				break
			}
			dst = AppendNumber(dst, element.Raw)
		default:
			dst = AppendCompact(dst, element, false)
		}
		return true
	})
	return dst
}

const upperHex = "0123456789ABCDEF"

// appendEscaped is kz_http_util:urlencode/1: letters, digits and . - _ ~ stay, a
// space becomes +, every other byte %XX.
func appendEscaped(dst []byte, s string) []byte {
	from := 0
	for i := range len(s) {
		c := s[i]
		if unreserved(c) {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		if c == ' ' {
			dst = append(dst, '+')
		} else {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&0xF])
		}
	}
	return append(dst, s[from:]...)
}

func unreserved(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', '0' <= c && c <= '9', 'A' <= c && c <= 'Z', c == '-', c == '.', c == '_', c == '~':
		return true
	}
	return false
}
