package main

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// What the data files change must be there, and who must notice it, too: a deviation that
// no longer applies proves nothing.
func TestEveryDeviationAppliesAndNamesARequirement(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	root := filepath.Join("..", "..")
	all, err := readAll(filepath.Join(root, folder))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(check(all, root, conformance.Standard())).To(Succeed())
	g.Expect(len(all)).To(BeNumerically(">=", 150))
}

const whole = `- id: one
  catches: AA-001
  means: something else
  file: a.go
  was: |-
    const a = 1
  becomes: |-
    const a = 2
  dialect: 4.3
`

func TestADataFileIsReadWithItsPlaces(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	all, err := read("area.yaml", []byte("# about it\n"+whole))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(all).To(Equal([]deviation{{
		area: "area", at: "area.yaml:2", id: "one", catches: "AA-001", means: "something else", file: "a.go",
		was: "const a = 1", becomes: "const a = 2", dialect: "4.3",
	}}))
}

func TestTabsOfTheSourceAreKept(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text := "- id: one\n  catches: A\n  means: b\n  file: a.go\n  was: |-\n    \t\tif c {\n    \t\t\td()\n  becomes: |2-\n    \tif n == 0 {\n\n    \t\te('\t')\n    \t}\n"
	all, err := read("f.yaml", []byte(text))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(all[0].was).To(Equal("\t\tif c {\n\t\t\td()"))
	g.Expect(all[0].becomes).To(Equal("\tif n == 0 {\n\n\t\te('\t')\n\t}"))
}

func TestWhatIsNoDeviationIsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"id: one\n", "f.yaml: it is no list of deviations"},
		{"", "f.yaml: it is no list of deviations"},
		{"- one\n", "f.yaml:1: a deviation is a mapping with id"},
		{whole + "  becoms: x\n", "f.yaml:10: becoms is no member of a deviation"},
		{whole + "- id: two\n", "f.yaml:10: becomes is missing"},
		{whole + "- id: [two]\n", "f.yaml:10: id is no text"},
		{whole + "  id: two\n", "f.yaml:10: mapping key \"id\" already defined"},
		{"- id: \"one\n", "f.yaml:1: "},
	} {
		_, err := read("f.yaml", []byte(c.text))
		NewWithT(t).Expect(err).To(MatchError(ContainSubstring(c.want)), c.text)
	}
}

func TestWhatDoesNotApplyIsRefused(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	NewWithT(t).Expect(os.WriteFile(filepath.Join(root, "a.go"), []byte("package a\n\nconst a = 1\n\nvar b, c = 7, 7\n"), 0o600)).To(Succeed())
	catalogue := suite.New()
	catalogue.Add(suite.Group{Name: "a/b", Requirements: []suite.Requirement{
		{ID: "AA-001"}, {ID: "AA-002", Dialects: []string{suite.Kazoo4}},
	}})
	good := deviation{at: "f.yaml:1", id: "one", catches: "AA-001", file: "a.go", was: "a = 1", becomes: "a = 2", dialect: suite.Kazoo5}
	NewWithT(t).Expect(check([]deviation{good}, root, catalogue)).To(Succeed())
	for _, c := range []struct {
		change func(*deviation)
		want   string
	}{
		{func(d *deviation) { d.was = "a = 3" }, `f.yaml:1: two: a.go has its "was" 0 times, not once`},
		{func(d *deviation) { d.was = "7" }, `a.go has its "was" 2 times, not once`},
		{func(d *deviation) { d.was = "" }, `times, not once`},
		{func(d *deviation) { d.becomes = d.was }, `"becomes" is the same as "was"`},
		{func(d *deviation) { d.becomes = "a = = 2" }, "with it, the source is no Go"},
		{func(d *deviation) { d.file = "b.go" }, "no such file"},
		{func(d *deviation) { d.file = "../a.go" }, "is no Go file of the program"},
		{func(d *deviation) { d.file = "conformance/run.go" }, "is no Go file of the program"},
		{func(d *deviation) { d.catches = "AA-003" }, `catches "AA-003", which is no requirement`},
		{func(d *deviation) { d.catches = "AA-002" }, "AA-002 does not hold in dialect 5.0"},
		{func(d *deviation) { d.dialect = "5" }, `dialect "5"`},
		{func(d *deviation) { d.id = "one" }, "the id one is taken by f.yaml:1"},
	} {
		bad := good
		bad.id = "two"
		c.change(&bad)
		NewWithT(t).Expect(check([]deviation{good, bad}, root, catalogue)).To(MatchError(ContainSubstring(c.want)))
	}
}

func TestASampleIsDrawnByItsSeed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var all []deviation
	for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
		all = append(all, deviation{id: id, area: "area-" + id})
	}
	first, err := choice{sample: 4, seed: "1"}.of(all)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(first).To(HaveLen(4))
	g.Expect(choice{sample: 4, seed: "1"}.of(all)).To(Equal(first))
	g.Expect(choice{sample: 4, seed: "2"}.of(all)).NotTo(Equal(first))
	g.Expect(choice{sample: 40}.of(all)).To(Equal(all))
	g.Expect(choice{only: []string{"b", "a"}}.of(all)).To(Equal(all[:2]))
	g.Expect(choice{areas: []string{"area-c"}}.of(all)).To(Equal(all[2:3]))
	_, err = choice{only: []string{"z"}}.of(all)
	g.Expect(err).To(MatchError(`-only: there is no "z" among the deviations`))
}

func TestTheTotalsCountEveryOutcome(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(totals([]result{{outcome: caught, built: 2e9, ran: 1e9}, {outcome: survived, ran: 2e9}, {outcome: noBuild, built: 1e9}})).
		To(Equal("3 deviations: 1 caught, 1 survived, 1 did not build, 2.0 s each"))
	named, failed := sift([]suite.Verdict{
		{Planned: suite.Planned{Requirement: suite.Requirement{ID: "A"}}, Outcome: suite.Pass},
		{Planned: suite.Planned{Requirement: suite.Requirement{ID: "B"}}, Outcome: suite.Fail},
	}, "A")
	g.Expect(named.Outcome).To(Equal(suite.Pass))
	g.Expect(failed).To(Equal([]string{"B"}))
}
