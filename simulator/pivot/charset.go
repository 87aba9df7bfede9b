package pivot

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// decode reads a body in the charset that its Content-Type declares: those that every browser knows
// without a table. false is for any other.
func decode(body []byte, contentType string) ([]byte, bool) {
	_, parameters, _ := strings.Cut(contentType, ";")
	charset := ""
	for one := range strings.SplitSeq(parameters, ";") {
		if key, value, ok := strings.Cut(strings.TrimSpace(one), "="); ok && strings.EqualFold(key, "charset") {
			charset = strings.ToLower(strings.Trim(value, `" `))
		}
	}
	switch charset {
	case "iso-8859-1", "latin1":
		var out []byte
		for _, b := range body {
			out = utf8.AppendRune(out, rune(b))
		}
		return out, true
	case "utf-16", "utf-16le", "utf-16be":
		return decodeUTF16(body, charset)
	}
	return nil, false
}

func decodeUTF16(body []byte, charset string) ([]byte, bool) {
	if len(body)%2 != 0 {
		return nil, false
	}
	little := charset == "utf-16le"
	if len(body) >= 2 && body[0] == 0xff && body[1] == 0xfe {
		little, body = true, body[2:]
	} else if len(body) >= 2 && body[0] == 0xfe && body[1] == 0xff {
		little, body = false, body[2:]
	}
	units := make([]uint16, 0, len(body)/2)
	for i := 0; i < len(body); i += 2 {
		high, low := body[i], body[i+1]
		if little {
			high, low = low, high
		}
		units = append(units, uint16(high)<<8|uint16(low))
	}
	return []byte(string(utf16.Decode(units))), true
}
