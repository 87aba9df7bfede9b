package bus

import (
	"fmt"
	"testing"

	. "github.com/onsi/gomega"
	"pgregory.net/rapid"
)

func TestWhoWantsFewDoesNotWaitForWhoWantsThousands(t *testing.T) {
	g := NewWithT(t)
	table := newTable(nil)
	for i := range 1000 {
		table.ask(Binding{"many", fmt.Sprint(i)})
	}
	one := Binding{"few", "k"}
	table.ask(one)
	g.Expect(table.missing.latest(10, nil)).To(HaveLen(10))
	g.Expect(table.missing.latest(10, nil)[0]).To(Equal(one))
	g.Expect(table.missing.latest(10, bindingSet{one: {}})).NotTo(ContainElement(one))
}

// The table beside two plain sets.
func TestTheTableKnowsWhatIsLeftToDo(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		table := newTable([]Binding{{Key: "a"}})
		want, live := map[string]bool{"a": true}, map[string]bool{}
		for range rapid.IntRange(0, 50).Draw(rt, "steps") {
			key := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(rt, "key")
			b := Binding{Key: key}
			switch rapid.IntRange(0, 8).Draw(rt, "what") {
			case 0, 1:
				table.ask(b)
				want[key] = true
			case 2, 3:
				table.drop(b)
				delete(want, key)
			case 4, 5:
				table.made(b)
				live[key] = true
			case 6, 7:
				table.gone(b)
				delete(live, key)
			case 8:
				table.lost()
				clear(live)
			}
			missing, surplus := 0, 0
			for key := range want {
				if !live[key] {
					missing++
				}
			}
			for key := range live {
				if !want[key] {
					surplus++
				}
			}
			if len(table.missing.latest(10, nil)) != missing || len(table.surplus.latest(10, nil)) != surplus || table.missing.len() != missing {
				rt.Fatalf("want %v, live %v: missing %v, surplus %v", want, live, table.missing.latest(10, nil), table.surplus.latest(10, nil))
			}
		}
	})
}
