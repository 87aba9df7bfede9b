package payload

import (
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// integer is the text of a JSON integer of any size; -0 is 0.
func integer(raw string) string {
	if raw == "-0" {
		return "0"
	}
	return raw
}

// appendFormNumber prints a number as form text does, before escaping
// (kz_mochinum:digits/1).
func appendFormNumber(dst []byte, raw string) []byte {
	if !jobj.IsFloat(raw) {
		return append(dst, integer(raw)...)
	}
	f, ok := jobj.Float(raw)
	if !ok {
		return append(dst, raw...)
	}
	return appendDigits(dst, f)
}

func appendDigits(dst []byte, f float64) []byte {
	if f == 0 {
		return append(dst, "0.0"...)
	}
	negative, digits, point := jobj.Shortest(f)
	if isTie(f, digits, point) {
		// Two texts of this length are equally near. Go and JSON bodies take the even
		// one, form text the larger: 1027475604261341.25 ends in .3.
		last := len(digits) - 1
		digits = digits[:last] + string(digits[last]+1)
	}
	if negative {
		dst = append(dst, '-')
	}
	switch length := len(digits); {
	case point > 0 && point < length:
		dst = append(dst, digits[:point]...)
		dst = append(dst, '.')
		return append(dst, digits[point:]...)
	case point > 0 && point-length < 6:
		dst = append(dst, digits...)
		dst = append(dst, strings.Repeat("0", point-length)...)
		return append(dst, ".0"...)
	case point > 0:
		return appendExponent(dst, digits, point-1)
	case point > -6:
		dst = append(dst, "0."...)
		dst = append(dst, strings.Repeat("0", -point)...)
		return append(dst, digits...)
	}
	return appendExponent(dst, digits, point-1)
}

// appendExponent prints d.ddde+N; a lone digit gets ".0".
func appendExponent(dst []byte, digits string, exponent int) []byte {
	dst = append(dst, digits[0], '.')
	if len(digits) == 1 {
		dst = append(dst, '0')
	}
	dst = append(dst, digits[1:]...)
	dst = append(dst, 'e')
	if exponent >= 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, int64(exponent), 10)
}

// isTie reports whether f lies exactly half a unit of the last digit above
// 0.digits x 10^point: f = (2n+1)/2 x 10^q, with n the digits and q the place of
// the last. Both sides are compared by their odd parts and their powers of two.
func isTie(f float64, digits string, point int) bool {
	fraction, exponent := math.Frexp(math.Abs(f))
	odd := uint64(fraction * (1 << 53)) // f = odd x 2^twos, once it is odd
	zeros := bits.TrailingZeros64(odd)
	odd >>= zeros
	twos := exponent - 53 + zeros
	q := point - len(digits)
	if twos != q-1 {
		return false
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return false
	}
	want := 2*n + 1
	if q > 0 {
		odd, want = want, odd
	}
	for range max(q, -q) {
		high, low := bits.Mul64(odd, 5)
		if high != 0 || low > want {
			return false
		}
		odd = low
	}
	return odd == want
}

// whole reads a value as an integer, "" when it is none (kz_json:get_integer_value/2):
// numeric text is converted, a float rounded.
func whole(v gjson.Result) string {
	raw := number(v)
	switch {
	case raw == "":
		return ""
	case !jobj.IsFloat(raw):
		return integer(raw)
	}
	f, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return "" // beyond a double
	}
	return strconv.FormatFloat(math.Round(f), 'f', 0, 64)
}

// number reads a value as a number and gives its JSON text, "" when it is none
// (kz_json:get_number_value/2). Text counts where Erlang reads it as a number: an
// integer, or a float with digits on both sides of its point.
func number(v gjson.Result) string {
	switch v.Type {
	case gjson.Number:
		return v.Raw
	case gjson.String:
		return numberOf(v.Str)
	}
	return ""
}

func numberOf(text string) string {
	digits := strings.TrimLeft(text, "+-")
	if len(text)-len(digits) > 1 {
		return ""
	}
	if digits != "" && strings.Trim(digits, "0123456789") == "" {
		return signed(text, strings.TrimLeft(digits, "0"))
	}
	mantissa, exponent, hasExponent := strings.Cut(strings.ToLower(digits), "e")
	before, after, hasPoint := strings.Cut(mantissa, ".")
	if !hasPoint || before == "" || after == "" || strings.Trim(before+after, "0123456789") != "" {
		return ""
	}
	if size := strings.TrimLeft(exponent, "+-"); hasExponent && (len(exponent)-len(size) > 1 || size == "" || strings.Trim(size, "0123456789") != "") {
		return ""
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return ""
	}
	if size := math.Abs(f); size != 0 && (size < 1e-6 || size >= 1e21) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	plain := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(plain, ".") {
		plain += ".0" // it stays a float
	}
	return plain
}

// signed is an integer without leading zeros, under the sign of text.
func signed(text, digits string) string {
	switch {
	case digits == "":
		return "0"
	case text[0] == '-':
		return "-" + digits
	}
	return digits
}
