package results

import (
	"fmt"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// Conclusion is the one word for a run. Where several hold, it is the first of them here:
// what this program got wrong goes before what the target did, since it casts doubt on it.
type Conclusion string

// Conclusions.
const (
	// Interrupted: the run was ended early.
	Interrupted Conclusion = "interrupted"
	// HarnessError: something could not be judged through a fault of this program.
	HarnessError Conclusion = "harness error"
	// Unreachable: the target went away while it was judged, and what was not done by then fails or
	// was not run for that.
	Unreachable Conclusion = "unreachable"
	// NotConformant: a MUST fails that the file of expectations does not name. A SHOULD or MAY
	// that fails is counted and told as a failure, but denies no certificate.
	NotConformant Conclusion = "not conformant"
	// StaleExpectations: a line says that something fails, and it passes.
	StaleExpectations Conclusion = "stale expectations"
	// Incomplete: something of a group that is not optional was not run, or nothing passed. A log
	// that is cut comes to this whatever it shows, next behind Interrupted, which is like it.
	Incomplete Conclusion = "incomplete"
	// AsExpected: a MUST fails, but none that the file of expectations does not name. It is no
	// certificate.
	AsExpected Conclusion = "as expected"
	// Partial: not everything was asked for, and of that no MUST fails. It is no certificate.
	Partial Conclusion = "partial"
	// Certified: everything that holds in the dialect was asked for, no MUST fails, and nothing
	// but what the target does not offer was left unjudged.
	Certified Conclusion = "certified"
)

// Exit codes of a certification.
const (
	ExitOK            = 0
	ExitNotConformant = 1
	ExitUsage         = 2 // wrong flags or files; there is no tree then
	ExitUnreachable   = 3 // the target does not answer; there is a tree where it did at first
	ExitHarness       = 4
	ExitIncomplete    = 5
	ExitInterrupted   = 130
)

// ExitCode is that of the program.
func (c Conclusion) ExitCode() int {
	switch c {
	case Interrupted:
		return ExitInterrupted
	case HarnessError:
		return ExitHarness
	case Unreachable:
		return ExitUnreachable
	case NotConformant, StaleExpectations:
		return ExitNotConformant
	case Incomplete:
		return ExitIncomplete
	case AsExpected, Partial, Certified:
		return ExitOK
	}
	return ExitHarness
}

// Tells says whether a run tells of its target what another run would: not when it was ended early,
// when this program failed, or when the target had gone.
func (c Conclusion) Tells() bool {
	return c != Interrupted && c != HarnessError && c != Unreachable
}

// ExitCode is that of the program.
func (r *Results) ExitCode() int { return r.Conclusion.ExitCode() }

// reason is a conclusion that holds, and the sentence for it.
type reason struct {
	conclusion Conclusion
	why        string
}

func (r *Results) conclude(interrupted bool, file capture.File) {
	must := r.level(suite.Must)
	unjudged := r.unjudged()
	holds := []struct {
		is bool
		reason
	}{
		{interrupted, reason{Interrupted, "The run was ended before everything had been done."}},
		{file.Cut, reason{Incomplete, fmt.Sprintf("The log is cut: it ends behind entry %d, without its last line, and what came then is not known.", len(file.Entries))}},
		{r.Totals.Error > 0, reason{HarnessError, fmt.Sprintf("%s not be judged through a fault of this program.", could(r.Totals.Error))}},
		{len(r.Faults) > 0, reason{HarnessError, "This program failed: " + strings.Join(r.Faults, "; ") + "."}},
		{file.Facts.Gone != "", reason{Unreachable, fmt.Sprintf("The target was there and has gone: %s.", file.Facts.Gone)}},
		{must.Fail > 0, reason{NotConformant, fmt.Sprintf("%s: %s.", fails(must.Fail, suite.Must), r.which(suite.Must, suite.Fail))}},
		{len(r.Stale) > 0, reason{StaleExpectations, fmt.Sprintf("%s says that %s; take the lines out, or run with --update-expectations.", r.Harness.Expectations, r.stale())}},
		{len(unjudged) > 0, reason{Incomplete, fmt.Sprintf("%s not be judged in groups that a certificate needs: %s.", could(len(unjudged)), few(unjudged))}},
		{len(r.strange) > 0, reason{Incomplete, fmt.Sprintf("The log has what this program does not know, and cannot judge: %s. Judge it with the program that wrote it.", few(r.strange))}},
		{r.Totals.Pass+r.Totals.KnownFail+must.Fail == 0, reason{Incomplete, "Nothing passed."}},
		{must.KnownFail > 0, reason{AsExpected, fmt.Sprintf("%s, as %s says: %s.", fails(must.KnownFail, suite.Must), r.Harness.Expectations, r.which(suite.Must, suite.KnownFail))}},
		{r.Asked < r.Catalogue, reason{Partial, fmt.Sprintf("%d of %d requirements were asked for.", r.Asked, r.Catalogue)}},
	}
	r.Conclusion, r.Why = "", []string{}
	for _, h := range holds {
		if h.is {
			r.Why = append(r.Why, h.why)
			if r.Conclusion == "" {
				r.Conclusion = h.conclusion
			}
		}
	}
	if r.Conclusion == "" {
		r.Conclusion = Certified
		r.Why = append(r.Why, fmt.Sprintf("No MUST of the %d requirements fails.", r.Asked))
	}
	for _, level := range []suite.Level{suite.Should, suite.May} {
		if n := r.level(level).Fail; n > 0 {
			r.Why = append(r.Why, fmt.Sprintf("%s, which denies no certificate: %s.", fails(n, level), r.which(level, suite.Fail)))
		}
	}
	if n := r.Totals.Unsupported; n > 0 {
		r.Why = append(r.Why, about(n)+" what the target does not offer.")
	}
	r.Exit = r.ExitCode()
}

func (r *Results) level(level suite.Level) Totals {
	for _, p := range r.Levels {
		if p.Name == string(level) {
			return p.Totals
		}
	}
	return Totals{}
}

// unjudged are what was not run of groups that are not optional.
func (r *Results) unjudged() []string {
	var ids []string
	for _, g := range r.Groups {
		for _, q := range g.Requirements {
			if !g.Optional && q.Outcome == suite.NotRun {
				ids = append(ids, q.ID)
			}
		}
	}
	return ids
}

func (r *Results) which(level suite.Level, o suite.Outcome) string {
	var ids []string
	for _, g := range r.Groups {
		for _, q := range g.Requirements {
			if q.Level == level && q.Outcome == o {
				ids = append(ids, q.ID)
			}
		}
	}
	return few(ids)
}

func (r *Results) stale() string {
	said := make([]string, 0, len(r.Stale))
	for _, s := range r.Stale {
		said = append(said, fmt.Sprintf("%s (line %d)", s.ID, s.At))
	}
	if len(said) == 1 {
		return said[0] + " fails, and it passes"
	}
	return strings.Join(said, ", ") + " fail, and they pass"
}

// few names the first of many ids.
func few(ids []string) string {
	const most = 12
	if len(ids) <= most {
		return strings.Join(ids, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(ids[:most], ", "), len(ids)-most)
}

func fails(n int, level suite.Level) string {
	if n == 1 {
		return fmt.Sprintf("1 %s fails", level)
	}
	return fmt.Sprintf("%d %s fail", n, level)
}

func could(n int) string {
	if n == 1 {
		return "1 requirement could"
	}
	return fmt.Sprintf("%d requirements could", n)
}

func about(n int) string {
	if n == 1 {
		return "1 requirement is about"
	}
	return fmt.Sprintf("%d requirements are about", n)
}
