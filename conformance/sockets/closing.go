package sockets

import (
	"context"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// closing is about what is left of a socket when it has ended.
func closing() suite.Group {
	return suite.Group{
		Name: "sockets/closing", Title: "When a socket ends", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus}, Do: doClosing,
		Requirements: []suite.Requirement{
			{
				ID: "WS-CLOSE-001", Text: "A socket that closes in order MUST be answered with a close frame.", Source: "websockets.md 9; websockets.md 1.2",
				Judge: func(j *suite.Judging) {
					endedBy(j, "orderly")
				},
			},
			{
				ID: "WS-CLOSE-002", Text: "A connection that comes after one has ended MUST begin without its bindings.", Source: "websockets.md 9",
				Judge: func(j *suite.Judging) {
					none(j, "new", "create", "answer")
					accepted(j, "new", "subscribe call.CHANNEL_ANSWER.*", `{"subscribed":["call.CHANNEL_ANSWER.*"]}`)
				},
			},
			{
				ID: "WS-CLOSE-003", Text: "A connection that comes after one has ended MUST get what it subscribes to, be it the same.", Source: "websockets.md 9",
				Judge: func(j *suite.Judging) { event(j, "same", "create") },
			},
			{
				ID: "WS-CLOSE-004", Text: "The end of a connection without a close frame MUST leave the other sockets with all that they have.", Source: "websockets.md 9",
				Judge: func(j *suite.Judging) {
					event(j, own, "create")
					event(j, own, "answer")
				},
			},
			{
				ID: "WS-CLOSE-005", Text: "A socket MUST NOT be closed for commands that are refused, whatever the reason.", Source: "websockets.md 1.2",
				Judge: func(j *suite.Judging) {
					stillOpen(j, own)
					errors := 0
					for _, r := range probe.Replies(j.View, own) {
						if read(r).Get("status").Str == "error" {
							errors++
						}
					}
					if errors < 5 {
						j.Failf("%d commands were refused, and more should have been", errors)
					}
				},
			},
		},
	}
}

func doClosing(ctx context.Context, p *probe.Probe) error {
	account, s, err := opened(ctx, p)
	if err != nil {
		return err
	}
	for _, c := range []string{
		`{"action":"subscribe","request_id":"e1"}`, `{"action":"noop","request_id":"e2","auth_token":"nope"}`, command("subscribe", "e3", account.Token, nobody, "call.*.*"),
		command("subscribe", "e4", account.Token, "*", "call.*.*"), command("subscribe", "e5", account.Token, account.ID, "call.CHANNEL_FOO.*"), command("subscribe", "e6", account.Token, account.ID, "nothing"),
	} {
		s.Command(ctx, read(capture.Entry{Body: []byte(c)}).Get("request_id").Str, c)
	}
	create, answer := call("CHANNEL_CREATE", "c1", account.ID), call("CHANNEL_ANSWER", "c1", account.ID)
	orderly, err := listening(ctx, p, "orderly", account, "call.CHANNEL_CREATE.*", create)
	if err != nil {
		return err
	}
	cut, err := listening(ctx, p, "cut", account, "call.CHANNEL_CREATE.*", create)
	if err != nil {
		return err
	}
	if err := tuned(ctx, p, s, account, "call.*.*", create); err != nil {
		return err
	}
	orderly.Close(ctx)
	cut.Cut()
	if _, err := listening(ctx, p, "new", account, "call.CHANNEL_ANSWER.*", answer); err != nil {
		return err
	}
	if _, err := listening(ctx, p, "same", account, "call.CHANNEL_CREATE.*", create); err != nil {
		return err
	}
	if err := publishAll(ctx, p, named{"create", create}, named{"answer", answer}); err != nil {
		return err
	}
	awaitAll(ctx, p, own, "create", "answer")
	awaitAll(ctx, p, "new", "answer")
	awaitAll(ctx, p, "same", "create")
	s.Command(ctx, "at last", `{"action":"noop","request_id":"at last"}`)
	p.Settle(ctx)
	return nil
}
