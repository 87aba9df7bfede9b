package contract_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

func TestFramesRefused(t *testing.T) {
	broker := newBroker(t)
	w := open(t, broker) // for its methods only
	publish := w.method(1, "basic.publish", args{"routing-key": "q"})
	header := func(size int) []byte { return encodeFrame(headerFrame, 1, contentHeader(size, nil)) }
	body := func(body string) []byte { return encodeFrame(bodyFrame, 1, []byte(body)) }
	declare := w.method(1, "queue.declare", args{"queue": "q"})
	const unexpected = "connection.close 505 (0,0) UNEXPECTED_FRAME - "
	const noHeader = "connection.close 505 (60,40) UNEXPECTED_FRAME - expected content header for class 60, got "
	const noBody = "connection.close 505 (60,40) UNEXPECTED_FRAME - expected content body, got non content body frame instead"
	const noMethod = unexpected + "expected method frame, got non method frame instead"
	for _, c := range []struct {
		name   string
		octets []byte
		answer string
	}{
		{"an unknown class", encodeFrame(methodFrame, 1, []byte{0, 99, 0, 1}), "closed"},
		{"an unknown method", encodeFrame(methodFrame, 1, []byte{0, 50, 0, 99}), "closed"},
		{"an unknown method on channel 0", encodeFrame(methodFrame, 0, []byte{0, 10, 0, 99}), "closed"},
		{"arguments too short", encodeFrame(methodFrame, 1, []byte("\x00\x32\x00\x0A\x00\x00\xFFabc")),
			"connection.close 501 (50,10) FRAME_ERROR - cannot decode <<0,0,255,97,98,99>>"},
		{"no arguments at all", encodeFrame(methodFrame, 1, []byte("\x00\x32\x00\x0A")),
			"connection.close 501 (50,10) FRAME_ERROR - cannot decode <<>>"},
		{"octets behind the arguments", encodeFrame(methodFrame, 1, append(w.encode("basic.cancel", nil), 1, 2)),
			"connection.close 501 (60,30) FRAME_ERROR - cannot decode <<0,0,1,2>>"},
		{"a table longer than its frame", encodeFrame(methodFrame, 1, w.encode("queue.declare",
			args{"queue": "q", "arguments": table{{"", verbatim("\x00\x00\x00\x64")}}})),
			"connection.close 501 (50,10) FRAME_ERROR - cannot decode <<0,0,1,113,0,0,0,0,100>>"},
		{"a value of no known type", encodeFrame(methodFrame, 1, w.encode("queue.declare",
			args{"queue": "q", "arguments": pairs("a", verbatim("Q123"))})), "closed"},
		{"a method frame of one octet", encodeFrame(methodFrame, 1, []byte{0}),
			"connection.close 501 (0,0) FRAME_ERROR - type 1, all octets = <<0>>: unknown_frame"},
		{"a header frame too short", encodeFrame(headerFrame, 1, []byte{0, 60}),
			"connection.close 501 (0,0) FRAME_ERROR - type 2, all octets = <<0,60>>: unknown_frame"},
		{"a frame of unknown type", encodeFrame(9, 1, []byte("abc")),
			`connection.close 501 (0,0) FRAME_ERROR - type 9, all octets = <<"abc">>: unknown_frame`},
		{"a longer one is shown by its first 16 octets", encodeFrame(9, 1, []byte("0123456789abcdefg")),
			`connection.close 501 (0,0) FRAME_ERROR - type 9, first 16 octets = <<"0123456789abcdef">>: unknown_frame`},
		{"one that is not all print is shown in numbers", encodeFrame(9, 1, []byte("a\x00b")),
			"connection.close 501 (0,0) FRAME_ERROR - type 9, all octets = <<97,0,98>>: unknown_frame"},
		{"a header before any method", header(1), noMethod},
		{"a body before any method", body("x"), noMethod},
		{"a header on a channel that is not open", encodeFrame(headerFrame, 7, contentHeader(1, nil)), noMethod},
		{"a body in place of the header", slices.Concat(publish, body("x")), noHeader + "non content header frame instead"},
		{"a method in place of the header", slices.Concat(publish, declare), noHeader + "non content header frame instead"},
		{"a header of another class", slices.Concat(publish, encodeFrame(headerFrame, 1, []byte("\x00\x32\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00"))),
			noHeader + "one for class 50 instead"},
		{"a method in place of the body", slices.Concat(publish, header(3), declare), noBody},
		{"a second header in place of the body", slices.Concat(publish, header(3), header(3)), noBody},
		{"a body behind the end of another", slices.Concat(publish, header(1), body("x"), body("y")), noMethod},
		{"a body where its size is 0", slices.Concat(publish, header(0), body("")), noMethod},
		{"a heartbeat on another channel", encodeFrame(heartbeatFrame, 1, nil), unexpected + "type 8, all octets = <<>>"},
		{"a heartbeat with content", encodeFrame(heartbeatFrame, 0, []byte("xyz")),
			`connection.close 501 (0,0) FRAME_ERROR - type 8, all octets = <<"xyz">>: unknown_frame`},
		{"a header on channel 0", encodeFrame(headerFrame, 0, contentHeader(1, nil)),
			unexpected + "type 2, all octets = <<0,60,0,0,0,0,0,0,0,0,0,1,0,0>>"},
		{"a body on channel 0", encodeFrame(bodyFrame, 0, []byte("x")), unexpected + `type 3, all octets = <<"x">>`},
		{"a frame larger than agreed, from its first octets", []byte("\x01\x00\x01\x7F\xFF\xFF\xFF"),
			"connection.close 501 (0,0) FRAME_ERROR - type 1, all octets = <<>>: {frame_too_large,2147483647,131064}"},
		{"a name that is no UTF-8", w.method(1, "queue.declare", args{"queue": "\xFF\xFE"}),
			"connection.close 501 (0,0) FRAME_ERROR - Malformed UTF-8 in shortstr"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := open(t, broker)
			w.write(c.octets)
			NewWithT(t).Expect(w.answer()).To(Equal(c.answer))
		})
	}
	t.Run("a frame with another end", func(t *testing.T) {
		w := open(t, broker)
		frame := w.method(1, "basic.cancel", nil)
		frame[len(frame)-1] = 0xCD
		w.write(frame)
		NewWithT(t).Expect(w.answer()).To(HavePrefix(
			"connection.close 501 (0,0) FRAME_ERROR - type 1, all octets = <<0,60,0,30,0,0>>: {invalid_frame_end_marker,"))
	})
}

func TestFramesInPieces(t *testing.T) {
	broker := newBroker(t)
	t.Run("frames may be split anywhere", func(t *testing.T) {
		g := NewWithT(t)
		w := open(t, broker)
		w.call(1, "queue.declare", args{"queue": "split"}, "queue.declare-ok")
		octets := w.content(args{"routing-key": "split"}, args{"content-type": "text/plain"}, "in pieces")
		for _, octet := range octets {
			w.write([]byte{octet})
		}
		g.Expect(w.get(1, "split").body).To(Equal("in pieces"))
	})
	t.Run("many frames may come in one write", func(t *testing.T) {
		g := NewWithT(t)
		w := open(t, broker)
		var octets []byte
		for _, name := range []string{"one", "two", "three"} {
			octets = append(octets, w.method(1, "queue.declare", args{"queue": name})...)
			octets = append(octets, w.content(args{"routing-key": name}, nil, "for "+name)...)
		}
		w.write(octets)
		for _, name := range []string{"one", "two", "three"} {
			g.Expect(w.want(1, "queue.declare-ok")["queue"]).To(Equal(name))
		}
		for _, name := range []string{"one", "two", "three"} {
			g.Expect(w.get(1, name).body).To(Equal("for " + name))
		}
	})
	t.Run("the content of two channels may be mixed", func(t *testing.T) {
		g := NewWithT(t)
		w := open(t, broker)
		w.call(2, "channel.open", nil, "channel.open-ok")
		w.call(1, "queue.declare", args{"queue": "mixed"}, "queue.declare-ok")
		w.call(1, "confirm.select", nil, "confirm.select-ok")
		w.call(2, "confirm.select", nil, "confirm.select-ok")
		publish := args{"routing-key": "mixed"}
		w.write(slices.Concat(
			w.method(1, "basic.publish", publish), w.method(2, "basic.publish", publish),
			encodeFrame(headerFrame, 2, contentHeader(4, nil)), encodeFrame(headerFrame, 1, contentHeader(4, nil)),
			encodeFrame(bodyFrame, 1, []byte("on")), encodeFrame(heartbeatFrame, 0, nil), encodeFrame(bodyFrame, 2, []byte("two")),
			encodeFrame(bodyFrame, 2, []byte("2")), encodeFrame(bodyFrame, 1, []byte("e1")),
		))
		for range 2 {
			g.Expect(w.next().name).To(Equal("basic.ack"))
		}
		g.Expect([]string{w.get(1, "mixed").body, w.get(1, "mixed").body}).To(ConsistOf("one1", "two2"))
	})
	t.Run("a heartbeat between frames is no answer's cause", func(t *testing.T) {
		w := open(t, broker)
		w.write(encodeFrame(heartbeatFrame, 0, nil))
		NewWithT(t).Expect(w.quiet()).To(BeEmpty())
	})
	t.Run("empty frames may be within a body", func(t *testing.T) {
		g := NewWithT(t)
		w := open(t, broker)
		w.call(1, "queue.declare", args{"queue": "gaps"}, "queue.declare-ok")
		w.write(slices.Concat(w.method(1, "basic.publish", args{"routing-key": "gaps"}),
			encodeFrame(headerFrame, 1, contentHeader(4, nil)), encodeFrame(bodyFrame, 1, []byte("ga")),
			encodeFrame(bodyFrame, 1, nil), encodeFrame(bodyFrame, 1, []byte("ps"))))
		g.Expect(w.get(1, "gaps").body).To(Equal("gaps"))
	})
	t.Run("more body than its header says is no message", func(t *testing.T) {
		w := open(t, broker)
		// RabbitMQ says nothing more on that channel; a broker may as well refuse.
		w.call(1, "queue.declare", args{"queue": "over"}, "queue.declare-ok")
		w.write(slices.Concat(w.method(1, "basic.publish", args{"routing-key": "over"}),
			encodeFrame(headerFrame, 1, contentHeader(2, nil)), encodeFrame(bodyFrame, 1, []byte("xyz"))))
		w.within(waits)
		open(t, broker).call(1, "basic.get", args{"queue": "over"}, "basic.get-empty")
	})
}

func TestBodies(t *testing.T) {
	broker := newBroker(t)
	const frameMax = 4096
	small := func(t *testing.T) *wire {
		t.Helper()
		w := openTuned(t, broker, tuning{frameMax: frameMax})
		w.call(1, "channel.open", nil, "channel.open-ok")
		w.call(1, "queue.declare", args{"queue": "bodies"}, "queue.declare-ok")
		return w
	}
	t.Run("an empty body has no frame", func(t *testing.T) {
		g := NewWithT(t)
		w := small(t)
		w.publish("bodies", nil, "")
		empty := w.get(1, "bodies")
		g.Expect(empty.body).To(BeEmpty())
		g.Expect(empty.frames).To(BeEmpty())
		g.Expect(w.quiet()).To(BeEmpty())
	})
	for name, c := range map[string]struct {
		size   int
		frames []int
	}{
		"a body of frame_max - 9 comes in one frame":       {frameMax - 9, []int{frameMax - 9}},
		"a body of frame_max - 8 comes in one frame":       {frameMax - 8, []int{frameMax - 8}},
		"a body of frame_max - 7 comes in two":             {frameMax - 7, []int{frameMax - 8, 1}},
		"a body of twice that and one more comes in three": {2*(frameMax-8) + 1, []int{frameMax - 8, frameMax - 8, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			w := small(t)
			body := strings.Repeat("0123456789", c.size/10+1)[:c.size]
			octets := slices.Concat(w.method(1, "basic.publish", args{"routing-key": "bodies"}),
				encodeFrame(headerFrame, 1, contentHeader(c.size, nil)))
			for part := range slices.Chunk([]byte(body), frameMax-8) {
				octets = append(octets, encodeFrame(bodyFrame, 1, part)...)
			}
			w.write(octets)
			back := w.get(1, "bodies")
			g.Expect(back.body).To(Equal(body))
			g.Expect(back.frames).To(Equal(c.frames))
		})
	}
	t.Run("a frame larger than agreed is refused", func(t *testing.T) {
		g := NewWithT(t)
		w := small(t)
		head := slices.Concat(w.method(1, "basic.publish", args{"routing-key": "bodies"}),
			encodeFrame(headerFrame, 1, contentHeader(5000, nil)), []byte{bodyFrame, 0, 1})
		w.write(binary.BigEndian.AppendUint32(head, 5000))
		g.Expect(w.answer()).To(Equal(
			"connection.close 501 (0,0) FRAME_ERROR - type 3, all octets = <<>>: {frame_too_large,5000,4088}"))
	})
	t.Run("a mebibyte goes in and out in small frames", func(t *testing.T) {
		g := NewWithT(t)
		w := small(t)
		body := strings.Repeat("0123456789abcdef", 1<<16)
		octets := slices.Concat(w.method(1, "basic.publish", args{"routing-key": "bodies"}),
			encodeFrame(headerFrame, 1, contentHeader(len(body), nil)))
		for part := range slices.Chunk([]byte(body), frameMax-8) {
			octets = append(octets, encodeFrame(bodyFrame, 1, part)...)
		}
		w.write(octets)
		back := w.get(1, "bodies")
		g.Expect(back.body).To(Equal(body))
		g.Expect(back.frames).To(HaveLen((len(body) + frameMax - 9) / (frameMax - 8)))
	})
}
