package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/conformance/results"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// The form of JUnit's XML that CI servers read: a suite for each group.
type (
	junitRun struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string           `xml:"name,attr"`
		Tests      int              `xml:"tests,attr"`
		Failures   int              `xml:"failures,attr"`
		Errors     int              `xml:"errors,attr"`
		Skipped    int              `xml:"skipped,attr"`
		Time       string           `xml:"time,attr"`
		Timestamp  string           `xml:"timestamp,attr"`
		Properties *junitProperties `xml:"properties"`
		Cases      []junitCase      `xml:"testcase"`
	}
	junitProperties struct {
		List []junitProperty `xml:"property"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Class   string      `xml:"classname,attr"`
		Name    string      `xml:"name,attr"`
		Time    string      `xml:"time,attr"`
		Failure *junitFault `xml:"failure"`
		Error   *junitFault `xml:"error"`
		Skipped *junitFault `xml:"skipped"`
	}
	junitFault struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// JUnit prints the results as JUnit's XML. What fails is a failure, whatever its level, which
// is its type; what is known to fail, unsupported or not run is skipped; a fault of the
// harness is an error. A stale line of expectations is a failure of a suite of its own.
func JUnit(w io.Writer, r *results.Results) error {
	run := junitRun{Name: "kazoolab certify " + r.Target.Name, Time: seconds(r.Millis)}
	for _, g := range r.Groups {
		s := junitSuite{
			Name: g.Name, Time: seconds(g.Millis),
			Timestamp: r.Began.Add(time.Duration(g.BeganMillis) * time.Millisecond).UTC().Format("2006-01-02T15:04:05"),
		}
		for _, q := range g.Requirements {
			s.Cases = append(s.Cases, junitOf(g, q))
		}
		run.add(s)
	}
	run.add(staleSuite(r))
	run.add(faultSuite(r))
	if len(run.Suites) > 0 {
		run.Suites[0].Properties = &junitProperties{[]junitProperty{
			{"target", r.Target.Name},
			{"dialect", r.Target.Dialect},
			{"conclusion", string(r.Conclusion)},
			{"why", strings.Join(r.Why, " ")},
			{"harness", r.Harness.Version},
			{"seed", r.Harness.Seed},
		}}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(run); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (run *junitRun) add(s junitSuite) {
	if len(s.Cases) == 0 {
		return
	}
	s.Tests = len(s.Cases)
	for _, c := range s.Cases {
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	run.Tests, run.Failures, run.Errors, run.Skipped = run.Tests+s.Tests, run.Failures+s.Failures, run.Errors+s.Errors, run.Skipped+s.Skipped
	run.Suites = append(run.Suites, s)
}

func junitOf(g results.Group, q results.Requirement) junitCase {
	c := junitCase{Class: g.Name, Name: q.ID + " " + q.Text, Time: "0"}
	switch q.Outcome {
	case suite.Pass:
	case suite.Fail:
		c.Failure = &junitFault{Message: first(q), Type: string(q.Level), Text: plain(g, q)}
	case suite.KnownFail:
		c.Skipped = &junitFault{Message: "known to fail: " + visible(q.Known.Reason, true)}
	case suite.Broken:
		c.Error = &junitFault{Message: visible(q.Why, true), Type: "harness"}
	case suite.Unsupported, suite.NotRun:
		c.Skipped = &junitFault{Message: string(q.Outcome) + ": " + visible(q.Why, true)}
	}
	return c
}

func staleSuite(r *results.Results) junitSuite {
	s := junitSuite{Name: "expectations", Time: "0", Timestamp: r.Judged.UTC().Format("2006-01-02T15:04:05")}
	for _, line := range r.Stale {
		s.Cases = append(s.Cases, junitCase{
			Class: "expectations", Name: line.ID + " still fails", Time: "0",
			Failure: &junitFault{Message: fmt.Sprintf("it passes: take line %d out of %s", line.At, r.Harness.Expectations), Type: "stale"},
		})
	}
	return s
}

func faultSuite(r *results.Results) junitSuite {
	s := junitSuite{Name: "harness", Time: "0", Timestamp: r.Judged.UTC().Format("2006-01-02T15:04:05")}
	for i, fault := range r.Faults {
		s.Cases = append(s.Cases, junitCase{
			Class: "harness", Name: fmt.Sprintf("fault %d", i+1), Time: "0", Error: &junitFault{Message: visible(fault, true), Type: "harness"},
		})
	}
	return s
}

func first(q results.Requirement) string {
	if len(q.Findings) == 0 {
		return q.Text
	}
	return visible(q.Findings[0].What, true)
}

// plain are the findings as the terminal shows them without colour.
func plain(g results.Group, q results.Requirement) string {
	var b strings.Builder
	t := newText(&b, TextOptions{})
	t.line("\n%s", q.Source)
	t.findings(g, q)
	_ = t.Flush() // to memory
	return b.String()
}

func seconds(millis int64) string { return fmt.Sprintf("%.3f", float64(millis)/1000) }
