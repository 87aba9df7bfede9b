package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/suite"
)

// book holds what each run came to.
type book struct {
	order []string // ids, as they first came
	seen  map[string][]seen
	runs  int
}

// seen is a verdict of one run.
type seen struct {
	run     string
	verdict suite.Verdict
}

func (b *book) add(run string, verdicts []suite.Verdict) {
	if b.seen == nil {
		b.seen = map[string][]seen{}
	}
	b.runs++
	for _, v := range verdicts {
		id := v.Requirement.ID
		if b.seen[id] == nil {
			b.order = append(b.order, id)
		}
		b.seen[id] = append(b.seen[id], seen{run, v})
	}
}

// errUnsteady says that something was not judged alike in all runs.
var errUnsteady = errors.New("not every requirement was judged alike in all runs")

// tell prints what was not met in every run: what changes first, then what is always so.
func (b *book) tell(out io.Writer) error {
	var unsteady int
	var always strings.Builder
	for _, id := range b.order {
		all := b.seen[id]
		first := all[0].verdict.Outcome
		same := len(all) == b.runs && !slices.ContainsFunc(all, func(s seen) bool { return s.verdict.Outcome != first })
		switch {
		case same && first == suite.Pass:
		case same:
			fmt.Fprintf(&always, "always %s: %s%s\n", first, id, why(all[0]))
		default:
			unsteady++
			_, _ = fmt.Fprintf(out, "unsteady: %s\n", id)
			for _, s := range all {
				if s.verdict.Outcome != suite.Pass {
					_, _ = fmt.Fprintf(out, "    %s: %s%s\n", s.run, s.verdict.Outcome, why(s))
				}
			}
		}
	}
	_, _ = fmt.Fprintf(out, "%s%d runs, %d requirements, %d of them unsteady\n", always.String(), b.runs, len(b.order), unsteady)
	if unsteady > 0 {
		return errUnsteady
	}
	return nil
}

// why is what the first finding says, and how many more there are.
func why(s seen) string {
	text := s.verdict.Why
	if len(s.verdict.Findings) > 0 {
		f := s.verdict.Findings[0]
		text = fmt.Sprintf("%s: expected %s, actual %s, log %v", f.What, brief(f.Expected), brief(f.Actual), f.Entries)
		if more := len(s.verdict.Findings) - 1; more > 0 {
			text += fmt.Sprintf(" (and %d more)", more)
		}
	}
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

func brief(b []byte) string {
	const most = 200
	if len(b) > most {
		return fmt.Sprintf("%q… (%d bytes)", b[:most], len(b))
	}
	return fmt.Sprintf("%q", b)
}

// counts says how often there was which outcome.
func counts(verdicts []suite.Verdict) string {
	count := map[suite.Outcome]int{}
	for _, v := range verdicts {
		count[v.Outcome]++
	}
	var parts []string
	for _, o := range []suite.Outcome{suite.Pass, suite.Fail, suite.Unsupported, suite.NotRun, suite.Broken} {
		if count[o] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count[o], o))
		}
	}
	return strings.Join(parts, ", ")
}
