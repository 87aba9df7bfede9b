package sockets

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// resume is about going on after a connection was lost.
func resume() suite.Group {
	return suite.Group{
		Name: "sockets/resume", Title: "Resuming and gaps", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus, suite.Lab}, Do: doResume,
		Requirements: []suite.Requirement{
			{
				ID: "WS-LAB-030", Text: "With resume in the data of a subscribe each event MUST have an id, and the reply a mark in data.since.", Source: "docs/websockets.md", Ours: true,
				Judge: func(j *suite.Judging) {
					if got, ok := event(j, own, "first"); ok && !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(got.Get("id").Str) {
						j.Differs("id", []byte("32 hex digits"), []byte(got.Get("id").Raw))
					}
					if r, ok := status(j, own, "live", "success"); ok && r.Get("data.since").Str == "" {
						j.Fail("the reply has no since")
					}
				},
			},
			{
				ID: "WS-LAB-031", Text: "Without resume no event MUST have an id.", Source: "docs/websockets.md; websockets.md 6", Ours: true,
				Judge: func(j *suite.Judging) {
					if got, ok := event(j, "plain", "first"); ok && got.Get("id").Exists() {
						j.Differs("id", nil, []byte(got.Get("id").Raw))
					}
				},
			},
			{
				ID: "WS-LAB-032", Text: "A subscribe with the id of an event in since MUST bring the events behind it, each once, in order, behind the reply.", Source: "docs/websockets.md", Ours: true,
				Judge: judgeMissed,
			},
			{
				ID: "WS-LAB-033", Text: "A subscribe with an id in since that is not kept MUST bring a gap with the reason not_kept before all events that are kept.", Source: "docs/websockets.md", Ours: true,
				Judge: func(j *suite.Judging) {
					if gap, ok := j.One("gaps", gaps(j.View, "lost")); ok {
						j.EqualJSON("the gap", fill(j, `{"action":"gap","subscribed_key":"call.CHANNEL_CREATE.*","account_id":"{own}","reason":"not_kept"}`), gap.Body, gap)
						for _, e := range probe.EventsOf(j.View, "lost", "missed 2") {
							if e.Seq < gap.Seq {
								j.Fail("an event came before the gap", e)
							}
						}
						event(j, "lost", "missed 2")
					}
				},
			},
			{
				ID: "WS-LAB-034", Text: "A since without resume MUST be refused.", Source: "docs/websockets.md", Ours: true,
				Judge: func(j *suite.Judging) { refused(j, "lost", "alone", `since counts with "resume": true alone`) },
			},
			{
				ID: "WS-LAB-035", Text: "A subscribe with the mark of a reply in since MUST bring all events since that reply.", Source: "docs/websockets.md", Ours: true,
				Judge: func(j *suite.Judging) {
					for _, name := range []string{"first", "missed 0", "missed 2"} {
						event(j, "marked", name)
					}
					j.Count("gaps", 0, gaps(j.View, "marked"))
				},
			},
		},
	}
}

func gaps(v capture.View, socket string) []capture.Entry {
	return v.Where(func(e capture.Entry) bool {
		return e.Kind == capture.SocketGot && e.Name == socket && gjson.GetBytes(e.Body, "action").Str == "gap"
	})
}

func doResume(ctx context.Context, p *probe.Probe) error {
	account, s, err := opened(ctx, p)
	if err != nil {
		return err
	}
	const binding = "call.CHANNEL_CREATE.*"
	with := func(id, more string) string {
		return `{"action":"subscribe","auth_token":` + quoted(account.Token) + `,"request_id":` + quoted(id) + `,"data":{"account_id":"` + account.ID + `","binding":"` + binding + `"` + more + `}}`
	}
	create := func(id string) message { return call("CHANNEL_CREATE", id, account.ID) }
	s.Command(ctx, "early", with("early", `,"resume":true`))
	if err := p.Tune(ctx, s, "callevt", "call.CHANNEL_CREATE.warm", create("warm").body); err != nil {
		return err
	}
	if _, err := listening(ctx, p, "plain", account, binding, create("warm")); err != nil {
		return err
	}
	mark := s.Command(ctx, "live", with("live", `,"resume":true`)).Get("data.since").Str
	if err := publish(ctx, p, "first", create("c1")); err != nil {
		return err
	}
	awaitAll(ctx, p, own, "first")
	awaitAll(ctx, p, "plain", "first")
	id := ""
	for _, e := range probe.EventsOf(p.Seen(), own, "first") {
		id = read(e).Get("id").Str
	}
	s.Cut()
	for i := range 3 {
		if err := publish(ctx, p, fmt.Sprint("missed ", i), create("c2")); err != nil {
			return err
		}
	}
	awaitAll(ctx, p, "plain", "missed 2")
	for _, one := range []struct{ socket, id, since string }{{"again", "go on", id}, {"lost", "go on", strings.Repeat("0", 32)}, {"marked", "go on", mark}} {
		next, err := p.MustDial(ctx, one.socket)
		if err != nil {
			return err
		}
		if one.socket == "lost" {
			next.Command(ctx, "alone", with("alone", `,"since":"`+one.since+`"`))
		}
		next.Command(ctx, one.id, with(one.id, `,"resume":true,"since":`+quoted(one.since)))
	}
	if err := publish(ctx, p, "live again", create("c3")); err != nil {
		return err
	}
	for _, socket := range []string{"again", "lost", "marked"} {
		awaitAll(ctx, p, socket, "missed 2", "live again")
	}
	p.Settle(ctx)
	return nil
}

// judgeMissed wants what was missed behind the reply, and what is live behind that.
func judgeMissed(j *suite.Judging) {
	r, found := probe.Reply(j.View, "again", "go on")
	if !found {
		j.Fail("no reply")
		return
	}
	last := r.Seq
	for _, name := range []string{"missed 0", "missed 1", "missed 2", "live again"} {
		event(j, "again", name)
		for _, e := range probe.EventsOf(j.View, "again", name) {
			if e.Seq < last {
				j.Fail(name+" came before what it follows", e)
			}
			last = e.Seq
		}
	}
	none(j, "again", "first", "live again")
	j.Count("gaps", 0, gaps(j.View, "again"))
}
