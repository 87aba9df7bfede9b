package capture

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// headerLine is the header as it is written.
type headerLine struct {
	Format     string  `json:"format"`
	Version    int     `json:"version"`
	Began      string  `json:"began"`
	Anonymised bool    `json:"anonymised"`
	Bound      []Bound `json:"bound"`
}

// endLine is the last line. Where it is missing, so may messages be.
type endLine struct {
	At       int64 `json:"at"`
	End      bool  `json:"end"`
	Messages int64 `json:"messages"`
}

// entryLine is what is read of a line after the header.
type entryLine struct {
	At              *int64          `json:"at"`
	Gap             string          `json:"gap"`
	End             bool            `json:"end"`
	Messages        int64           `json:"messages"`
	Exchange        *string         `json:"exchange"`
	Kind            string          `json:"type"`
	Key             json.RawMessage `json:"key"`
	ContentType     string          `json:"content_type"`
	ContentEncoding string          `json:"content_encoding"`
	Timestamp       int64           `json:"timestamp"`
	Headers         json.RawMessage `json:"headers"`
	Body            json.RawMessage `json:"body"`
	Base64          []byte          `json:"body_base64"`
}

// appendEntry writes an entry as a line of JSON. It is put together by hand, since
// encoding/json would write a body anew, and other bytes with it.
func appendEntry(dst []byte, e Entry) ([]byte, error) {
	dst = append(dst, `{"at":`...)
	dst = strconv.AppendInt(dst, e.At.Microseconds(), 10)
	if e.Gap != "" {
		dst = append(dst, `,"gap":`...)
		return append(jobj.AppendString(dst, e.Gap), '}', '\n'), nil
	}
	dst = appendMember(dst, "exchange", e.Exchange)
	dst = appendMember(dst, "type", e.Kind)
	dst = append(dst, `,"key":`...)
	dst = appendText(dst, e.Key)
	if e.ContentType != "" {
		dst = appendMember(dst, "content_type", e.ContentType)
	}
	if e.ContentEncoding != "" {
		dst = appendMember(dst, "content_encoding", e.ContentEncoding)
	}
	if e.Timestamp != 0 {
		dst = append(dst, `,"timestamp":`...)
		dst = strconv.AppendInt(dst, e.Timestamp, 10)
	}
	if len(e.Headers) > 0 {
		dst = append(dst, `,"headers":`...)
		var err error
		if dst, err = appendTable(dst, e.Headers); err != nil {
			return nil, err
		}
	}
	return append(appendBody(dst, e.Message), '}', '\n'), nil
}

func appendMember(dst []byte, name, value string) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, name...)
	dst = append(dst, '"', ':')
	return jobj.AppendString(dst, strings.ToValidUTF8(value, replacement))
}

// replacement stands for bytes that are no text, where AMQP has names only. It is no
// longer than they are: there is room for 255.
const replacement = "?"

// appendText writes text as JSON, or its bytes where those are none.
func appendText(dst []byte, s string) []byte {
	if utf8.ValidString(s) {
		return jobj.AppendString(dst, s)
	}
	dst = append(dst, `{"base64":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, []byte(s))
	return append(dst, '"', '}')
}

func parseText(raw json.RawMessage) (string, error) {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s, nil
	}
	var other struct{ Base64 []byte }
	err := json.Unmarshal(raw, &other)
	return string(other.Base64), err
}

// appendBody writes a body as it is read best: as the JSON that it is, else as bytes.
func appendBody(dst []byte, m Message) []byte {
	if plain, ok := Unpack(m); ok && fitsLine(plain) && bytes.Equal(Pack(m.ContentEncoding, plain), m.Body) {
		dst = append(dst, `,"body":`...)
		return append(dst, plain...)
	}
	dst = append(dst, `,"body_base64":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, m.Body)
	return append(dst, '"')
}

// fitsLine tells that text can stand in a line as it is, and is read as it was.
func fitsLine(text []byte) bool {
	return len(text) > 0 && text[0] > ' ' && text[len(text)-1] > ' ' &&
		bytes.IndexByte(text, '\n') < 0 && utf8.Valid(text) && json.Valid(text)
}

// parseEntry reads a line after the header. end is set for the last one.
func parseEntry(line []byte) (e Entry, end *endLine, err error) {
	if !utf8.Valid(line) {
		return e, nil, errors.New("it is no UTF-8")
	}
	var l entryLine
	if err := json.Unmarshal(line, &l); err != nil {
		return e, nil, syntax(err)
	}
	if l.At == nil || *l.At < 0 || *l.At > maxAt {
		return e, nil, errors.New(`it has no "at", which is in microseconds after the beginning`)
	}
	e.At = time.Duration(*l.At) * time.Microsecond
	switch {
	case l.End:
		return e, &endLine{*l.At, true, l.Messages}, nil
	case l.Gap != "":
		e.Gap = l.Gap
		return e, nil, nil
	case l.Exchange == nil:
		return e, nil, errors.New(`it is no message, as it has no "exchange", and neither "gap" nor "end"`)
	}
	e.Message, err = l.message()
	return e, nil, err
}

// maxAt keeps a moment within what a time.Duration holds.
const maxAt = int64(1<<63-1) / int64(time.Microsecond)

func (l *entryLine) message() (Message, error) {
	m := Message{
		Exchange: *l.Exchange, Kind: l.Kind,
		ContentType: l.ContentType, ContentEncoding: l.ContentEncoding, Timestamp: l.Timestamp, Body: l.Base64,
	}
	err := checkExchange(m.Exchange, &m.Kind)
	if err != nil {
		return m, err
	}
	if len(l.Key) > 0 {
		if m.Key, err = parseText(l.Key); err != nil {
			return m, fmt.Errorf(`"key" is no text: %w`, syntax(err))
		}
	}
	for _, short := range []struct{ name, value string }{
		{"key", m.Key}, {"content_type", m.ContentType}, {"content_encoding", m.ContentEncoding},
	} {
		if err := checkShort(short.name, short.value); err != nil {
			return m, err
		}
	}
	if len(l.Headers) > 0 {
		if m.Headers, err = parseTable(l.Headers); err != nil {
			return m, fmt.Errorf(`"headers": %w`, err)
		}
	}
	if len(l.Body) > 0 {
		m.Body = Pack(m.ContentEncoding, l.Body)
	}
	return m, nil
}

// checkExchange refuses what no broker has: whoever publishes it would wait for ever for
// an exchange that cannot be declared. A type that is not said is topic.
func checkExchange(name string, kind *string) error {
	switch *kind {
	case "":
		*kind = "topic"
	case "topic", "direct", "fanout", "headers":
	default:
		return fmt.Errorf(`"type" of exchange %q is %q; write topic, direct, fanout or headers`, name, *kind)
	}
	return checkShort("exchange", name)
}

// checkShort refuses text that AMQP has no room for (shortstr).
func checkShort(name, value string) error {
	const most = 255
	if len(value) > most {
		return fmt.Errorf("%q has %d bytes, and AMQP takes %d at most", name, len(value), most)
	}
	return nil
}

// syntax is a fault of JSON in plain words.
func syntax(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%q is a %s, which it must not be", wrong.Field, wrong.Value)
	}
	return fmt.Errorf("it is no JSON: %w", err)
}
