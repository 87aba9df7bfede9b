package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/results"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// TextOptions say how much is printed, and how.
type TextOptions struct {
	Colour bool
	// All prints what passes, too, a line each.
	All bool
}

// Text prints the results for a terminal: by area and group what fails, with what was expected
// above what was seen and what differs marked, and the part of the wire that shows it; then
// totals and the conclusion, which stand last so that they are what one sees.
func Text(w io.Writer, r *results.Results, o TextOptions) error {
	t := newText(w, o)
	for _, g := range r.Groups {
		t.group(g)
	}
	t.totals(r)
	t.conclusion(r)
	return t.Flush()
}

// Bounds of what is printed for one finding; the files hold more.
const (
	widest      = 100 // characters of a line of what was expected or seen
	around      = 24  // of those, before the first difference
	mostExcerpt = 8   // entries of the wire, for findings that stand on the same
)

type text struct {
	*bufio.Writer
	paint paint
	all   bool
}

func newText(w io.Writer, o TextOptions) *text {
	return &text{Writer: bufio.NewWriter(w), paint: paint{o.Colour}, all: o.All}
}

func (t *text) line(format string, args ...any) { fmt.Fprintf(t, format+"\n", args...) }

func (t *text) group(g results.Group) {
	headed := false
	for _, q := range g.Requirements {
		if q.Outcome == suite.Pass && !t.all {
			continue
		}
		if !headed {
			headed = true
			t.line("%s  %s  (%s)", t.paint.bold(g.Name), g.Title, took(g.Millis))
		}
		t.line("  %s %s %s  %s", t.paint.outcome(q.Outcome), q.Level, t.paint.bold(q.ID), q.Text)
		if q.Fails() {
			t.line("       %s", t.paint.faint(q.Source))
		}
		if q.Why != "" {
			t.line("       %s", visible(q.Why, true))
		}
		if q.Known != nil && q.Outcome == suite.KnownFail {
			t.line("       known: %s %s", visible(q.Known.Reason, true), visible(q.Known.Link, true))
		}
		t.findings(g, q)
	}
	if headed {
		t.line("")
	}
}

// findings prints what shows it on the wire once, where several stand on the same.
func (t *text) findings(g results.Group, q results.Requirement) {
	for i, f := range q.Findings {
		t.finding(f)
		if i == len(q.Findings)-1 || !slices.Equal(f.Entries, q.Findings[i+1].Entries) {
			t.excerpt(g.Excerpt(f))
		}
	}
}

func (t *text) finding(f results.Finding) {
	t.line("     • %s", visible(f.What, true))
	if f.Expected != nil && f.Actual != nil {
		e, a := compare(f.Expected, f.Actual)
		from := max(0, firstDiffering(e)-around)
		t.beside("expected", e, from, inGreen)
		t.beside("actual  ", a, from, inRed)
		if at := firstDifference(f.Expected, f.Actual); at != "" {
			t.line("       %s", t.paint.faint(at))
		}
	}
}

func (t *text) excerpt(excerpt []results.Entry) {
	for i, e := range excerpt {
		if i == mostExcerpt {
			t.line("       %s", t.paint.faint(fmt.Sprintf("… %d more", len(excerpt)-i)))
			break
		}
		t.line("       %s", t.paint.faint(fmt.Sprintf("%12s  %-14s %s", since(e.Micros), mark(e.Kind), clip(title(e), widest))))
		if e.Body != nil && len(e.Body.Data) > 0 {
			t.line("       %12s  %14s %s", "", "", t.paint.faint(clip(visible(string(e.Body.Data), true), widest)))
		}
	}
}

// nothing stands where the other of two has more.
const nothing = "‸"

// firstDiffering is how many characters stand before the first difference.
func firstDiffering(spans []span) int {
	if len(spans) > 1 && !spans[0].differs {
		return utf8.RuneCountInString(visible(spans[0].text, true))
	}
	return 0
}

// beside prints one of two in one line from a column on, and beneath it, where there is no
// colour, what differs.
func (t *text) beside(label string, spans []span, from int, colour string) {
	var shown, under strings.Builder
	left, skip := widest, from
	if from > 0 {
		shown.WriteString("…")
		under.WriteString(" ")
	}
	for _, s := range spans {
		if s.differs && s.text == "" {
			s.text = nothing
		}
		runes := []rune(visible(s.text, true))
		over := min(skip, len(runes))
		runes, skip = runes[over:], skip-over
		if len(runes) > left {
			runes = append(runes[:left:left], '…')
		}
		left -= len(runes)
		mark := " "
		if s.differs {
			mark = "^"
			shown.WriteString(t.paint.as(colour, string(runes)))
		} else {
			shown.WriteString(string(runes))
		}
		under.WriteString(strings.Repeat(mark, len(runes)))
		if left <= 0 {
			break
		}
	}
	t.line("       %s  %s", label, shown.String())
	if marks := strings.TrimRight(under.String(), " "); !t.paint.on && marks != "" {
		t.line("       %8s  %s", "", marks)
	}
}

func clip(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "…"
}

func (t *text) totals(r *results.Results) {
	t.line("%-9s %8s %6s %6s %11s %12s %8s %6s", "", "planned", "pass", "fail", "known-fail", "unsupported", "not-run", "error")
	row := func(name string, n results.Totals) {
		t.line("%-9s %8d %6d %6d %11d %12d %8d %6d", name, n.Planned, n.Pass, n.Fail, n.KnownFail, n.Unsupported, n.NotRun, n.Error)
	}
	for _, p := range append(append([]results.Part{}, r.Areas...), r.Levels...) {
		row(p.Name, p.Totals)
	}
	row("all", r.Totals)
	t.line("")
}

func (t *text) conclusion(r *results.Results) {
	t.line("%s, Kazoo %s, %s, seed %s", visible(r.Target.Name, true), r.Target.Dialect, took(r.Millis), visible(r.Harness.Seed, true))
	for _, lack := range r.Target.Absent {
		t.line("without %s: %s", lack.Feature, visible(lack.Why, true))
	}
	for _, note := range r.Notes {
		t.line("note: %s", visible(note, true))
	}
	for _, why := range r.Why {
		t.line("%s", visible(why, true))
	}
	t.line("%s", t.paint.verdict(r.Conclusion))
}

// paint colours what is printed, or does not.
type paint struct{ on bool }

// Colours of a terminal (ECMA-48, SGR). What differs is shown in reverse, which is seen at once.
const (
	inGreen = "32;7"
	inRed   = "31;7"
)

func (p paint) as(code, text string) string {
	if !p.on || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (p paint) bold(text string) string  { return p.as("1", text) }
func (p paint) faint(text string) string { return p.as("2", text) }

func (p paint) outcome(o suite.Outcome) string {
	switch o {
	case suite.Pass:
		return p.as("32", "PASS")
	case suite.Fail:
		return p.as("31;1", "FAIL")
	case suite.KnownFail:
		return p.as("33", "KNOWN")
	case suite.Broken:
		return p.as("35;1", "ERROR")
	case suite.Unsupported:
		return p.as("2", "UNSUPPORTED")
	case suite.NotRun:
		return p.as("33", "NOT RUN")
	}
	return string(o)
}

func (p paint) verdict(c results.Conclusion) string {
	code := "33;1"
	switch c {
	case results.Certified:
		code = "32;1"
	case results.NotConformant, results.StaleExpectations:
		code = "31;1"
	case results.HarnessError:
		code = "35;1"
	case results.Interrupted, results.Unreachable, results.Incomplete, results.AsExpected, results.Partial:
	}
	return p.as(code, banner(c))
}

// banner is a conclusion in words that cannot be taken for another.
func banner(c results.Conclusion) string {
	switch c {
	case results.Certified:
		return "CERTIFIED"
	case results.NotConformant:
		return "NOT CONFORMANT"
	case results.Incomplete:
		return "NOT CERTIFIED: INCOMPLETE"
	case results.HarnessError:
		return "NOT CERTIFIED: THIS PROGRAM FAILED"
	case results.Interrupted:
		return "NOT CERTIFIED: INTERRUPTED"
	case results.Unreachable:
		return "NOT CERTIFIED: THE TARGET HAS GONE"
	case results.StaleExpectations:
		return "NOT CERTIFIED: EXPECTATIONS ARE STALE"
	case results.AsExpected:
		return "NOT CERTIFIED: FAILS AS EXPECTED"
	case results.Partial:
		return "NO CERTIFICATE: ONLY A PART WAS ASKED FOR, WHICH HOLDS"
	}
	return strings.ToUpper(string(c))
}

// LiveOptions say what the progress is printed to.
type LiveOptions struct {
	// Terminal has the line of progress written over itself; else nothing but what is wrong is printed.
	Terminal bool
	Colour   bool
}

// Live shows how far a run is. Its methods are called by one at a time.
type Live struct {
	w       io.Writer
	options LiveOptions
	shown   bool
}

// NewLive prints to w, which is best not where the report goes.
func NewLive(w io.Writer, o LiveOptions) *Live { return &Live{w: w, options: o} }

// Group tells that a group has ended: how, as capture.Done, and why; and how many of how many have.
func (l *Live) Group(name, end, why string, ended, groups int) {
	p := paint{l.options.Colour}
	l.Done()
	if end != capture.Done {
		fmt.Fprintf(l.w, "%s %s: %s\n", p.bold(end), name, visible(why, true))
	}
	if l.options.Terminal {
		fmt.Fprintf(l.w, "%d/%d groups  %s", ended, groups, clip(name, widest-40))
		l.shown = true
	}
}

// Done takes the line of progress away.
func (l *Live) Done() {
	if l.shown {
		fmt.Fprint(l.w, "\r\x1b[K")
		l.shown = false
	}
}
