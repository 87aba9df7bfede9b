package payload_test

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/webhooks/payload"
)

// formNumber and jsonNumber print one number in kazoo mode.
func formNumber(raw string) string {
	return strings.TrimPrefix(string(payload.Parse(`{"n":`+raw+`}`).Form(fidelity.Kazoo)), "n=")
}

func jsonNumber(raw string) string {
	text := string(payload.Parse(`{"n":` + raw + `}`).JSON(fidelity.Kazoo))
	return strings.TrimSuffix(strings.TrimPrefix(text, "{\n  \"n\" : "), "\n}")
}

func TestNumbersAsTheTwoPrintersOfKazooHaveThem(t *testing.T) {
	cases := []struct{ in, form, json string }{
		// Integers stay, whatever their size.
		{"0", "0", "0"},
		{"-0", "0", "0"},
		{"-1", "-1", "-1"},
		{"9223372036854775807", "9223372036854775807", "9223372036854775807"},
		{"9223372036854775808", "9223372036854775808", "9223372036854775808"},
		{"-123456789012345678901234567890123456789", "-123456789012345678901234567890123456789", "-123456789012345678901234567890123456789"},
		// Zero has no sign.
		{"0.0", "0.0", "0.0"},
		{"-0.0", "0.0", "0.0"},
		{"0e10", "0.0", "0.0"},
		{"-0.000", "0.0", "0.0"},
		// The point stands at the end, inside, or in front.
		{"1.0", "1.0", "1.0"},
		{"1.50", "1.5", "1.5"},
		{"12.25", "12.25", "12.25"},
		{"123456789.0", "123456789.0", "123456789.0"},
		{"1500000.0", "1500000.0", "1500000.0"},
		{"0.1", "0.1", "0.1"},
		{"0.5", "0.5", "0.5"},
		{"-2.5", "-2.5", "-2.5"},
		{"123e-2", "1.23", "1.23"},
		// Form text writes an exponent behind six zeros, JSON from 1e21.
		{"1e5", "100000.0", "100000.0"},
		{"1E5", "100000.0", "100000.0"},
		{"1e+5", "100000.0", "100000.0"},
		{"1e6", "1.0e%2B6", "1000000.0"},
		{"12e5", "1200000.0", "1200000.0"},
		{"12e6", "1.2e%2B7", "12000000.0"},
		{"1e20", "1.0e%2B20", "100000000000000000000.0"},
		{"123456789012345680000.0", "123456789012345680000.0", "123456789012345680000.0"},
		{"1e21", "1.0e%2B21", "1e+21"},
		{"1e22", "1.0e%2B22", "1e+22"},
		{"1.5e22", "1.5e%2B22", "1.5e+22"},
		{"-1e100", "-1.0e%2B100", "-1e+100"},
		{"1.7976931348623157e308", "1.7976931348623157e%2B308", "1.7976931348623157e+308"},
		// Small ones: form text has up to five zeros behind the point, JSON down to 1e-6.
		{"1e-5", "0.00001", "0.00001"},
		{"1e-6", "0.000001", "0.000001"},
		{"1.5e-6", "0.0000015", "0.0000015"},
		{"1e-7", "1.0e-7", "1e-7"},
		{"1.25e-7", "1.25e-7", "1.25e-7"},
		{"2.2250738585072014e-308", "2.2250738585072014e-308", "2.2250738585072014e-308"},
		// Below the normal doubles the decoder computes 5 x 10^-324, and 10^-324 is 0.
		{"5e-324", "0.0", "0.0"},
		{"-5E-324", "0.0", "0.0"},
		{"1e-400", "0.0", "0.0"},
		{"3e-310", "3.0e-310", "3e-310"},
		{"4.9e-324", "5.0e-324", "5e-324"},
		{"2.5e-310", "2.5e-310", "2.5e-310"},
		// The shortest digits; of two that are equally near, form text has the larger.
		{"0.30000000000000004", "0.30000000000000004", "0.30000000000000004"},
		{"4.350", "4.35", "4.35"},
		{"9007199254740993.0", "9007199254740992.0", "9007199254740992.0"},
		{"1027475604261341.25", "1027475604261341.3", "1027475604261341.2"},
		{"144794434055056.625", "144794434055056.63", "144794434055056.62"},
		{"3371836896475.03125", "3371836896475.0313", "3371836896475.0312"},
		{"5e-1", "0.5", "0.5"},
		// Longer than the decoder's buffer.
		{"0.1000000000000000055511151231257827021181583404541015625", "0.1", "0.1"},
		// No double holds it: it stays as it came.
		{"1e400", "1e400", "1e400"},
		{"-1.5e400", "-1.5e400", "-1.5e400"},
	}
	for _, c := range cases {
		if got := formNumber(c.in); got != c.form {
			t.Errorf("form of %s: got %s, want %s", c.in, got, c.form)
		}
		if got := jsonNumber(c.in); got != c.json {
			t.Errorf("json of %s: got %s, want %s", c.in, got, c.json)
		}
		// Corrected, both have it as it came; an integer has no negative zero either way.
		want := strings.ReplaceAll(c.in, "+", "%2B")
		if c.in == "-0" {
			want = "0"
		}
		in := payload.Parse(`{"n":` + c.in + `}`)
		if got := string(in.Form(fidelity.Corrected)); got != "n="+want {
			t.Errorf("corrected form of %s: got %s", c.in, got)
		}
		if got := string(in.JSON(fidelity.Corrected)); got != "{\n  \"n\" : "+strings.ReplaceAll(want, "%2B", "+")+"\n}" {
			t.Errorf("corrected json of %s: got %s", c.in, got)
		}
	}
}

// Both texts read back to the number that was sent, and have the shape of the table
// in their printers' rules.
func TestPrintedNumbersReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.OneOf(
			rapid.Float64(),
			rapid.Map(rapid.Uint64(), math.Float64frombits),
			rapid.Map(rapid.IntRange(-1074, 1023), func(e int) float64 { return math.Ldexp(1, e) }),
			rapid.Map(rapid.IntRange(-323, 308), func(e int) float64 {
				f, _ := strconv.ParseFloat(fmt.Sprintf("1e%d", e), 64)
				return f
			}),
		).Filter(func(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }).Draw(t, "f")
		raw := strconv.FormatFloat(f, 'e', -1, 64)
		if !strings.Contains(raw, ".") { // which the decoder reads exactly
			raw = strings.Replace(raw, "e", ".0e", 1)
		}
		form := strings.ReplaceAll(formNumber(raw), "%2B", "+")
		for name, text := range map[string]string{"form": form, "json": jsonNumber(raw)} {
			if back, err := strconv.ParseFloat(text, 64); err != nil || back != f {
				t.Errorf("%s of %s is %s, which reads back as %v, %v", name, raw, text, back, err)
			}
			if text == "-0.0" || strings.HasPrefix(strings.TrimPrefix(text, "-"), ".") {
				t.Errorf("%s of %s is %s", name, raw, text)
			}
		}
		if !strings.Contains(form, ".") {
			t.Errorf("form of %s is %s, without a point", raw, form)
		}
	})
}
