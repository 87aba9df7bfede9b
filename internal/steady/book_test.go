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

// optional is a verdict in a group without which a certificate is given, too.
func optional(v suite.Verdict, why string) suite.Verdict {
	v.Group.Optional, v.Why = true, why
	return v
}

func TestWhatChangesIsToldAndIsAnError(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var b book
	b.add("alone-01", ending{1, "not conformant"}, []suite.Verdict{verdict("A", suite.Pass, ""), verdict("B", suite.Pass, ""), verdict("C", suite.Fail, "tries")})
	b.add("busy-01", ending{1, "not conformant"}, []suite.Verdict{verdict("A", suite.Pass, ""), verdict("B", suite.Fail, "how many"), verdict("C", suite.Fail, "tries")})
	var out bytes.Buffer
	err := b.tell(&out)
	g.Expect(err).To(MatchError(errUnsteady))
	g.Expect(err).To(MatchError(errRed))
	g.Expect(err).To(MatchError(errRefused))
	g.Expect(out.String()).To(Equal(`unsteady: B
    busy-01: fail (how many: expected "2", actual "3", log [7])
always fail: C (tries: expected "2", actual "3", log [7])
always not conformant (exit code 1)
2 runs, 3 requirements, 1 of them unsteady
`))
}

func TestWhatIsMissingInARunIsUnsteady(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var b book
	b.add("alone-01", ending{0, "certified"}, []suite.Verdict{verdict("A", suite.Pass, "")})
	b.add("alone-02", ending{0, "certified"}, nil)
	g.Expect(b.tell(&bytes.Buffer{})).To(MatchError(errUnsteady))
}

func TestWhatIsAlwaysMetIsNoError(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var b book
	for _, run := range []string{"alone-01", "alone-02"} {
		b.add(run, ending{0, "certified"}, []suite.Verdict{verdict("A", suite.Pass, ""), verdict("B", suite.Unsupported, "")})
	}
	var out bytes.Buffer
	g.Expect(b.tell(&out)).To(Succeed())
	g.Expect(out.String()).To(Equal("always unsupported: B\nalways certified (exit code 0)\n2 runs, 2 requirements, 0 of them unsteady\n"))
	g.Expect(counts([]suite.Verdict{verdict("A", suite.Pass, ""), verdict("B", suite.Fail, ""), verdict("C", suite.Pass, "")})).To(Equal("2 pass, 1 fail"))
}

func TestWhatALineHidesOfAnOptionalGroupIsToldAndIsNoDifference(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var b book
	b.add("alone-01", ending{0, "certified"}, []suite.Verdict{optional(verdict("A", suite.Pass, ""), ""), optional(verdict("B", suite.NotRun, ""), "no API")})
	b.add("distant-01", ending{0, "certified"}, []suite.Verdict{optional(verdict("A", suite.NotRun, ""), "a proxy reads"), optional(verdict("B", suite.NotRun, ""), "no API")})
	var out bytes.Buffer
	g.Expect(b.tell(&out)).To(Succeed())
	g.Expect(out.String()).To(Equal(`not judged in 1 of 2 runs: A (a proxy reads)
never judged: B (no API)
always certified (exit code 0)
2 runs, 2 requirements, 0 of them unsteady
`))
}

// What hides something does not hide that the rest is judged in two ways.
func TestAnOptionalGroupThatFailsOnceIsUnsteady(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var b book
	for run, outcome := range map[string]suite.Outcome{"alone-01": suite.Pass, "busy-01": suite.Fail, "distant-01": suite.NotRun} {
		b.add(run, ending{0, "certified"}, []suite.Verdict{optional(verdict("A", outcome, ""), "")})
	}
	g.Expect(b.tell(&bytes.Buffer{})).To(MatchError(errUnsteady))
}

func TestWhatACertificateNeedsIsNeverHidden(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var b book
	b.add("alone-01", ending{0, "certified"}, []suite.Verdict{verdict("A", suite.Pass, "")})
	b.add("distant-01", ending{0, "certified"}, []suite.Verdict{verdict("A", suite.NotRun, "")})
	g.Expect(b.tell(&bytes.Buffer{})).To(MatchError(errUnsteady))
}

func TestWhatAlwaysFailsIsAnError(t *testing.T) {
	t.Parallel()
	for _, outcome := range []suite.Outcome{suite.Fail, suite.Broken} {
		g := NewWithT(t)
		var b book
		for _, run := range []string{"alone-01", "alone-02"} {
			b.add(run, ending{0, "certified"}, []suite.Verdict{verdict("A", outcome, "")}) // a SHOULD denies no certificate
		}
		err := b.tell(&bytes.Buffer{})
		g.Expect(err).To(MatchError(errRed))
		g.Expect(err).NotTo(MatchError(errUnsteady))
	}
}

func TestRunsThatAlwaysEndBadlyAreAnError(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var b book
	for _, run := range []string{"alone-01", "alone-02"} {
		b.add(run, ending{5, "incomplete"}, []suite.Verdict{verdict("A", suite.NotRun, "")})
	}
	var out bytes.Buffer
	g.Expect(b.tell(&out)).To(MatchError(errRefused))
	g.Expect(out.String()).To(ContainSubstring("always incomplete (exit code 5)"))
}

func TestRunsThatEndInTwoWaysAreAnErrorThatNamesThem(t *testing.T) {
	t.Parallel()
	for _, other := range []ending{{0, "partial"}, {4, "certified"}, {3, ""}} {
		g := NewWithT(t)
		var b book
		b.add("alone-01", ending{0, "certified"}, []suite.Verdict{verdict("A", suite.Pass, "")})
		b.add("alone-02", other, []suite.Verdict{verdict("A", suite.Pass, "")})
		var out bytes.Buffer
		g.Expect(b.tell(&out)).To(MatchError(errEndings))
		g.Expect(out.String()).To(ContainSubstring("alone-01: certified (exit code 0)\nalone-02: " + other.String() + "\n"))
	}
}
