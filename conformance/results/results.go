// Package results is what came of a certification: one tree from which every report is
// made. It owns the arithmetic of outcomes, the conclusion and its exit code, and what of
// the log is shown beside a failure. It reads no clock, opens nothing and prints nothing.
package results

import (
	"time"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// Format and Version name the form of the tree as JSON.
const (
	Format  = "kazoolab-certification-results"
	Version = 1
)

// Modes of a run.
const (
	Live    = "live" // a target was driven
	FromLog = "log"  // the log of an earlier run was judged
)

// Results is the root of the tree.
type Results struct {
	Format  string `json:"format"`
	Version int    `json:"version"`

	Conclusion Conclusion `json:"conclusion"`
	Exit       int        `json:"exit_code"`
	// Why are the sentences that say what the conclusion rests on, the weightiest first.
	Why []string `json:"why"`

	Target  Target  `json:"target"`
	Harness Harness `json:"harness"`
	// Began is when the first thing was done to the target, Judged when that was judged.
	Began  time.Time `json:"began"`
	Judged time.Time `json:"judged"`
	Millis int64     `json:"took_ms"`

	// Asked of Catalogue are the requirements that were asked for, of those that hold in the dialect.
	Asked     int      `json:"asked"`
	Catalogue int      `json:"catalogue"`
	Totals    Totals   `json:"totals"`
	Areas     []Part   `json:"areas"`
	Levels    []Part   `json:"levels"`
	Groups    []Group  `json:"groups"`
	Stale     []Stale  `json:"stale"`
	Faults    []string `json:"faults"`
	Notes     []string `json:"notes"`
	// strange is what the log has that this program does not know.
	strange []string
}

// Target is what was judged.
type Target struct {
	Name     string         `json:"name"`
	Dialect  string         `json:"dialect"`
	REST     string         `json:"rest,omitempty"`
	Sockets  string         `json:"sockets,omitempty"`
	Features []string       `json:"features"`
	Absent   []capture.Lack `json:"absent"`
	// RealWaits says that windows of minutes passed in real time.
	RealWaits bool `json:"real_waits"`
}

// Harness is what judged, and how.
type Harness struct {
	// Version is of the program that judged, Recorded of the one that drove the target.
	Version  string `json:"version"`
	Recorded string `json:"recorded_by"`
	Mode     string `json:"mode"`
	Seed     string `json:"seed"`
	// Expectations is the name of the file of known failures, "" for none.
	Expectations string `json:"expectations,omitempty"`
}

// Totals counts outcomes. Planned is always the sum of the others.
type Totals struct {
	Planned     int `json:"planned"`
	Pass        int `json:"pass"`
	Fail        int `json:"fail"`
	KnownFail   int `json:"known_fail"`
	Unsupported int `json:"unsupported"`
	NotRun      int `json:"not_run"`
	Error       int `json:"error"`
}

// Sum is what Planned has to be.
func (t Totals) Sum() int { return t.Pass + t.Fail + t.KnownFail + t.Unsupported + t.NotRun + t.Error }

// Of returns the number of an outcome.
func (t Totals) Of(o suite.Outcome) int {
	switch o {
	case suite.Pass:
		return t.Pass
	case suite.Fail:
		return t.Fail
	case suite.KnownFail:
		return t.KnownFail
	case suite.Unsupported:
		return t.Unsupported
	case suite.NotRun:
		return t.NotRun
	case suite.Broken:
		return t.Error
	}
	return 0
}

// with is the totals and one more outcome.
func (t Totals) with(o suite.Outcome) Totals {
	t.Planned++
	switch o {
	case suite.Pass:
		t.Pass++
	case suite.Fail:
		t.Fail++
	case suite.KnownFail:
		t.KnownFail++
	case suite.Unsupported:
		t.Unsupported++
	case suite.NotRun:
		t.NotRun++
	case suite.Broken:
		t.Error++
	}
	return t
}

// Part is a share of all: an area or a level.
type Part struct {
	Name   string `json:"name"`
	Totals Totals `json:"totals"`
}

// Group is a topic that was done to the target once.
type Group struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Optional bool   `json:"optional"`
	// End is how it ended, as capture.Done; "" when it did not, or was left out. Why says more.
	End string `json:"end"`
	Why string `json:"why,omitempty"`
	// BeganMillis is since the log began.
	BeganMillis  int64         `json:"began_ms"`
	Millis       int64         `json:"took_ms"`
	Totals       Totals        `json:"totals"`
	Requirements []Requirement `json:"requirements"`
	// Wire is the log of a group in which something failed; of others nothing is kept.
	Wire []Entry `json:"wire,omitempty"`
	// WireLeftOut is how many entries of its log are not among them: a log is cut where it is
	// long, but for the entries that a finding names.
	WireLeftOut int `json:"wire_left_out,omitempty"`
}

// Requirement is one demand and what came of it.
type Requirement struct {
	ID      string        `json:"id"`
	Text    string        `json:"text"`
	Level   suite.Level   `json:"level"`
	Area    string        `json:"area"`
	Source  string        `json:"source"`
	Ours    bool          `json:"ours"`
	Outcome suite.Outcome `json:"outcome"`
	// Why is told for what neither passes nor fails.
	Why      string    `json:"why,omitempty"`
	Known    *Known    `json:"known,omitempty"`
	Findings []Finding `json:"findings,omitempty"`
}

// Known is what the file of expectations says of a requirement.
type Known struct {
	Reason string `json:"reason"`
	Link   string `json:"link,omitempty"`
	Flaky  bool   `json:"flaky"`
	At     int    `json:"line"`
}

// Finding is one way in which what was seen is not what is required.
type Finding struct {
	What string `json:"what"`
	// Expected and Actual are nil where there is nothing to show beside each other.
	Expected *Bytes `json:"expected,omitempty"`
	Actual   *Bytes `json:"actual,omitempty"`
	// Entries are the places in the log that show it.
	Entries []int `json:"entries,omitempty"`
}

// Stale is a line of expectations that names what passes.
type Stale struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
	At     int    `json:"line"`
}

// Entry is one thing that was done or seen, as it is shown.
type Entry struct {
	Seq    int             `json:"seq"`
	Micros int64           `json:"at_us"` // since the group began
	Kind   capture.Kind    `json:"kind"`
	Name   string          `json:"name,omitempty"`
	Head   string          `json:"head,omitempty"`
	Header []capture.Field `json:"header,omitempty"`
	Body   *Bytes          `json:"body,omitempty"`
	Ref    int             `json:"ref,omitempty"`
}

// Fails tells whether something of a requirement is to be shown in red or yellow.
func (r Requirement) Fails() bool {
	return r.Outcome == suite.Fail || r.Outcome == suite.KnownFail || r.Outcome == suite.Broken
}

// Excerpt are the entries of the wire that a finding names, with those that answer them and
// those that they answer.
func (g Group) Excerpt(f Finding) []Entry {
	wanted := map[int]bool{}
	for _, seq := range f.Entries {
		wanted[seq] = true
	}
	for _, e := range g.Wire {
		if e.Ref != 0 && (wanted[e.Seq] || wanted[e.Ref]) {
			wanted[e.Seq], wanted[e.Ref] = true, true
		}
	}
	var shown []Entry
	for _, e := range g.Wire {
		if wanted[e.Seq] {
			shown = append(shown, e)
		}
	}
	return shown
}
