package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"
)

// ErrText says that a short string of a method is not UTF-8.
var ErrText = errors.New("Malformed UTF-8 in shortstr") //nolint:staticcheck // RabbitMQ's text

var errTrailing = errors.New("bytes follow the last field")

// MethodID is a class and a method of it.
type MethodID uint32

func id(class, method uint16) MethodID { return MethodID(class)<<16 | MethodID(method) }

// Class is the number of the class.
func (m MethodID) Class() uint16 { return uint16(m >> 16) }

// Method is the number of the method in its class.
func (m MethodID) Method() uint16 { return uint16(m) } //nolint:gosec // the lower half

func (m MethodID) String() string { return fmt.Sprintf("{%d,%d}", m.Class(), m.Method()) }

// Method is the arguments of one method. The types of this package that end in a
// method's name implement it.
type Method interface {
	ID() MethodID
	// walk names each argument to c in order, which reads or writes it.
	walk(c *coder)
}

// ReadMethodID reads what a method frame's payload begins with.
func ReadMethodID(payload []byte) (MethodID, error) {
	c := cursor{rest: payload}
	m := MethodID(c.long())
	return m, c.err
}

// Decode reads the arguments of m from a method frame's payload.
func Decode(payload []byte, m Method) error {
	c := coder{cursor: cursor{rest: payload}}
	c.take(4)
	m.walk(&c)
	return c.end()
}

// AppendMethod appends a method frame.
func AppendMethod(dst []byte, channel uint16, m Method) []byte {
	start := len(dst)
	dst = BeginFrame(dst, FrameMethod, channel)
	c := coder{writing: true, out: binary.BigEndian.AppendUint32(dst, uint32(m.ID()))}
	m.walk(&c)
	return EndFrame(c.out, start)
}

// coder reads or writes the arguments of a method, so that each method names
// them once for both.
type coder struct {
	cursor

	writing bool
	out     []byte
}

// end is the error of a method that has been read.
func (c *coder) end() error {
	if c.err == nil && len(c.rest) > 0 {
		return errTrailing
	}
	return c.err
}

func (c *coder) octet(v *uint8) {
	if c.writing {
		c.out = append(c.out, *v)
	} else {
		*v = c.cursor.octet()
	}
}

func (c *coder) short(v *uint16) {
	if c.writing {
		c.out = binary.BigEndian.AppendUint16(c.out, *v)
	} else {
		*v = c.cursor.short()
	}
}

func (c *coder) long(v *uint32) {
	if c.writing {
		c.out = binary.BigEndian.AppendUint32(c.out, *v)
	} else {
		*v = c.cursor.long()
	}
}

func (c *coder) longlong(v *uint64) {
	if c.writing {
		c.out = binary.BigEndian.AppendUint64(c.out, *v)
	} else {
		*v = c.cursor.longlong()
	}
}

func (c *coder) shortstr(v *string) {
	if c.writing {
		c.out = appendShort(c.out, *v)
	} else {
		*v = string(c.text())
	}
}

// view is shortstr without the copy.
func (c *coder) view(v *[]byte) {
	if c.writing {
		c.out = appendShort(c.out, *v)
	} else {
		*v = c.text()
	}
}

// text is a short string, which has to be UTF-8 in a method.
func (c *coder) text() []byte {
	b := c.cursor.shortstr()
	if c.err == nil && !utf8.Valid(b) {
		c.err = ErrText
	}
	return b
}

func (c *coder) longstr(v *string) {
	if c.writing {
		c.out = appendLong(c.out, *v)
	} else {
		*v = string(c.cursor.longstr())
	}
}

func (c *coder) table(v *Table) {
	if c.writing {
		c.out = v.Append(c.out)
	} else {
		*v = c.cursor.table()
	}
}

// reserved is an argument that is no longer used, of so many bytes.
func (c *coder) reserved(size int) {
	if c.writing {
		c.out = append(c.out, make([]byte, size)...)
	} else {
		c.take(size)
	}
}

// reservedShortstr is a short string that is no longer used.
func (c *coder) reservedShortstr() {
	var unused []byte
	c.view(&unused)
}

// flags are up to eight bits that stand together.
func (c *coder) flags(bits ...*bool) {
	var packed uint8
	if c.writing {
		for i, bit := range bits {
			if *bit {
				packed |= 1 << i
			}
		}
	}
	c.octet(&packed)
	if !c.writing {
		for i, bit := range bits {
			*bit = packed&(1<<i) != 0
		}
	}
}
