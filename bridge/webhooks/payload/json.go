package payload

import (
	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/form"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// JSON prints the payload as JSON requests carry it (kz_json:encode/2 with
// pretty): two spaces a level, a space on both sides of the colon, no newline at
// the end, an empty object as two braces with a line of indent between. Floats are
// printed anew (quirk float-forms); in corrected JSON they stay as they came.
func (p Payload) JSON(mode fidelity.Compat) []byte {
	return appendObject(make([]byte, 0, 2048), p, 0, mode)
}

func appendObject(dst []byte, p Payload, level int, mode fidelity.Compat) []byte {
	return appendBlock(dst, '{', '}', level, len(p), func(dst []byte, i int) []byte {
		return appendPair(dst, p[i], level+1, mode)
	})
}

func appendPair(dst []byte, m Member, level int, mode fidelity.Compat) []byte {
	dst = jobj.AppendString(dst, form.WholeKey(m.Key))
	dst = append(dst, " : "...)
	return appendPretty(dst, gjson.Parse(m.Value), level, mode)
}

// appendBlock prints n items between two delimiters, one a line.
func appendBlock(dst []byte, open, shut byte, level, n int, item func(dst []byte, i int) []byte) []byte {
	dst = append(dst, open, '\n')
	dst = appendIndent(dst, level+1)
	for i := 0; i < n && len(dst) <= form.MaxEncoded; i++ {
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

func appendPretty(dst []byte, value gjson.Result, level int, mode fidelity.Compat) []byte {
	switch {
	case value.IsObject():
		return appendObject(dst, Parse(value.Raw), level, mode)
	case value.IsArray():
		elements := value.Array()
		return appendBlock(dst, '[', ']', level, len(elements), func(dst []byte, i int) []byte {
			return appendPretty(dst, elements[i], level+1, mode)
		})
	}
	return form.AppendJSONScalar(dst, value, mode == fidelity.Corrected)
}
