package wire_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

// everyType is a table with a field of each type.
func everyType() wire.Table {
	return wire.Table{
		{Name: "bool", Value: true},
		{Name: "byte", Value: int8(-1)},
		{Name: "unsigned byte", Value: uint8(255)},
		{Name: "short", Value: int16(-2)},
		{Name: "unsigned short", Value: uint16(65535)},
		{Name: "int", Value: int32(-3)},
		{Name: "unsigned int", Value: uint32(1 << 31)},
		{Name: "long", Value: int64(-4)},
		{Name: "float", Value: float32(1.5)},
		{Name: "double", Value: 2.5},
		{Name: "decimal", Value: wire.Decimal{Scale: 2, Digits: -314}},
		{Name: "string", Value: "text"},
		{Name: "bytes", Value: []byte{0, 255}},
		{Name: "list", Value: []any{"a", int64(1), nil, []any{}, wire.Table{{Name: "in", Value: false}}}},
		{Name: "time", Value: wire.Timestamp(1_700_000_000)},
		{Name: "table", Value: wire.Table{{Name: "deep", Value: wire.Table(nil)}}},
		{Name: "void", Value: nil},
	}
}

func TestTableKeepsEveryTypeAndTheOrder(t *testing.T) {
	g := NewWithT(t)
	got, err := wire.ParseTable(everyType().Append(nil)[4:])
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(got).To(Equal(everyType()))
}

func TestTableNestedTooDeepIsRefused(t *testing.T) {
	g := NewWithT(t)
	deep := wire.Table(nil)
	for range 200 {
		deep = wire.Table{{Name: "t", Value: deep}}
	}
	_, err := wire.ParseTable(deep.Append(nil)[4:])
	g.Expect(err).To(MatchError(wire.ErrTable))
}

func TestTableChangesLeaveTheOriginalAlone(t *testing.T) {
	g := NewWithT(t)
	original := wire.Table{{Name: "b", Value: "1"}, {Name: "a", Value: "2"}}
	g.Expect(original.Set("b", "3")).To(Equal(wire.Table{{Name: "b", Value: "3"}, {Name: "a", Value: "2"}}))
	g.Expect(original.Set("c", "4")).To(HaveLen(3))
	g.Expect(original.Without("b")).To(Equal(wire.Table{{Name: "a", Value: "2"}}))
	g.Expect(original.Sorted()).To(Equal(wire.Table{{Name: "a", Value: "2"}, {Name: "b", Value: "1"}}))
	g.Expect(original).To(Equal(wire.Table{{Name: "b", Value: "1"}, {Name: "a", Value: "2"}}))
}

// allProperties are the 14 properties in wire form.
func allProperties() []byte {
	p := wire.Properties{
		Flags: 0xFFFC, ContentType: []byte("application/json"), ContentEncoding: []byte("gzip"), DeliveryMode: 2, Priority: 9,
		CorrelationID: []byte("c"), ReplyTo: []byte("r"), Expiration: []byte("60000"), MessageID: []byte("m"), Timestamp: 1,
		Type: []byte("t"), UserID: []byte("guest"), AppID: []byte("a"), ClusterID: []byte("k"),
	}
	p.SetHeaders(everyType())
	return p.Append(nil)
}

func TestPropertiesRoundTrip(t *testing.T) {
	g := NewWithT(t)
	p, err := wire.ParseProperties(allProperties())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(p.Priority).To(BeEquivalentTo(9))
	g.Expect(p.ClusterID).To(BeEquivalentTo("k"))
	g.Expect(p.Append(nil)).To(Equal(allProperties()))
}

func TestMethodsRoundTrip(t *testing.T) {
	g := NewWithT(t)
	declare := &wire.QueueDeclare{Queue: "q", Durable: true, NoWait: true, Arguments: everyType()}
	frame := wire.AppendMethod(nil, 7, declare)
	f, err := wire.NewFrameReader(bytes.NewReader(frame), 4096).Next()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(f.Channel).To(BeEquivalentTo(7))
	id, err := wire.ReadMethodID(f.Payload)
	g.Expect(err).NotTo(HaveOccurred())
	m := wire.New(id)
	g.Expect(wire.Decode(f.Payload, m)).To(Succeed())
	g.Expect(m).To(Equal(declare))
	g.Expect(wire.New(0)).To(BeNil())
	g.Expect(wire.Decode(append(f.Payload, 0), m)).NotTo(Succeed(), "with a byte too many")
	g.Expect(wire.Decode(f.Payload[:10], m)).NotTo(Succeed(), "cut short")
	g.Expect(wire.Decode(wire.AppendMethod(nil, 1, &wire.QueueDeclare{Queue: "\xff"})[7:16], m)).To(MatchError(wire.ErrText))
}

func TestFramesSplitAnywhere(t *testing.T) {
	g := NewWithT(t)
	var stream []byte
	large := bytes.Repeat([]byte("x"), 100_000) // more than the reader's buffer
	for _, body := range [][]byte{[]byte("a"), {}, large, []byte("b")} {
		stream = wire.AppendBody(stream, 3, body)
	}
	for name, source := range map[string]io.Reader{
		"at once":         bytes.NewReader(stream),
		"byte by byte":    iotest.OneByteReader(bytes.NewReader(stream)),
		"half as asked":   iotest.HalfReader(bytes.NewReader(stream)),
		"data with error": iotest.DataErrReader(bytes.NewReader(stream)),
	} {
		r := wire.NewFrameReader(source, 128<<10)
		for _, want := range []int{1, 0, len(large), 1} {
			f, err := r.Next()
			g.Expect(err).NotTo(HaveOccurred(), name)
			g.Expect(f.Payload).To(HaveLen(want), name)
		}
		_, err := r.Next()
		g.Expect(err).To(Equal(io.EOF), name)
	}
}

func TestBrokenFrames(t *testing.T) {
	g := NewWithT(t)
	next := func(stream string) error {
		_, err := wire.NewFrameReader(strings.NewReader(stream), 4096).Next()
		return err
	}
	g.Expect(next("\x01\x00\x00\x00\x00\x00\x01A\xcd")).To(MatchError(ContainSubstring("invalid_frame_end_marker, 205")))
	g.Expect(next("\x03\x00\x00\x00\x00\x10\x01")).To(MatchError(ContainSubstring("{frame_too_large,4097,4088}")), "known before the payload has come")
	g.Expect(next("\x01\x00\x00\x00\x00\x00\x05AB")).To(MatchError(io.ErrUnexpectedEOF))
	g.Expect(next("\x01\x00")).To(MatchError(io.ErrUnexpectedEOF))
}

func TestReplyText(t *testing.T) {
	g := NewWithT(t)
	g.Expect(wire.Errorf(wire.NotFound, "no queue '%s'", "q").ReplyText()).To(Equal("NOT_FOUND - no queue 'q'"))
	g.Expect(wire.Errorf(wire.NotFound, "%s", strings.Repeat("x", 300)).ReplyText()).To(HaveLen(255))
	g.Expect(wire.Octets([]byte{0, 206})).To(Equal("<<0,206>>"))
	g.Expect(wire.Octets([]byte("abc"))).To(Equal(`<<"abc">>`))
}
