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
	p := newPace()
	p.adjust(0, time.Millisecond)
	for range 1000 {
		p.answered(500 * time.Millisecond)
	}
	p.heard = true
	p.adjust(p.most, time.Second)
	g.Expect(p.most).To(BeNumerically("~", leastRate/2, 5), "as many as half a second of the least rate needs")
	for range 1000 {
		p.answered(time.Hour)
	}
	p.heard = true
	p.adjust(p.most, 2*time.Second)
	g.Expect(p.most).To(BeNumerically("~", leastRate, 1), "no more than a second's")
	for range 1000 {
		p.answered(time.Millisecond)
	}
	for range 20 {
		p.heard = true
		p.adjust(p.most, 2*time.Second)
	}
	g.Expect(p.most).To(Equal(leastOut), "quick ones need no more")
}

func TestAHookWhoseRowsAreSoonGoneMayHaveMore(t *testing.T) {
	g := NewWithT(t)
	const usual = 32
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	b := &backlog{hand: map[string]bool{}, allowed: usual}
	takes := func(after time.Duration) int {
		now = now.Add(after)
		b.adapt(now, usual)
		b.taken = now
		return b.allowed
	}
	g.Expect(takes(0)).To(Equal(usual), "nothing is known of it yet")
	g.Expect(takes(50 * time.Millisecond)).To(Equal(2 * usual))
	for range 10 {
		takes(50 * time.Millisecond)
	}
	g.Expect(b.allowed).To(Equal(maxAllowed))
	g.Expect(takes(500 * time.Millisecond)).To(Equal(maxAllowed), "neither quick nor slow")
	g.Expect(takes(2 * time.Second)).To(Equal(maxAllowed / 2))
	for range 10 {
		takes(2 * time.Second)
	}
	g.Expect(b.allowed).To(Equal(usual))
	b.allowed = 1 // it is silent
	g.Expect(takes(time.Millisecond)).To(Equal(1), "that is for its answers to change")
}
