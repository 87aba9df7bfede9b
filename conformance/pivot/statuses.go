package pivot

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// refusedStatuses are answers that an app cannot mean.
func refusedStatuses() map[string]int {
	return map[string]int{"created": 201, "no-content": 204, "not-found": 404, "server-error": 500, "not-modified": 304}
}

// statuses is about the first line of an answer, and about none.
func statuses() suite.Group {
	return suite.Group{
		Name: "pivot/statuses", Title: "What the status of an answer does", Needs: needs(), Do: doStatuses,
		Requirements: []suite.Requirement{
			{
				ID: "PV-STAT-001", Text: "An answer with a status other than 200 and 206 MUST have the callflow told failed, once, and the call no command, whatever the body.",
				Source: "pivot.md 1; pivot.md 4.1; pivot_call:handle_info/2",
				Judge: func(j *suite.Judging) {
					for _, name := range slices.Sorted(maps.Keys(refusedStatuses())) {
						judgeReplies(j, name, "failed")
						judgeSequence(j, name, "")
					}
				},
			},
			{
				ID: "PV-STAT-002", Text: "An answer with 206 MUST be carried out as one with 200.", Source: "pivot.md 4.1; pivot_call:handle_info/2",
				Judge: func(j *suite.Judging) {
					judgeReplies(j, "partial", "processing")
					judgeSequence(j, "partial", "queue[noop respond],hangup")
				},
			},
			{
				ID: "PV-STAT-003", Text: "failed MUST have the Event-Category pivot, the call's Call-ID and the App-Name pivot.", Source: "pivot.md 1; pivot.md 7; amqp.md 18.3; kapi_pivot:publish_failed/2",
				Judge: func(j *suite.Judging) { judgeReply(j, "server-error", "pivot") },
			},
			{
				ID: "PV-STAT-004", Text: "processing MUST have the Event-Category pivot, the call's Call-ID and the App-Name translator.", Source: "pivot.md 1; pivot.md 7; amqp.md 18.3; kapi_pivot:publish_processing/2",
				Judge: func(j *suite.Judging) { judgeReply(j, "partial", "translator") },
			},
			{
				ID: "PV-STAT-005", Text: "A GET that is redirected MUST be made again where Location says, without the parameters, and what is answered there be carried out.",
				Source: "pivot.md 4.1; httpc:request/5",
				Judge: func(j *suite.Judging) {
					judgeLine(j, "moved", 1, "GET {path}/there?k=v")
					judgeReplies(j, "moved", "processing")
				},
			},
			{
				ID: "PV-STAT-006", Text: "A POST that is redirected with 302 MUST be made again as a GET without a body.", Source: "pivot.md 4.1; httpc:request/5", Dialects: []string{suite.Talk, suite.Kazoo5},
				Judge: func(j *suite.Judging) {
					judgeLine(j, "moved-post", 1, "GET {path}/there")
					judgeBody(j, "moved-post", 1, "")
				},
			},
			{
				ID: "PV-STAT-007", Text: "A POST that is redirected with 307 MUST be made again with its body.", Source: "pivot.md 4.1; httpc:request/5", Dialects: []string{suite.Talk, suite.Kazoo5},
				Judge: func(j *suite.Judging) {
					judgeLine(j, "kept-post", 1, "POST {path}/there")
					judgeBody(j, "kept-post", 1, "{base}")
				},
			},
			{
				ID: "PV-STAT-008", Text: "Redirects without an end MUST be given up after a handful, and the callflow be told failed.", Source: "pivot.md 4.1; httpc:request/5",
				Judge: func(j *suite.Judging) {
					judgeReplies(j, "circle", "failed")
					if n := len(j.Requests("circle")); n < 2 || n > 7 {
						j.Differs("requests", []byte("2 to 7"), []byte{byte('0' + n%10)}, j.Requests("circle")...)
					}
				},
			},
			{
				ID: "PV-STAT-009", Text: "An app that cannot be reached MUST have the callflow told failed.", Source: "pivot.md 4.1; pivot.md 12; pivot_call:handle_info/2", Dialects: []string{suite.Kazoo4, suite.Kazoo5},
				Judge: func(j *suite.Judging) { judgeReplies(j, "refused", "failed") },
			},
			{
				ID: "PV-STAT-010", Text: "An app that closes the connection without an answer MUST have the callflow told failed.", Source: "pivot.md 4.1; pivot.md 12; pivot_call:handle_info/2", Dialects: []string{suite.Kazoo4, suite.Kazoo5},
				Judge: func(j *suite.Judging) { judgeReplies(j, "dropped", "failed") },
			},
			{
				ID: "PV-STAT-011", Text: "An app that has not answered when Request-Timeout has passed MUST have the callflow told failed then.",
				Source: "pivot.md 1; pivot.md 10.1; pivot.md 12; pivot_call:send/5", Dialects: []string{suite.Kazoo4, suite.Kazoo5},
				Judge: judgeTimeout,
			},
			{
				ID: "PV-STAT-012", Text: "A call whose later request is answered with 500 MUST be hung up.", Source: "pivot.md 11; pivot.md 4.1", Ours: true, Needs: []string{suite.Lab},
				Judge: func(j *suite.Judging) { judgeSequence(j, "later-error", "answer,hangup") },
			},
		},
	}
}

// judgeReply wants the only reply about a call to be headed as replies are.
func judgeReply(j *suite.Judging, name, app string) {
	if e, one := j.One("replies about the call "+name, of(j.View, answered, idOf(j, "call", name))); one {
		j.Equal("Event-Category", "pivot", text(e, "Event-Category"), e)
		j.Equal("Call-ID", idOf(j, "call", name), text(e, "Call-ID"), e)
		j.Equal("App-Name", app, text(e, "App-Name"), e)
	}
}

// slow is how long the app of a timeout takes, and brief how long it is given.
const (
	slow  = 10 * time.Second
	brief = time.Second
)

func judgeTimeout(j *suite.Judging) {
	judgeReplies(j, "slow", "failed")
	asked, has := request(j, "slow", 0)
	if replies := of(j.View, answered, idOf(j, "call", "slow")); has && len(replies) > 0 {
		// The harness learns of the request later than it was made, and of that by a busy machine.
		if least, took := since(j, "ask for slow", replies[0]), replies[0].At-asked.At; least < brief || took > slow-200*time.Millisecond {
			j.Differs("time to failed", []byte(brief.String()), []byte(took.String()), asked, replies[0])
		}
	}
}

// to is an answer that sends elsewhere.
func to(status int, location string) probe.Answer {
	return probe.Answer{Status: status, Header: []capture.Field{{Name: "Location", Value: location}}}
}

func doStatuses(ctx context.Context, p *probe.Probe) error {
	s := set(ctx, p)
	reject := twiml("<Reject/>")
	for name, status := range refusedStatuses() {
		a := reject
		a.Status = status
		s.begin(call{name: name, request: postTwiML, answers: []probe.Answer{a}}).replies(1)
	}
	partial := reject
	partial.Status = 206
	s.begin(call{name: "partial", request: postTwiML, answers: []probe.Answer{partial}}).replies(1).commands(2)
	if s.err != nil {
		return s.err
	}
	const get = `"HTTP-Method":"get","Request-Format":"twiml"`
	for _, c := range []struct {
		name, request, path string
		status              int
	}{{"moved", get, "/there?k=v", 302}, {"moved-post", postTwiML, "/there", 302}, {"kept-post", postTwiML, "/there", 307}} {
		l := s.redirected(c.name, c.request, func(at string) []probe.Answer { return []probe.Answer{to(c.status, at+c.path), reject} })
		l.requests(2).replies(1)
	}
	s.redirected("circle", get, func(at string) []probe.Answer { return []probe.Answer{to(302, at+"/again")} }).replies(1)
	refused := &leg{stage: s, name: "refused", id: p.ID()}
	p.Note("call refused", refused.id)
	refused.ask(p.Refusing(), call{request: postTwiML})
	refused.replies(1)
	s.begin(call{name: "dropped", request: postTwiML, answers: []probe.Answer{{Drop: true}}}).replies(1)
	later := s.begin(call{name: "later-error", request: postTwiML, answers: []probe.Answer{twiml("<Redirect>on</Redirect>"), {Status: 500}}}).requests(2)
	late := reject
	late.After = slow
	s.begin(call{name: "slow", request: postTwiML + `,"Request-Timeout":1000`, answers: []probe.Answer{late}}).requests(1).replies(1)
	err := s.settle()
	later.hangup()
	return err
}

// redirected begins a call whose app answers with its own URL in it.
func (s *stage) redirected(name, request string, answers func(at string) []probe.Answer) *leg {
	uri := s.p.Receiver(name)
	s.p.Answers(name, answers(uri)...)
	l := &leg{stage: s, name: name, id: s.p.ID()}
	s.p.Note("call "+name, l.id)
	if s.err == nil {
		l.ask(uri+"/v", call{request: request})
	}
	return l
}
