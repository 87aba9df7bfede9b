package form

import (
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// IntegerText is the text of a JSON integer of any size; -0 is 0.
func IntegerText(raw string) string {
	if raw == "-0" {
		return "0"
	}
	return raw
}

// AppendNumber prints a number as form text does, before escaping
// (kz_mochinum:digits/1).
func AppendNumber(dst []byte, raw string) []byte {
	if !jobj.IsFloat(raw) {
		return append(dst, IntegerText(raw)...)
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
