package cli

import (
	"fmt"

	"github.com/kazoolab/kazoolab/conformance/results"
)

func resultsSchema() []byte { return nil }

type live struct{ *certify }

func (c *certify) newLive() live { return live{c} }

func (l live) Group(name, end, why string, ended, groups int) {
	l.say("%d/%d %s: %s %s", ended, groups, name, end, why)
}

func (l live) Done() {}

// write prints the results, and writes the files of --out.
func (v *telling) write(r *results.Results) error {
	for _, g := range r.Groups {
		for _, q := range g.Requirements {
			if q.Outcome == "pass" {
				continue
			}
			fmt.Fprintf(v.Stdout, "%s %s: %s %s\n", q.Outcome, q.ID, q.Text, q.Why)
			for _, f := range q.Findings {
				fmt.Fprintf(v.Stdout, "    %s (log %v)\n", f.What, f.Entries)
				if f.Expected != nil {
					fmt.Fprintf(v.Stdout, "      expected %+v\n      actual   %+v\n", *f.Expected, *f.Actual)
				}
			}
		}
	}
	fmt.Fprintf(v.Stdout, "%+v\n%s\n", r.Totals, r.Conclusion)
	return nil
}
