package payload

import (
	"math"
	"strconv"
	"strings"
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
