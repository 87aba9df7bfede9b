package main

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/lab"
)

func set(numbers ...int) *lab.Bits {
	bits := lab.NewBits(10)
	for _, n := range numbers {
		bits.Add(n)
	}
	return bits
}

func TestEveryEventThatWasSentHasOnePlace(t *testing.T) {
	book := lab.NewBook(10)
	for n := range 8 {
		book.Sent.Add(n) // the last two were never confirmed
	}
	even := func(n int) bool { return n%2 == 0 }
	for name, c := range map[string]struct {
		arrived, failed *lab.Bits
		waiting         int
		want            tally
	}{
		"all arrived":         {set(0, 2, 4, 6), set(), 0, tally{hooks: 1, sent: 4, arrived: 4}},
		"one lost":            {set(0, 4, 6), set(), 0, tally{hooks: 1, sent: 4, arrived: 3, lost: 1}},
		"of another account":  {set(0, 2, 3, 4, 6), set(1), 0, tally{hooks: 1, sent: 4, arrived: 4}},
		"never confirmed":     {set(0, 2, 4, 6, 8), set(), 0, tally{hooks: 1, sent: 4, arrived: 4}},
		"recorded":            {set(0, 2), set(4, 6), 0, tally{hooks: 1, sent: 4, arrived: 2, failed: 2}},
		"failed, and arrived": {set(0, 2, 4, 6), set(4), 0, tally{hooks: 1, sent: 4, arrived: 4}},
		"parked":              {set(0), set(2), 2, tally{hooks: 1, sent: 4, arrived: 1, failed: 1, parked: 2}},
		"fewer parked":        {set(0), set(2), 1, tally{hooks: 1, sent: 4, arrived: 1, failed: 1, parked: 1, lost: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(judge(book, even, c.arrived, c.failed, c.waiting)).To(Equal(c.want))
		})
	}
}

func TestAVerdictNamesWhatIsWrong(t *testing.T) {
	g := NewWithT(t)
	g.Expect(verdict(tally{sent: 3, arrived: 2, parked: 1}, 0)).To(Succeed(), "parked where the receiver is dead")
	g.Expect(verdict(tally{sent: 3, arrived: 2, lost: 1}, 0)).To(MatchError(ContainSubstring("1 deliveries")))
	g.Expect(verdict(tally{sent: 3, arrived: 2, parked: 1}, 1)).To(MatchError(ContainSubstring("stay parked")))
}

func TestATableHasALineForEachRole(t *testing.T) {
	g := NewWithT(t)
	var out strings.Builder
	table(&out, map[role]tally{healthy: {hooks: 30, sent: 7, arrived: 7, again: 2}, dead: {hooks: 5, sent: 2, parked: 2}})
	g.Expect(strings.Split(out.String(), "\n")).To(HaveLen(1 + len(roles()) + 2))
	g.Expect(out.String()).To(MatchRegexp(`(?m)^all +35 +9 +7 +0 +2 +0 +2$`))
}
