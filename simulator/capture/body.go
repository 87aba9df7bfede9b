package capture

import (
	"bytes"
	"compress/gzip"
	"io"
)

// packed is the content encoding of bodies that travel compressed: those of MMS.
const packed = "gzip"

// maxUnpacked bounds what a few bytes of a message can become: RabbitMQ takes 16 MiB.
const maxUnpacked = 64 << 20

// Unpack is the text of a body; ok is false where it cannot be had.
func Unpack(m Message) (text []byte, ok bool) {
	if m.ContentEncoding != packed {
		return m.Body, m.ContentEncoding == ""
	}
	r, err := gzip.NewReader(bytes.NewReader(m.Body))
	if err != nil {
		return nil, false
	}
	text, err = io.ReadAll(io.LimitReader(r, maxUnpacked+1))
	return text, err == nil && len(text) <= maxUnpacked
}

// Pack is the body that travels for a text. The same text has always the same body.
func Pack(encoding string, text []byte) []byte {
	if encoding != packed {
		return text
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(text) // a bytes.Buffer takes everything
	_ = z.Close()
	return b.Bytes()
}
