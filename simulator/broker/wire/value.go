package wire

import (
	"encoding/binary"
	"errors"
)

// ErrTable says that a field table is malformed.
var ErrTable = errors.New("field table is malformed")

var errShort = errors.New("ends before its last field")

// cursor takes values off the front of a frame's payload. After the first
// failure every value is zero.
type cursor struct {
	rest []byte
	err  error
}

func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.rest) {
		if c.err == nil {
			c.err = errShort
		}
		c.rest = nil
		return nil
	}
	taken := c.rest[:n]
	c.rest = c.rest[n:]
	return taken
}

func (c *cursor) octet() byte {
	if b := c.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) short() uint16 {
	if b := c.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (c *cursor) long() uint32 {
	if b := c.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (c *cursor) longlong() uint64 {
	if b := c.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (c *cursor) shortstr() []byte { return c.take(int(c.octet())) }

func (c *cursor) longstr() []byte { return c.take(int(c.long())) }

// appendShort appends a short string. What is longer than one can be, and so came
// from no client, is cut.
func appendShort[S ~string | ~[]byte](dst []byte, s S) []byte {
	if len(s) > 255 {
		s = s[:255]
	}
	return append(append(dst, byte(len(s))), s...) //nolint:gosec // at most 255
}

func appendLong[S ~string | ~[]byte](dst []byte, s S) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(s))) //nolint:gosec // a frame is far below 4 GiB
	return append(dst, s...)
}
