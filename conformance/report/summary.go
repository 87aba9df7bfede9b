package report

import (
	_ "embed"
	"fmt"
	"io"
	"regexp"
	"strings"
	"text/template"

	"github.com/kazoolab/kazoolab/conformance/results"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

//go:embed summary.md.tmpl
var summaryTemplate string

// mostReds is how many failures a summary shows; a CI's page is no place for hundreds.
const mostReds = 20

// red is a requirement that fails, with its group.
type red struct {
	results.Requirement
	Group results.Group
}

func reds(r *results.Results, outcomes ...suite.Outcome) []red {
	var list []red
	for _, g := range r.Groups {
		for _, q := range g.Requirements {
			for _, o := range outcomes {
				if q.Outcome == o {
					list = append(list, red{q, g})
				}
			}
		}
	}
	return list
}

// Summary prints the results as Markdown for the summary of a CI: the conclusion, totals, and
// the first failures.
func Summary(w io.Writer, r *results.Results) error {
	funcs := template.FuncMap{"say": markdown, "banner": banner, "took": took, "plain": plain, "fence": fence}
	t, err := template.New("summary").Funcs(funcs).Parse(summaryTemplate)
	if err != nil {
		return err
	}
	failing := reds(r, suite.Fail, suite.Broken)
	more := max(0, len(failing)-mostReds)
	return t.Execute(w, struct {
		*results.Results
		Reds  []red
		More  int
		Known []red
	}{r, failing[:len(failing)-more], more, reds(r, suite.KnownFail)})
}

// markdown is a text that means nothing in Markdown or HTML, in one line.
func markdown(text string) string {
	text = visible(text, true)
	text = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
	return regexp.MustCompile("[\\\\`*_{}\\[\\]()#+!|~@]").ReplaceAllString(text, `\$0`)
}

// fence is a block of text that nothing in it can end.
func fence(text string) string {
	ticks := "```"
	for strings.Contains(text, ticks) {
		ticks += "`"
	}
	return fmt.Sprintf("%s text\n%s\n%s", ticks, strings.Trim(text, "\n"), ticks)
}
