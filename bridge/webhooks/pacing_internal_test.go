package webhooks

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestWhatWasParkedComesBackAsFastAsOthersAllow(t *testing.T) {
	g := NewWithT(t)
	p := newPace()
	look := func(takes time.Duration) int {
		p.heard = true
		p.adjust(p.most, takes)
		return p.most
	}
	p.adjust(0, 3*time.Millisecond)
	g.Expect(look(3 * time.Millisecond)).To(Equal(2 * firstOut))
	g.Expect(look(4 * time.Millisecond)).To(Equal(4*firstOut), "about as before")
	g.Expect(look(30 * time.Millisecond)).To(Equal(2 * firstOut))
	for range 10 {
		look(30 * time.Millisecond)
	}
	g.Expect(p.most).To(Equal(leastOut))
	p.adjust(p.most, 30*time.Millisecond)
	g.Expect(p.most).To(Equal(2*leastOut), "nothing has come from the bus that could be held up")
	for range 10 {
		look(3 * time.Millisecond)
	}
	g.Expect(p.most).To(Equal(mostOut))
	p.adjust(0, 3*time.Millisecond)
	g.Expect(p.most).To(Equal(firstOut), "the next time it begins anew")
}

func TestAPaceFindsItsWayBackWhenAllHasBecomeSlower(t *testing.T) {
	p := newPace()
	p.adjust(0, time.Millisecond)
	for range 200 { // 50 s
		p.heard = true
		p.adjust(p.most, 20*time.Millisecond)
	}
	NewWithT(t).Expect(p.most).To(Equal(mostOut))
}
