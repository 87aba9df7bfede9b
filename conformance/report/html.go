package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/results"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

//go:embed report.html.tmpl
var htmlTemplate string

// HTML prints the results as one page that needs nothing besides: no network, and no script
// to be read. Its policy lets only its own style and script act, so that what a receiver or a
// target sent stays text.
func HTML(w io.Writer, r *results.Results) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"banner": banner, "class": class, "took": took, "since": since, "mark": mark, "visible": func(text string) string { return visible(text, true) },
		"part": part, "lines": lines, "beginning": beginning, "of": results.Totals.Of, "count": grouped, "outcomes": outcomes,
		"named": named,
	}).Parse(htmlTemplate)
	if err != nil {
		return err
	}
	style, err := hash(t, "style")
	if err != nil {
		return err
	}
	script, err := hash(t, "script")
	if err != nil {
		return err
	}
	p := page{Results: r, Policy: "default-src 'none'; style-src " + style + "; script-src " + script + "; img-src data:; base-uri 'none'; form-action 'none'"}
	for _, red := range reds(r, suite.Broken, suite.Fail, suite.KnownFail) {
		p.Reds = append(p.Reds, articleOf(red))
	}
	return t.Execute(w, p)
}

// hash names a part of the page for its policy: what stands between its tags.
func hash(t *template.Template, part string) (string, error) {
	var text bytes.Buffer
	if err := t.ExecuteTemplate(&text, part, nil); err != nil {
		return "", err
	}
	inside := text.String()
	inside = inside[strings.Index(inside, ">")+1 : strings.LastIndex(inside, "</")]
	sum := sha256.Sum256([]byte(inside))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'", nil
}

type page struct {
	*results.Results
	Policy string
	Reds   []article
}

// article is a requirement that fails, with what shows it.
type article struct {
	red
	Views []view
}

// view is a finding as it is shown.
type view struct {
	What, First string
	// Expected and Actual are short: long stretches that are the same are left out. Whole are
	// both without that, where it makes a difference.
	Expected, Actual *pane
	Whole            []*pane
	// Excerpt is the part of the wire that shows it, and More how many entries it has besides;
	// a finding that stands on the same part as the one before has none.
	Excerpt []results.Entry
	More    int
}

// pane is one of two that are shown beside each other.
type pane struct {
	Label, Size string
	Dump        bool // in hexadecimal
	Bits        []bit
}

// bit is a stretch of a pane.
type bit struct {
	Text  string
	Class string // "", "differs", "nothing" or "gap"
}

func articleOf(r red) article {
	const most = 12 // entries of an excerpt; the log has all
	a := article{red: r}
	for i, f := range r.Findings {
		v := view{What: visible(f.What, true)}
		if i == 0 || !slices.Equal(f.Entries, r.Findings[i-1].Entries) {
			v.Excerpt = r.Group.Excerpt(f)
			v.More = max(0, len(v.Excerpt)-most)
			v.Excerpt = v.Excerpt[:len(v.Excerpt)-v.More]
		}
		if f.Expected != nil && f.Actual != nil {
			v.beside(f.Expected, f.Actual)
		}
		a.Views = append(a.Views, v)
	}
	return a
}

func (v *view) beside(expected, actual *results.Bytes) {
	v.First = firstDifference(expected, actual)
	e, a := compare(expected, actual)
	binary := !expected.Text() || !actual.Text()
	wholeE, wholeA := paneOf("expected", expected, e, binary), paneOf("actual", actual, a, binary)
	shortE, cutE := short(wholeE)
	shortA, cutA := short(wholeA)
	v.Expected, v.Actual = shortE, shortA
	if cutE || cutA {
		v.Whole = []*pane{wholeE, wholeA}
	}
}

func paneOf(label string, b *results.Bytes, spans []span, binary bool) *pane {
	p := &pane{Label: label, Size: grouped(b.Size) + " bytes", Dump: binary}
	if b.Size == 1 {
		p.Size = "1 byte"
	}
	if cut := part(b); cut != "" {
		p.Size = cut
	}
	if binary {
		p.Bits = dump(spans, b.From)
	} else {
		p.Bits = bits(spans)
	}
	return p
}

func bits(spans []span) []bit {
	list := make([]bit, 0, len(spans))
	for _, s := range spans {
		switch {
		case !s.differs:
			list = append(list, bit{Text: visible(s.text, false)})
		case s.text == "":
			list = append(list, bit{Class: "nothing"})
		default:
			list = append(list, bit{visible(s.text, false), "differs"})
		}
	}
	return list
}

// dump is a hexadecimal dump, with what differs marked among the digits and the letters.
func dump(spans []span, from int) []bit {
	const width = 16
	var data []byte
	var differs []bool
	for _, s := range spans {
		data = append(data, s.text...)
		for range len(s.text) {
			differs = append(differs, s.differs)
		}
	}
	var list []bit
	add := func(text string, differs bool) {
		class := ""
		if differs {
			class = "differs"
		}
		if last := len(list) - 1; last >= 0 && list[last].Class == class {
			list[last].Text += text
			return
		}
		list = append(list, bit{text, class})
	}
	for at := 0; at < len(data); at += width {
		end := min(at+width, len(data))
		add(fmt.Sprintf("%08x  ", from+at), false)
		for i := at; i < end; i++ {
			add(fmt.Sprintf("%02x", data[i]), differs[i])
			add(" ", false)
		}
		add(strings.Repeat("   ", width-(end-at))+" ", false)
		for i := at; i < end; i++ {
			letter := "."
			if data[i] >= ' ' && data[i] < 0x7f {
				letter = string(rune(data[i]))
			}
			add(letter, differs[i])
		}
		add("\n", false)
	}
	return list
}

// short leaves out the middle of long stretches that are the same, and tells whether it did.
func short(whole *pane) (*pane, bool) {
	const (
		longest = 240 // characters
		kept    = 80  // on either side of what differs
	)
	p, cut := &pane{Label: whole.Label, Size: whole.Size, Dump: whole.Dump}, false
	for i, b := range whole.Bits {
		runes := []rune(b.Text)
		if whole.Dump || b.Class != "" || len(runes) <= longest || len(whole.Bits) == 1 {
			p.Bits = append(p.Bits, b)
			continue
		}
		before, after := kept, kept
		if i == 0 {
			before = 0
		}
		if i == len(whole.Bits)-1 {
			after = 0
		}
		cut = true
		p.Bits = append(p.Bits,
			bit{Text: string(runes[:before])},
			bit{"… " + grouped(len(runes)-before-after) + " characters the same …", "gap"},
			bit{Text: string(runes[len(runes)-after:])})
	}
	return p, cut
}

// class is the colour of a conclusion.
func class(c results.Conclusion) string {
	switch c {
	case results.Certified:
		return "pass"
	case results.NotConformant, results.StaleExpectations:
		return "fail"
	case results.HarnessError:
		return "error"
	case results.Interrupted, results.Unreachable, results.Incomplete, results.AsExpected, results.Partial:
	}
	return "not-run"
}

// lines are the header and the body of an entry as they are shown.
func lines(e results.Entry) string {
	var b strings.Builder
	for _, f := range e.Header {
		b.WriteString(visible(f.Name, true) + ": " + visible(f.Value, true) + "\n")
	}
	if e.Body != nil && len(e.Body.Data) > 0 {
		if len(e.Header) > 0 {
			b.WriteString("\n")
		}
		b.WriteString(visible(string(e.Body.Data), false))
		if p := part(e.Body); p != "" {
			b.WriteString("\n… " + p)
		}
	}
	return b.String()
}

// beginning is the first of a body, in one line.
func beginning(e results.Entry) string {
	const most = 500 // characters
	if e.Body == nil {
		return ""
	}
	return clip(visible(string(e.Body.Data), true), most)
}

func outcomes() []suite.Outcome {
	return []suite.Outcome{suite.Pass, suite.Fail, suite.KnownFail, suite.Unsupported, suite.NotRun, suite.Broken}
}

// named tells whether a finding of a group names an entry.
func named(g results.Group, e results.Entry) bool {
	for _, q := range g.Requirements {
		for _, f := range q.Findings {
			if slices.Contains(f.Entries, e.Seq) {
				return true
			}
		}
	}
	return false
}
