package cli

import (
	"github.com/kazoolab/kazoolab/conformance/report"
	"github.com/kazoolab/kazoolab/conformance/results"
)

func resultsSchema() []byte { return report.Schema() }

func (c *certify) newLive() *report.Live {
	return report.NewLive(c.Stderr, report.LiveOptions{Terminal: c.StderrTerminal, Colour: c.StderrTerminal && c.colourful()})
}

func (c *certify) colourful() bool { return c.getenv("NO_COLOR") == "" && c.getenv("TERM") != "dumb" }

// write prints the results, and writes the files of --out.
func (v *telling) write(r *results.Results) error {
	if v.out != "" {
		if _, err := report.Write(v.out, r); err != nil {
			return err
		}
	}
	if v.output.value == outputJSON {
		return report.JSON(v.Stdout, r)
	}
	return report.Text(v.Stdout, r, report.TextOptions{Colour: v.StdoutTerminal && v.colourful()})
}
