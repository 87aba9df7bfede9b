package wire

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
)

// Table is a field table. The order of fields is kept, because clients sign and
// compare the bytes of headers.
type Table []Field

// Field is one entry of a Table. Value is of one of these types, after RabbitMQ's
// reading of the specification: bool (t), int8 (b), uint8 (B), int16 (s), uint16
// (u), int32 (I), uint32 (i), int64 (l), float32 (f), float64 (d), Decimal (D),
// string (S), []byte (x), []any (A), Timestamp (T), Table (F), nil (V).
type Field struct {
	Name  string
	Value any
}

// Decimal is Digits divided by ten to the power of Scale.
type Decimal struct {
	Scale  uint8
	Digits int32
}

// Timestamp is in seconds since 1970.
type Timestamp uint64

// maxDepth bounds nesting: a frame of 128 KiB could else hold 13,000 levels,
// each a call on the stack.
const maxDepth = 100

// Get returns the value of the first field of that name.
func (t Table) Get(name string) (any, bool) {
	for _, f := range t {
		if f.Name == name {
			return f.Value, true
		}
	}
	return nil, false
}

// Set replaces the value of a field, or appends the field.
func (t Table) Set(name string, value any) Table {
	for i, f := range t {
		if f.Name == name {
			t = slices.Clone(t)
			t[i].Value = value
			return t
		}
	}
	return append(slices.Clone(t), Field{name, value})
}

// Without returns the table without the fields of that name.
func (t Table) Without(name string) Table {
	return slices.DeleteFunc(slices.Clone(t), func(f Field) bool { return f.Name == name })
}

// Sorted returns the table in the order of names.
func (t Table) Sorted() Table {
	return slices.SortedStableFunc(slices.Values(t), func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
}

// Integer returns a value of any integer type.
func Integer(value any) (int64, bool) {
	switch v := value.(type) {
	case int8:
		return int64(v), true
	case uint8:
		return int64(v), true
	case int16:
		return int64(v), true
	case uint16:
		return int64(v), true
	case int32:
		return int64(v), true
	case uint32:
		return int64(v), true
	case int64:
		return v, true
	}
	return 0, false
}

// ParseTable reads a table from b, which holds its fields without their length.
func ParseTable(b []byte) (Table, error) {
	c := cursor{rest: b}
	t := c.fields(0)
	return t, c.err
}

// Append appends the table with its length.
func (t Table) Append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	for _, f := range t {
		dst = appendShort(dst, f.Name)
		dst = appendValue(dst, f.Value)
	}
	return putLength(dst, start)
}

func putLength(dst []byte, start int) []byte {
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-4)) //nolint:gosec // a frame is far below 4 GiB
	return dst
}

func (c *cursor) table() Table {
	inner := cursor{rest: c.longstr(), err: c.err}
	t := inner.fields(0)
	if c.err == nil {
		c.err = inner.err
	}
	return t
}

func (c *cursor) fields(depth int) Table {
	var t Table
	for c.err == nil && len(c.rest) > 0 {
		name := string(c.shortstr())
		value := c.value(depth)
		if c.err == nil {
			t = append(t, Field{name, value})
		}
	}
	if c.err != nil {
		c.err = ErrTable
		return nil
	}
	return t
}

func (c *cursor) value(depth int) any {
	if depth > maxDepth {
		c.err = ErrTable
		return nil
	}
	switch c.octet() {
	case 't':
		return c.octet() != 0
	case 'b':
		return int8(c.octet()) //nolint:gosec // the same bits
	case 'B':
		return c.octet()
	case 's':
		return int16(c.short()) //nolint:gosec // the same bits
	case 'u':
		return c.short()
	case 'I':
		return int32(c.long()) //nolint:gosec // the same bits
	case 'i':
		return c.long()
	case 'l':
		return int64(c.longlong()) //nolint:gosec // the same bits
	case 'f':
		return math.Float32frombits(c.long())
	case 'd':
		return math.Float64frombits(c.longlong())
	case 'D':
		return Decimal{c.octet(), int32(c.long())} //nolint:gosec // the same bits
	case 'S':
		return string(c.longstr())
	case 'x':
		return slices.Clone(c.longstr())
	case 'T':
		return Timestamp(c.longlong())
	case 'V':
		return nil
	case 'A':
		inner := cursor{rest: c.longstr(), err: c.err}
		list := []any{}
		for inner.err == nil && len(inner.rest) > 0 {
			list = append(list, inner.value(depth+1))
		}
		c.err = inner.err
		return list
	case 'F':
		inner := cursor{rest: c.longstr(), err: c.err}
		t := inner.fields(depth + 1)
		c.err = inner.err
		return t
	}
	c.err = ErrTable
	return nil
}

func appendValue(dst []byte, value any) []byte {
	be := binary.BigEndian
	switch v := value.(type) {
	case nil:
		return append(dst, 'V')
	case bool:
		if v {
			return append(dst, 't', 1)
		}
		return append(dst, 't', 0)
	case int8:
		return append(dst, 'b', byte(v)) //nolint:gosec // the same bits
	case uint8:
		return append(dst, 'B', v)
	case int16:
		return be.AppendUint16(append(dst, 's'), uint16(v)) //nolint:gosec // the same bits
	case uint16:
		return be.AppendUint16(append(dst, 'u'), v)
	case int32:
		return be.AppendUint32(append(dst, 'I'), uint32(v)) //nolint:gosec // the same bits
	case uint32:
		return be.AppendUint32(append(dst, 'i'), v)
	case int64:
		return be.AppendUint64(append(dst, 'l'), uint64(v)) //nolint:gosec // the same bits
	case float32:
		return be.AppendUint32(append(dst, 'f'), math.Float32bits(v))
	case float64:
		return be.AppendUint64(append(dst, 'd'), math.Float64bits(v))
	case Decimal:
		return be.AppendUint32(append(dst, 'D', v.Scale), uint32(v.Digits)) //nolint:gosec // the same bits
	case string:
		return appendLong(append(dst, 'S'), v)
	case []byte:
		return appendLong(append(dst, 'x'), v)
	case Timestamp:
		return be.AppendUint64(append(dst, 'T'), uint64(v))
	case Table:
		return v.Append(append(dst, 'F'))
	case []any:
		dst = append(dst, 'A')
		start := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		for _, element := range v {
			dst = appendValue(dst, element)
		}
		return putLength(dst, start)
	}
	return append(dst, 'V')
}

// checkTable is ParseTable without its result: it costs no memory, and is done
// to the headers of every message that comes in.
func checkTable(b []byte, depth int) error {
	c := cursor{rest: b}
	for len(c.rest) > 0 {
		c.shortstr()
		c.skip(depth)
		if c.err != nil {
			return ErrTable
		}
	}
	return nil
}

func (c *cursor) skip(depth int) {
	if depth > maxDepth {
		c.err = ErrTable
		return
	}
	switch c.octet() {
	case 'V':
	case 't', 'b', 'B':
		c.take(1)
	case 's', 'u':
		c.take(2)
	case 'I', 'i', 'f':
		c.take(4)
	case 'D':
		c.take(5)
	case 'l', 'd', 'T':
		c.take(8)
	case 'S', 'x':
		c.longstr()
	case 'A':
		inner := cursor{rest: c.longstr()}
		for inner.err == nil && len(inner.rest) > 0 {
			inner.skip(depth + 1)
		}
		if inner.err != nil {
			c.err = inner.err
		}
	case 'F':
		if err := checkTable(c.longstr(), depth+1); err != nil {
			c.err = err
		}
	default:
		c.err = ErrTable
	}
}
