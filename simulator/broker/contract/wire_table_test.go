package contract_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// The field table as RabbitMQ has it: the types of AMQP 0-9-1's errata, where
// the letter s is a short integer and not a short string.
//
//	t bool   b int8   B uint8   s int16   u uint16   I int32   i uint32   l int64
//	f float32   d float64   D decimal   S string   x []byte   T timestamp
//	A array   F table   V nil

// entry is a field of a table; a table keeps its order.
type (
	entry struct {
		name  string
		value any
	}
	table     []entry
	array     []any
	timestamp uint64
	decimal   struct {
		scale  uint8
		digits int32
	}
	// verbatim is an encoded value, its type included, or an encoded table, its
	// length included: for what no honest client would send.
	verbatim []byte
)

// pairs makes a table of names and values in turn.
func pairs(nameAndValue ...any) table {
	t := table{}
	for i := 0; i < len(nameAndValue); i += 2 {
		t = append(t, entry{nameAndValue[i].(string), nameAndValue[i+1]})
	}
	return t
}

// text renders values for comparison, each with its type's letter.
func text(value any) string {
	switch v := value.(type) {
	case table:
		fields := make([]string, len(v))
		for i, field := range v {
			fields[i] = field.name + "=" + text(field.value)
		}
		return "F{" + strings.Join(fields, " ") + "}"
	case array:
		values := make([]string, len(v))
		for i, value := range v {
			values[i] = text(value)
		}
		return "A[" + strings.Join(values, " ") + "]"
	case decimal:
		return fmt.Sprintf("D:%d/%d", v.digits, v.scale)
	case nil:
		return "V"
	}
	return fmt.Sprintf("%c:%v", encodeValue(nil, value)[0], value)
}

func encodeTable(out []byte, t table) []byte {
	if len(t) == 1 && t[0].name == "" {
		if whole, ok := t[0].value.(verbatim); ok {
			return append(out, whole...)
		}
	}
	start := len(out)
	out = append(out, 0, 0, 0, 0)
	for _, field := range t {
		out = encodeShort(out, field.name)
		out = encodeValue(out, field.value)
	}
	binary.BigEndian.PutUint32(out[start:], uint32(len(out)-start-4))
	return out
}

func encodeShort(out []byte, s string) []byte {
	return append(append(out, byte(len(s))), s...)
}

func encodeLong(out []byte, s []byte) []byte {
	return append(binary.BigEndian.AppendUint32(out, uint32(len(s))), s...)
}

func encodeValue(out []byte, value any) []byte {
	big := binary.BigEndian
	switch v := value.(type) {
	case nil:
		return append(out, 'V')
	case bool:
		if v {
			return append(out, 't', 1)
		}
		return append(out, 't', 0)
	case int8:
		return append(out, 'b', byte(v))
	case uint8:
		return append(out, 'B', v)
	case int16:
		return big.AppendUint16(append(out, 's'), uint16(v))
	case uint16:
		return big.AppendUint16(append(out, 'u'), v)
	case int32:
		return big.AppendUint32(append(out, 'I'), uint32(v))
	case int: // the type of a constant in a test
		return big.AppendUint32(append(out, 'I'), uint32(v))
	case uint32:
		return big.AppendUint32(append(out, 'i'), v)
	case int64:
		return big.AppendUint64(append(out, 'l'), uint64(v))
	case float32:
		return big.AppendUint32(append(out, 'f'), math.Float32bits(v))
	case float64:
		return big.AppendUint64(append(out, 'd'), math.Float64bits(v))
	case decimal:
		return big.AppendUint32(append(out, 'D', v.scale), uint32(v.digits))
	case string:
		return encodeLong(append(out, 'S'), []byte(v))
	case []byte:
		return encodeLong(append(out, 'x'), v)
	case timestamp:
		return big.AppendUint64(append(out, 'T'), uint64(v))
	case table:
		return encodeTable(append(out, 'F'), v)
	case array:
		var inside []byte
		for _, value := range v {
			inside = encodeValue(inside, value)
		}
		return encodeLong(append(out, 'A'), inside)
	case verbatim:
		return append(out, v...)
	}
	return append(out, '?')
}

// reader takes fields off a frame's payload. After a field that is not there it
// has failed, and all it gives is zero.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) take(n int) []byte {
	if r.failed || n > len(r.rest) {
		r.failed = true
		return make([]byte, min(n, 8))
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) octet() uint8      { return r.take(1)[0] }
func (r *reader) short() uint16     { return binary.BigEndian.Uint16(r.take(2)) }
func (r *reader) long() uint32      { return binary.BigEndian.Uint32(r.take(4)) }
func (r *reader) longlong() uint64  { return binary.BigEndian.Uint64(r.take(8)) }
func (r *reader) shortstr() string  { return string(r.take(int(r.octet()))) }
func (r *reader) longstr() []byte   { return r.take(int(r.long())) }
func (r *reader) more() bool        { return !r.failed && len(r.rest) > 0 }
func (r *reader) part(n int) reader { return reader{rest: r.take(n), failed: r.failed} }

func (r *reader) table() table {
	inside := r.part(int(r.long()))
	t := table{}
	for inside.more() {
		name := inside.shortstr()
		t = append(t, entry{name, inside.value()})
	}
	r.failed = r.failed || inside.failed
	return t
}

func (r *reader) value() any {
	switch r.octet() {
	case 'V':
		return nil
	case 't':
		return r.octet() != 0
	case 'b':
		return int8(r.octet())
	case 'B':
		return r.octet()
	case 's':
		return int16(r.short())
	case 'u':
		return r.short()
	case 'I':
		return int32(r.long())
	case 'i':
		return r.long()
	case 'l':
		return int64(r.longlong())
	case 'f':
		return math.Float32frombits(r.long())
	case 'd':
		return math.Float64frombits(r.longlong())
	case 'D':
		return decimal{r.octet(), int32(r.long())}
	case 'S':
		return string(r.longstr())
	case 'x':
		return r.longstr()
	case 'T':
		return timestamp(r.longlong())
	case 'F':
		return r.table()
	case 'A':
		inside := r.part(int(r.long()))
		values := array{}
		for inside.more() {
			values = append(values, inside.value())
		}
		r.failed = r.failed || inside.failed
		return values
	}
	r.failed = true
	return nil
}
