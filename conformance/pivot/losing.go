package pivot

import (
	"context"
	"fmt"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// losing is about sockets that end while calls go on.
func losing() suite.Group {
	const source = "pivot.md 14"
	return suite.Group{
		Name: "pivot/losing", Title: "What becomes of calls whose socket ends", Needs: connecting(), Do: doLosing,
		Requirements: []suite.Requirement{
			{
				ID: "PV-LOST-001", Text: "A request that is open when its socket ends MUST be sent to another socket of the app, with the same request_id, the same data and \"redelivered\":true.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) { sentAgain(j, "other", "lost a", "lost b") },
			},
			{
				ID: "PV-LOST-002", Text: "The answer of the socket to which a request was sent again MUST be carried out.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					succeeded(j, "lost b", "answer other")
					judgeReplies(j, "other", "processing")
					judgeSequence(j, "other", "queue[noop respond],hangup")
				},
			},
			{
				ID: "PV-LOST-003", Text: "A request MUST NOT say \"redelivered\" when it is sent for the first time.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					for socket, call := range map[string]string{"lost a": "other", "solo": "held"} {
						if e, data, has := asksOf(j, socket, call, 0); has {
							j.Equal("redelivered of "+call, "", data.Get("redelivered").Raw, e)
						}
					}
				},
			},
			{
				ID: "PV-LOST-004", Text: "A request whose socket has ended, and for which there is no other, MUST be kept for a socket that registers the app within its time.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					sentAgain(j, "held", "solo", "solo later")
					judgeReplies(j, "held", "processing")
				},
			},
			{
				ID: "PV-LOST-005", Text: "A request whose socket has ended, and for which no other comes, MUST have the callflow told failed when its time is up, and not before.", Source: source + "; pivot.md 4.1", Ours: true,
				Judge: judgeAbandoned,
			},
			{
				ID: "PV-LOST-006", Text: "A socket that registers with the resume of one that has ended MUST be sent the requests that were open there, with the same request_id and \"redelivered\":true.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) { sentAgain(j, "resumed", "resume a", "resume again") },
			},
			{
				ID: "PV-LOST-007", Text: "The calls of a socket that has ended MUST go to the one that resumes it, while others serve the app too.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					for _, call := range calm() {
						j.Count("first requests of "+call+" at the socket that ended", 1, requestsOf(j.View, "resume a", idOf(j, "call", call)))
						j.Count("requests of "+call+" at the socket that resumes", 1, requestsOf(j.View, "resume again", idOf(j, "call", call)))
						j.Count("requests of "+call+" at the other socket", 0, requestsOf(j.View, "resume b", idOf(j, "call", call)))
					}
				},
			},
			{
				ID: "PV-LOST-008", Text: "The end of a socket MUST NOT change a call whose document is being played.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					judgeReplies(j, "playing", "processing")
					played := j.Named(capture.Published, "CHANNEL_EXECUTE_COMPLETE of playing")
					if len(played) == 0 || len(j.Named(capture.SocketClosed, "play a")) == 0 {
						j.Fail("the socket has not ended, or the document was not played", played...)
						return
					}
					before := capture.View{Entries: j.Where(func(e capture.Entry) bool { return e.Seq < played[0].Seq })}
					j.Equal("commands until it was played", "answer,queue[noop tts]", sequence(of(before, told, idOf(j, "call", "playing"))))
				},
			},
			{
				ID: "PV-LOST-009", Text: "The next request of a call whose socket has ended MUST go to another socket of the app.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					if e, data, has := asksOf(j, "play b", "playing", 0); has {
						j.Equal("iteration", "2", data.Get("iteration").Raw, e)
						j.Equal("url", "http://play.pivot.invalid/next.xml", data.Get("url").Str, e)
						j.Equal("redelivered", "", data.Get("redelivered").Raw, e)
					}
				},
			},
			{
				ID: "PV-LOST-010", Text: "A call whose next request finds no socket of the app MUST be hung up.", Source: source + "; pivot.md 11", Ours: true,
				Judge: func(j *suite.Judging) { judgeSequence(j, "left", "answer,queue[noop tts],answer,hangup") },
			},
		},
	}
}

// calm are calls that have no request open when their socket ends.
func calm() []string { return []string{"calm 1", "calm 2", "calm 3", "calm 4"} }

// sentAgain wants the only request of a call at a socket to have come to another as well.
func sentAgain(j *suite.Judging, call, from, to string) {
	first, before, had := asksOf(j, from, call, 0)
	second, after, has := asksOf(j, to, call, 0)
	if !had || !has {
		return
	}
	j.Count("requests of "+call+" at "+to, 1, requestsOf(j.View, to, idOf(j, "call", call)))
	j.Equal("request_id of "+call, text(first, "request_id"), text(second, "request_id"), first, second)
	j.Equal("redelivered of "+call, "true", after.Get("redelivered").Raw, second)
	for _, member := range []string{"account_id", "app", "call_id", "iteration", "method", "url", "req_format", "headers", "params", "body"} {
		j.Equal(member+" of "+call, gjson.Get(before.Raw, member).Raw, gjson.Get(after.Raw, member).Raw, first, second)
	}
}

// abandonedFor is the Request-Timeout of a call whose socket ends.
const abandonedFor = 2 * time.Second

func judgeAbandoned(j *suite.Judging) {
	judgeReplies(j, "abandoned", "failed")
	asked, _, has := asksOf(j, "abandoned", "abandoned", 0)
	told := of(j.View, answered, idOf(j, "call", "abandoned"))
	if !has || len(told) == 0 {
		return
	}
	// The harness learns of the request later than it was made, and of that by a busy machine.
	if least, took := since(j, "ask for abandoned", told[0]), told[0].At-asked.At; least < abandonedFor || took > longest {
		j.Differs("time to failed", []byte(abandonedFor.String()), []byte(took.Round(time.Millisecond).String()), asked, told[0])
	}
}

func doLosing(ctx context.Context, p *probe.Probe) error {
	s := connect(ctx, p)
	abandoned := s.abandon()
	s.another()
	s.hold()
	s.resume()
	s.play()
	if s.err == nil {
		abandoned.replies(1)
	}
	return s.settle()
}

// abandon ends the only socket of an app when it has a request.
func (s *connected) abandon() *leg {
	alone := s.serve("abandoned", "abandoned")
	s.known()
	if s.err != nil {
		return nil
	}
	l := s.app("abandoned", "abandoned", fmt.Sprintf(`"Request-Timeout":%d`, abandonedFor.Milliseconds())).asked("abandoned", 1)
	alone.Cut()
	return l
}

// another ends a socket that has a request, and there is one more.
func (s *connected) another() {
	a := s.serve("lost a", "lost")
	s.known()
	if s.err != nil {
		return
	}
	l := s.app("other", "lost", long()).asked("lost a", 1)
	b := s.serve("lost b", "lost")
	s.known()
	if s.err != nil {
		return
	}
	a.Cut()
	l.asked("lost b", 1).answer(b, "answer other", xml("<Reject/>")).replies(1).commands(2)
}

// hold ends the only socket of an app, and another comes in time.
func (s *connected) hold() {
	a := s.serve("solo", "solo")
	s.known()
	if s.err != nil {
		return
	}
	l := s.app("held", "solo", long()).asked("solo", 1)
	a.Cut()
	s.gone("solo")
	s.known()
	b := s.serve("solo later", "solo")
	l.asked("solo later", 1).answer(b, "answer held", xml("<Reject/>")).replies(1)
}

// resume ends a socket that has calls, one of which has a request open, and another resumes it.
func (s *connected) resume() {
	a := s.serve("resume a", "resumed")
	s.known()
	if s.err != nil {
		return
	}
	calls := map[string]*leg{}
	for _, name := range calm() {
		calls[name] = s.app(name, "resumed", long()).asked("resume a", 1).answer(a, "answer "+name, xml("<Say>a</Say><Redirect>next.xml</Redirect>")).commands(2)
	}
	open := s.app("resumed", "resumed", long()).asked("resume a", 1)
	token := text(replyOf(s.p, "resume a", "register resumed"), "data.resume")
	a.Cut()
	s.gone("resumed")
	again := s.serve("resume again", "resumed", fmt.Sprintf(`"resume":%q`, token))
	b := s.serve("resume b", "resumed")
	s.known()
	open.asked("resume again", 1)
	if s.err != nil {
		return
	}
	for _, name := range calm() {
		calls[name].played().askedAny(2, a, again, b)
	}
}

// play ends sockets while documents are played.
func (s *connected) play() {
	a := s.serve("play a", "play")
	only := s.serve("left", "left")
	s.known()
	if s.err != nil {
		return
	}
	const verbs = "<Say>a</Say><Redirect>next.xml</Redirect>"
	playing := s.app("playing", "play", long()).asked("play a", 1).answer(a, "answer playing", xml(verbs)).commands(2)
	left := s.app("left", "left", long()).asked("left", 1).answer(only, "answer left", xml(verbs)).commands(2)
	a.Cut()
	only.Cut()
	s.gone("play")
	s.gone("left")
	s.serve("play b", "play")
	s.known()
	if s.err != nil {
		return
	}
	s.p.Settle(s.ctx)
	playing.played().asked("play b", 1)
	left.played().commands(4)
}
