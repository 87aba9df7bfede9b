package frames

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Reasons why a message is no event.
var (
	ErrNotJSON = errors.New("the body is not a JSON object")
	ErrTooDeep = errors.New("the body is nested too deep")
	ErrNotText = errors.New("the body is not UTF-8, or has half of a surrogate pair")
)

// maxDepth bounds nesting. Kazoo's messages stay below 10.
const maxDepth = 64

// writer reads a message and writes what the public sees of it, in one walk: without
// the headers that are internal (kz_api:public_fields/1), keys in lower case with
// underscores, and null members left out, at every level (kz_json, normalising).
// Values stay, but are printed as the reference's encoder does.
type writer struct {
	in  []byte
	at  int // the next byte of in
	out []byte

	corrected, swapDates bool
	// members are those of the objects that are being written, the innermost last.
	members []member
	// fields are where some values of the message stand in in; of a repeated one the
	// first.
	fields [fieldCount]span
	// vars is where the value of custom_channel_vars stands in out.
	vars span
	key  []byte // of a member, without escapes
}

type span struct{ from, to int }

// member says where a member stands in out.
type member struct{ key, value span }

// message reads the whole.
func (w *writer) message() error {
	if !utf8.Valid(w.in) {
		return ErrNotText
	}
	w.space()
	if w.peek() != '{' {
		return ErrNotJSON
	}
	if err := w.object(1); err != nil {
		return err
	}
	w.space()
	if w.at != len(w.in) {
		return ErrNotJSON
	}
	return nil
}

func (w *writer) value(depth int) error {
	switch w.peek() {
	case '{':
		return w.object(depth + 1)
	case '[':
		return w.list(depth + 1)
	case '"':
		return w.text()
	case 't':
		return w.word("true")
	case 'f':
		return w.word("false")
	case 'n':
		return w.word("null")
	}
	return w.number()
}

func (w *writer) list(depth int) error {
	if depth > maxDepth {
		return ErrTooDeep
	}
	w.at++
	w.out = append(w.out, '[')
	w.space()
	for first := true; w.peek() != ']' || !first; first = false {
		if !first {
			w.out = append(w.out, ',')
		}
		w.space()
		if err := w.value(depth); err != nil {
			return err
		}
		w.space()
		if !w.take(',') {
			break
		}
	}
	if !w.take(']') {
		return ErrNotJSON
	}
	w.out = append(w.out, ']')
	return nil
}

func (w *writer) object(depth int) error {
	if depth > maxDepth {
		return ErrTooDeep
	}
	o := object{writer: w, start: len(w.out), base: len(w.members), top: depth == 1}
	w.at++
	w.out = append(w.out, '{')
	w.space()
	for first := true; w.peek() != '}' || !first; first = false {
		w.space()
		if err := o.member(depth); err != nil {
			return err
		}
		w.space()
		if !w.take(',') {
			break
		}
	}
	if !w.take('}') {
		return ErrNotJSON
	}
	o.close()
	return nil
}

func (w *writer) text() error {
	from := w.at
	raw, plain, err := w.quoted()
	if err != nil {
		return err
	}
	if plain {
		w.out = append(w.out, w.in[from:w.at]...)
		return nil
	}
	text, err := unescape(nil, raw)
	w.out = jobj.AppendString(w.out, string(text))
	return err
}

// quoted goes past a text and gives what stands between its quotes; plain says that
// this has no escapes.
func (w *writer) quoted() (raw []byte, plain bool, err error) {
	if w.peek() != '"' {
		return nil, false, ErrNotJSON
	}
	plain = true
	for end := w.at + 1; end < len(w.in); end++ {
		switch c := w.in[end]; {
		case c == '"':
			raw = w.in[w.at+1 : end]
			w.at = end + 1
			return raw, plain, nil
		case c == '\\':
			plain = false
			end++
		case c < ' ':
			return nil, false, ErrNotJSON
		}
	}
	return nil, false, ErrNotJSON
}

func (w *writer) word(word string) error {
	if !bytes.HasPrefix(w.in[w.at:], []byte(word)) {
		return ErrNotJSON
	}
	w.at += len(word)
	w.out = append(w.out, word...)
	return nil
}

// number reads -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
func (w *writer) number() error {
	from, whole := w.at, true
	w.take('-')
	if !w.take('0') && !w.digits() {
		return ErrNotJSON
	}
	if w.take('.') {
		whole = false
		if !w.digits() {
			return ErrNotJSON
		}
	}
	if w.take('e') || w.take('E') {
		whole = false
		_ = w.take('+') || w.take('-')
		if !w.digits() {
			return ErrNotJSON
		}
	}
	raw := w.in[from:w.at]
	if whole && raw[0] != '-' || !whole && w.corrected { // floats stay as they came (quirk float-forms)
		w.out = append(w.out, raw...)
		return nil
	}
	w.out = jobj.AppendNumber(w.out, string(raw))
	return nil
}

func (w *writer) digits() bool {
	from := w.at
	for w.at < len(w.in) && '0' <= w.in[w.at] && w.in[w.at] <= '9' {
		w.at++
	}
	return w.at > from
}

// peek is the next byte, 0 at the end.
func (w *writer) peek() byte {
	if w.at == len(w.in) {
		return 0
	}
	return w.in[w.at]
}

// take goes past a byte, if it comes next.
func (w *writer) take(c byte) bool {
	if w.peek() != c || w.at == len(w.in) {
		return false
	}
	w.at++
	return true
}

func (w *writer) space() {
	for w.at < len(w.in) {
		switch w.in[w.at] {
		case ' ', '\t', '\r', '\n':
			w.at++
		default:
			return
		}
	}
}
