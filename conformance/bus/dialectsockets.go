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
				ID: "DI-TALK-021", Text: "A subscribe with a list of bindings MUST bring the events of all of them.",
				Source: "dialects.md 1", Dialects: []string{suite.Talk},
				Judge: func(j *suite.Judging) {
					judgeCommand(j, "several", "success", "", "")
					for _, binding := range []string{"call.CHANNEL_ANSWER.*", "call.CHANNEL_BRIDGE.*"} {
						j.Count("events of "+binding, 1, keyed(j, binding))
					}
				},
			},
			{
				ID: "DI-V5-021", Text: "A subscribe with a list of bindings, which is refused, MUST NOT bring the events of any of them.",
				Source: "dialects.md 1; blackhole_socket_callback:recv/2", Dialects: later(),
				Judge: func(j *suite.Judging) {
					judgeCommand(j, "several", "error", "", "")
					for _, binding := range []string{"call.CHANNEL_ANSWER.*", "call.CHANNEL_BRIDGE.*"} {
						j.Count("events of "+binding, 0, keyed(j, binding))
					}
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
				ID: "DI-TALK-023", Text: "After an unsubscribe with an account and no binding no event of the account MUST come.",
				Source: "dialects.md 1", Dialects: []string{suite.Talk},
				Judge: func(j *suite.Judging) {
					if e, ok := judgeCommand(j, "drop", "success", "", ""); ok {
						for _, f := range probe.Told(j.After(e.Seq), "one") {
							j.Fail("an event came after all bindings were dropped", f)
						}
					}
					j.Count("events at a socket that kept its binding", 2, keyedOn(j, "two", "call.CHANNEL_CREATE.*"))
				},
			},
			{
				ID: "DI-V5-023", Text: "An unsubscribe without a binding MUST be refused, and the events go on.",
				Source: "dialects.md 1; bh_unsubscribe:validate/2", Dialects: later(),
				Judge: func(j *suite.Judging) {
					if e, ok := judgeCommand(j, "drop", "error", "", ""); ok && len(probe.Told(j.After(e.Seq), "one")) == 0 {
						j.Fail("no event came after it")
					}
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
	for _, e := range probe.Told(j.View, socket) {
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
	call := func(event, id, messageID string) []byte {
		return messages.Call(event, id, account.ID, fmt.Sprintf(`"Msg-ID":%q`, messageID))
	}
	// A Kazoo replies to a subscribe before the broker has the binding.
	tune := func(s *probe.Socket, event string) error {
		return p.Tune(ctx, s, "callevt", messages.CallKey(event, "warm-up"), func(id string) []byte { return call(event, "warm-up", id) })
	}
	for _, s := range []*probe.Socket{one, two} {
		if err := tune(s, "CHANNEL_CREATE"); err != nil {
			return err
		}
	}
	if p.Target.Dialect == suite.Talk {
		if err := talkCommands(ctx, p, account, one, say, tune); err != nil {
			return err
		}
	}
	publish := func(event, id string) error {
		return p.Publish(ctx, id, "callevt", messages.CallKey(event, id), call(event, id, id))
	}
	for _, e := range []struct{ event, id string }{{"CHANNEL_ANSWER", "answered"}, {"CHANNEL_BRIDGE", "bridged"}, {"CHANNEL_CREATE", "first"}} {
		if err := publish(e.event, e.id); err != nil {
			return err
		}
	}
	p.AwaitEvent(ctx, "two", "first")
	p.Settle(ctx)
	say("drop", "unsubscribe", "")
	if err := publish("CHANNEL_CREATE", "second"); err != nil {
		return err
	}
	p.AwaitEvent(ctx, "two", "second")
	p.Settle(ctx)
	return nil
}

// talkCommands are those that only the talk's version takes.
func talkCommands(ctx context.Context, p *probe.Probe, account probe.Account, one *probe.Socket, say func(id, action, data string), tune func(*probe.Socket, string) error) error {
	for _, event := range []string{"CHANNEL_ANSWER", "CHANNEL_BRIDGE"} {
		if err := tune(one, event); err != nil {
			return err
		}
	}
	say("old", "subscribe", `"binding":"doc_created.*.user.*"`)
	say("conference", "subscribe", `"binding":"conference.event.c1.*"`)
	say("notification", "subscribe", `"binding":"notifications.voicemail.voicemail_new"`)
	database := messages.Database(account.ID)
	if err := p.Tune(ctx, one, "configuration", "doc_created."+database+".user.warm-up", func(id string) []byte {
		return fmt.Appendf(nil, `{"Event-Category":"configuration","Event-Name":"doc_created","ID":"warm-up","Database":%q,"Type":"user","Account-ID":%q,`+
			`"Rev":"1-0a1b2c3d4e5f60718293a4b5c6d7e8f9","Is-Soft-Deleted":false,"Origin-Cache":"kazoo_data_cache","Msg-ID":%q,"App-Name":"datamgr","App-Version":"4.0.0"}`,
			database, account.ID, id)
	}); err != nil {
		return err
	}
	_, err := made(ctx, p, account, "make user", "/users", fields{"first_name": "Ann", "last_name": "Doe"})
	return err
}
