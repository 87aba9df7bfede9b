package conformance_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance"
	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

func TestEveryRequirementIsSaidAsItMustBe(t *testing.T) {
	t.Parallel()
	NewWithT(t).Expect(conformance.Standard().Check()).To(Succeed())
}

// A judge that is content with a log in which nothing happened is no judge.
func TestNothingIsMetByALogInWhichNothingHappened(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{suite.Talk, suite.Kazoo5, suite.Kazoo4} {
		for _, g := range conformance.Standard().Groups() {
			empty := capture.File{
				Facts:   capture.Facts{Dialect: dialect},
				Entries: []capture.Entry{{Seq: 1, Group: g.Name, Kind: capture.Began}, {Seq: 2, Group: g.Name, Kind: capture.Ended, Head: capture.Done}},
			}
			for _, r := range g.Requirements {
				if !r.HoldsIn(dialect) {
					continue
				}
				verdict := suite.Planned{Group: g, Requirement: r}.Judge(empty)
				if verdict.Outcome != suite.Fail && verdict.Outcome != suite.NotRun {
					t.Errorf("%s in %s: %s %s", r.ID, dialect, verdict.Outcome, verdict.Why)
				}
			}
		}
	}
}

func TestVerdictsAreOfTheGroupsThatALogHas(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	verdicts := conformance.Verdicts(capture.File{
		Facts:   capture.Facts{Dialect: suite.Kazoo5, Groups: []string{"webhooks/retry"}},
		Entries: []capture.Entry{{Seq: 1, Group: "webhooks/retry", Kind: capture.Began}, {Seq: 2, Group: "webhooks/retry", Kind: capture.Ended, Head: capture.Done}},
	})
	g.Expect(verdicts).NotTo(BeEmpty())
	for _, v := range verdicts {
		g.Expect(v.Group.Name).To(Equal("webhooks/retry"))
		g.Expect(v.Outcome).To(Equal(suite.Fail))
	}
}
