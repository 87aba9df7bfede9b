package sockets

import (
	"context"
	"regexp"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// commands is about the envelope of commands and replies, and the order in which a command
// is looked at.
func commands() suite.Group {
	return suite.Group{
		Name: "sockets/commands", Title: "Commands and replies", Needs: []string{suite.Accounts, suite.Sockets}, Do: doCommands,
		Requirements: []suite.Requirement{
			{
				ID: "WS-CMD-001", Text: "A reply MUST have exactly the members action, request_id, status and data, of which action is reply and request_id that of the command.",
				Source: "websockets.md 2.4; blackhole_data_emitter:reply/4",
				Judge:  func(j *suite.Judging) { accepted(j, own, "noop first", `{}`) },
			},
			{
				ID: "WS-CMD-002", Text: "A reply with an error MUST have the status error and its text as the only one in data.errors.",
				Source: "websockets.md 2.4",
				Judge:  func(j *suite.Judging) { refused(j, "fresh", "no token", "authentication token required") },
			},
			{
				ID: "WS-CMD-003", Text: "A command without a request_id, or with an empty one, MUST be answered with a request_id of 32 lower-case hex digits, another one each time.",
				Source: "websockets.md 2; blackhole_socket_callback:recv/2",
				Judge:  judgeMadeIDs,
			},
			{
				ID: "WS-CMD-004", Text: "A request_id that is a number or null MUST come back as text.", Source: "websockets.md 2",
				Judge: func(j *suite.Judging) {
					accepted(j, own, "42", `{}`)
					accepted(j, own, "null", `{}`)
				},
			},
			{
				ID: "WS-CMD-005", Text: "Each command MUST be answered exactly once.", Source: "websockets.md 0",
				Judge: func(j *suite.Judging) {
					for _, id := range []string{"noop first", "42", "null", "numeric action", "null action", "empty action", "after unsubscribe"} {
						var seen []capture.Entry
						for _, r := range probe.Replies(j.View, own) {
							if gjson.GetBytes(r.Body, "request_id").Str == id {
								seen = append(seen, r)
							}
						}
						j.Count("replies to "+id, 1, seen)
					}
				},
			},
			{
				ID: "WS-CMD-006", Text: "An action that is missing or empty MUST do nothing and succeed, once the token is good.", Source: "websockets.md 2; websockets.md 4.3",
				Judge: func(j *suite.Judging) {
					accepted(j, own, "noop first", `{}`)
					accepted(j, own, "empty action", `{}`)
				},
			},
			{
				ID: "WS-CMD-007", Text: "An action that is a number or null MUST be taken for its text, and so for an action that is not known.", Source: "websockets.md 2",
				Judge: func(j *suite.Judging) {
					accepted(j, own, "numeric action", `{}`)
					accepted(j, own, "null action", `{}`)
				},
			},
			{
				ID: "WS-CMD-008", Text: "An action that is not known MUST be answered with success and the data of the socket's last reply.",
				Source: "websockets.md 4.3; websockets.md 14; bh_context:resp_data/1",
				Judge: func(j *suite.Judging) {
					accepted(j, own, "after unsubscribe", `{"unsubscribed":["call.CHANNEL_CREATE.*"],"subscribed":[]}`)
				},
			},
			{
				ID: "WS-CMD-009", Text: "A command MUST be authenticated before it is validated.", Source: "websockets.md 2",
				Judge: func(j *suite.Judging) {
					refused(j, "fresh", "nothing right", "authentication token required")
					refused(j, "fresh", "no data", "missing required keys in data object")
				},
			},
			{
				ID: "WS-CMD-010", Text: "A subscribe MUST be validated before it is authorised.", Source: "websockets.md 2; websockets.md 3.1",
				Judge: func(j *suite.Judging) {
					refused(j, "fresh", "bad binding elsewhere", "event CHANNEL_FOO not supported")
				},
			},
			{
				ID: "WS-CMD-011", Text: "A subscribe MUST be authorised before it is found that its family is unknown.", Source: "websockets.md 2; websockets.md 3.1",
				Judge: func(j *suite.Judging) {
					refused(j, "fresh", "no family elsewhere", "unauthorized account id")
					refused(j, "fresh", "no family", "no available subscriptions to requested binding")
				},
			},
			{
				ID: "WS-CMD-012", Text: "A command that fails MUST leave the socket open.", Source: "websockets.md 1.2; websockets.md 2",
				Judge: func(j *suite.Judging) { stillOpen(j, "fresh") },
			},
			{
				ID: "WS-CMD-013", Text: "A first command that fails MUST leave no trace, so that the next needs its token although that of the first was good.",
				Source: "websockets.md 2; websockets.md 7.4; blackhole_socket_callback:recv/2",
				Judge: func(j *suite.Judging) {
					refused(j, "forgetful", "fails", "event CHANNEL_FOO not supported")
					refused(j, "forgetful", "without token", "authentication token required")
				},
			},
			{
				ID: "WS-CMD-014", Text: "Members of a command that have no meaning MUST be passed over.", Source: "websockets.md 2",
				Judge: func(j *suite.Judging) { accepted(j, own, "more members", `{}`) },
			},
		},
	}
}

func judgeMadeIDs(j *suite.Judging) {
	made := map[string]bool{}
	form := regexp.MustCompile(`^[0-9a-f]{32}$`)
	for _, r := range probe.Replies(j.View, "nameless") {
		id := gjson.GetBytes(r.Body, "request_id").Str
		if !form.MatchString(id) {
			j.Differs("request_id", []byte("32 lower-case hex digits"), []byte(id), r)
		}
		if made[id] {
			j.Fail("a request_id came twice", r)
		}
		made[id] = true
	}
	j.Count("replies to commands without request_id", 3, probe.Replies(j.View, "nameless"))
}

func doCommands(ctx context.Context, p *probe.Probe) error {
	account, s, err := opened(ctx, p)
	if err != nil {
		return err
	}
	for _, c := range []struct{ id, text string }{
		{"noop first", `{"auth_token":` + quoted(account.Token) + `,"request_id":"noop first"}`},
		{"empty action", `{"action":"","request_id":"empty action"}`},
		{"42", `{"request_id":42}`},
		{"null", `{"request_id":null}`},
		{"numeric action", `{"action":5,"request_id":"numeric action"}`},
		{"null action", `{"action":null,"request_id":"null action"}`},
		{"more members", `{"action":"noop","request_id":"more members","hook":1,"Action":"ping","data":{"x":[1]},"":null}`},
		{"create", command("subscribe", "create", account.Token, account.ID, "call.CHANNEL_CREATE.*")},
		{"drop", command("unsubscribe", "drop", account.Token, account.ID, "call.CHANNEL_CREATE.*")},
		{"after unsubscribe", `{"action":"whatever","request_id":"after unsubscribe"}`},
	} {
		s.Command(ctx, c.id, c.text)
	}

	nameless, err := p.MustDial(ctx, "nameless")
	if err != nil {
		return err
	}
	for i, content := range []string{`{"action":"noop"}`, `{"action":"noop","request_id":""}`, `{"auth_token":` + quoted(account.Token) + `}`} {
		nameless.Send(content)
		p.AwaitReplies(ctx, "nameless", i+1)
	}

	const nobody = "00000000000000000000000000000000"
	fresh, err := p.MustDial(ctx, "fresh")
	if err != nil {
		return err
	}
	for _, c := range []struct{ id, text string }{
		{"no token", `{"action":"noop","request_id":"no token"}`},
		{"nothing right", `{"action":"subscribe","request_id":"nothing right"}`},
		{"no data", `{"action":"subscribe","request_id":"no data","auth_token":` + quoted(account.Token) + `}`},
		{"bad binding elsewhere", command("subscribe", "bad binding elsewhere", account.Token, nobody, "call.CHANNEL_FOO.*")},
		{"no family elsewhere", command("subscribe", "no family elsewhere", account.Token, nobody, "family.unknown")},
		{"no family", command("subscribe", "no family", account.Token, account.ID, "family.unknown")},
		{"at last", `{"request_id":"at last","auth_token":` + quoted(account.Token) + `}`},
	} {
		fresh.Command(ctx, c.id, c.text)
	}

	forgetful, err := p.MustDial(ctx, "forgetful")
	if err != nil {
		return err
	}
	forgetful.Command(ctx, "fails", command("subscribe", "fails", account.Token, account.ID, "call.CHANNEL_FOO.*"))
	forgetful.Command(ctx, "without token", `{"action":"noop","request_id":"without token"}`)
	p.Settle(ctx) // a second reply would come by now
	return nil
}
