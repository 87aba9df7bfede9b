package limits_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/blackhole/limits"
)

func TestABucketIsFilledAtEachTick(t *testing.T) {
	g := NewWithT(t)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	b := limits.NewBucket(limits.Rate{Tokens: 100, Refill: 10, Every: time.Second}, now)
	taken := func(after time.Duration) (n int) {
		now = now.Add(after)
		for b.Take(now) {
			n++
		}
		return n
	}
	g.Expect(taken(0)).To(Equal(100))
	g.Expect(taken(999*time.Millisecond)).To(BeZero(), "the whole block, at the tick")
	g.Expect(taken(time.Millisecond)).To(Equal(10))
	g.Expect(taken(2500 * time.Millisecond)).To(Equal(20))
	g.Expect(taken(500 * time.Millisecond)).To(Equal(10))
	g.Expect(taken(time.Hour)).To(Equal(100), "never more than it holds")
	g.Expect(taken(24 * 365 * 200 * time.Hour)).To(Equal(100))
}

func TestNoRateIsNoLimit(t *testing.T) {
	b := limits.NewBucket(limits.Rate{}, time.Time{})
	for range 1000 {
		NewWithT(t).Expect(b.Take(time.Time{})).To(BeTrue())
	}
}

func TestACounterHasALimitForEachOwner(t *testing.T) {
	g := NewWithT(t)
	c := limits.NewCounter(2)
	g.Expect([]bool{c.Add("a"), c.Add("a"), c.Add("a"), c.Add("b")}).To(Equal([]bool{true, true, false, true}))
	c.Remove("a")
	g.Expect(c.Add("a")).To(BeTrue())
	none := limits.NewCounter(0)
	for range 100 {
		g.Expect(none.Add("a")).To(BeTrue())
	}
}
