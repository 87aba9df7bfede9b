package payload

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// Reasons why a message is no event. The reference takes such bytes for an empty
// object and ignores them.
var (
	ErrNotJSON = errors.New("the body is not a JSON object")
	ErrTooDeep = errors.New("the body is nested too deep")
	ErrNotText = errors.New("the body is not UTF-8, or has half of a surrogate pair")
)

// maxDepth bounds nesting. Kazoo's messages stay below 10; without a bound a
// hostile message would cost time with the square of its depth.
const maxDepth = 64

// Check reports why body cannot be read as an event, or nil. Whatever passes can
// be walked with gjson, which trusts its input.
func Check(body []byte) error { return check(string(body)) }

func check(body string) error {
	if !utf8.ValidString(body) {
		return ErrNotText
	}
	// To look at each byte took 4 us; most messages have so few brackets, and no such
	// escapes, that it need not be done.
	escapes := strings.Contains(body, `\u`)
	if escapes || strings.Count(body, "{")+strings.Count(body, "[") > maxDepth {
		var depth int
		if depth, escapes = scan(body); depth > maxDepth {
			return ErrTooDeep
		}
	}
	if !gjson.Valid(body) || !gjson.Parse(body).IsObject() {
		return ErrNotJSON
	}
	if escapes && loneSurrogate(body) {
		return ErrNotText
	}
	return nil
}

// scan finds the deepest nesting of a text, and whether it has \u escapes. Its
// answer means something only if the text is JSON.
func scan(body string) (deepest int, escapes bool) {
	depth, inString := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '\\' && inString:
			i++
			escapes = escapes || i < len(body) && body[i] == 'u'
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest, escapes
}

// loneSurrogate looks for half of a pair in the \u escapes of a valid JSON text.
func loneSurrogate(s string) bool {
	pendingHigh := false
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			if pendingHigh {
				return true
			}
			continue
		}
		i++
		if s[i] != 'u' {
			if pendingHigh {
				return true
			}
			continue
		}
		switch unit := strings.ToLower(s[i+1 : i+5]); {
		case unit >= "d800" && unit < "dc00":
			if pendingHigh {
				return true
			}
			pendingHigh = true
		case unit >= "dc00" && unit < "e000":
			if !pendingHigh {
				return true
			}
			pendingHigh = false
		case pendingHigh:
			return true
		}
		i += 4
	}
	return pendingHigh
}
