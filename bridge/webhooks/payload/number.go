package payload

import (
	"math"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/bridge/kapi/form"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// whole reads a value as an integer, "" when it is none (kz_json:get_integer_value/2):
// numeric text is converted, a float rounded.
func whole(v gjson.Result) string {
	raw := number(v)
	switch {
	case raw == "":
		return ""
	case !jobj.IsFloat(raw):
		return form.IntegerText(raw)
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
