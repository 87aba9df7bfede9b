package judge_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/conformance/judge"
)

// recordOf is the record of a leg of a story, with what its end said.
func (s *story) recordOf(leg string, change ...string) judge.Message {
	id := leg + "@203.0.113.20"
	change = append([]string{
		"Call-ID", quoted(id), "key", "cdr.report.a1b2c3d4e5f60718293a4b5c6d7e8f90." + strings.NewReplacer("@", "%40", ".", "%2E").Replace(id),
		"Duration-Seconds", "41", "Billing-Seconds", "35",
	}, change...)
	return s.of("report", change...)
}

func TestTheRecordsOfLegs(t *testing.T) {
	all, call := samples(t), answeredCall()
	for _, c := range []struct {
		what    string
		records func(s *story) []judge.Message
		before  int // steps of the call that come after the records
		cut     bool
		rules   []string
	}{
		{"one each", func(s *story) []judge.Message { return []judge.Message{s.recordOf("a"), s.recordOf("b")} }, 0, false, []string{}},
		{"none at all, as nobody listens to them", func(*story) []judge.Message { return nil }, 0, false, []string{}},
		{
			"before the end, on the other exchange", func(s *story) []judge.Message { return []judge.Message{s.recordOf("a"), s.recordOf("b")} },
			2, false, []string{},
		},
		{"none of one", func(s *story) []judge.Message { return []judge.Message{s.recordOf("a")} }, 0, false, []string{"record.each-leg"}},
		{"of a piece one", func(s *story) []judge.Message { return []judge.Message{s.recordOf("a")} }, 0, true, []string{}},
		{
			"two of one", func(s *story) []judge.Message {
				return []judge.Message{s.recordOf("a"), s.recordOf("b"), s.recordOf("b")}
			},
			0, false, []string{"record.once"},
		},
		{
			"of a leg that nobody has told of", func(s *story) []judge.Message {
				return []judge.Message{s.recordOf("a"), s.recordOf("b"), s.recordOf("c")}
			}, 0, false, []string{"record.ended"},
		},
		{
			"another cause", func(s *story) []judge.Message {
				return []judge.Message{s.recordOf("a", "Hangup-Cause", `"USER_BUSY"`), s.recordOf("b")}
			}, 0, false, []string{"record.agrees"},
		},
		{
			"another duration", func(s *story) []judge.Message {
				return []judge.Message{s.recordOf("a"), s.recordOf("b", "Duration-Seconds", "40")}
			}, 0, false, []string{"record.agrees"},
		},
		{
			"billed otherwise", func(s *story) []judge.Message {
				return []judge.Message{s.recordOf("a"), s.recordOf("b", "Billing-Seconds", "34")}
			}, 0, false, []string{"record.agrees"},
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			g := NewWithT(t)
			s, j := newStory(t, all), judge.New(judge.Config{Cut: c.cut})
			for _, p := range call[:len(call)-c.before] {
				j.Add(s.message(p))
			}
			for _, m := range c.records(s) {
				j.Add(m)
			}
			for _, p := range call[len(call)-c.before:] {
				j.Add(s.message(p))
			}
			found := j.End()
			g.Expect(rulesOf(found)).To(Equal(c.rules), "%v", found)
		})
	}
}
