package results

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/expectations"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// Options say how the verdicts came about.
type Options struct {
	// Mode is Live or FromLog.
	Mode string
	// Harness is the version of the program that judges.
	Harness string
	Judged  time.Time
	// Took is how long it was from the first to the last; 0 is what the log tells.
	Took time.Duration
	// Catalogue is how many requirements hold in the dialect; more of them than verdicts are a
	// plan that was narrowed, which is never a certificate. 0 is as many as verdicts.
	Catalogue int
	// Interrupted says that the run was ended early.
	Interrupted bool
	// Strange are groups of the log that this program does not know: what was seen in them is not
	// judged.
	Strange []string
	// Faults are the harness's, outside any requirement. Notes decide nothing.
	Faults, Notes []string
	// Expectations is the file of known failures; nil is none.
	Expectations *expectations.File
}

// ErrArithmetic says that verdicts are not one for each requirement that was planned: a
// fault of this program.
var ErrArithmetic = errors.New("the outcomes do not add up to what was planned")

// Build makes the tree. Secrets that the log has not masked are masked here. The error wraps
// ErrArithmetic.
func Build(verdicts []suite.Verdict, file capture.File, o Options) (*Results, error) {
	b := &builder{file: file, options: o, hide: secrets(), areas: map[string]int{}, groups: map[string]int{}}
	b.frame(len(verdicts))
	seen := map[string]bool{}
	for _, v := range verdicts {
		if seen[v.Requirement.ID] {
			return nil, fmt.Errorf("%w: %s was judged twice", ErrArithmetic, v.Requirement.ID)
		}
		seen[v.Requirement.ID] = true
		b.add(v)
	}
	r := &b.Results
	r.sort()
	if err := r.check(len(verdicts)); err != nil {
		return nil, err
	}
	for i := range r.Groups {
		b.wire(&r.Groups[i])
	}
	r.Levels = slices.DeleteFunc(r.Levels, func(p Part) bool { return p.Totals.Planned == 0 })
	r.strange = o.Strange
	r.conclude(o.Interrupted, file)
	return r, nil
}

type builder struct {
	Results
	file          capture.File
	options       Options
	hide          secret
	areas, groups map[string]int // places in the tree
	kept          int            // entries of the log
}

func (b *builder) frame(asked int) {
	f, o := b.file.Facts, b.options
	b.Results = Results{
		Format: Format, Version: Version,
		Target: Target{
			Name: f.Target, Dialect: f.Dialect, REST: b.hide.text(f.REST), Sockets: b.hide.text(f.Sockets),
			Features: list(f.Features), Absent: list(f.Absent), RealWaits: f.RealWaits,
		},
		Harness: Harness{Version: o.Harness, Recorded: f.Harness, Mode: o.Mode, Seed: f.Seed},
		Began:   f.Began, Judged: o.Judged, Millis: o.Took.Milliseconds(),
		Asked: asked, Catalogue: max(o.Catalogue, asked),
		Areas: []Part{}, Groups: []Group{}, Stale: []Stale{},
		Levels: []Part{{Name: string(suite.Must)}, {Name: string(suite.Should)}, {Name: string(suite.May)}},
		Faults: list(o.Faults), Notes: list(o.Notes),
	}
	if last := len(b.file.Entries); o.Took == 0 && last > 0 {
		b.Millis = b.file.Entries[last-1].At.Milliseconds()
	}
	if o.Expectations != nil {
		b.Harness.Expectations = o.Expectations.Name
	}
}

// list is never nil, so that it is never null in JSON.
func list[T any](of []T) []T { return append([]T{}, of...) }

func (b *builder) add(v suite.Verdict) {
	r := Requirement{
		ID: v.Requirement.ID, Text: v.Requirement.Text, Level: v.Requirement.Level(), Area: v.Requirement.Area(),
		Source: v.Requirement.Source, Ours: v.Requirement.Ours, Outcome: v.Outcome, Why: b.hide.text(v.Why),
	}
	for _, f := range v.Findings {
		r.Findings = append(r.Findings, b.finding(f))
	}
	b.expect(&r)
	area, known := b.areas[r.Area]
	if !known {
		area = len(b.Areas)
		b.areas[r.Area] = area
		b.Areas = append(b.Areas, Part{Name: r.Area})
	}
	at, known := b.groups[v.Group.Name]
	if !known {
		at = len(b.Groups)
		b.groups[v.Group.Name] = at
		b.Groups = append(b.Groups, b.group(v.Group))
	}
	g := &b.Groups[at]
	g.Requirements = append(g.Requirements, r)
	b.Totals, g.Totals = b.Totals.with(r.Outcome), g.Totals.with(r.Outcome)
	b.Areas[area].Totals = b.Areas[area].Totals.with(r.Outcome)
	for i := range b.Levels {
		if b.Levels[i].Name == string(r.Level) {
			b.Levels[i].Totals = b.Levels[i].Totals.with(r.Outcome)
		}
	}
}

// expect compares an outcome with what the file of expectations says.
func (b *builder) expect(r *Requirement) {
	if b.options.Expectations == nil {
		return
	}
	line, known := b.options.Expectations.Find(r.ID, b.Target.Dialect)
	if !known {
		return
	}
	r.Known = &Known{Reason: line.Reason, Link: line.Link, Flaky: line.Flaky, At: line.At}
	switch {
	case r.Outcome == suite.Fail:
		r.Outcome = suite.KnownFail
	case r.Outcome == suite.Pass && !line.Flaky:
		b.Stale = append(b.Stale, Stale{ID: r.ID, Reason: line.Reason, At: line.At})
	}
}

func (b *builder) finding(f suite.Finding) Finding {
	expected, actual := b.hide.bytes(f.Expected), b.hide.bytes(f.Actual)
	shown := Finding{What: b.hide.text(f.What), Entries: f.Entries}
	if expected != nil && bytes.Equal(expected, actual) && !bytes.Equal(f.Expected, f.Actual) {
		shown.What += " (they differ in a secret, which is hidden here)"
	}
	shown.Expected, shown.Actual = beside(expected, actual)
	return shown
}

func (b *builder) group(g suite.Group) Group {
	shown := Group{Name: g.Name, Title: g.Title, Optional: g.Optional}
	view := b.file.Of(g.Name)
	if len(view.Entries) > 0 {
		shown.BeganMillis = view.Entries[0].At.Milliseconds()
	}
	if end, ended := view.End(); ended {
		shown.End, shown.Why = end.Head, b.hide.text(string(end.Body))
		shown.Millis = (end.At - view.Entries[0].At).Milliseconds()
	}
	return shown
}

// wire keeps the log of a group in which something fails.
func (b *builder) wire(g *Group) {
	if !slices.ContainsFunc(g.Requirements, Requirement.Fails) {
		return
	}
	entries := b.file.Of(g.Name).Entries
	named := map[int]bool{}
	for _, r := range g.Requirements {
		for _, f := range r.Findings {
			for _, seq := range f.Entries {
				named[seq] = true
			}
		}
	}
	for _, e := range entries {
		if e.Ref != 0 && (named[e.Seq] || named[e.Ref]) {
			named[e.Seq], named[e.Ref] = true, true
		}
	}
	for i, e := range entries {
		if (i >= mostEntries || b.kept >= mostOfAll) && !named[e.Seq] {
			g.WireLeftOut++
			continue
		}
		b.kept++
		g.Wire = append(g.Wire, Entry{
			Seq: e.Seq, Micros: (e.At - entries[0].At).Microseconds(), Kind: e.Kind, Name: b.hide.text(e.Name), Head: b.hide.text(e.Head),
			Header: b.hide.header(e.Header), Body: head(b.hide.bytes(e.Body), MostOfBody), Ref: e.Ref,
		})
	}
}

// sort makes the tree the same whatever the order in which the requirements were judged.
func (r *Results) sort() {
	slices.SortFunc(r.Areas, func(a, b Part) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(r.Groups, func(a, b Group) int { return strings.Compare(a.Name, b.Name) })
	for _, g := range r.Groups {
		slices.SortFunc(g.Requirements, func(a, b Requirement) int { return strings.Compare(a.ID, b.ID) })
	}
	slices.SortFunc(r.Stale, func(a, b Stale) int { return a.At - b.At })
}

// check is the arithmetic that every report rests on.
func (r *Results) check(planned int) error {
	parts := []Part{{"all", r.Totals}}
	inGroups, inAreas, inLevels := 0, 0, 0
	for _, g := range r.Groups {
		parts = append(parts, Part{g.Name, g.Totals})
		inGroups += g.Totals.Planned
	}
	for _, p := range r.Areas {
		parts = append(parts, p)
		inAreas += p.Totals.Planned
	}
	for _, p := range r.Levels {
		parts = append(parts, p)
		inLevels += p.Totals.Planned
	}
	for _, p := range parts {
		if p.Totals.Planned != p.Totals.Sum() {
			return fmt.Errorf("%w: %s: %d were planned, and there are %d outcomes", ErrArithmetic, p.Name, p.Totals.Planned, p.Totals.Sum())
		}
	}
	for where, sum := range map[string]int{"all": r.Totals.Planned, "groups": inGroups, "areas": inAreas, "levels": inLevels} {
		if sum != planned {
			return fmt.Errorf("%w: %s: %d were planned, and %d are told of", ErrArithmetic, where, planned, sum)
		}
	}
	return nil
}

// Seen tells what came of what was judged, for rewriting a file of expectations. What was
// not judged is left out.
func (r *Results) Seen() []expectations.Seen {
	var seen []expectations.Seen
	for _, g := range r.Groups {
		for _, q := range g.Requirements {
			s := expectations.Seen{ID: q.ID, Failed: q.Outcome != suite.Pass}
			if q.Outcome != suite.Pass && q.Outcome != suite.Fail && q.Outcome != suite.KnownFail {
				continue
			}
			if len(q.Findings) > 0 {
				s.What = q.Findings[0].What
			}
			seen = append(seen, s)
		}
	}
	return seen
}
