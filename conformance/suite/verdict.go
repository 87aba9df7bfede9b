package suite

import (
	"fmt"
	"slices"

	"github.com/kazoolab/kazoolab/conformance/capture"
)

// Outcome is what came of one requirement.
type Outcome string

// Outcomes. Every planned requirement has exactly one.
const (
	Pass        Outcome = "pass"
	Fail        Outcome = "fail"
	KnownFail   Outcome = "known-fail"  // fails, as a file of expectations says it does
	Unsupported Outcome = "unsupported" // the target does not offer what it is about
	NotRun      Outcome = "not-run"     // could not be judged: no access, or the log does not show it
	Broken      Outcome = "error"       // a fault of this program
)

// Planned is a requirement of the catalogue and its group.
type Planned struct {
	Group       Group
	Requirement Requirement
}

// Verdict is what came of one requirement, and why.
type Verdict struct {
	Planned
	Outcome Outcome
	// Why is told for what neither passes nor fails.
	Why      string
	Findings []Finding
}

// Judge judges one requirement by a log. It is pure.
func (p Planned) Judge(log capture.File) (v Verdict) {
	v = Verdict{Planned: p}
	if lack, lacking := p.lack(log.Facts); lacking {
		v.Outcome, v.Why = Unsupported, lack.Why
		if lack.Offered {
			v.Outcome = NotRun
		}
		return v
	}
	view := log.Of(p.Group.Name)
	end, ended := view.End()
	switch {
	case !ended:
		v.Outcome, v.Why = NotRun, "the log has no end of the group "+p.Group.Name
		return v
	case end.Head == capture.Interrupted:
		v.Outcome, v.Why = NotRun, "interrupted"
		return v
	case end.Head == capture.Harness:
		v.Outcome, v.Why = Broken, string(end.Body)
		return v
	}
	j := NewJudging(view, log.Facts)
	defer func() {
		// A judge that does not stand what it saw is a fault of this program, and must not take
		// the other verdicts with it.
		if fault := recover(); fault != nil {
			v = Verdict{Planned: p, Outcome: Broken, Why: fmt.Sprintf("the judge failed: %v", fault)}
		}
	}()
	p.Requirement.Judge(j)
	v.Findings = j.findings
	switch {
	case len(j.findings) > 0:
		v.Outcome = Fail
	case end.Head == capture.Broken:
		// What the group stands on did not come about: nothing of it is shown.
		v.Outcome = Fail
		v.Findings = []Finding{{What: "the group could not be carried through: " + string(end.Body), Entries: []int{end.Seq}}}
	case j.missing != "":
		v.Outcome, v.Why = NotRun, j.missing
	default:
		v.Outcome = Pass
	}
	return v
}

func (p Planned) lack(facts capture.Facts) (capture.Lack, bool) {
	for _, need := range slices.Concat(p.Group.Needs, p.Requirement.Needs) {
		for _, lack := range facts.Absent {
			if lack.Feature == need {
				return lack, true
			}
		}
	}
	return capture.Lack{}, false
}
