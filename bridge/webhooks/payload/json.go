package payload

import (
	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// JSON prints the payload as JSON requests carry it (kz_json:encode/2 with
// pretty): two spaces a level, a space on both sides of the colon, no newline at
// the end, an empty object as two braces with a line of indent between.
func (p Payload) JSON() []byte {
	dst := make([]byte, 0, 2048)
	return appendBlock(dst, '{', '}', 0, len(p), func(dst []byte, i int) []byte {
		dst = jobj.AppendString(dst, wholeKey(p[i].Key))
		dst = append(dst, " : "...)
		return appendPretty(dst, gjson.Parse(p[i].Value), 1)
	})
}

// appendBlock prints n items between two delimiters, one a line.
func appendBlock(dst []byte, open, shut byte, level, n int, item func(dst []byte, i int) []byte) []byte {
	dst = append(dst, open, '\n')
	dst = appendIndent(dst, level+1)
	for i := range n {
		if i > 0 {
			dst = append(dst, ',', '\n')
			dst = appendIndent(dst, level+1)
		}
		dst = item(dst, i)
	}
	dst = append(dst, '\n')
	dst = appendIndent(dst, level)
	return append(dst, shut)
}

func appendIndent(dst []byte, level int) []byte {
	for range level {
		dst = append(dst, ' ', ' ')
	}
	return dst
}

func appendPretty(dst []byte, value gjson.Result, level int) []byte {
	switch {
	case value.IsObject():
		inner := Parse(value.Raw)
		return appendBlock(dst, '{', '}', level, len(inner), func(dst []byte, i int) []byte {
			dst = jobj.AppendString(dst, wholeKey(inner[i].Key))
			dst = append(dst, " : "...)
			return appendPretty(dst, gjson.Parse(inner[i].Value), level+1)
		})
	case value.IsArray():
		elements := value.Array()
		return appendBlock(dst, '[', ']', level, len(elements), func(dst []byte, i int) []byte {
			return appendPretty(dst, elements[i], level+1)
		})
	}
	return appendJSONScalar(dst, value)
}

// appendCompact prints a value as compact JSON (kz_json:encode/1).
func appendCompact(dst []byte, value gjson.Result) []byte {
	switch {
	case value.IsObject():
		dst = append(dst, '{')
		for i, m := range Parse(value.Raw) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = jobj.AppendString(dst, wholeKey(m.Key))
			dst = append(dst, ':')
			dst = appendCompact(dst, gjson.Parse(m.Value))
		}
		return append(dst, '}')
	case value.IsArray():
		dst = append(dst, '[')
		for i, element := range value.Array() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendCompact(dst, element)
		}
		return append(dst, ']')
	}
	return appendJSONScalar(dst, value)
}

func appendJSONScalar(dst []byte, value gjson.Result) []byte {
	switch value.Type {
	case gjson.String:
		return jobj.AppendString(dst, value.Str)
	case gjson.Number:
		return appendJSONNumber(dst, value.Raw)
	case gjson.True:
		return append(dst, "true"...)
	case gjson.False:
		return append(dst, "false"...)
	}
	return append(dst, "null"...)
}
