package pivot

import (
	"context"
	"fmt"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// many is more commands than a socket may send at once, and than are let through while they are sent.
const many = 400

// rate is about how many commands about Pivot a socket may send, in a deployment that has left it at its
// default.
func rate() suite.Group {
	return suite.Group{
		Name: "pivot/rate", Title: "How many commands about Pivot a socket may send", Needs: playing(), Do: doRate,
		Requirements: []suite.Requirement{
			{
				ID: "PV-NODE-040", Text: "The first answer to each request MUST be let through, however fast answers come.", Source: "pivot.md 14; docs/websockets.md", Ours: true,
				Judge: func(j *suite.Judging) {
					heardOnce := map[string]bool{}
					for _, e := range during(j.View).Deliveries(heard) {
						if text(e, "Event-Name") == "answer" {
							heardOnce[text(e, "Pivot-ID")] = true
						}
					}
					j.Equal("requests whose answer the engine heard", fmt.Sprint(many), fmt.Sprint(len(heardOnce)))
				},
			},
			{
				ID: "PV-NODE-041", Text: "pivot_register, and a pivot_answer that answers nothing, MUST count as any other command, and be refused with \"rate limiting threshold hit for \" and the socket's id when there are too many.",
				Source: "pivot.md 14; websockets.md 2.1", Ours: true,
				Judge: func(j *suite.Judging) {
					for _, socket := range []string{"registers", "answers"} {
						limited := 0
						for _, r := range probe.Replies(j.View, socket) {
							if strings.HasPrefix(text(r, "data.errors.0"), "rate limiting threshold hit for ") {
								limited++
							}
						}
						if limited == 0 {
							j.Failf("of %d commands on the socket %s none hit the limit", len(probe.Replies(j.View, socket)), socket)
						}
					}
				},
			},
		},
	}
}

func doRate(ctx context.Context, p *probe.Probe) error {
	e := play(ctx, p)
	own, ivr := e.serve("own", "ivr", fmt.Sprintf(`"max_calls":%d`, many))
	answers, _ := e.serve("answers", "other")
	if e.err != nil {
		return e.err
	}
	registers, err := p.MustDial(ctx, "registers")
	if err != nil {
		return err
	}
	requests := make([]string, many)
	for i := range many {
		requests[i] = e.ask(fmt.Sprint("many ", i), ivr, "ivr")
	}
	if e.err != nil {
		return e.err
	}
	p.Await(ctx, "all requests", p.Target.Patience.Delivery, func(v capture.View) bool { return len(frames(v, "own", "request")) >= many })
	for i, id := range requests {
		own.Send(answering(fmt.Sprint("answer ", i), id, xml("")))
	}
	for i := range many {
		id := fmt.Sprint("m", i)
		registers.Send(registering("pivot_register", id, e.account.Token, e.account.ID, "Ivr"))
		answers.Send(answering(id, unknown, xml("")))
	}
	p.AwaitReplies(ctx, "registers", many)
	p.AwaitReplies(ctx, "answers", many)
	p.Await(ctx, "all answers", p.Target.Patience.Delivery, func(v capture.View) bool {
		n := 0
		for _, d := range v.Deliveries(heard) {
			if text(d, "Event-Name") == "answer" {
				n++
			}
		}
		return n >= many
	})
	return nil
}

// Requests to a socket that reads nothing: together more than both ends of a connection and the target
// keep for it.
const (
	largeRequests = 600
	largeBytes    = 32 << 10
)

// deaf is about an app that does not read what it is asked.
func deaf() suite.Group {
	const source = "pivot.md 14; docs/websockets.md"
	return suite.Group{
		Name: "robustness/pivot", Title: "An app at a websocket that does not read", Needs: playing(),
		Optional: true, // what stands between may read in the client's place, and nothing is shown then
		Do:       doDeaf,
		Requirements: []suite.Requirement{
			{
				ID: "PV-DEAF-001", Text: "A socket that reads nothing of what it is asked MUST be closed when more waits for it than is kept, with 1008 and \"slow reader\" where it takes that.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					if tookAll(j) {
						return
					}
					e, one := j.One("ends of the connection", during(j.View).Named(capture.SocketClosed, "deaf"))
					if one && e.Head != "" && e.Head != "1006" { // cut off, where it takes not even that
						j.Equal("code and reason", "1008 slow reader", e.Head+" "+string(e.Body), e)
					}
				},
			},
			{
				ID: "PV-DEAF-002", Text: "The engine MUST be told of every request that a socket had when it was closed because it reads nothing, so that another may get it.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					if tookAll(j) {
						return
					}
					told := map[string]bool{}
					for _, e := range during(j.View).Deliveries(heard) {
						told[text(e, "Pivot-ID")] = true
					}
					asked := j.Where(func(e capture.Entry) bool { return e.Kind == capture.Published && strings.HasPrefix(e.Name, "large ") })
					if len(asked) == 0 {
						j.Fail("nothing was asked")
					}
					for _, e := range asked {
						if !told[text(e, "Pivot-ID")] {
							j.Fail("nothing was told of a request", e)
							return
						}
					}
				},
			},
		},
	}
}

// tookAll finds out whether everything has come to the client in the end: what stands between it and the
// target, such as a proxy, has read in its place then, and nothing is shown.
func tookAll(j *suite.Judging) bool {
	if len(frames(j.View, "deaf", "request")) < largeRequests {
		return false
	}
	j.NotShown("what stands between the target and the client has taken all that was sent")
	return true
}

func doDeaf(ctx context.Context, p *probe.Probe) error {
	e := play(ctx, p)
	if e.err != nil {
		return e.err
	}
	silent, err := p.DialDeafWith(ctx, "deaf", registering("pivot_register", "register deaf", e.account.Token, e.account.ID, "deaf", `"max_calls":1000`))
	if err != nil {
		return err
	}
	id := e.next("deaf", nil)
	data := fmt.Sprintf(`"Data":{"params":{"a":%q}}`, strings.Repeat("x", largeBytes))
	over := func(v capture.View) bool { return len(v.Deliveries(heard)) > 0 }
	for i := 0; i < largeRequests && e.err == nil && !over(p.Seen()); i++ {
		e.tell(fmt.Sprint("large ", i), "request", fmt.Sprintf(`"Pivot-ID":%q`, p.ID()), fmt.Sprintf(`"Registration":%q`, id), fmt.Sprintf(`"Account-ID":%q`, e.account.ID),
			`"App":"deaf"`, `"Time-Left":30000`, data)
	}
	if e.err != nil {
		return e.err
	}
	p.Await(ctx, "what the engine is told", p.Target.Patience.Delivery, over)
	silent.Hear()
	silent.Ended(ctx)
	p.Settle(ctx)
	return nil
}
