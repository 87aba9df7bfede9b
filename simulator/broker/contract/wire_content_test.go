package contract_test

import (
	"encoding/binary"
	"strings"
)

// The properties of class basic, from flag bit 15 down, with the kinds that the
// grammar of methods has.
const properties = `content-type:S content-encoding:S headers:t delivery-mode:o priority:o
correlation-id:S reply-to:S expiration:S message-id:S timestamp:L type:S user-id:S app-id:S cluster-id:S`

func propertyFields() []field {
	var fields []field
	for word := range strings.FieldsSeq(properties) {
		name, kind, _ := strings.Cut(word, ":")
		fields = append(fields, field{name, kind[0]})
	}
	return fields
}

// contentHeader returns a header frame's payload.
func contentHeader(size int, given args) []byte {
	var flags uint16
	var values []byte
	for i, f := range propertyFields() {
		if value, ok := given[f.name]; ok {
			flags |= 1 << (15 - i)
			values = encodeField(values, f.kind, value)
		}
	}
	out := []byte{0, 60, 0, 0}
	out = binary.BigEndian.AppendUint64(out, uint64(size))
	return append(binary.BigEndian.AppendUint16(out, flags), values...)
}

func readHeader(payload []byte) (size int, given args) {
	r := &reader{rest: payload}
	r.take(4) // class, weight
	size = int(r.longlong())
	flags := r.short()
	given = args{}
	for i, f := range propertyFields() {
		if flags&(1<<(15-i)) != 0 {
			given[f.name] = r.field(f.kind)
		}
	}
	return size, given
}

// content returns the frames of a publish on channel 1, the body in one frame,
// or none when it is empty.
func (w *wire) content(publish, given args, body string) []byte {
	out := w.method(1, "basic.publish", publish)
	out = append(out, encodeFrame(headerFrame, 1, contentHeader(len(body), given))...)
	if body == "" {
		return out
	}
	return append(out, encodeFrame(bodyFrame, 1, []byte(body))...)
}

// publish sends a message to a queue, on channel 1.
func (w *wire) publish(queue string, given args, body string) {
	w.t.Helper()
	w.write(w.content(args{"routing-key": queue}, given, body))
}

// message is a deliver, get-ok or return with its content.
type message struct {
	args

	given  args   // properties
	header []byte // the header frame as it came
	body   string
	frames []int // lengths of the body's frames
}

// message reads a method and the content behind it.
func (w *wire) message(channel int, method string) message {
	w.t.Helper()
	return w.contentOf(channel, w.want(channel, method))
}

// contentOf reads the content behind a method.
func (w *wire) contentOf(channel int, method args) message {
	w.t.Helper()
	m := message{args: method}
	f := w.next()
	if f.kind != headerFrame || int(f.channel) != channel {
		w.t.Fatalf("wanted a header on channel %d, got %s on channel %d", channel, w.show(f), f.channel)
	}
	m.header = f.payload
	var size int
	size, m.given = readHeader(f.payload)
	var body []byte
	for len(body) < size {
		f := w.next()
		if f.kind != bodyFrame || int(f.channel) != channel {
			w.t.Fatalf("wanted a body on channel %d, got %s on channel %d", channel, w.show(f), f.channel)
		}
		body = append(body, f.payload...)
		m.frames = append(m.frames, len(f.payload))
	}
	m.body = string(body)
	return m
}

// get takes a message from a queue, which must have one.
func (w *wire) get(channel int, queue string) message {
	w.t.Helper()
	w.send(channel, "basic.get", args{"queue": queue, "no-ack": true})
	return w.message(channel, "basic.get-ok")
}
