package pivot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// playing are what groups stand on in which the harness is the engine.
func playing() []string {
	return []string{suite.PivotSockets, suite.Sockets, suite.Accounts, suite.Bus}
}

// asks is how often a node is asked for its apps: more often than it tells of them by itself meanwhile.
const asks = 5

// announcing is about what nodes tell engines of their apps.
func announcing() suite.Group {
	const source = "pivot.md 14; kapi.PivotApps"
	return suite.Group{
		Name: "pivot/announcing", Title: "What a node tells engines of its apps", Needs: playing(), Do: doAnnouncing,
		Requirements: []suite.Requirement{
			{
				ID: "PV-NODE-001", Text: "A registration MUST be announced to all engines with its account, its app and its max_calls, which is 100 where none was given.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					announcedAs(j, "ivr", "100")
					announcedAs(j, "bounded", "7")
				},
			},
			{
				ID: "PV-NODE-002", Text: "Registering an app again at one socket MUST be announced as the same registration with the new max_calls.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					var bounds, registrations []string
					for _, one := range appsIn(unasked(j.View), j.Fact("account own"), "bounded") {
						bounds = append(bounds, one.Get("Max-Calls").Raw)
						registrations = append(registrations, one.Get("ID").Str)
					}
					j.Equal("Max-Calls, one after the other", "7 9", strings.Join(slices.Compact(bounds), " "))
					j.Equal("registrations", "1", fmt.Sprint(len(slices.Compact(registrations))))
				},
			},
			{
				ID: "PV-NODE-003", Text: "An announcement MUST NOT hold the token with which a registration is resumed.", Source: "pivot.md 14", Ours: true,
				Judge: func(j *suite.Judging) {
					token := succeeded(j, "own", "register ivr").Get("resume").Str
					seen := appsIn(j.View, j.Fact("account own"), "ivr")
					if len(seen) == 0 || token == "" {
						j.Fail("there is no announcement and no token")
					}
					for _, one := range seen {
						if strings.Contains(string(one.Body), token) {
							j.Fail("an announcement has the token", one.Entry)
						}
					}
				},
			},
			{
				ID: "PV-NODE-004", Text: "An engine that asks all nodes MUST be told of their apps again.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					asked := j.Named(capture.Published, "ask")
					if len(asked) == 0 {
						j.Fail("nobody has asked")
						return
					}
					if again := appsIn(j.After(asked[0].Seq), j.Fact("account own"), "ivr"); len(again) < asks {
						j.Differs("announcements", fmt.Appendf(nil, "%d or more", asks), fmt.Append(nil, len(again)), asked...)
					}
				},
			},
			{
				ID: "PV-NODE-005", Text: "pivot_unregister MUST be announced, as a registration that takes no new calls.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) { lastly(j, "leaving", "Leaving") },
			},
			{
				ID: "PV-NODE-006", Text: "The end of a socket MUST be announced, as the end of each of its registrations.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					lastly(j, "ended", "Withdrawn")
					lastly(j, "ended-too", "Withdrawn")
				},
			},
			{
				ID: "PV-NODE-007", Text: "A registration with the resume of one that has ended MUST be announced as one that resumes that.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) { resumes(j, "back", true) },
			},
			{
				ID: "PV-NODE-008", Text: "A registration with the resume of one that is still there MUST end that, and be announced as one that resumes it.", Source: source + "; docs/websockets.md", Ours: true,
				Judge: func(j *suite.Judging) {
					resumes(j, "twice", true)
					first := appsIn(j.View, j.Fact("account own"), "twice")
					if len(first) == 0 {
						return
					}
					withdrawn := 0
					for _, one := range first {
						if one.Get("ID").Str == first[0].Get("ID").Str && one.Get("Withdrawn").Bool() {
							withdrawn++
						}
					}
					j.Equal("announcements of its end", "1", fmt.Sprint(withdrawn), first[0].Entry)
				},
			},
			{
				ID: "PV-NODE-009", Text: "A registration MUST NOT resume one of another app or of another account, which stay.", Source: "pivot.md 14", Ours: true,
				Judge: func(j *suite.Judging) {
					resumes(j, "greedy", false)
					resumes(j, "greedier", false)
					if seen := appsIn(j.View, j.Fact("account sibling"), "greedier"); len(seen) == 0 || seen[len(seen)-1].Get("Withdrawn").Bool() {
						j.Fail("the app of the other account is gone")
					}
				},
			},
		},
	}
}

// unasked is what was seen before nodes were asked for their apps.
func unasked(v capture.View) capture.View {
	asked := v.Named(capture.Published, "ask")
	if len(asked) == 0 {
		return capture.View{}
	}
	return capture.View{Entries: v.Where(func(e capture.Entry) bool { return e.Seq < asked[0].Seq })}
}

// announcedAs wants the first announcement of an app of the account to have a bound.
func announcedAs(j *suite.Judging, app, most string) {
	seen := appsIn(j.View, j.Fact("account own"), app)
	if len(seen) == 0 {
		j.Failf("there is no announcement of %s", app)
		return
	}
	one := seen[0]
	j.Equal("Max-Calls of "+app, most, one.Get("Max-Calls").Raw, one.Entry)
	j.Equal("exchange and key", messages.PivotAppsExchange+" "+messages.PivotAppsKey, one.Head, one.Entry)
	j.Equal("Event-Category", "kazoolab_pivot_apps", text(one.Entry, "Event-Category"), one.Entry)
}

// lastly wants the last announcement of an app that nobody has asked for to have a mark, and the first not.
func lastly(j *suite.Judging, app, mark string) {
	seen := appsIn(unasked(j.View), j.Fact("account own"), app)
	if len(seen) == 0 {
		j.Failf("there is no announcement of %s", app)
		return
	}
	first, last := seen[0], seen[len(seen)-1]
	j.Equal(mark+" of "+app+" at first", "false", fmt.Sprint(first.Get(mark).Bool()), first.Entry)
	j.Equal(mark+" of "+app+" at last", "true", fmt.Sprint(last.Get(mark).Bool()), last.Entry)
	j.Equal("ID of "+app, first.Get("ID").Str, last.Get("ID").Str, first.Entry, last.Entry)
}

// resumes wants the second registration of an app to resume the first, or not to resume anything.
func resumes(j *suite.Judging, app string, does bool) {
	seen := appsIn(j.View, j.Fact("account own"), app)
	first, expected := "", ""
	for _, one := range seen {
		id := one.Get("ID").Str
		if first == "" {
			first = id
		}
		if does && id == first {
			continue
		}
		if does {
			expected = first
		}
		j.Equal("Resumes of "+app, expected, one.Get("Resumes").Str, one.Entry)
		return
	}
	j.Failf("of %s there are %d announcements, and none of a registration that says what it resumes", app, len(seen))
}

func doAnnouncing(ctx context.Context, p *probe.Probe) error {
	e := play(ctx, p)
	e.serve("own", "ivr")
	bounded, _ := e.serve("bounded", "bounded", `"max_calls":7`)
	leaving, _ := e.serve("leaving", "leaving")
	ended, _ := e.serve("ended", "ended")
	before, _ := e.serve("back", "back")
	open, _ := e.serve("twice", "twice")
	if e.err != nil {
		return e.err
	}
	again := func(s *probe.Socket, app, more string) {
		if e.err == nil {
			e.err = also(ctx, s, e.account, app, more)
		}
	}
	again(bounded, "bounded", `"max_calls":9`)
	again(ended, "ended-too", `"max_calls":1`)
	leaving.Command(ctx, "leave", registering("pivot_unregister", "leave", e.account.Token, e.account.ID, "leaving"))
	ended.Close(ctx)
	for _, s := range []*probe.Socket{before, open} {
		app := s.Name()
		token := text(replyOf(p, app, "register "+app), "data.resume")
		if app == "back" {
			s.Cut()
			e.withdrawn(app)
		}
		e.serve(app+" again", app, fmt.Sprintf(`"resume":%q`, token))
	}
	e.withdrawn("ended-too")
	e.greedy()
	for range asks {
		if e.err == nil {
			e.err = p.Publish(ctx, "ask", messages.PivotAppsExchange, messages.PivotAskKey, messages.PivotApps("ask", e.queue, p.ID()))
		}
	}
	asked := p.Seen().Named(capture.Published, "ask")
	if e.err != nil || len(asked) == 0 {
		return e.err
	}
	p.Await(ctx, "what the node has", p.Target.Patience.Delivery, func(v capture.View) bool { return len(appsIn(v.After(asked[0].Seq), e.account.ID, "ivr")) >= asks })
	return nil
}

// greedy resumes what is another app's, and another account's.
func (e *engine) greedy() {
	if e.err != nil {
		return
	}
	sibling, err := e.p.NewAccount(e.ctx, "sibling", e.p.Target.Parent)
	if err == nil {
		err = e.p.ListenAbout(e.ctx, sibling, announced, messages.PivotAppsExchange, messages.PivotAppsKey)
	}
	if err == nil {
		_, err = serve(e.ctx, e.p, "theirs", sibling, "greedier")
	}
	if e.err = err; err != nil {
		return
	}
	e.p.Await(e.ctx, "the announcement of the sibling's", e.p.Target.Patience.Delivery, func(v capture.View) bool { return len(appsIn(v, sibling.ID, "greedier")) > 0 })
	e.serve("greedy", "greedy", fmt.Sprintf(`"resume":%q`, text(replyOf(e.p, "own", "register ivr"), "data.resume")))
	e.serve("greedier", "greedier", fmt.Sprintf(`"resume":%q`, text(replyOf(e.p, "theirs", "register greedier"), "data.resume")))
}

// withdrawn waits until the end of an app was announced.
func (e *engine) withdrawn(app string) {
	if e.err != nil {
		return
	}
	e.p.Await(e.ctx, "the end of "+app, e.p.Target.Patience.Delivery, func(v capture.View) bool {
		seen := appsIn(v, e.account.ID, app)
		return len(seen) > 0 && seen[len(seen)-1].Get("Withdrawn").Bool()
	})
}

// replyOf is a socket's reply to a command, none where there is none.
func replyOf(p *probe.Probe, socket, id string) capture.Entry {
	reply, _ := probe.Reply(p.Seen(), socket, id)
	return reply
}
