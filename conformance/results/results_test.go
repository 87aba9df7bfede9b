package results_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/expectations"
	"github.com/kazoolab/kazoolab/conformance/results"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// requirement makes one whose number says its level: 0xx MUST, 1xx SHOULD, 2xx MAY.
func verdict(group, id string, outcome suite.Outcome, findings ...suite.Finding) suite.Verdict {
	word := map[byte]string{'0': "MUST", '1': "SHOULD", '2': "MAY"}[id[len(id)-3]]
	if outcome == suite.Fail && findings == nil {
		findings = []suite.Finding{{What: "it is not so"}}
	}
	return suite.Verdict{
		Planned: suite.Planned{
			Group:       suite.Group{Name: group, Title: group, Optional: strings.HasSuffix(group, "/optional")},
			Requirement: suite.Requirement{ID: id, Text: "It " + word + " be so.", Source: "x.md 1"},
		},
		Outcome: outcome, Findings: findings,
	}
}

func file(t *testing.T, text string) *expectations.File {
	t.Helper()
	f, err := expectations.Parse("known.yaml", []byte(text), []string{"A-X-001", "A-X-002", "A-X-101"})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return f
}

const knows = "known-failing:\n- id: A-X-001\n  reason: r\n"

// What is cut is no verdict, whatever it shows, and never a certificate.
func TestALogThatIsCutIsIncomplete(t *testing.T) {
	t.Parallel()
	for _, outcome := range []suite.Outcome{suite.Pass, suite.Fail, suite.NotRun, suite.Broken} {
		g := NewWithT(t)
		r, err := results.Build([]suite.Verdict{verdict("a/b", "A-X-001", outcome)}, capture.File{Cut: true, Entries: make([]capture.Entry, 7)}, results.Options{Mode: results.FromLog})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(r.Conclusion).To(Equal(results.Incomplete))
		g.Expect(r.ExitCode()).To(Equal(5))
		g.Expect(r.Why[0]).To(HavePrefix("The log is cut: it ends behind entry 7, without its last line"))
	}
}

func TestConclusion(t *testing.T) {
	t.Parallel()
	const pass, fail = suite.Pass, suite.Fail
	for name, c := range map[string]struct {
		verdicts []suite.Verdict
		options  results.Options
		known    string
		want     results.Conclusion
		exit     int
		why      string
	}{
		"all pass": {
			[]suite.Verdict{verdict("a/b", "A-X-001", pass)}, results.Options{}, "", results.Certified, 0, "No MUST of the 1 requirements fails.",
		},
		"a MUST fails": {
			[]suite.Verdict{verdict("a/b", "A-X-001", pass), verdict("a/b", "A-X-002", fail)}, results.Options{}, "",
			results.NotConformant, 1, "1 MUST fails: A-X-002.",
		},
		"a SHOULD fails": {
			[]suite.Verdict{verdict("a/b", "A-X-001", pass), verdict("a/b", "A-X-101", fail)}, results.Options{}, "",
			results.Certified, 0, "1 SHOULD fails, which denies no certificate: A-X-101.",
		},
		"a MAY fails": {
			[]suite.Verdict{verdict("a/b", "A-X-001", pass), verdict("a/b", "A-X-201", fail)}, results.Options{}, "",
			results.Certified, 0, "1 MAY fails, which denies no certificate: A-X-201.",
		},
		"a MUST of an optional group fails": {
			[]suite.Verdict{verdict("a/b", "A-X-001", pass), verdict("a/optional", "A-X-002", fail)}, results.Options{}, "",
			results.NotConformant, 1, "1 MUST fails: A-X-002.",
		},
		"something was not run": {
			[]suite.Verdict{verdict("a/b", "A-X-001", pass), verdict("a/b", "A-X-101", suite.NotRun)}, results.Options{}, "",
			results.Incomplete, 5, "1 requirement could not be judged in groups that a certificate needs: A-X-101.",
		},
		"something of an optional group was not run": {
			[]suite.Verdict{verdict("a/b", "A-X-001", pass), verdict("a/optional", "A-X-002", suite.NotRun)}, results.Options{}, "", results.Certified, 0, "No MUST",
		},
		"something is not offered": {
			[]suite.Verdict{verdict("a/b", "A-X-001", pass), verdict("a/b", "A-X-002", suite.Unsupported)}, results.Options{}, "",
			results.Certified, 0, "1 requirement is about what the target does not offer.",
		},
		"nothing is offered": {
			[]suite.Verdict{verdict("a/b", "A-X-002", suite.Unsupported)}, results.Options{}, "", results.Incomplete, 5, "Nothing passed.",
		},
		"groups that nobody knows": {
			[]suite.Verdict{verdict("a/b", "A-X-001", pass)}, results.Options{Strange: []string{"c/d"}}, "",
			results.Incomplete, 5, "The log has what this program does not know, and cannot judge: c/d.",
		},
		"groups that nobody knows, and a MUST fails": {
			[]suite.Verdict{verdict("a/b", "A-X-001", fail)}, results.Options{Strange: []string{"c/d"}}, "",
			results.NotConformant, 1, "1 MUST fails: A-X-001.",
		},
		"nothing was asked for": {nil, results.Options{}, "", results.Incomplete, 5, "Nothing passed."},
		"our own fault": {
			[]suite.Verdict{verdict("a/b", "A-X-001", suite.Broken), verdict("a/b", "A-X-002", fail)}, results.Options{}, "",
			results.HarnessError, 4, "1 requirement could not be judged through a fault of this program.",
		},
		"our own fault outside": {
			[]suite.Verdict{verdict("a/b", "A-X-001", pass)}, results.Options{Faults: []string{"no port"}}, "", results.HarnessError, 4, "This program failed: no port.",
		},
		"interrupted": {
			[]suite.Verdict{verdict("a/b", "A-X-001", fail), verdict("a/b", "A-X-002", suite.NotRun), verdict("a/b", "A-X-003", suite.Broken)},
			results.Options{Interrupted: true}, "", results.Interrupted, 130, "The run was ended before everything had been done.",
		},
		"narrowed": {
			[]suite.Verdict{verdict("a/b", "A-X-001", pass)}, results.Options{Catalogue: 40}, "", results.Partial, 0, "1 of 40 requirements were asked for.",
		},
		"narrowed, and fails": {
			[]suite.Verdict{verdict("a/b", "A-X-001", fail)}, results.Options{Catalogue: 40}, "", results.NotConformant, 1, "1 of 40 requirements were asked for.",
		},
		"a known failure": {
			[]suite.Verdict{verdict("a/b", "A-X-001", fail), verdict("a/b", "A-X-002", pass)}, results.Options{}, knows,
			results.AsExpected, 0, "1 MUST fails, as known.yaml says: A-X-001.",
		},
		"a known failure and another": {
			[]suite.Verdict{verdict("a/b", "A-X-001", fail), verdict("a/b", "A-X-002", fail)}, results.Options{}, knows,
			results.NotConformant, 1, "1 MUST fails: A-X-002.",
		},
		"a stale line": {
			[]suite.Verdict{verdict("a/b", "A-X-001", pass)}, results.Options{}, knows, results.StaleExpectations, 1,
			"known.yaml says that A-X-001 (line 2) fails, and it passes; take the lines out, or run with --update-expectations.",
		},
		"a line of what was not asked for": {
			[]suite.Verdict{verdict("a/b", "A-X-002", pass)}, results.Options{}, knows, results.Certified, 0, "No MUST",
		},
		"a line of what is not offered": {
			[]suite.Verdict{verdict("a/b", "A-X-001", suite.Unsupported), verdict("a/b", "A-X-002", pass)}, results.Options{}, knows, results.Certified, 0, "No MUST",
		},
		"a line of another dialect": {
			[]suite.Verdict{verdict("a/b", "A-X-001", fail)}, results.Options{}, knows + "  dialect: '4.3'\n", results.NotConformant, 1, "1 MUST fails: A-X-001.",
		},
		"a known SHOULD": {
			[]suite.Verdict{verdict("a/b", "A-X-101", fail), verdict("a/b", "A-X-002", pass)}, results.Options{},
			"known-failing:\n- id: A-X-101\n  reason: r\n", results.Certified, 0, "No MUST",
		},
		"flaky, fails": {
			[]suite.Verdict{verdict("a/b", "A-X-001", fail)}, results.Options{}, "known-flaky:\n- id: A-X-001\n  reason: r\n", results.AsExpected, 0, "1 MUST fails, as",
		},
		"flaky, passes": {
			[]suite.Verdict{verdict("a/b", "A-X-001", pass)}, results.Options{}, "known-flaky:\n- id: A-X-001\n  reason: r\n", results.Certified, 0, "No MUST",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			if c.known != "" {
				c.options.Expectations = file(t, c.known)
			}
			r, err := results.Build(c.verdicts, capture.File{Facts: capture.Facts{Dialect: "5.0"}}, c.options)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(r.Conclusion).To(Equal(c.want), "%q", r.Why)
			g.Expect(r.ExitCode()).To(Equal(c.exit))
			g.Expect(r.Exit).To(Equal(c.exit))
			g.Expect(r.Why).To(ContainElement(HavePrefix(c.why)))
			g.Expect(r.Totals.Planned).To(Equal(len(c.verdicts)))
		})
	}
}

// A run that takes too long ends its groups as an interruption does, and nobody interrupted it.
func TestAGroupThatWasEndedMakesARunIncomplete(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	log := capture.File{Entries: []capture.Entry{{Seq: 1, Group: "a/b", Kind: capture.Began}, {Seq: 2, Group: "a/b", Kind: capture.Ended, Head: capture.Interrupted}}}
	r, err := results.Build([]suite.Verdict{verdict("a/b", "A-X-001", suite.NotRun)}, log, results.Options{Mode: results.FromLog})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(r.Conclusion).To(Equal(results.Incomplete))
}

func TestOutcomesAddUp(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r, err := results.Build([]suite.Verdict{
		verdict("a/b", "A-X-001", suite.Pass), verdict("a/b", "A-X-101", suite.Fail), verdict("c/d", "B-X-001", suite.Unsupported),
		verdict("c/d", "B-X-002", suite.NotRun), verdict("a/b", "A-X-002", suite.Fail), verdict("c/d", "B-X-003", suite.Broken),
	}, capture.File{}, results.Options{Expectations: file(t, "known-failing:\n- id: A-X-002\n  reason: r\n")})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(r.Totals).To(Equal(results.Totals{Planned: 6, Pass: 1, Fail: 1, KnownFail: 1, Unsupported: 1, NotRun: 1, Error: 1}))
	g.Expect(r.Areas).To(Equal([]results.Part{
		{Name: "A", Totals: results.Totals{Planned: 3, Pass: 1, Fail: 1, KnownFail: 1}},
		{Name: "B", Totals: results.Totals{Planned: 3, Unsupported: 1, NotRun: 1, Error: 1}},
	}))
	g.Expect(r.Levels).To(Equal([]results.Part{
		{Name: "MUST", Totals: results.Totals{Planned: 5, Pass: 1, KnownFail: 1, Unsupported: 1, NotRun: 1, Error: 1}},
		{Name: "SHOULD", Totals: results.Totals{Planned: 1, Fail: 1}},
	}))
	g.Expect(r.Groups).To(HaveLen(2), "a group's requirements stand together")
	g.Expect(r.Seen()).To(Equal([]expectations.Seen{
		{ID: "A-X-001"}, {ID: "A-X-002", Failed: true, What: "it is not so"}, {ID: "A-X-101", Failed: true, What: "it is not so"},
	}))
}

func TestTheTreeIsTheSameInWhateverOrderWasJudged(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	verdicts := []suite.Verdict{
		verdict("c/d", "B-X-002", suite.Fail), verdict("a/b", "A-X-002", suite.Fail), verdict("c/d", "B-X-001", suite.Pass), verdict("a/b", "A-X-001", suite.NotRun),
	}
	one, err := results.Build(verdicts, log(nil), results.Options{})
	g.Expect(err).NotTo(HaveOccurred())
	slices.Reverse(verdicts)
	other, err := results.Build(verdicts, log(nil), results.Options{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(other).To(Equal(one))
	g.Expect(one.Why[0]).To(Equal("2 MUST fail: A-X-002, B-X-002."))
}

func TestAVerdictThatIsNoneIsOurFault(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, err := results.Build([]suite.Verdict{verdict("a/b", "A-X-001", "perhaps")}, capture.File{}, results.Options{})
	g.Expect(err).To(MatchError(results.ErrArithmetic))
	_, err = results.Build([]suite.Verdict{verdict("a/b", "A-X-001", suite.Pass), verdict("a/b", "A-X-001", suite.Pass)}, capture.File{}, results.Options{})
	g.Expect(err).To(MatchError(results.ErrArithmetic))
}

// log has a group that asks, is answered, and is sent a body.
func log(body []byte) capture.File {
	entries := []capture.Entry{
		{Kind: capture.Began, Name: "A"},
		{Kind: capture.RestRequest, Name: "login", Head: "PUT /v2/api_auth?auth_token=abcdefghij HTTP/1.1", Header: []capture.Field{{Name: "X-Auth-Token", Value: "abcdefghij"}, {Name: "Accept", Value: "*/*"}}, Body: []byte(`{"data":{"api_key":"0123456789"}}`)},
		{Kind: capture.RestAnswer, Name: "login", Head: "201", Ref: 2, Body: []byte(`{"auth_token":"<token-1>","password" : "x\"y","page":"<a>"}`)},
		{Kind: capture.HookRequest, Name: "hook", Head: "POST / HTTP/1.1", Body: body},
		{Kind: capture.Ended, Head: capture.Done},
	}
	for i := range entries {
		entries[i].Seq, entries[i].Group, entries[i].At = i+1, "a/b", time.Duration(i+1)*time.Second
	}
	return capture.File{Facts: capture.Facts{Dialect: "5.0"}, Entries: entries}
}

func TestOfALogOnlyWhatShowsAFailureIsKept(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	pass, err := results.Build([]suite.Verdict{verdict("a/b", "A-X-001", suite.Pass)}, log(nil), results.Options{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(pass.Groups[0].Wire).To(BeEmpty())
	g.Expect(pass.Millis).To(BeEquivalentTo(5000), "the time is the log's")

	r, err := results.Build([]suite.Verdict{verdict("a/b", "A-X-001", suite.Fail, suite.Finding{What: "w", Entries: []int{3}})}, log(nil), results.Options{})
	g.Expect(err).NotTo(HaveOccurred())
	group := r.Groups[0]
	g.Expect(group.Wire).To(HaveLen(5))
	g.Expect(group.Millis).To(BeEquivalentTo(4000))
	g.Expect(group.Wire[1].Micros).To(BeEquivalentTo(1_000_000), "times are the group's")
	excerpt := group.Excerpt(group.Requirements[0].Findings[0])
	g.Expect(excerpt).To(HaveExactElements(HaveField("Seq", 2), HaveField("Seq", 3)), "an answer is shown with its question")
}

func TestALongLogIsCutButForWhatIsNamed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var long capture.File
	for i := range 1000 {
		long.Entries = append(long.Entries, capture.Entry{Seq: i + 1, Group: "a/b", Kind: capture.Note})
	}
	r, err := results.Build([]suite.Verdict{verdict("a/b", "A-X-001", suite.Fail, suite.Finding{What: "w", Entries: []int{900}})}, long, results.Options{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(r.Groups[0].Wire).To(HaveLen(401))
	g.Expect(r.Groups[0].WireLeftOut).To(Equal(599))
	g.Expect(r.Groups[0].Excerpt(r.Groups[0].Requirements[0].Findings[0])).To(HaveLen(1))
}

func TestSecretsThatTheLogDidNotKnowAreHidden(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	finding := suite.Finding{What: "password=geheim differs", Expected: []byte(`{"password":"geheim"}`), Actual: []byte(`{"password":"heimlich"}`)}
	r, err := results.Build([]suite.Verdict{verdict("a/b", "A-X-001", suite.Fail, finding)},
		log([]byte("name=x&password=geheim&token_note=%3Ca%3E")), results.Options{})
	g.Expect(err).NotTo(HaveOccurred())
	text, err := json.Marshal(r)
	g.Expect(err).NotTo(HaveOccurred())
	for _, secret := range []string{"abcdefghij", "0123456789", "geheim", "heimlich", `x\\\"y`} {
		g.Expect(string(text)).NotTo(ContainSubstring(secret))
	}
	wire := r.Groups[0].Wire
	g.Expect(string(wire[2].Body.Data)).To(Equal(`{"auth_token":"<token-1>","password" : "<hidden>","page":"<a>"}`), "what the log has masked can still be told apart")
	g.Expect(string(wire[3].Body.Data)).To(Equal("name=x&password=<hidden>&token_note=%3Ca%3E"))
	g.Expect(wire[1].Header).To(Equal([]capture.Field{{Name: "X-Auth-Token", Value: "<hidden>"}, {Name: "Accept", Value: "*/*"}}))
	g.Expect(r.Groups[0].Requirements[0].Findings[0].What).To(Equal("password=<hidden> differs (they differ in a secret, which is hidden here)"))
}

func TestOfTwoLongBodiesThePlaceWhereTheyDifferIsShown(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	expected := bytes.Repeat([]byte("é"), 500_000)
	actual := bytes.Clone(expected)
	actual[700_000] = '!'
	r, err := results.Build([]suite.Verdict{verdict("a/b", "A-X-001", suite.Fail, suite.Finding{What: "w", Expected: expected, Actual: actual})}, log(expected), results.Options{})
	g.Expect(err).NotTo(HaveOccurred())
	f := r.Groups[0].Requirements[0].Findings[0]
	g.Expect(f.Expected).To(SatisfyAll(HaveField("From", f.Actual.From), HaveField("Size", 1_000_000)))
	g.Expect(f.Actual.From).To(BeNumerically("<", 700_000))
	g.Expect(len(f.Actual.Data)).To(BeNumerically("<=", results.MostOfFinding))
	g.Expect(f.Expected.Text()).To(BeTrue(), "no character is cut in two")
	g.Expect(f.Actual.Data[700_000-f.Actual.From]).To(BeEquivalentTo('!'))
	body := r.Groups[0].Wire[3].Body
	g.Expect(body.Cut()).To(BeTrue())
	g.Expect(len(body.Data)).To(BeNumerically("<=", results.MostOfBody))
}

func TestBytesThatAreNoTextAreBase64(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text, err := json.Marshal(&results.Bytes{Data: []byte{0xff, 0}, Size: 2})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(text).To(MatchJSON(`{"base64":"/wA=","size":2}`))
	text, err = json.Marshal(&results.Bytes{Data: []byte("a\x00"), From: 7, Size: 90})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(text).To(MatchJSON(`{"text":"a\u0000","from":7,"size":90}`))
}

// A target that has gone fails for that; it goes before what fails, and behind what casts doubt on it.
func TestATargetThatHasGoneIsUnreachable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file    capture.File
		outcome suite.Outcome
		options results.Options
		want    results.Conclusion
		exit    int
		tells   bool
	}{
		"it has":                  {capture.File{Facts: capture.Facts{Gone: "nobody listens"}}, suite.Fail, results.Options{}, results.Unreachable, 3, false},
		"it has when all is done": {capture.File{Facts: capture.Facts{Gone: "nobody listens"}}, suite.Pass, results.Options{}, results.Unreachable, 3, false},
		"it has, and more":        {capture.File{Facts: capture.Facts{Gone: "nobody listens"}}, suite.Broken, results.Options{}, results.HarnessError, 4, false},
		"it has when interrupted": {capture.File{Facts: capture.Facts{Gone: "nobody listens"}}, suite.Fail, results.Options{Interrupted: true}, results.Interrupted, 130, false},
		"it has not":              {capture.File{}, suite.Fail, results.Options{}, results.NotConformant, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			r, err := results.Build([]suite.Verdict{verdict("a/b", "A-X-001", c.outcome)}, c.file, c.options)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(r.Conclusion).To(Equal(c.want), strings.Join(r.Why, " "))
			g.Expect(r.ExitCode()).To(Equal(c.exit))
			g.Expect(r.Conclusion.Tells()).To(Equal(c.tells))
		})
	}
}
