package jobj

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// Integer reads a value as kz_term:to_integer/1 does: a number, or text in which
// Erlang reads one, what has a fraction rounded. What is beyond an int64 is the
// nearest of them. ok is false for everything else.
func Integer(value any) (n int64, ok bool) {
	switch value := value.(type) {
	case int:
		return int64(value), true
	case int64:
		return value, true
	case json.Number:
		return nearest(value.String())
	case string:
		if erlangNumber(value) {
			return nearest(value)
		}
	}
	return 0, false
}

func nearest(text string) (int64, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	switch f = math.Round(f); { // 1<<63 is the first that no int64 holds
	case f >= 1<<63:
		return math.MaxInt64, true
	case f < -1<<63:
		return math.MinInt64, true
	}
	return int64(f), true
}

// erlangNumber tells the texts that binary_to_integer/1 and binary_to_float/1 take:
// digits on both sides of a point, and an exponent only behind such.
func erlangNumber(text string) bool {
	if text != "" && (text[0] == '-' || text[0] == '+') {
		text = text[1:]
	}
	whole, fraction, isFloat := strings.Cut(text, ".")
	if !isFloat {
		return digits(whole)
	}
	fraction, exponent, hasExponent := strings.Cut(strings.ToLower(fraction), "e")
	if exponent != "" && (exponent[0] == '-' || exponent[0] == '+') {
		exponent = exponent[1:]
	}
	return digits(whole) && digits(fraction) && (!hasExponent || digits(exponent))
}

func digits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }
