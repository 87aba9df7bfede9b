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
	runs  []ended
}

// ended is how one run did.
type ended struct {
	name string
	ending
}

// ending is what a run tells in one word, and with its exit code.
type ending struct {
	exit       int
	conclusion string
}

func (e ending) String() string {
	if e.conclusion == "" {
		return fmt.Sprintf("no conclusion (exit code %d)", e.exit)
	}
	return fmt.Sprintf("%s (exit code %d)", e.conclusion, e.exit)
}

// seen is a verdict of one run.
type seen struct {
	run     string
	verdict suite.Verdict
}

func (b *book) add(name string, end ending, verdicts []suite.Verdict) {
	if b.seen == nil {
		b.seen = map[string][]seen{}
	}
	b.runs = append(b.runs, ended{name, end})
	for _, v := range verdicts {
		id := v.Requirement.ID
		if b.seen[id] == nil {
			b.order = append(b.order, id)
		}
		b.seen[id] = append(b.seen[id], seen{name, v})
	}
}

// What is wrong with a measurement.
var (
	errUnsteady = errors.New("not every requirement was judged alike in all runs")
	errEndings  = errors.New("not every run came to the same end")
	errRed      = errors.New("what is judged alike in all runs is not met")
	errRefused  = errors.New("no run ended with exit code 0")
)

// tell prints what was not met in every run: what changes first, then what is always so.
func (b *book) tell(out io.Writer) error {
	var unsteady, red int
	var always strings.Builder
	for _, id := range b.order {
		all := b.seen[id]
		judged := slices.DeleteFunc(slices.Clone(all), hidden)
		if len(judged) == 0 {
			fmt.Fprintf(&always, "never judged: %s%s\n", id, why(all[0]))
			continue
		}
		first := judged[0].verdict.Outcome
		same := len(all) == len(b.runs) && !slices.ContainsFunc(judged, func(s seen) bool { return s.verdict.Outcome != first })
		switch {
		case !same:
			unsteady++
			_, _ = fmt.Fprintf(out, "unsteady: %s\n", id)
			for _, s := range all {
				if s.verdict.Outcome != suite.Pass {
					_, _ = fmt.Fprintf(out, "    %s: %s%s\n", s.run, s.verdict.Outcome, why(s))
				}
			}
			continue
		case first == suite.Fail || first == suite.Broken:
			red++
			fallthrough
		case first != suite.Pass:
			fmt.Fprintf(&always, "always %s: %s%s\n", first, id, why(judged[0]))
		}
		if hiding := len(all) - len(judged); hiding > 0 {
			left := all[slices.IndexFunc(all, hidden)]
			fmt.Fprintf(&always, "not judged in %d of %d runs: %s%s\n", hiding, len(b.runs), id, why(left))
		}
	}
	_, _ = fmt.Fprint(out, always.String())
	errs := []error{b.tellEndings(out)}
	_, _ = fmt.Fprintf(out, "%d runs, %d requirements, %d of them unsteady\n", len(b.runs), len(b.order), unsteady)
	if unsteady > 0 {
		errs = append(errs, errUnsteady)
	}
	if red > 0 {
		errs = append(errs, errRed)
	}
	return errors.Join(errs...)
}

// hidden tells whether a requirement could not be judged of which no certificate depends: a line
// between may hide what it is about. It is told, and is no other verdict.
func hidden(s seen) bool { return s.verdict.Group.Optional && s.verdict.Outcome == suite.NotRun }

// tellEndings prints how the runs ended where that was not always the same, or never well.
func (b *book) tellEndings(out io.Writer) error {
	if len(b.runs) == 0 {
		return nil // what kept them from ending is told already
	}
	first := b.runs[0].ending
	if slices.ContainsFunc(b.runs, func(r ended) bool { return r.ending != first }) {
		for _, r := range b.runs {
			_, _ = fmt.Fprintf(out, "%s: %s\n", r.name, r.ending)
		}
		return errEndings
	}
	_, _ = fmt.Fprintf(out, "always %s\n", first)
	if first.exit != 0 {
		return errRefused
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
