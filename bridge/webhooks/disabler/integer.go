package disabler

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// integerMember reads a number or numeric text, what has a fraction rounded, as
// kz_term:to_integer/1 does. A number that is too large is the largest.
func integerMember(doc jobj.Object, key string) (int, bool) {
	value, _ := doc.Get(key)
	text, isText := value.(string)
	if number, ok := value.(json.Number); ok {
		text = number.String()
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return int(n), true
	}
	if isText && !erlangNumber(text) {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	const most = 1 << 53 // what a float still tells apart
	return int(max(min(math.Round(f), most), -most)), true
}

// erlangNumber tells the texts that binary_to_integer and binary_to_float take: a
// fraction must have digits on both sides of its point, an exponent needs one.
func erlangNumber(text string) bool {
	whole, fraction, isFloat := strings.Cut(text, ".")
	whole = strings.TrimPrefix(strings.TrimPrefix(whole, "-"), "+")
	if isFloat {
		mantissa, exponent, _ := strings.Cut(strings.ToLower(fraction), "e")
		if mantissa == "" || strings.Trim(mantissa, "0123456789") != "" || strings.Trim(exponent, "+-0123456789") != "" {
			return false
		}
	}
	return whole != "" && strings.Trim(whole, "0123456789") == ""
}

// milliseconds is a duration, the longest one for more than it can hold.
func milliseconds(n int) time.Duration {
	const most = math.MaxInt64 / int64(time.Millisecond)
	return time.Duration(max(min(int64(n), most), -most)) * time.Millisecond
}
