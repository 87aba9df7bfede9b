package jobj

import (
	"math"
	"strconv"
	"strings"
)

// IsFloat tells whether a JSON number is a float to Erlang: it has a point or an
// exponent.
func IsFloat(raw string) bool { return strings.ContainsAny(raw, ".eE") }

// longNumber is the length from which the reference's decoder leaves its short way.
const longNumber = 32

// smallestNormal is the smallest double with all its digits.
const smallestNormal = 0x1p-1022

// Float is the number that the reference's decoder (jiffy) makes of a float's text.
// One that is very small or very long goes a way of its own there: without a point
// it is the mantissa times a power of ten, which may be 0 by itself, so that 5e-324
// is 0.0. ok is false for what no double holds; the reference does not take a
// message with such a number for JSON.
func Float(raw string) (f float64, ok bool) {
	f, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return 0, false
	}
	if math.Abs(f) >= smallestNormal && len(raw) < longNumber || strings.Contains(raw, ".") {
		return f, true
	}
	at := strings.IndexAny(raw, "eE")
	mantissa, err := strconv.ParseFloat(raw[:at], 64)
	if err != nil {
		return 0, false
	}
	power, err := strconv.ParseFloat("1e"+raw[at+1:], 64)
	return mantissa * power, err == nil && !math.IsInf(mantissa*power, 0)
}

// Shortest gives the fewest digits that read back to f, and where the point stands
// relative to their start: f = 0.digits x 10^point.
func Shortest(f float64) (negative bool, digits string, point int) {
	text := strconv.FormatFloat(math.Abs(f), 'e', -1, 64)
	mantissa, exponent, _ := strings.Cut(text, "e")
	e, _ := strconv.Atoi(exponent)
	return f < 0, strings.Replace(mantissa, ".", "", 1), e + 1
}

// AppendNumber prints a JSON number as the reference's encoder does (jiffy): an
// integer as it is, but -0 as 0; a float plain with at least one decimal, from 1e21
// up and below 1e-6 with an exponent and without padding (quirk float-forms).
func AppendNumber(dst []byte, raw string) []byte {
	if !IsFloat(raw) {
		if raw == "-0" {
			raw = "0"
		}
		return append(dst, raw...)
	}
	f, ok := Float(raw)
	if !ok {
		return append(dst, raw...)
	}
	if f == 0 {
		return append(dst, "0.0"...) // either sign
	}
	negative, digits, point := Shortest(f)
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
