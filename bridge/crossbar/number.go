package crossbar

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// wholeNumber reads a request value as kz_term:to_integer/1 does: a number or the
// text of one, in which a fraction is rounded. ok is false for what is no number,
// and for one beyond 18 digits, which the reference would take.
func wholeNumber(value any) (n int64, ok bool) {
	var text string
	switch value := value.(type) {
	case string:
		text = value
	case json.Number:
		text = value.String()
	default:
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		// Erlang reads a float only with digits on both sides of its point; JSON
		// numbers may be without one.
		whole, fraction, pointed := strings.Cut(text, ".")
		f, err := strconv.ParseFloat(text, 64)
		_, number := value.(json.Number)
		if err != nil || !number && (!pointed || !endsWithDigit(whole) || !startsWithDigit(fraction)) {
			return 0, false
		}
		if math.Abs(f) >= largest {
			return 0, false
		}
		n = int64(math.Round(f))
	}
	return n, -largest < n && n < largest
}

const largest = 1e18

func startsWithDigit(text string) bool { return text != "" && text[0] >= '0' && text[0] <= '9' }

func endsWithDigit(text string) bool {
	return text != "" && text[len(text)-1] >= '0' && text[len(text)-1] <= '9'
}
