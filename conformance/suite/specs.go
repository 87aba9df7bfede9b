package suite

import (
	"errors"
	"io"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/formatter"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/kazoolab/kazoolab/conformance/capture"
)

// Specs are the requirements of a suite as Ginkgo specs: a container for each group, a spec
// for each requirement, whose id, level and area are its labels. Ginkgo has one tree of specs
// in a process and runs it once, so there is one of these in a program.
type Specs struct {
	suite  *Suite
	log    capture.File
	chosen map[string]bool
	got    map[string]Verdict
}

// Declare makes a suite's specs known to Ginkgo. The error tells everything that is wrong
// with the requirements.
func Declare(s *Suite) (*Specs, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	specs := &Specs{suite: s, got: map[string]Verdict{}}
	for _, g := range s.groups {
		ginkgo.Describe(g.Name+": "+g.Title, func() {
			for _, r := range g.Requirements {
				ginkgo.It(r.ID+" "+r.Text, ginkgo.Label(r.ID, string(r.Level()), r.Area()), func() { specs.judge(Planned{g, r}) })
			}
		})
	}
	ginkgo.ReportAfterSuite("verdicts", specs.collect)
	return specs, nil
}

// Area is the first part of a requirement's id.
func (r Requirement) Area() string {
	area, _, _ := strings.Cut(r.ID, "-")
	return area
}

// Catalogue lists the requirements that hold in a dialect, "" for all, in the order of
// Ginkgo's preview of the specs.
func (s *Specs) Catalogue(dialect string) []Planned {
	var planned []Planned
	config, reporter := quiet()
	for _, spec := range ginkgo.PreviewSpecs("kazoolab conformance", config, reporter).SpecReports {
		for _, label := range spec.Labels() {
			if g, r, found := s.suite.find(label); found && (dialect == "" || r.HoldsIn(dialect)) {
				planned = append(planned, Planned{g, r})
			}
		}
	}
	return planned
}

// Strange finds out whether a log can be judged by these requirements: the error says that there is
// no such dialect, and groups are those that it was made of and that nobody knows here.
func (s *Specs) Strange(facts capture.Facts) (groups []string, err error) {
	return s.suite.Strange(facts)
}

// quiet keeps Ginkgo from printing: what came of the specs is told by the reports, which
// are made of what ReportAfterSuite is given.
func quiet() (types.SuiteConfig, types.ReporterConfig) {
	config, reporter := ginkgo.GinkgoConfiguration()
	reporter.Succinct, reporter.NoColor = true, true
	return config, reporter
}

// ErrIncomplete says that Ginkgo did not run every spec.
var ErrIncomplete = errors.New("not every requirement was judged")

// Run judges the planned requirements by a log, in an order drawn from seed, and returns a
// verdict for each in the order of the plan. It can be called once in a process.
func (s *Specs) Run(log capture.File, plan []Planned, seed int64) ([]Verdict, error) {
	s.log, s.chosen = log, map[string]bool{}
	for _, p := range plan {
		s.chosen[p.Requirement.ID] = true
	}
	config, reporter := quiet()
	config.RandomSeed, config.RandomizeAllSpecs = seed, true
	out := formatter.ColorableStdOut
	formatter.ColorableStdOut = io.Discard
	defer func() { formatter.ColorableStdOut = out }()
	ginkgo.RunSpecs(outcome{}, "kazoolab conformance", config, reporter)
	verdicts := make([]Verdict, 0, len(plan))
	for _, p := range plan {
		v, judged := s.got[p.Requirement.ID]
		if !judged {
			return nil, ErrIncomplete
		}
		verdicts = append(verdicts, v)
	}
	return verdicts, nil
}

// outcome is what Ginkgo tells that something failed. The verdicts say what.
type outcome struct{}

// Fail is told that a spec failed; which, collect is told.
func (outcome) Fail() {}

// verdictEntry is the name under which a spec reports its verdict.
const verdictEntry = "verdict"

func (s *Specs) judge(p Planned) {
	if !s.chosen[p.Requirement.ID] {
		ginkgo.Skip("not planned")
	}
	v := p.Judge(s.log)
	ginkgo.AddReportEntry(verdictEntry, v, ginkgo.ReportEntryVisibilityNever)
	switch v.Outcome {
	case Pass:
	case Unsupported, NotRun:
		ginkgo.Skip(v.Why)
	default:
		ginkgo.Fail(string(v.Outcome) + ": " + p.Requirement.Text)
	}
}

func (s *Specs) collect(report ginkgo.Report) {
	for _, spec := range report.SpecReports {
		for _, entry := range spec.ReportEntries {
			if v, is := entry.GetRawValue().(Verdict); is && entry.Name == verdictEntry {
				s.got[v.Requirement.ID] = v
			}
		}
	}
}
