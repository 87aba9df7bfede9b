package form

import (
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// AppendCompact prints a value as compact JSON (kz_json:encode/1); exact leaves floats
// as they came.
func AppendCompact(dst []byte, value gjson.Result, exact bool) []byte {
	switch {
	case value.IsObject():
		dst = append(dst, '{')
		for i, m := range Parse(value.Raw) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = jobj.AppendString(dst, WholeKey(m.Key))
			dst = append(dst, ':')
			dst = AppendCompact(dst, gjson.Parse(m.Value), exact)
		}
		return append(dst, '}')
	case value.IsArray():
		dst = append(dst, '[')
		for i, element := range value.Array() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendCompact(dst, element, exact)
		}
		return append(dst, ']')
	}
	return AppendJSONScalar(dst, value, exact)
}

// AppendJSONScalar prints what is neither object nor list; exact leaves a float as it
// came, which the reference prints anew (quirk float-forms).
func AppendJSONScalar(dst []byte, value gjson.Result, exact bool) []byte {
	switch value.Type {
	case gjson.String:
		// Text made of a list's integers may be no UTF-8; the reference cannot encode it.
		return jobj.AppendString(dst, strings.ToValidUTF8(value.Str, "\uFFFD"))
	case gjson.Number:
		if exact {
			return append(dst, IntegerText(value.Raw)...)
		}
		return jobj.AppendNumber(dst, value.Raw)
	case gjson.True:
		return append(dst, "true"...)
	case gjson.False:
		return append(dst, "false"...)
	}
	return append(dst, "null"...)
}

// WholeKey undoes what normalKey does to letters of two bytes, where a text must
// be UTF-8: with such a key the reference's JSON encoder crashes, and nothing is
// sent. A broken letter is the only thing in a key that is no UTF-8.
func WholeKey(key string) string {
	if utf8.ValidString(key) {
		return key
	}
	whole := []byte(key)
	for i := 0; i < len(whole); {
		r, size := utf8.DecodeRune(whole[i:])
		if r == utf8.RuneError && size == 1 && whole[i] >= 0xE0 {
			whole[i] -= 'a' - 'A'
			_, size = utf8.DecodeRune(whole[i:])
		}
		i += size
	}
	return string(whole)
}
