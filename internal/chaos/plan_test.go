package main

import (
	"testing"

	. "github.com/onsi/gomega"
)

func TestTheSameSeedPlansTheSameStorm(t *testing.T) {
	g := NewWithT(t)
	s := sizes{events: 20_000, nodes: 2, servers: true, whole: true}
	plan := newPlan("a", s)
	g.Expect(newPlan("a", s)).To(Equal(plan))
	g.Expect(newPlan("b", s)).NotTo(Equal(plan))
}

func TestEveryPlanHasEachFault(t *testing.T) {
	for _, seed := range []string{"a", "b", "c", "d", "e"} {
		g := NewWithT(t)
		s := sizes{events: 5000, nodes: 2, servers: true}
		kinds, struck := map[kind]int{}, map[int]bool{}
		before := 0
		for _, f := range newPlan(seed, s) {
			kinds[f.kind]++
			if f.kind == killNode {
				struck[f.node] = true
			}
			g.Expect(f.after).To(And(BeNumerically(">=", before), BeNumerically("<", s.events)), "in order, while events flow")
			before = f.after
		}
		g.Expect(kinds).To(HaveLen(int(lastOfTheKinds)), "seed %s", seed)
		g.Expect(kinds[restartBroker] + kinds[restartBoth]).To(Equal(2))
		g.Expect(kinds[restartStore]).To(Equal(1))
	}
}

func TestANodeOnAFileHasNoServerToLose(t *testing.T) {
	g := NewWithT(t)
	for _, f := range newPlan("a", sizes{events: 5000, nodes: 1}) {
		g.Expect(f.kind).NotTo(Or(Equal(restartStore), Equal(cutStore)))
		g.Expect(f.node).To(BeZero())
	}
}

func TestRolesOfTheHooks(t *testing.T) {
	g := NewWithT(t)
	count := map[role]int{}
	for hook := range accounts * hooksEach {
		count[roleOf(hook)]++
	}
	g.Expect(count).To(Equal(map[role]int{healthy: 30, dead: 5, hanging: 5, slow: 5, flapping: 5}))
}
