package coverage_test

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance"
	"github.com/kazoolab/kazoolab/conformance/coverage"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// catalogue is that of Ginkgo's preview without the tree, of which a process has one.
func catalogue() []suite.Planned {
	var plan []suite.Planned
	for _, g := range conformance.Standard().Groups() {
		for _, r := range g.Requirements {
			plan = append(plan, suite.Planned{Group: g, Requirement: r})
		}
	}
	return plan
}

func TestEverySectionIsDemandedOrExcepted(t *testing.T) {
	t.Parallel()
	if err := coverage.Check(catalogue()); err != nil {
		t.Error(err)
	}
}

func TestThePageIsUpToDate(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	page, err := coverage.Page(catalogue())
	g.Expect(err).NotTo(HaveOccurred())
	there, err := os.ReadFile(filepath.Join("..", "..", "docs", "requirements.md"))
	g.Expect(err).NotTo(HaveOccurred())
	if string(there) != string(page) {
		t.Error("docs/requirements.md is older than the catalogue: make requirements")
	}
}

func TestASourceNamesSections(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(coverage.Places("webhooks.md 7.1; amqp.md 3; webhooks_util:retry_hook/3")).To(Equal([]string{"webhooks.md 7.1", "amqp.md 3"}))
}

// A check that finds nothing is no check.
func TestWhatIsWrongIsFound(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	plan := []suite.Planned{
		{Requirement: suite.Requirement{ID: "A-1", Source: "webhooks.md 99"}},
		{Requirement: suite.Requirement{ID: "A-2", Source: "some_module:function/1"}},
	}
	err := coverage.Check(plan)
	g.Expect(err).To(MatchError(ContainSubstring("A-1: there is no section webhooks.md 99")))
	g.Expect(err).To(MatchError(ContainSubstring(`A-2: its source "some_module:function/1" names no section`)))
	g.Expect(err).To(MatchError(ContainSubstring("webhooks.md 7.1 (Rules (webhooks_util:handle_resp/5, retry_hook/3)): no requirement names it")))
}
