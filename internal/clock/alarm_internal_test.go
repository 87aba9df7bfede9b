package clock

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestAnAdvanceRingsInTheOrderOfTheMomentsItPasses(t *testing.T) {
	g := NewWithT(t)
	c := NewAdjustable(System())
	var order []string
	for name, after := range map[string]time.Duration{"c": 3 * time.Hour, "a": time.Hour, "d": 4 * time.Hour, "b": 2 * time.Hour, "later": 9 * time.Hour} {
		c.start(&alarm{clock: c, ring: func(time.Time) { order = append(order, name) }}, after)
	}
	for _, name := range []string{"b2", "b3"} { // due with b, but set after it
		c.mu.Lock()
		a := &alarm{clock: c, ring: func(time.Time) { order = append(order, name) }}
		a.due = c.alarms[1].due
		c.insert(a)
		c.mu.Unlock()
	}
	g.Expect(c.Advance(5 * time.Hour)).To(Succeed())
	g.Expect(order).To(Equal([]string{"a", "b", "b2", "b3", "c", "d"}))
}
