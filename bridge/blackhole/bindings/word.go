package bindings

import (
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi"
)

// word is an id as it stands in the key of an event, encoded. Clients of the
// reference must send the id of a call in that form, and those of other things
// plain, and only the plain ones without special characters ever match; here
// both forms match (quirk accepted-undelivered). A plus is one, as in a number, unless
// an escape shows that the id is encoded: then it is a space.
func word(id string) string {
	if strings.Contains(id, "%") {
		return callWord(id)
	}
	return encoded(id, "-~_")
}

// callWord is word for the id of a call, in which a plus is an encoded space.
func callWord(id string) string { return encoded(id, "-~_+") }

// encoded leaves what can be encoded already as it is, but for the case of its
// digits; plain are the signs that need no escape.
func encoded(id, plain string) string {
	if !isEncoded(id, plain) {
		return kapi.EncodeKey(id)
	}
	if !strings.Contains(id, "%") {
		return id
	}
	out := []byte(id)
	for i := range out {
		if out[i] == '%' {
			copy(out[i:], strings.ToUpper(id[i:i+3]))
		}
	}
	return string(out)
}

func isEncoded(id, plain string) bool {
	for i := 0; i < len(id); i++ {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte(plain, c) >= 0:
		case c == '%' && i+2 < len(id) && isHex(id[i+1]) && isHex(id[i+2]):
			i += 2
		default:
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
