package main

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/internal/lab"
)

// noted is a node's figures, all the same.
func noted(value float64) note {
	n := note{figures: map[string]float64{}}
	for _, name := range growing() {
		n.figures["node 0 "+name] = value
	}
	return n
}

func TestGrowthIsJudgedWhereItMeansSomething(t *testing.T) {
	for name, c := range map[string]struct {
		before      float64
		first, last float64
		after       float64
		faults      []string
	}{
		"flat":                        {20, 100, 100, 22, nil},
		"busier, and back at rest":    {20, 100, 110, 22, nil},
		"little":                      {20, 20, 29, 29, nil},
		"sockets are left at rest":    {20, 100, 100, 40, []string{"goroutines", "files", "sockets"}},
		"memory, which stays at rest": {100, 100, 200, 100, []string{"memory MB", "heap MB"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			var out strings.Builder
			st := &stage{options: options{out: &out}, nodes: []*lab.Node{nil}}
			var notes []note
			for i := range 8 {
				notes = append(notes, noted(c.first))
				if i >= 4 {
					notes[i] = noted(c.last)
				}
			}
			err := st.grown(noted(c.before), notes, noted(c.after))
			if c.faults == nil {
				g.Expect(err).NotTo(HaveOccurred())
			}
			for _, figure := range c.faults {
				g.Expect(err).To(MatchError(ContainSubstring(figure + " has grown")))
			}
			g.Expect(strings.Count(out.String(), "\n")).To(Equal(1 + len(growing())))
			g.Expect(st.grown(noted(1), notes[:7], noted(1))).To(MatchError(ContainSubstring("too few")))
		})
	}
}
