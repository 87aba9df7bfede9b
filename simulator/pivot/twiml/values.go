package twiml

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

var (
	whole   = regexp.MustCompile(`^[+-]?[0-9]+$`)
	decimal = regexp.MustCompile(`^[+-]?[0-9]+[.,][0-9]+([eE][+-]?[0-9]+)?$`)
)

// Integer reads a number as Kazoo does: a sign and digits, or a decimal with a point or a comma, which
// is rounded. Anything else counts as absent (kz_json:get_integer_value/2 over attributes).
func Integer(text string) (int64, bool) {
	switch {
	case whole.MatchString(text):
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil { // longer than any number here
			if strings.HasPrefix(text, "-") {
				return math.MinInt32, true
			}
			return math.MaxInt32, true
		}
		return n, true
	case decimal.MatchString(text):
		f, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
		if err != nil {
			return 0, false
		}
		return int64(math.Round(min(max(f, math.MinInt32), math.MaxInt32))), true
	}
	return 0, false
}

// Int is an attribute read as a number; false where it is absent, or counts as that.
func (n *Node) Int(name string) (int64, bool) {
	v, _ := n.Attr(name)
	return Integer(v)
}

// Bool is whether an attribute is true; otherwise where it is absent. Any other word is false.
func (n *Node) Bool(name string, otherwise bool) bool {
	v, ok := n.Attr(name)
	if !ok {
		return otherwise
	}
	return v == "true"
}

// digits are the keys of a phone.
const digits = "0123456789*#"

// Keys are the characters of a text that are keys of a phone, in their order, repeats kept.
func Keys(text string) []string {
	out := []string{}
	for _, r := range text {
		if strings.ContainsRune(digits, r) {
			out = append(out, string(r))
		}
	}
	return out
}

// IsKey says whether a text is one key of a phone.
func IsKey(text string) bool { return len(text) == 1 && strings.Contains(digits, text) }

// Method reads a method: GET and POST in any case, absent or undefined is POST. known is false for
// a word that is neither, which counts as POST here and ends the document in Kazoo when its runtime
// has met the word before (quirk known-method-crash).
func (n *Node) Method() (method string, known bool) {
	v, ok := n.Attr("method")
	switch {
	case !ok, v == "undefined":
		return "post", true
	case strings.EqualFold(v, "get"):
		return "get", true
	case strings.EqualFold(v, "post"):
		return "post", true
	}
	return "post", false
}
