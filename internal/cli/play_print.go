package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/simulator/scenario"
)

// judgement is what became of an expectation.
type judgement struct {
	Line   int             `json:"line"`
	Of     scenario.Source `json:"of"`
	Met    bool            `json:"met"`
	Report string          `json:"report,omitempty"` // why it is not met
}

// playReport is a play as JSON.
type playReport struct {
	Scenario     string      `json:"scenario"`
	Title        string      `json:"title"`
	Passed       bool        `json:"passed"`
	Error        string      `json:"error,omitempty"` // why it was not played to its end
	Expectations []judgement `json:"expectations"`
	Messages     int         `json:"messages"`
	Played       float64     `json:"played_s"` // in the story
	Seconds      float64     `json:"seconds"`  // on the wall
}

// tell prints what came of it. The error is failed, which says why it was not played to
// its end, or that something is not met.
func (p *play) tell(failed error) error {
	missed := 0
	for _, j := range p.judged {
		if !j.Met {
			missed++
		}
	}
	if p.output == outputJSON {
		report := playReport{
			Scenario: p.plan.Name, Title: p.plan.Title, Passed: failed == nil && missed == 0, Expectations: append([]judgement{}, p.judged...),
			Messages: p.messages, Played: p.stage.Since().Seconds(), Seconds: p.elapsed().Seconds(),
		}
		if failed != nil {
			report.Error = failed.Error()
		}
		if err := p.printLine(report); err != nil {
			return err
		}
	}
	switch {
	case failed != nil:
		return failed
	case p.output != outputJSON:
		p.print(missed == 0)
	}
	if missed > 0 {
		return fmt.Errorf("%d of %d expectations are not met", missed, len(p.judged))
	}
	return nil
}

// print tells people.
func (p *play) print(passed bool) {
	if passed {
		p.printf("%s: %s, %d expectations met; %d messages, %s played in %s\n", p.plan.Name, p.paint(green, "passed"), len(p.judged), p.messages,
			roundly(p.stage.Since()), p.elapsed().Round(time.Millisecond))
		return
	}
	p.printf("%s: %s\n", p.plan.Name, p.paint(red, "failed"))
	for _, j := range p.judged {
		if j.Met {
			continue
		}
		for line := range strings.SplitSeq(fmt.Sprintf("line %d: %s", j.Line, j.Report), "\n") {
			p.printf("  %s\n", clean(line))
		}
	}
}
