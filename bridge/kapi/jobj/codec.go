package jobj

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// maxDepth bounds nesting, so that a hostile document cannot exhaust the stack.
// Kazoo's own documents stay below 20; a callflow nests two levels a step.
const maxDepth = 2048

// TooDeep is the reason of a SyntaxError where a text may be JSON, but nests deeper than is read here.
const TooDeep = "it nests deeper than 2048 levels"

// SyntaxError says where a text stops being JSON.
type SyntaxError struct {
	Offset int64 // bytes read before the error
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s at byte %d", e.Reason, e.Offset)
}

// Parse reads exactly one JSON value. Numbers become json.Number, objects
// Object. The error is a *SyntaxError.
func Parse(data []byte) (any, error) {
	if v, ok := parseQuick(data); ok {
		return v, nil
	}
	return parseSlow(data)
}

func parseSlow(data []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	v, err := parseValue(dec, 0)
	if err != nil {
		return nil, syntaxError(dec, err, int64(len(data)))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, &SyntaxError{dec.InputOffset(), "text after the value"}
	}
	return v, nil
}

// ParseObject is Parse for a text that must be an object.
func ParseObject(data []byte) (Object, error) {
	v, err := Parse(data)
	if err != nil {
		return nil, err
	}
	obj, ok := v.(Object)
	if !ok {
		return nil, &SyntaxError{0, "not an object"}
	}
	return obj, nil
}

func syntaxError(dec *json.Decoder, err error, size int64) error {
	if own, ok := errors.AsType[*SyntaxError](err); ok {
		return own
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return &SyntaxError{syntax.Offset, syntax.Error()}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &SyntaxError{size, "unexpected end"}
	}
	return &SyntaxError{dec.InputOffset(), err.Error()}
}

func parseValue(dec *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, &SyntaxError{dec.InputOffset(), TooDeep}
	}
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch tok {
	case json.Delim('{'):
		obj := Object{}
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return nil, err
			}
			v, err := parseValue(dec, depth+1)
			if err != nil {
				return nil, err
			}
			obj = append(obj, Member{key.(string), v})
		}
		_, err := dec.Token()
		return obj, err
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			v, err := parseValue(dec, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := dec.Token()
		return list, err
	}
	return tok, nil
}

// Append prints v as compact JSON with Kazoo's escapes: only quote, backslash
// and control characters; slashes and non-ASCII stay as they are.
func Append(dst []byte, v any) []byte {
	switch v := v.(type) {
	case Object:
		dst = append(dst, '{')
		for i, m := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendString(dst, m.Key)
			dst = append(dst, ':')
			dst = Append(dst, m.Value)
		}
		return append(dst, '}')
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = Append(dst, e)
		}
		return append(dst, ']')
	case string:
		return AppendString(dst, v)
	case json.Number:
		return append(dst, v...)
	case json.RawMessage:
		return append(dst, v...)
	case bool:
		return strconv.AppendBool(dst, v)
	case int:
		return strconv.AppendInt(dst, int64(v), 10)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case nil:
		return append(dst, "null"...)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return append(dst, "null"...)
	}
	return append(dst, raw...)
}

// Printable tells whether what Append prints of v is JSON, which only a number whose text
// is none spoils.
func Printable(v any) bool {
	switch v := v.(type) {
	case Object:
		return !slices.ContainsFunc(v, func(m Member) bool { return !Printable(m.Value) })
	case []any:
		return !slices.ContainsFunc(v, func(e any) bool { return !Printable(e) })
	case json.Number:
		return json.Valid([]byte(v))
	}
	return true
}

// AppendString prints s quoted, with the escapes of Append.
func AppendString(dst []byte, s string) []byte {
	const hexDigits = "0123456789ABCDEF"
	dst = append(dst, '"')
	for {
		plain := plainPrefix(s)
		dst = append(dst, s[:plain]...)
		if plain == len(s) {
			return append(dst, '"')
		}
		switch c := s[plain]; c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xF])
		}
		s = s[plain+1:]
	}
}

// plainPrefix is how many bytes at the start of s need no escape. Eight are looked at
// together, as what needs one is rare: a byte by itself cost four times as much.
func plainPrefix(s string) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		// Of each byte below the high bit: is it less than a space, and does it differ
		// from the other two? To subtract may borrow from a neighbour, which only makes
		// the slower loop look.
		quote, backslash := w^ones*'"', w^ones*'\\'
		if ((w-ones*' ')|(quote-ones)|(backslash-ones))&^w&highs != 0 {
			break
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

// MarshalJSON prints the object with its order kept.
func (o Object) MarshalJSON() ([]byte, error) { return Append(nil, o), nil }

// UnmarshalJSON reads an object with its order kept.
func (o *Object) UnmarshalJSON(data []byte) error {
	obj, err := ParseObject(data)
	if err != nil {
		return err
	}
	*o = obj
	return nil
}
