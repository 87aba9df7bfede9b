package jobj_test

import (
	"math"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

func TestIntegersAreReadAsErlangDoes(t *testing.T) {
	const none = math.MinInt64 + 1
	g := NewWithT(t)
	for text, want := range map[string]int64{
		`6`: 6, `-1`: -1, `2.5`: 3, `-2.5`: -3, `1e1`: 10, `1E400`: math.MaxInt64, `-1e400`: math.MinInt64,
		`9223372036854775807`: math.MaxInt64, `9223372036854775808`: math.MaxInt64, `1e-400`: 0,
		`"6"`: 6, `"+6"`: 6, `"-06"`: -6, `"2.5"`: 3, `"1.0e1"`: 10, `"1.0E+1"`: 10, `"99999999999999999999"`: math.MaxInt64,
		`""`: none, `"-"`: none, `" 6"`: none, `"6 "`: none, `"+-6"`: none, `"6."`: none, `".6"`: none, `"1e1"`: none, `"1.5e"`: none, `"1.5e+-1"`: none,
		`"inf"`: none, `"NaN"`: none, `"0x10"`: none, `"0x1.8p1"`: none, `"1_0"`: none, `"six"`: none, `null`: none, `true`: none, `[6]`: none, `{}`: none,
	} {
		value, err := jobj.Parse([]byte(text))
		g.Expect(err).NotTo(HaveOccurred(), text)
		n, ok := jobj.Integer(value)
		g.Expect(ok).To(Equal(want != none), text)
		if ok {
			g.Expect(n).To(Equal(want), text)
		}
	}
}
