package wire_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/kazoolab/kazoolab/simulator/broker/wire"
)

func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x08\x00\x00\x00\x00\x00\x00\xce"))
	f.Add(wire.AppendMethod(wire.AppendHeartbeat(nil), 1, &wire.BasicAck{DeliveryTag: 1}))
	f.Add(wire.AppendBody(wire.EndFrame(append(wire.BeginContentHeader(nil, 1, 3), 0, 0), 0), 1, []byte("abc")))
	f.Fuzz(func(t *testing.T, stream []byte) {
		whole := wire.NewFrameReader(bytes.NewReader(stream), 4096)
		split := wire.NewFrameReader(iotest.OneByteReader(bytes.NewReader(stream)), 4096)
		var again []byte
		for {
			a, errA := whole.Next()
			b, errB := split.Next()
			if (errA == nil) != (errB == nil) || !bytes.Equal(a.Payload, b.Payload) || a.Channel != b.Channel {
				t.Fatalf("split frames read otherwise: %v %v, %v %v", a, errA, b, errB)
			}
			if errA != nil {
				if errors.Is(errA, io.EOF) && !bytes.Equal(again, stream) {
					t.Fatal("frames are not what was sent")
				}
				return
			}
			start := len(again)
			again = wire.EndFrame(append(wire.BeginFrame(again, a.Type, a.Channel), a.Payload...), start)
			methods(t, a.Payload)
			if h, err := wire.ParseContentHeader(a.Payload); err == nil {
				properties(t, h.Properties)
			}
		}
	})
}

// methods reads a payload as a method; what can be read is written as it was.
func methods(t *testing.T, payload []byte) {
	t.Helper()
	id, err := wire.ReadMethodID(payload)
	m := wire.New(id)
	if err != nil || m == nil || wire.Decode(payload, m) != nil {
		return
	}
	once := wire.AppendMethod(nil, 1, m)
	again := wire.New(id)
	if err := wire.Decode(once[7:len(once)-1], again); err != nil {
		t.Fatalf("cannot read what was written: %v", err)
	}
	if !bytes.Equal(wire.AppendMethod(nil, 1, again), once) {
		t.Fatal("a method changes on its way")
	}
}

func properties(t *testing.T, b []byte) {
	t.Helper()
	p, err := wire.ParseProperties(b)
	if err != nil {
		return
	}
	if !bytes.Equal(p.Append(nil), b) {
		t.Fatal("properties change on their way")
	}
	if p.Flags&wire.HasHeaders != 0 {
		if _, err := wire.ParseTable(p.Headers); err != nil {
			t.Fatalf("headers passed the check and cannot be read: %v", err)
		}
	}
}

func FuzzTable(f *testing.F) {
	f.Add(everyType().Append(nil)[4:])
	f.Add([]byte("\x01aA\x00\x00\x00\x02V"))
	f.Fuzz(func(t *testing.T, b []byte) {
		table, err := wire.ParseTable(b)
		// The check that allocates nothing has to agree: it stands at the door.
		p := wire.Properties{Flags: wire.HasHeaders, Headers: b}
		if _, checked := wire.ParseProperties(p.Append(nil)); (checked == nil) != (err == nil) {
			t.Fatalf("the check says %v, reading says %v", checked, err)
		}
		if err != nil {
			return
		}
		once := table.Append(nil)
		again, err := wire.ParseTable(once[4:])
		if err != nil || !bytes.Equal(again.Append(nil), once) {
			t.Fatalf("a table changes on its way: %v", err)
		}
	})
}

func FuzzProperties(f *testing.F) {
	f.Add(allProperties())
	f.Add([]byte{0, 0})
	f.Fuzz(properties)
}
