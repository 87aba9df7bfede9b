package pivot

import (
	"context"
	"fmt"
	"time"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// onward is an answer that has the app asked again at once.
func onward() string { return xml("<Redirect>next.xml</Redirect>") }

// sharing is about which socket is asked, where there are several or none.
func sharing() suite.Group {
	const source = "pivot.md 14"
	return suite.Group{
		Name: "pivot/sharing", Title: "Which socket an app is asked at", Needs: connecting(), Do: doSharing,
		Requirements: []suite.Requirement{
			{
				ID: "PV-SHARE-001", Text: "All requests of a call MUST go to the socket that had its first, while others serve the app too.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					for _, call := range fourCalls() {
						first, second := j.Fact("first socket of "+call), ""
						for _, socket := range []string{"a", "b"} {
							if len(requestsOf(j.View, socket, idOf(j, "call", call))) > 1 {
								second = socket
							}
						}
						if first == "" {
							j.Failf("no socket was asked of the call %s", call)
						}
						j.Equal("socket that had two requests of "+call, first, second)
					}
				},
			},
			{
				ID: "PV-SHARE-002", Text: "A new call MUST go to the socket with the fewest calls.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					// Two calls are at the first socket when the second comes.
					for call, socket := range map[string]string{"early": "a", "early too": "a", "third": "b", "fourth": "b"} {
						j.Equal("socket of "+call, socket, j.Fact("first socket of "+call))
					}
				},
			},
			{
				ID: "PV-SHARE-003", Text: "A call that comes while sockets have equally many MUST go to the one whose turn it is, as it got its last call before the others.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					for _, app := range turns() {
						for call, socket := range map[string]string{"first": "left", "second": "right", "third": "left"} {
							j.Equal("socket of the "+call+" call of "+app, socket, j.Fact("first socket of "+app+" "+call))
						}
					}
				},
			},
			{
				ID: "PV-SHARE-004", Text: "A call for an app that nobody has registered MUST have the callflow told failed at once.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) { failedAtOnce(j, "nobody") },
			},
			{
				ID: "PV-SHARE-005", Text: "A call for an app all of whose sockets have max_calls requests MUST have the callflow told failed at once.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					j.Count("requests of the call that has the room", 1, requestsOf(j.View, "narrow", idOf(j, "call", "room")))
					failedAtOnce(j, "no room")
					j.Count("requests of the call that has none", 0, requestsOf(j.View, "narrow", idOf(j, "call", "no room")))
				},
			},
			{
				ID: "PV-SHARE-006", Text: "A socket that has answered MUST be asked again, since max_calls counts requests and not calls.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					failedAtOnce(j, "no room")
					j.Count("requests of a call when there is room again", 1, requestsOf(j.View, "narrow", idOf(j, "call", "room again")))
				},
			},
			{
				ID: "PV-SHARE-007", Text: "An app that was unregistered MUST NOT be asked of new calls, which fail at once.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					succeeded(j, "leaving", "leave")
					failedAtOnce(j, "new")
					j.Count("requests of the new call", 0, requestsOf(j.View, "leaving", idOf(j, "call", "new")))
				},
			},
			{
				ID: "PV-SHARE-008", Text: "A call that an app had when it was unregistered MUST stay with it.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					failedAtOnce(j, "new")
					j.Count("requests of the old call", 2, requestsOf(j.View, "leaving", idOf(j, "call", "old")))
				},
			},
			{
				ID: "PV-SHARE-009", Text: "A call MUST NOT be asked of at a socket that has registered an app of the same name for another account.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					j.Count("requests of its own call at the other account's socket", 1, requestsOf(j.View, "theirs", idOf(j, "call", "of theirs")))
					for _, e := range frames(j.View, "theirs", "request") {
						j.Equal("account_id", j.Fact("account sibling"), text(e, "data.account_id"), e)
					}
					j.Count("requests of the call of own", 1, requestsOf(j.View, "ours", idOf(j, "call", "of ours")))
					j.Count("requests of the call of the other account at the socket of own", 0, requestsOf(j.View, "ours", idOf(j, "call", "of theirs")))
					failedAtOnce(j, "theirs alone")
				},
			},
			{
				ID: "PV-SHARE-010", Text: "A socket of an account above another that has registered an app for that one MUST be asked of its calls.", Source: source + "; websockets.md 2.3", Ours: true,
				Judge: func(j *suite.Judging) {
					if e, one := j.One("requests at the socket of the account above", requestsOf(j.View, "above", idOf(j, "call", "watched"))); one {
						j.Equal("account_id", j.Fact("account own"), text(e, "data.account_id"), e)
					}
				},
			},
			{
				ID: "PV-SHARE-011", Text: "A max_calls that is registered again MUST hold from then on.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					failedAtOnce(j, "no room")
					j.Count("requests of the call", 1, requestsOf(j.View, "narrow", idOf(j, "call", "wider")))
				},
			},
		},
	}
}

// turns are apps that two sockets serve, the second when the first has a call.
func turns() []string { return []string{"turn-1", "turn-2", "turn-3", "turn-4"} }

func fourCalls() []string { return []string{"early", "early too", "third", "fourth"} }

// patient is the Request-Timeout of calls that must fail long before.
const patient = 20 * time.Second

// failedAtOnce wants the callflow to have been told failed of a call, long before its time was up.
func failedAtOnce(j *suite.Judging, call string) {
	judgeReplies(j, call, "failed")
	asked, told := j.Named(capture.Published, "ask for "+call), of(j.View, answered, idOf(j, "call", call))
	if len(asked) == 0 || len(told) == 0 {
		return
	}
	if took := told[0].At - asked[0].At; took > patient-longest/4 {
		j.Differs("time to failed of "+call, []byte("at once"), []byte(took.Round(time.Millisecond).String()), asked[0], told[0])
	}
}

func doSharing(ctx context.Context, p *probe.Probe) error {
	s := connect(ctx, p)
	s.spread()
	s.turns()
	s.narrow()
	s.leaving()
	s.tenants()
	return s.settle()
}

// long is patient as a member of pivot_req.
func long() string { return fmt.Sprintf(`"Request-Timeout":%d`, patient.Milliseconds()) }

// spread has two sockets serve one app, the second when the first has two calls.
func (s *connected) spread() {
	a := s.serve("a", "ivr")
	s.known()
	if s.err != nil {
		return
	}
	sockets := []*probe.Socket{a}
	first := func(name string) {
		l := s.app(name, "ivr")
		if at := l.askedAny(1, sockets...); at != nil && !l.lost {
			s.p.Note("first socket of "+name, at.Name())
			l.answer(at, "answer "+name, onward())
			// The call has another request from here on, which is answered last.
			l.askedAny(2, sockets...)
		}
	}
	first("early")
	first("early too")
	sockets = append(sockets, s.serve("b", "ivr"))
	s.known()
	if s.err != nil {
		return
	}
	for _, name := range []string{"third", "fourth"} {
		first(name)
	}
}

// turns has two sockets serve some apps, the second when the first has a call of each.
func (s *connected) turns() {
	var sockets []*probe.Socket
	serving := func(name string) {
		one := s.serve(name, turns()[0])
		for _, app := range turns()[1:] {
			s.also(one, app)
		}
		sockets = append(sockets, one)
		s.known()
	}
	called := func(call string) {
		for _, app := range turns() {
			if s.err != nil {
				return
			}
			l := s.app(app+" "+call, app)
			if at := l.askedAny(1, sockets...); at != nil && !l.lost {
				s.p.Note("first socket of "+app+" "+call, at.Name())
			}
		}
	}
	serving("left")
	called("first")
	serving("right")
	called("second")
	called("third")
}

// narrow has a socket serve an app that takes one request at a time, and later three.
func (s *connected) narrow() {
	narrow := s.serve("narrow", "narrow", `"max_calls":1`)
	s.known()
	if s.err != nil {
		return
	}
	s.app("nobody", "nobody", long()).replies(1)
	room := s.app("room", "narrow", long()).asked("narrow", 1)
	s.app("no room", "narrow", long()).replies(1)
	room.answer(narrow, "answer room", xml("<Say>a</Say>"))
	s.app("room again", "narrow", long()).asked("narrow", 1)
	s.also(narrow, "narrow", `"max_calls":3`)
	s.known()
	s.app("wider", "narrow", long()).asked("narrow", 1)
}

// leaving has a socket unregister an app that has a call.
func (s *connected) leaving() {
	leaving := s.serve("leaving", "leaving")
	s.known()
	if s.err != nil {
		return
	}
	old := s.app("old", "leaving", long()).asked("leaving", 1)
	leaving.Command(s.ctx, "leave", registering("pivot_unregister", "leave", s.account.Token, s.account.ID, "leaving"))
	s.until("leaving", func(n named) bool { return n.Get("Leaving").Bool() })
	s.known()
	s.app("new", "leaving", long()).replies(1)
	old.answer(leaving, "answer old", onward()).asked("leaving", 2)
}

// tenants has two accounts serve an app of the same name, and the account above serve one for its child.
func (s *connected) tenants() {
	if s.err != nil {
		return
	}
	sibling, err := s.p.NewAccount(s.ctx, "sibling", s.p.Target.Parent)
	if s.err = err; err != nil {
		return
	}
	other := &connected{stage: &stage{ctx: s.ctx, p: s.p, account: sibling, control: s.control, controller: s.controller}, node: s.node}
	other.err = s.p.ListenAbout(s.ctx, sibling, announced, messages.PivotAppsExchange, messages.PivotAppsKey)
	theirs := other.serve("theirs", "shared")
	other.also(theirs, "theirs-alone")
	s.err = other.err
	s.serve("ours", "shared")
	s.serveAs(s.p.Target.Parent, "above", "watched")
	s.known()
	s.app("theirs alone", "theirs-alone", long()).replies(1)
	s.app("of ours", "shared", long()).asked("ours", 1)
	other.err = s.err
	other.app("of theirs", "shared", long()).asked("theirs", 1)
	s.app("watched", "watched", long()).asked("above", 1)
}
