package wire

import (
	"fmt"
	"strconv"
	"strings"
)

// Octets writes bytes as RabbitMQ's error texts do: <<"abc">> when all can be
// printed, else <<97,0,255>>.
func Octets(b []byte) string {
	if len(b) == 0 {
		return "<<>>"
	}
	if printable(b) {
		return `<<"` + string(b) + `">>`
	}
	var text strings.Builder
	text.WriteString("<<")
	for i, octet := range b {
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString(strconv.Itoa(int(octet)))
	}
	return text.String() + ">>"
}

func printable(b []byte) bool {
	for _, octet := range b {
		if octet < ' ' || octet > '~' {
			return false
		}
	}
	return true
}

// String shows a frame as RabbitMQ's error texts do: its type and what it begins
// with.
func (f Frame) String() string {
	const most = 16
	if len(f.Payload) > most {
		return fmt.Sprintf("type %d, first %d octets = %s", f.Type, most, Octets(f.Payload[:most]))
	}
	return fmt.Sprintf("type %d, all octets = %s", f.Type, Octets(f.Payload))
}
