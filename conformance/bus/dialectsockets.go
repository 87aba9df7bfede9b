package bus

import (
	"context"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// dialectSockets is about the commands over a socket in which the versions of Kazoo differ.
func dialectSockets() suite.Group {
	return suite.Group{
		Name: "bus/dialect-sockets", Title: "Socket commands of the versions", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus},
		Do: doDialectSockets,
		Requirements: []suite.Requirement{
			{
				ID: "DI-TALK-021", Text: "A subscribe with a list of bindings MUST subscribe to all of them.",
				Source: "dialects.md 1", Dialects: []string{suite.Talk},
				Judge: func(j *suite.Judging) {
					judgeCommand(j, "several", "success", "call.CHANNEL_ANSWER.* call.CHANNEL_BRIDGE.*", "subscribed")
				},
			},
			{
				ID: "DI-V5-021", Text: "A subscribe with a list of bindings MUST be refused, and subscribe to none.",
				Source: "dialects.md 1; blackhole_socket_callback:recv/2", Dialects: later(),
				Judge: func(j *suite.Judging) {
					judgeCommand(j, "several", "error", "", "")
					j.Count("events of CHANNEL_ANSWER", 0, keyed(j, "call.CHANNEL_ANSWER.*"))
					if len(keyed(j, "call.CHANNEL_CREATE.*")) == 0 {
						j.Fail("no event came at all")
					}
				},
			},
			{
				ID: "DI-TALK-022", Text: "The old document binding doc_created.*.user.* MUST be taken, and echoed as it was sent, in the reply and in events.",
				Source: "dialects.md 1", Dialects: []string{suite.Talk},
				Judge: func(j *suite.Judging) {
					judgeCommand(j, "old", "success", "doc_created.*.user.*", "subscribed")
					j.Count("events for it", 1, keyed(j, "doc_created.*.user.*"))
				},
			},
			{
				ID: "DI-V5-022", Text: "The old document binding doc_created.*.user.* MUST be refused.",
				Source: "dialects.md 1; bh_object:validate/2", Dialects: later(),
				Judge: func(j *suite.Judging) {
					judgeCommand(j, "old", "error", "", "")
					judgeCommand(j, "new", "success", "object.doc_created.user", "subscribed")
				},
			},
			{
				ID: "DI-TALK-023", Text: "An unsubscribe with an account and no binding MUST drop all bindings of the account.",
				Source: "dialects.md 1", Dialects: []string{suite.Talk},
				Judge: func(j *suite.Judging) {
					if e, ok := judgeCommand(j, "drop", "success", "", ""); ok {
						for _, f := range probe.Events(j.After(e.Seq), "one") {
							j.Fail("an event came after all bindings were dropped", f)
						}
					}
					j.Count("events at a socket that kept its binding", 2, keyedOn(j, "two", "call.CHANNEL_CREATE.*"))
				},
			},
			{
				ID: "DI-V5-023", Text: "An unsubscribe without a binding MUST be refused, and the bindings stay.",
				Source: "dialects.md 1; bh_unsubscribe:validate/2", Dialects: later(),
				Judge: func(j *suite.Judging) {
					if e, ok := judgeCommand(j, "drop", "error", "", ""); ok && len(probe.Events(j.After(e.Seq), "one")) == 0 {
						j.Fail("no event came after it")
					}
				},
			},
			{
				ID: "DI-ALL-021", Text: "A ping MUST be answered with the reply success and pong.", Ours: true, Needs: []string{suite.Lab},
				Source: "dialects.md 1; bh_ping:ping/2",
				Judge: func(j *suite.Judging) {
					if e, ok := judgeCommand(j, "ping", "success", "", ""); ok {
						j.Contains("reply", "pong", string(e.Body), e)
					}
				},
			},
			{
				ID: "DI-V43-021", Text: "A presence binding MUST be refused in 4.3, which has none, and be taken in 5.0.",
				Source: "dialects.md 1; websockets.md 5.5; bh_presence:bindings/2", Dialects: later(),
				Judge: func(j *suite.Judging) {
					want := "error"
					if j.Is(suite.Kazoo5) {
						want = "success"
					}
					judgeCommand(j, "presence", want, "", "")
				},
			},
			{
				ID: "DI-TALK-024", Text: "Bindings of conferences and of notifications, the talk's wishes, MUST be taken.", Ours: true, Needs: []string{suite.Lab},
				Source: "dialects.md 1", Dialects: []string{suite.Talk},
				Judge: func(j *suite.Judging) {
					judgeCommand(j, "conference", "success", "", "")
					judgeCommand(j, "notification", "success", "", "")
				},
			},
		},
	}
}

// judgeCommand wants a reply of a status, and bindings in a member of its data.
func judgeCommand(j *suite.Judging, id, status, data, member string) (capture.Entry, bool) {
	e, ok := probe.Reply(j.View, "one", id)
	if !ok {
		j.Fail("the command " + id + " has no reply")
		return e, false
	}
	ok = j.Equal("status of "+id, status, gjson.GetBytes(e.Body, "status").Str, e)
	if member != "" {
		for binding := range strings.FieldsSeq(data) { // what was subscribed to before is in it, too
			j.Contains("data."+member+" of "+id, `"`+binding+`"`, gjson.GetBytes(e.Body, "data."+member).Raw, e)
		}
	}
	return e, ok
}

func keyed(j *suite.Judging, key string) []capture.Entry { return keyedOn(j, "one", key) }

// keyedOn are the events on a socket for a binding.
func keyedOn(j *suite.Judging, socket, key string) []capture.Entry {
	var found []capture.Entry
	for _, e := range probe.Events(j.View, socket) {
		if gjson.GetBytes(e.Body, "subscribed_key").Str == key {
			found = append(found, e)
		}
	}
	return found
}

func doDialectSockets(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	one, err := p.MustDial(ctx, "one")
	if err != nil {
		return err
	}
	two, err := p.MustDial(ctx, "two")
	if err != nil {
		return err
	}
	for _, s := range []*probe.Socket{one, two} {
		if err := s.Subscribe(ctx, account, "call.CHANNEL_CREATE.*"); err != nil {
			return err
		}
	}
	say := func(id, action, data string) {
		fields := strings.TrimSuffix(fmt.Sprintf(`"account_id":%q,%s`, account.ID, data), ",")
		one.Command(ctx, id, fmt.Sprintf(`{"action":%q,"auth_token":%q,"request_id":%q,"data":{%s}}`, action, account.Token, id, fields))
	}
	say("several", "subscribe", `"bindings":["call.CHANNEL_ANSWER.*","call.CHANNEL_BRIDGE.*"]`)
	say("old", "subscribe", `"binding":"doc_created.*.user.*"`)
	if p.Target.Dialect != suite.Talk {
		say("new", "subscribe", `"binding":"object.doc_created.user"`)
	}
	say("presence", "subscribe", `"binding":"presence.mwi_updates.1001"`)
	say("conference", "subscribe", `"binding":"conference.event.c1.*"`)
	say("notification", "subscribe", `"binding":"notifications.voicemail.voicemail_new"`)
	say("ping", "ping", "")
	if _, err := made(ctx, p, account, "make user", "/users", fields{"first_name": "Ann", "last_name": "Doe"}); err != nil {
		return err
	}
	publish := func(event, id string) error {
		return p.Publish(ctx, id, "callevt", messages.CallKey(event, id), messages.Call(event, id, account.ID))
	}
	if err := publish("CHANNEL_ANSWER", "answered"); err != nil {
		return err
	}
	if err := publish("CHANNEL_CREATE", "first"); err != nil {
		return err
	}
	p.AwaitFrames(ctx, "two", 1)
	p.Settle(ctx)
	say("drop", "unsubscribe", "")
	if err := publish("CHANNEL_CREATE", "second"); err != nil {
		return err
	}
	p.AwaitFrames(ctx, "two", 2)
	p.Settle(ctx)
	return nil
}
