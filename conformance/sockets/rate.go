package sockets

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// burst is how many commands a socket may send at once, sent how many do: more than can be
// let through while they are sent.
const burst, sent = 100, 400

// rate is about how many commands a socket may send, in a deployment that has left it at
// its default.
func rate() suite.Group {
	return suite.Group{
		Name: "sockets/rate", Title: "How many commands a socket may send", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus}, Do: doRate,
		Requirements: []suite.Requirement{
			{
				ID: "WS-LIM-001", Text: "The first 100 commands of a socket MUST be let through, however fast they come.", Source: "websockets.md 2.1; kz_buckets:consume_token/2",
				Judge: func(j *suite.Judging) {
					for i := range burst {
						if _, ok := status(j, own, fmt.Sprint("m", i), "success"); !ok {
							return
						}
					}
				},
			},
			{
				ID: "WS-LIM-002", Text: "A command beyond the 100, and the 10 that each second adds, MUST be refused with \"rate limiting threshold hit for <session id>!\".", Source: "websockets.md 2.1; websockets.md 7.7; kz_buckets:consume_token/2",
				Judge: func(j *suite.Judging) {
					passed, refusals := 0, 0
					form := regexp.MustCompile(`^rate limiting threshold hit for \S+:[0-9]+!$`)
					for i := range sent {
						got, found := probe.Reply(j.View, own, fmt.Sprint("m", i))
						if !found {
							continue
						}
						r := read(got)
						if r.Get("status").Str == "success" {
							passed++
							continue
						}
						refusals++
						if text := r.Get("data.errors.0").Str; !form.MatchString(text) {
							j.Differs("the refusal", []byte("rate limiting threshold hit for <session id>!"), []byte(text), got)
						}
					}
					// Ten more with each second that it takes, the one that has begun and one on the way included.
					first, _ := probe.Reply(j.View, own, "m1")
					last, _ := probe.Reply(j.View, own, fmt.Sprint("m", sent-1))
					if seconds := int((last.At-first.At)/time.Second) + 2; refusals == 0 || passed > burst+10*seconds {
						j.Failf("of %d commands %d were let through and %d refused", sent, passed, refusals)
					}
				},
			},
			{
				ID: "WS-LIM-003", Text: "A socket that has sent too many commands MUST stay open, and get its events.", Source: "websockets.md 2.1",
				Judge: func(j *suite.Judging) {
					event(j, own, "meanwhile")
					if end, ended := closed(j.View, own); ended {
						j.Fail("the socket was closed", end)
					}
				},
			},
			{
				ID: "WS-LIM-004", Text: "A socket that has sent too many commands MUST be let through again after a second or two.", Source: "websockets.md 2.1",
				Judge: func(j *suite.Judging) { status(j, own, "later", "success") },
			},
			{
				ID: "WS-LIM-005", Text: "The commands of one socket MUST NOT count for another of the same account.", Source: "websockets.md 2.1",
				Judge: func(j *suite.Judging) {
					status(j, "second", "beside", "success")
					if len(j.Named(capture.SocketSent, own)) < sent {
						j.Fail("the first socket has not sent its commands")
					}
				},
			},
			{
				ID: "WS-LIM-006", Text: "Commands that are refused for another reason MUST count as well.", Source: "websockets.md 2.1",
				Judge: func(j *suite.Judging) {
					limited := 0
					for _, r := range probe.Replies(j.View, "wrong") {
						switch text := read(r).Get("data.errors.0").Str; {
						case text == "authentication token required":
						case regexp.MustCompile(`^rate limiting`).MatchString(text):
							limited++
						default:
							j.Fail("a reply of another kind", r)
						}
					}
					if limited == 0 {
						j.Failf("of %d commands without a token none hit the limit", len(probe.Replies(j.View, "wrong")))
					}
				},
			},
		},
	}
}

func doRate(ctx context.Context, p *probe.Probe) error {
	account, s, err := opened(ctx, p)
	if err != nil {
		return err
	}
	second, err := p.MustDial(ctx, "second")
	if err != nil {
		return err
	}
	wrong, err := p.MustDial(ctx, "wrong")
	if err != nil {
		return err
	}
	// m0 is the subscribe.
	s.Command(ctx, "m0", command("subscribe", "m0", account.Token, account.ID, "call.CHANNEL_CREATE.*"))
	if err := p.Tune(ctx, s, "callevt", "call.CHANNEL_CREATE.warm", call("CHANNEL_CREATE", "warm", account.ID).body); err != nil {
		return err
	}
	for i := 1; i < sent; i++ {
		s.Send(fmt.Sprintf(`{"action":"noop","request_id":"m%d"}`, i))
	}
	second.Command(ctx, "beside", `{"action":"noop","request_id":"beside","auth_token":`+quoted(account.Token)+`}`)
	p.AwaitReplies(ctx, own, sent)
	if err := publish(ctx, p, "meanwhile", call("CHANNEL_CREATE", "c1", account.ID)); err != nil {
		return err
	}
	p.AwaitEvent(ctx, own, "meanwhile")
	for range sent {
		wrong.Send(`{"action":"noop"}`)
	}
	p.AwaitReplies(ctx, "wrong", sent)
	if err := p.Pause(ctx, "tokens come by the second", 2100*time.Millisecond); err != nil {
		return err
	}
	s.Command(ctx, "later", `{"action":"noop","request_id":"later"}`)
	return nil
}
