package main

import (
	"bytes"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/suite"
)

func verdict(id string, outcome suite.Outcome, what string) suite.Verdict {
	v := suite.Verdict{Planned: suite.Planned{Requirement: suite.Requirement{ID: id}}, Outcome: outcome}
	if what != "" {
		v.Findings = []suite.Finding{{What: what, Expected: []byte("2"), Actual: []byte("3"), Entries: []int{7}}}
	}
	return v
}

func TestWhatChangesIsToldAndIsAnError(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var b book
	b.add("alone-01", []suite.Verdict{verdict("A", suite.Pass, ""), verdict("B", suite.Pass, ""), verdict("C", suite.Fail, "tries")})
	b.add("busy-01", []suite.Verdict{verdict("A", suite.Pass, ""), verdict("B", suite.Fail, "how many"), verdict("C", suite.Fail, "tries")})
	var out bytes.Buffer
	g.Expect(b.tell(&out)).To(MatchError(errUnsteady))
	g.Expect(out.String()).To(Equal(`unsteady: B
    busy-01: fail (how many: expected "2", actual "3", log [7])
always fail: C (tries: expected "2", actual "3", log [7])
2 runs, 3 requirements, 1 of them unsteady
`))
}

func TestWhatIsMissingInARunIsUnsteady(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var b book
	b.add("alone-01", []suite.Verdict{verdict("A", suite.Pass, "")})
	b.add("alone-02", nil)
	g.Expect(b.tell(&bytes.Buffer{})).To(MatchError(errUnsteady))
}

func TestWhatIsAlwaysAlikeIsNoError(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var b book
	for _, run := range []string{"alone-01", "alone-02"} {
		b.add(run, []suite.Verdict{verdict("A", suite.Pass, ""), verdict("B", suite.NotRun, "")})
	}
	var out bytes.Buffer
	g.Expect(b.tell(&out)).To(Succeed())
	g.Expect(out.String()).To(Equal("always not-run: B\n2 runs, 2 requirements, 0 of them unsteady\n"))
	g.Expect(counts([]suite.Verdict{verdict("A", suite.Pass, ""), verdict("B", suite.Fail, ""), verdict("C", suite.Pass, "")})).To(Equal("2 pass, 1 fail"))
}
