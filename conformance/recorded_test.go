package conformance_test

import (
	"compress/gzip"
	"os"
	"regexp"
	"slices"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance"
	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// recorded is the log of a lab that was certified, without the groups that send thousands of
// messages. `make recorded` makes it anew, when groups do something else.
func recorded(t *testing.T) capture.File {
	t.Helper()
	f, err := os.Open("testdata/certified-5.0.ndjson.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	text, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	file, err := capture.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	if file.Cut {
		t.Fatal("the log is cut")
	}
	return file
}

// judged are the requirements whose groups a log has.
func judged(file capture.File) []suite.Planned {
	var planned []suite.Planned
	for _, g := range conformance.Standard().Groups() {
		for _, r := range g.Requirements {
			if slices.Contains(file.Facts.Groups, g.Name) && r.HoldsIn(file.Facts.Dialect) {
				planned = append(planned, suite.Planned{Group: g, Requirement: r})
			}
		}
	}
	return planned
}

func TestARecordedLogIsJudgedAsItWas(t *testing.T) {
	t.Parallel()
	file := recorded(t)
	planned := judged(file)
	NewWithT(t).Expect(len(planned)).To(BeNumerically(">", 800))
	for _, p := range planned {
		if v := p.Judge(file); v.Outcome != suite.Pass {
			t.Errorf("%s: %s %s %v", p.Requirement.ID, v.Outcome, v.Why, v.Findings)
		}
	}
}

// Whatever a judge demands, something in the log shows it: take that away, or change it, and
// the verdict is another.
func TestEachJudgeDependsOnWhatWasSeen(t *testing.T) {
	t.Parallel()
	file := recorded(t)
	views := map[string]capture.View{}
	for _, p := range judged(file) {
		view, known := views[p.Group.Name]
		if !known {
			view = file.Of(p.Group.Name)
			views[p.Group.Name] = view
		}
		t.Run(p.Requirement.ID, func(t *testing.T) {
			t.Parallel()
			if !falls(p, file.Facts, view) {
				t.Error("no entry can be changed or taken away so that it fails")
			}
		})
	}
}

// falls tells whether a requirement is no more met when one entry is another, or is missing,
// or all of its kind and name are.
func falls(p suite.Planned, facts capture.Facts, view capture.View) bool {
	met := func(entries []capture.Entry) bool {
		return p.Judge(capture.File{Facts: facts, Entries: entries}).Outcome == suite.Pass
	}
	tried := map[string]bool{}
	for i, e := range view.Entries {
		if e.Kind == capture.Began || e.Kind == capture.Ended {
			continue
		}
		alike := func(o capture.Entry) bool { return o.Kind == e.Kind && o.Name == e.Name }
		if key := string(e.Kind) + " " + e.Name; !tried[key] {
			tried[key] = true
			if !met(slices.DeleteFunc(slices.Clone(view.Entries), alike)) {
				return true
			}
		}
		changed := slices.Clone(view.Entries)
		changed[i].Head, changed[i].Body, changed[i].Header = "599", []byte(`{"data":"another","status":"another"}`), nil
		if !met(changed) || !met(slices.Delete(slices.Clone(view.Entries), i, i+1)) {
			return true
		}
	}
	return false
}

// A token that was damaged on purpose shows nearly all of the one that it was made of.
func TestNoTokenStandsInALog(t *testing.T) {
	t.Parallel()
	token := regexp.MustCompile(`eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{20,}`)
	for _, e := range recorded(t).Entries {
		for _, text := range append([]string{e.Name, e.Head, string(e.Body)}, values(e.Header)...) {
			if token.MatchString(text) {
				t.Errorf("entry %d, %s %s of %s: %s", e.Seq, e.Kind, e.Name, e.Group, token.FindString(text))
			}
		}
	}
}

func values(fields []capture.Field) (all []string) {
	for _, f := range fields {
		all = append(all, f.Value)
	}
	return all
}
