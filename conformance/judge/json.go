package judge

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// sort is a JSON type.
type sort byte

const (
	absent sort = iota
	null
	boolean
	number
	text
	list
	object
)

func (s sort) String() string {
	return [...]string{"nothing", "null", "a boolean", "a number", "a string", "a list", "an object"}[s]
}

// value is a JSON value. str is the text of a string, or a number or boolean as it was
// written.
type value struct {
	sort   sort
	str    string
	items  []value
	fields fields
}

// member is a key with its value, fields are an object in its order.
type (
	member struct {
		key string
		value
	}
	fields []member
)

// get is the first value of a key.
func (f fields) get(key string) value {
	for i := range f {
		if f[i].key == key {
			return f[i].value
		}
	}
	return value{}
}

func (f fields) has(key string) bool { return f.get(key).sort != absent }

// text is a string's text, "" for anything else.
func (f fields) text(key string) string {
	if v := f.get(key); v.sort == text {
		return v.str
	}
	return ""
}

// int is a whole number, or one written as a string.
func (f fields) int(key string) (int64, bool) { return f.get(key).int() }

func (v value) int() (int64, bool) {
	if v.sort != number && v.sort != text {
		return 0, false
	}
	n, err := strconv.ParseInt(v.str, 10, 64)
	return n, err == nil
}

func (v value) isTrue() bool { return v.sort == boolean && v.str == "true" }

// String is the value for a finding, cut short.
func (v value) String() string {
	switch v.sort {
	case text:
		return quote(v.str)
	case boolean, number:
		return v.str
	default:
		return v.sort.String()
	}
}

func quote(s string) string {
	const most = 120
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strconv.Quote(s)
}

// manner is how a text was written, beyond what it says.
type manner struct {
	spaced  bool // white space between tokens
	slashed bool // \/
	escaped bool // \u for what UTF-8 can say
}

var errNoObject = errors.New("not a JSON object")

// read parses a message's body.
func read(body []byte) (fields, manner, error) {
	if !json.Valid(body) || !utf8.Valid(body) {
		return nil, manner{}, errNoObject
	}
	r := reader{text: string(body)}
	v := r.value()
	r.space()
	if v.sort != object {
		return nil, manner{}, errNoObject
	}
	return v.fields, r.manner, nil
}

// reader reads a text that is known to be valid.
type reader struct {
	text string
	at   int
	manner
}

func (r *reader) space() {
	for r.at < len(r.text) {
		switch r.text[r.at] {
		case ' ', '\t', '\r', '\n':
			r.spaced = true
			r.at++
		default:
			return
		}
	}
}

// next skips white space and takes c, if that follows.
func (r *reader) next(c byte) bool {
	r.space()
	if r.text[r.at] != c {
		return false
	}
	r.at++
	return true
}

func (r *reader) value() value {
	r.space()
	switch r.text[r.at] {
	case '{':
		return r.object()
	case '[':
		return r.list()
	case '"':
		return value{sort: text, str: r.string()}
	case 't', 'f':
		return value{sort: boolean, str: r.word()}
	case 'n':
		r.word()
		return value{sort: null}
	}
	return value{sort: number, str: r.word()}
}

func (r *reader) object() value {
	v := value{sort: object}
	r.at++
	if r.next('}') {
		return v
	}
	for {
		r.space()
		key := r.string()
		r.next(':')
		v.fields = append(v.fields, member{key, r.value()})
		if !r.next(',') {
			r.next('}')
			return v
		}
	}
}

func (r *reader) list() value {
	v := value{sort: list}
	r.at++
	if r.next(']') {
		return v
	}
	for {
		v.items = append(v.items, r.value())
		if !r.next(',') {
			r.next(']')
			return v
		}
	}
}

// word is a number or one of true, false, null.
func (r *reader) word() string {
	from := r.at
	for r.at < len(r.text) && !strings.ContainsRune(",]} \t\r\n", rune(r.text[r.at])) {
		r.at++
	}
	return r.text[from:r.at]
}

func (r *reader) string() string {
	r.at++
	from, plain := r.at, true
	for ; r.text[r.at] != '"'; r.at++ {
		if r.text[r.at] == '\\' {
			plain = false
			r.at++
		}
	}
	raw := r.text[from:r.at]
	r.at++
	if plain {
		return raw
	}
	return r.unescape(raw)
}

func (r *reader) unescape(raw string) string {
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			b.WriteByte(raw[i])
			continue
		}
		i++
		switch c := raw[i]; c {
		case 'b', 'f', 'n', 'r', 't':
			b.WriteByte(map[byte]byte{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}[c])
		case 'u':
			first := unit(raw[i+1:])
			i += 4
			if utf16.IsSurrogate(first) && strings.HasPrefix(raw[i+1:], `\u`) {
				if both := utf16.DecodeRune(first, unit(raw[i+3:])); both != utf8.RuneError {
					first = both
					i += 6
				}
			}
			r.escaped = r.escaped || first > 0x7f
			b.WriteRune(first)
		default:
			r.slashed = r.slashed || c == '/'
			b.WriteByte(c)
		}
	}
	return b.String()
}

// unit is the four hexadecimal digits at the beginning of s.
func unit(s string) rune {
	n, _ := strconv.ParseUint(s[:4], 16, 16)
	return rune(n)
}
