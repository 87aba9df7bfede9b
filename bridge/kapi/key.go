package kapi

import (
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

const upperHex = "0123456789ABCDEF"

// MaxRoutingKey is how many bytes AMQP carries in a routing key.
const MaxRoutingKey = 255

// EncodeKey makes one segment of a routing key out of any text
// (kz_amqp_util:encode/1): byte by byte, letters, digits and - ~ _ stay, a space
// becomes +, all else %XX. A segment that is just * or # keeps its meaning.
func EncodeKey(segment string) string {
	if segment == "*" || segment == "#" {
		return segment
	}
	var b strings.Builder
	b.Grow(len(segment))
	for i := range len(segment) {
		switch c := segment[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '~', c == '_':
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			b.Write([]byte{'%', upperHex[c>>4], upperHex[c&0xF]})
		}
	}
	return b.String()
}

// CallEventID is the id in a call event's routing key and call-id header, which
// may differ from its Call-ID (kapi_call:find_event_call_id/1).
func CallEventID(event jobj.Object) string {
	if event.Bool(false, "Channel-Is-Loopback") {
		return event.String("Call-ID")
	}
	for _, key := range []string{"Origination-Call-ID", "Call-ID", "Unique-ID"} {
		if id := event.String(key); id != "" {
			return id
		}
	}
	return ""
}

// CallEventKey is the routing key of a call event on ExchangeCallEvents.
// With id "*" it is the binding for every event of that name.
func CallEventKey(name, id string) string {
	return "call." + name + "." + EncodeKey(id)
}

// callEventSegment is the id in a call event's key.
func callEventSegment() Segment {
	return Segment{Fields: []string{"Call-ID"}, From: CallEventID}
}
