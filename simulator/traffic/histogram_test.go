package traffic_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/traffic"
)

func TestCallsComeAsTheHistogramSays(t *testing.T) {
	g := NewWithT(t)
	h, err := traffic.ParseHistogram(strings.NewReader("# a morning\n08:00 600\n08:30 0 # coffee\n09:00 3000\n\n09:10 100\n"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(h.Start()).To(Equal(8 * time.Hour))
	g.Expect(h.Length()).To(Equal(80 * time.Minute))
	random := ids.Seeded("histogram")
	in := map[time.Duration]int{}
	for at := h.Next(random, 0); at < h.Length(); at += h.Next(random, at) {
		in[at/(10*time.Minute)]++
	}
	g.Expect(in[0] + in[1] + in[2]).To(BeNumerically("~", 600, 100))
	g.Expect(in[3] + in[4] + in[5]).To(BeZero())
	g.Expect(in[6]).To(BeNumerically("~", 3000, 220))
	g.Expect(in[7]).To(BeNumerically("~", 100, 40))
}

func TestAHistogramThatIsNoneIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "no line says",
		"08:00 0":              "no interval has a call",
		"08:00":                "line 1: 1 words; write when an interval begins and how many calls it has, as: 08:30 42",
		"# x\nnoon 3":          `line 2: "noon" is no time; write it as 08:30, or as 90m after the beginning`,
		"-1h 3":                "is no time",
		"2562047h 1":           "is no time",
		"0s 1000\n1ms 1":       "1000 calls in 1ms are more than 100000 a second",
		"08:00 many":           `line 1: "many" is no number of calls`,
		"08:00 -1":             "is no number of calls",
		"08:00 3\n07:00 4":     "line 2: 07:00 does not come after the line before; sort them by time",
		"1h 3\n01:00 4":        "does not come after",
		"08:00 99999999999999": "is no number of calls",
	} {
		_, err := traffic.ParseHistogram(strings.NewReader(text))
		NewWithT(t).Expect(err).To(MatchError(ContainSubstring(want)), text)
	}
}

func FuzzParseHistogram(f *testing.F) {
	f.Add("08:00 3\n09:00 4")
	f.Add("0s 1\n1ns 1")
	f.Add("0s 1\n2562047h 1")
	f.Add("0s 1000000000\n1ns 1")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := traffic.ParseHistogram(strings.NewReader(text))
		if err != nil {
			return
		}
		if h.Length() <= 0 || h.Start() < 0 {
			t.Errorf("%q: from %s for %s", text, h.Start(), h.Length())
		}
	})
}
