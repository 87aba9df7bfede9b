package webhooks

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestWhatWasParkedComesBackAsFastAsOthersAllow(t *testing.T) {
	g := NewWithT(t)
	p := newPace()
	looks := func(n int, heard bool, takes time.Duration) int {
		for range n {
			p.heard = heard
			p.adjust(p.most, takes)
		}
		return p.most
	}
	p.adjust(0, 3*time.Millisecond)
	g.Expect(looks(1, true, 3*time.Millisecond)).To(Equal(leastOut + 1))
	before := looks(100, true, 4*time.Millisecond)
	g.Expect(before).To(BeNumerically(">", 10*leastOut), "about as before")
	g.Expect(looks(1, true, 30*time.Millisecond)).To(Equal(before / 2))
	g.Expect(looks(10, true, 30*time.Millisecond)).To(Equal(leastOut))
	g.Expect(looks(1, false, 30*time.Millisecond)).To(Equal(2*leastOut), "nothing has come from the bus that could be held up")
	g.Expect(looks(20, false, 30*time.Millisecond)).To(Equal(mostOut))
	p.adjust(0, 3*time.Millisecond)
	g.Expect(p.most).To(Equal(leastOut), "the next time it begins anew")
}

func TestAPaceFindsItsWayBackWhenAllHasBecomeSlower(t *testing.T) {
	p := newPace()
	p.adjust(0, time.Millisecond)
	for range 600 { // 150 s
		p.heard = true
		p.adjust(p.most, 20*time.Millisecond)
	}
	NewWithT(t).Expect(p.most).To(Equal(mostOut))
}

func TestSlowReceiversHaveTheirRateWhileAllElseIsSlow(t *testing.T) {
	g := NewWithT(t)
	b := &backlog{}
	in := func(n int, after time.Duration) {
		for range n {
			b.answered(after)
		}
	}
	g.Expect(b.least(1)).To(BeZero(), "nothing is known of it yet")
	in(1000, 500*time.Millisecond)
	g.Expect(b.least(1)).To(BeNumerically("~", leastRate/2, 1), "as many as half a second of the least rate needs")
	g.Expect(b.least(10)).To(BeNumerically("~", leastRate/20, 1), "of ten hooks each has a tenth")
	g.Expect(b.least(0)).To(Equal(b.least(1)))
	in(1000, time.Hour)
	g.Expect(b.least(1)).To(BeNumerically("~", leastRate, 1), "no more than a second's")
	in(100, 2*time.Millisecond)
	g.Expect(b.least(1)).To(BeNumerically("<", 8), "quick ones need no more than all have")
}

func TestAHookWhoseRowsAreSoonGoneMayHaveMore(t *testing.T) {
	g := NewWithT(t)
	const usual = 32
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	b, alone := &backlog{hand: map[string]bool{}, allowed: usual}, true
	takes := func(after time.Duration) int {
		now = now.Add(after)
		b.adapt(now, usual, alone)
		b.taken = now
		return b.allowed
	}
	g.Expect(takes(0)).To(Equal(usual), "nothing is known of it yet")
	g.Expect(takes(50 * time.Millisecond)).To(Equal(2 * usual))
	for range 10 {
		takes(50 * time.Millisecond)
	}
	g.Expect(b.allowed).To(Equal(maxAllowed))
	g.Expect(takes(500*time.Millisecond)).To(Equal(maxAllowed), "neither quick nor slow")
	g.Expect(takes(2 * time.Second)).To(Equal(maxAllowed / 2))
	alone = false
	g.Expect(takes(time.Millisecond)).To(Equal(usual), "others could be held up")
	alone = true
	takes(time.Millisecond)
	for range 10 {
		takes(2 * time.Second)
	}
	g.Expect(b.allowed).To(Equal(usual))
	b.allowed = 1 // it is silent
	g.Expect(takes(time.Millisecond)).To(Equal(1), "that is for its answers to change")
}
