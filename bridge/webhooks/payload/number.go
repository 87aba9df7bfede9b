package payload

import (
	"math"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// isFloat tells whether a JSON number is a float to Erlang: it has a point or an
// exponent.
func isFloat(raw string) bool { return strings.ContainsAny(raw, ".eE") }

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
	if !isFloat(raw) {
		return append(dst, integer(raw)...)
	}
	f, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return append(dst, raw...) // beyond a double: the reference cannot hold it either
	}
	return appendDigits(dst, f)
}

// smallestNormal: what lies below came out as 0.0 in the recorded answers.
const smallestNormal = 0x1p-1022

func appendDigits(dst []byte, f float64) []byte {
	if math.Abs(f) < smallestNormal {
		return append(dst, "0.0"...)
	}
	negative, digits, point := shortest(f)
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

// shortest gives the fewest digits that read back to f, and where the point
// stands relative to their start: f = 0.digits x 10^point.
func shortest(f float64) (negative bool, digits string, point int) {
	text := strconv.FormatFloat(math.Abs(f), 'e', -1, 64)
	mantissa, exponent, _ := strings.Cut(text, "e")
	e, _ := strconv.Atoi(exponent)
	return f < 0, strings.Replace(mantissa, ".", "", 1), e + 1
}

// appendJSONNumber prints a number as JSON bodies do: floats plain with at least
// one decimal, from 1e21 up and below 1e-6 with an exponent and without padding.
func appendJSONNumber(dst []byte, raw string) []byte {
	if !isFloat(raw) {
		return append(dst, integer(raw)...)
	}
	f, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return append(dst, raw...)
	}
	if f == 0 {
		if math.Signbit(f) {
			dst = append(dst, '-')
		}
		return append(dst, "0.0"...)
	}
	negative, digits, point := shortest(f)
	if point > -6 && point <= 21 {
		dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
		if point >= len(digits) {
			dst = append(dst, ".0"...)
		}
		return dst
	}
	if negative {
		dst = append(dst, '-')
	}
	dst = append(dst, digits[0])
	if len(digits) > 1 {
		dst = append(dst, '.')
		dst = append(dst, digits[1:]...)
	}
	dst = append(dst, 'e')
	if point-1 >= 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, int64(point-1), 10)
}

// whole reads a value as an integer, "" when it is none (kz_json:get_integer_value/2):
// numeric text is converted, a float rounded.
func whole(v gjson.Result) string {
	raw := number(v)
	switch {
	case raw == "":
		return ""
	case !isFloat(raw):
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
	return strconv.FormatFloat(f, 'e', -1, 64)
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
