package suite_test

import (
	"context"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

func group(change func(*suite.Group)) suite.Group {
	g := suite.Group{
		Name: "webhooks/one", Title: "One", Do: func(context.Context, *probe.Probe) error { return nil },
		Requirements: []suite.Requirement{{
			ID: "WH-ONE-001", Text: "A thing MUST be.", Source: "webhooks.md 1",
			Judge: func(j *suite.Judging) { j.Equal("the thing", "is", j.Fact("thing")) },
		}},
	}
	change(&g)
	return g
}

func TestASuiteSaysWhatIsWrongWithItsRequirements(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		says   string
		change func(*suite.Group)
	}{
		{"no path of two words", func(g *suite.Group) { g.Name = "one" }},
		{"is no id", func(g *suite.Group) { g.Requirements[0].ID = "wh-1" }},
		{"not one sentence with one MUST", func(g *suite.Group) { g.Requirements[0].Text = "A thing is." }},
		{"not one sentence with one MUST", func(g *suite.Group) { g.Requirements[0].Text = "A thing MUST be and SHOULD be." }},
		{"not one sentence with one MUST", func(g *suite.Group) { g.Requirements[0].Text = "A thing MUST be" }},
		{"has a source and a judge", func(g *suite.Group) { g.Requirements[0].Source = "" }},
		{`"amqp" is no feature`, func(g *suite.Group) { g.Needs = []string{"amqp"} }},
		{`"3.22" is no dialect`, func(g *suite.Group) { g.Requirements[0].Dialects = []string{"3.22"} }},
		{"WH-ONE-001 is taken", func(g *suite.Group) { g.Requirements = append(g.Requirements, g.Requirements[0]) }},
		{"has a title, Do, and requirements", func(g *suite.Group) { g.Do = nil }},
	} {
		t.Run(c.says, func(t *testing.T) {
			t.Parallel()
			s := suite.New()
			s.Add(group(c.change))
			NewWithT(t).Expect(s.Check()).To(MatchError(ContainSubstring(c.says)))
		})
	}
	s := suite.New()
	s.Add(group(func(*suite.Group) {}), group(func(*suite.Group) {}))
	NewWithT(t).Expect(s.Check()).To(MatchError(ContainSubstring("there is one of that name already")))
}

func TestAVerdictFollowsFromTheLogAlone(t *testing.T) {
	t.Parallel()
	thing := func(value string) capture.Entry {
		return capture.Entry{Group: "webhooks/one", Kind: capture.Note, Name: "thing", Body: []byte(value)}
	}
	end := func(how string) capture.Entry {
		return capture.Entry{Group: "webhooks/one", Kind: capture.Ended, Head: how, Body: []byte("why it ended")}
	}
	lacking := func(offered bool) capture.Facts {
		return capture.Facts{Absent: []capture.Lack{{Feature: suite.Bus, Offered: offered, Why: "no bus"}}}
	}
	needy := func(g *suite.Group) { g.Requirements[0].Needs = []string{suite.Bus} }
	same := func(*suite.Group) {}
	for _, c := range []struct {
		name    string
		change  func(*suite.Group)
		facts   capture.Facts
		entries []capture.Entry
		outcome suite.Outcome
		why     string
	}{
		{"as it must be", same, capture.Facts{}, []capture.Entry{thing("is"), end(capture.Done)}, suite.Pass, ""},
		{"otherwise", same, capture.Facts{}, []capture.Entry{thing("is not"), end(capture.Done)}, suite.Fail, ""},
		{"nothing to see", same, capture.Facts{}, nil, suite.NotRun, "the log has no end of the group webhooks/one"},
		{"cut off", same, capture.Facts{}, []capture.Entry{thing("is")}, suite.NotRun, "the log has no end of the group webhooks/one"},
		{"interrupted", same, capture.Facts{}, []capture.Entry{thing("is"), end(capture.Interrupted)}, suite.NotRun, "interrupted"},
		{"our fault", same, capture.Facts{}, []capture.Entry{thing("is"), end(capture.Harness)}, suite.Broken, "why it ended"},
		{"never green when the group broke", same, capture.Facts{}, []capture.Entry{thing("is"), end(capture.Broken)}, suite.Fail, ""},
		{"not offered", needy, lacking(false), nil, suite.Unsupported, "no bus"},
		{"no access", needy, lacking(true), nil, suite.NotRun, "no bus"},
		{"lack of what it does not need", same, lacking(true), []capture.Entry{thing("is"), end(capture.Done)}, suite.Pass, ""},
		{"a judge that fails", func(g *suite.Group) {
			g.Requirements[0].Judge = func(j *suite.Judging) { _ = j.Entries[100] }
		}, capture.Facts{}, []capture.Entry{end(capture.Done)}, suite.Broken, "the judge failed: runtime error: index out of range [100] with length 1"},
		{"not shown", func(g *suite.Group) {
			g.Requirements[0].Judge = func(j *suite.Judging) { j.NotShown("no clock") }
		}, capture.Facts{}, []capture.Entry{end(capture.Done)}, suite.NotRun, "no clock"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			one := group(c.change)
			v := suite.Planned{Group: one, Requirement: one.Requirements[0]}.Judge(capture.File{Facts: c.facts, Entries: c.entries})
			g.Expect(v.Outcome).To(Equal(c.outcome))
			g.Expect(v.Why).To(Equal(c.why))
			if c.outcome == suite.Fail {
				g.Expect(v.Findings).NotTo(BeEmpty(), "a failure says what was found")
			} else {
				g.Expect(v.Findings).To(BeEmpty())
			}
		})
	}
}

func TestEqualJSONKnowsNumbersAndOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want, got string
		equal     bool
	}{
		{`{"a":1,"b":[1,2]}`, `{ "b":[1,2], "a":1 }`, true},
		{`{"a":1}`, `{"a":1.0}`, false},
		{`{"a":12345678901234567890}`, `{"a":12345678901234567891}`, false},
		{`[1,2]`, `[2,1]`, false},
		{`{"a":1}`, `{"a":1} {"a":1}`, false},
		{`{"a":1}`, `{"a":`, false},
	} {
		j := suite.NewJudging(capture.View{}, capture.Facts{})
		NewWithT(t).Expect(j.EqualJSON("value", c.want, []byte(c.got))).To(Equal(c.equal), "%s and %s", c.want, c.got)
		if c.equal {
			NewWithT(t).Expect(j.Findings()).To(BeEmpty())
		} else {
			NewWithT(t).Expect(j.Findings()).To(HaveLen(1))
		}
	}
}

func TestWhatALogHasThatNobodyKnowsIsFound(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s := suite.New()
	s.Add(group(func(*suite.Group) {}))
	for _, dialect := range []string{"7", "", "5", "5.0 "} {
		_, err := s.Strange(capture.Facts{Dialect: dialect, Groups: []string{"webhooks/one"}})
		g.Expect(err).To(MatchError(suite.ErrNoDialect))
	}
	g.Expect(s.Strange(capture.Facts{Dialect: suite.Kazoo4, Groups: []string{"webhooks/one"}})).To(BeEmpty())
	g.Expect(s.Strange(capture.Facts{Dialect: suite.Talk, Groups: []string{"webhooks/two", "webhooks/one"}})).To(Equal([]string{"webhooks/two"}))
}

func TestAFindingPointsOnlyAtWhatIsInTheLog(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	j := suite.NewJudging(capture.View{}, capture.Facts{})
	j.Equal("status", "200", "", capture.Entry{}, capture.Entry{Seq: 3})
	j.Fail("there is no answer", capture.Entry{})
	g.Expect(j.Findings()[0].Entries).To(Equal([]int{3}))
	g.Expect(j.Findings()[1].Entries).To(BeEmpty())
}
