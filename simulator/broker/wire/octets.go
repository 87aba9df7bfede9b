package wire

import (
	"strconv"
	"strings"
)

// Octets writes bytes as RabbitMQ's error texts do: <<"abc">> when all can be
// printed, else <<97,0,255>>; cut after as many as such a text can hold.
func Octets(b []byte) string {
	const most = 64
	cut := ""
	if len(b) > most {
		b, cut = b[:most], "..."
	}
	if len(b) == 0 {
		return "<<>>"
	}
	if printable(b) {
		return `<<"` + string(b) + `"` + cut + ">>"
	}
	var text strings.Builder
	text.WriteString("<<")
	for i, octet := range b {
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString(strconv.Itoa(int(octet)))
	}
	return text.String() + cut + ">>"
}

func printable(b []byte) bool {
	for _, octet := range b {
		if octet < ' ' || octet > '~' {
			return false
		}
	}
	return true
}
