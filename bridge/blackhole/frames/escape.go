package frames

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// unescape appends the text that stands between two quotes. The error is ErrNotJSON
// for an escape that is none, ErrNotText for half of a surrogate pair.
func unescape(dst, raw []byte) ([]byte, error) {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			dst = append(dst, raw[i])
			continue
		}
		i++
		if raw[i] != 'u' {
			sign, ok := unescaped(raw[i])
			if !ok {
				return dst, ErrNotJSON
			}
			dst = append(dst, sign)
			continue
		}
		r, size, err := unit(raw[i-1:])
		if err != nil {
			return dst, err
		}
		dst = utf8.AppendRune(dst, r)
		i += size - 2 // the backslash and the u are behind
	}
	return dst, nil
}

func unescaped(c byte) (byte, bool) {
	switch c {
	case '"', '\\', '/':
		return c, true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	}
	return 0, false
}

// unit reads an escape \u0000, or the two of a pair, and says how long they are.
func unit(raw []byte) (r rune, size int, err error) {
	const one = len(`\u0000`)
	if r, err = hex4(raw); err != nil || !utf16.IsSurrogate(r) {
		return r, one, err
	}
	if len(raw) < 2*one || raw[one] != '\\' || raw[one+1] != 'u' {
		return 0, 0, ErrNotText
	}
	second, err := hex4(raw[one:])
	if err != nil {
		return 0, 0, err
	}
	if r = utf16.DecodeRune(r, second); r == utf8.RuneError {
		return 0, 0, ErrNotText
	}
	return r, 2 * one, nil
}

func hex4(raw []byte) (rune, error) {
	const one = len(`\u0000`)
	if len(raw) < one {
		return 0, ErrNotJSON
	}
	n, err := strconv.ParseUint(string(raw[2:one]), 16, 16)
	if err != nil {
		return 0, ErrNotJSON
	}
	return rune(n), nil
}
