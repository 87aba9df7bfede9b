package wire

import (
	"bufio"
	"encoding/binary"
	"io"
)

// Types of frames.
const (
	FrameMethod    = 1
	FrameHeader    = 2
	FrameBody      = 3
	FrameHeartbeat = 8
)

// FrameOverhead is what a frame has beside its payload: type, channel and size in
// front, the end octet behind.
const FrameOverhead = 8

const frameEnd = 0xCE

// ProtocolHeader opens a connection (specification, 2.2.4).
const ProtocolHeader = "AMQP\x00\x00\x09\x01"

// Frame is one frame.
type Frame struct {
	Type    byte
	Channel uint16
	Payload []byte // valid until the next frame is read
}

// FrameReader takes frames off a stream.
type FrameReader struct {
	buffer *bufio.Reader
	large  []byte // a payload that the buffer cannot hold
	spent  int    // bytes of the buffer that the last frame still occupies
	max    int    // largest payload accepted, in bytes
}

// readBuffer holds some forty events of 1.6 KB: at the rate where that matters, a
// read from the socket costs as much as parsing all of them.
const readBuffer = 64 << 10

// NewFrameReader reads from r. Bytes that r returns beyond a frame are kept.
func NewFrameReader(r io.Reader, limit int) *FrameReader {
	return &FrameReader{buffer: bufio.NewReaderSize(r, readBuffer), max: limit}
}

// Limit sets the largest payload accepted, in bytes.
func (r *FrameReader) Limit(limit int) { r.max = limit }

// ProtocolHeader reads the eight bytes that come before the first frame.
func (r *FrameReader) ProtocolHeader() (header [8]byte, err error) {
	_, err = io.ReadFull(r.buffer, header[:])
	return header, err
}

// Next reads a frame. An *Error says that the peer broke the rules; any other is
// the stream's, io.EOF only at the end of a frame.
func (r *FrameReader) Next() (Frame, error) {
	_, _ = r.buffer.Discard(r.spent) // it was peeked at
	r.spent = 0
	head, err := r.buffer.Peek(7)
	if err != nil {
		if err == io.EOF && len(head) > 0 { //nolint:errorlint // bufio hands on the very value
			err = io.ErrUnexpectedEOF
		}
		return Frame{}, err
	}
	size := int(binary.BigEndian.Uint32(head[3:]))
	f := Frame{Type: head[0], Channel: binary.BigEndian.Uint16(head[1:])}
	// RabbitMQ measures the payload alone, and tells of the limit without the rest.
	if size > r.max {
		return f, Errorf(FrameError, "%v: {frame_too_large,%d,%d}", f, size, r.max-FrameOverhead)
	}
	whole, err := r.payload(size)
	if err != nil {
		return f, unexpected(err)
	}
	f.Payload = whole[:size:size]
	if whole[size] != frameEnd {
		return f, Errorf(FrameError, "%v: {invalid_frame_end_marker, %d}", f, whole[size])
	}
	return f, nil
}

// payload returns size bytes and the end octet.
func (r *FrameReader) payload(size int) ([]byte, error) {
	if all := 7 + size + 1; all <= r.buffer.Size() {
		whole, err := r.buffer.Peek(all)
		if err != nil {
			return nil, err
		}
		r.spent = all
		return whole[7:], nil
	}
	if cap(r.large) < size+1 {
		r.large = make([]byte, size+1)
	}
	r.large = r.large[:size+1]
	_, _ = r.buffer.Discard(7)
	_, err := io.ReadFull(r.buffer, r.large)
	return r.large, err
}

func unexpected(err error) error {
	if err == io.EOF { //nolint:errorlint // bufio and io hand on the very value
		return io.ErrUnexpectedEOF
	}
	return err
}

// BeginFrame appends the start of a frame; EndFrame completes it.
func BeginFrame(dst []byte, kind byte, channel uint16) []byte {
	return append(dst, kind, byte(channel>>8), byte(channel), 0, 0, 0, 0) //nolint:gosec // the two halves
}

// EndFrame completes the frame that starts at start.
func EndFrame(dst []byte, start int) []byte {
	binary.BigEndian.PutUint32(dst[start+3:], uint32(len(dst)-start-7)) //nolint:gosec // a frame is far below 4 GiB
	return append(dst, frameEnd)
}

// AppendHeartbeat appends a heartbeat.
func AppendHeartbeat(dst []byte) []byte {
	return EndFrame(BeginFrame(dst, FrameHeartbeat, 0), len(dst))
}

// classBasic is the only class with content.
const classBasic = 60

// BeginContentHeader appends the start of a header frame; properties, in the form
// of Properties.Append, and EndFrame follow.
func BeginContentHeader(dst []byte, channel uint16, bodySize int) []byte {
	dst = BeginFrame(dst, FrameHeader, channel)
	dst = append(dst, 0, classBasic, 0, 0)
	return binary.BigEndian.AppendUint64(dst, uint64(bodySize)) //nolint:gosec // a length
}

// AppendBody appends a body frame.
func AppendBody(dst []byte, channel uint16, part []byte) []byte {
	start := len(dst)
	return EndFrame(append(BeginFrame(dst, FrameBody, channel), part...), start)
}

// ContentHeader is what a header frame says.
type ContentHeader struct {
	Class      uint16
	Weight     uint16 // unused; 0
	BodySize   uint64
	Properties []byte // flags and properties: ParseProperties
}

// ParseContentHeader reads the payload of a header frame.
func ParseContentHeader(b []byte) (ContentHeader, error) {
	c := cursor{rest: b}
	h := ContentHeader{Class: c.short(), Weight: c.short(), BodySize: c.longlong()}
	h.Properties = c.rest
	return h, c.err
}
