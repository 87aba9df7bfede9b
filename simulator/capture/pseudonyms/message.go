package pseudonyms

import (
	"bytes"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/capture"
)

// Message returns a message with other identities. Its exchange, its properties but the
// headers, and the order of its fields stay; so do its moment and its times. A body that
// is no JSON is blanked, since nothing is known of it.
func (p *Pseudonyms) Message(m capture.Message) capture.Message {
	clear(p.pairs)
	p.own = ""
	m.Body = p.body(m)
	m.Key = p.routingKey(m.Key)
	m.Headers = p.headers(m.Headers)
	return m
}

func (p *Pseudonyms) body(m capture.Message) []byte {
	text, ok := capture.Unpack(m)
	if !ok {
		return bytes.Repeat([]byte{'x'}, len(m.Body))
	}
	v, err := jobj.Parse(text)
	if err != nil {
		return capture.Pack(m.ContentEncoding, bytes.Repeat([]byte{'x'}, len(text)))
	}
	w := &walk{p: p}
	if fields, is := v.(jobj.Object); is {
		p.own = ownID(fields)
		v = p.prefixed(fields, w.object(open, fields))
	} else {
		v = w.value(open, v)
	}
	return capture.Pack(m.ContentEncoding, jobj.Append(nil, v))
}

// ownID is a message's Msg-ID, unless that is the id of a call (route_win). It stays, and
// so does what repeats it.
func ownID(fields jobj.Object) string {
	id := fields.String("Msg-ID")
	if (len(id) == 16 || len(id) == 32) && isSmallHex(id) {
		return id
	}
	return ""
}

// prefixed has the database of a number, which begins as it does, follow it.
func (p *Pseudonyms) prefixed(was, is jobj.Object) jobj.Object {
	db, id := was.String("Database"), is.String("ID")
	const numbers = "numbers%2F%2B"
	if !strings.HasPrefix(db, numbers) || len(id) < 5 || id[0] != '+' {
		return is
	}
	made := numbers + id[1:5]
	p.note(db, made)
	return is.Set("Database", made)
}
