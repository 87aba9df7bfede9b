package robustness

import (
	"context"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// deaf is about a websocket whose client does not read, and those beside it.
func deaf() suite.Group {
	const source = "docs/websockets.md, How a socket ends"
	return suite.Group{
		Name: "robustness/deaf", Title: "A websocket whose client does not read", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus, suite.Lab},
		Optional: true, // what stands between may read in the client's place, and nothing is shown then
		Do:       doDeaf,
		Requirements: []suite.Requirement{
			{
				ID: "RB-DEAF-001", Text: "While one client reads nothing, each event MUST come to other clients of the same binding within 4.5 s.",
				Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					if len(j.Named(capture.SocketOpen, "deaf")) == 0 {
						j.Failf("there was no client that reads nothing")
						return
					}
					allCame(j, "reads", series("large", largeEvents), frames(j.View, "reads", "call_id"))
					allPrompt(j, "reads")
				},
			},
			{
				ID: "RB-DEAF-002", Text: "A client that reads nothing MUST be disconnected when more waits for it than is kept.",
				Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					if tookAll(j) {
						return
					}
					if len(ends(j, "deaf")) == 0 {
						j.Failf("the connection of the client that reads nothing has not ended")
					}
					for _, e := range j.Named(capture.SocketClosed, "deaf") {
						if e.Head != "" && e.Head != "1006" { // cut off, where it takes not even that
							j.Equal("code and reason", "1008 slow reader", e.Head+" "+string(e.Body), e)
						}
					}
				},
			},
			{
				ID: "RB-DEAF-003", Text: "What a client that reads too slowly is given before it is disconnected MUST be the events from the first on, without one left out.",
				Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					if tookAll(j) {
						return
					}
					came := frames(j.View, "deaf", "call_id")
					if len(came) == 0 {
						j.Failf("no event has come to the client that read nothing before it was disconnected")
					}
					for i, name := range deafCalls() {
						if i < len(came) && came[i] != name {
							j.Differs("event", []byte(name), []byte(came[i]))
							return
						}
					}
				},
			},
		},
	}
}

// deafCalls are all events of the group, in their order.
func deafCalls() []string { return append(series("large", largeEvents), series("after", 1)...) }

// tookAll finds out whether everything has come to the client in the end: what stands between
// it and the target, such as a proxy, has read in its place then, and nothing is shown.
func tookAll(j *suite.Judging) bool {
	if !slices.Equal(frames(j.View, "deaf", "call_id"), deafCalls()) {
		return false
	}
	j.NotShown("what stands between the target and the client has taken all that was sent")
	return true
}

func frameCall(e capture.Entry) string { return gjson.GetBytes(e.Body, "data.call_id").Str }

// largeEvents of largeBytes each are more than both ends of a connection and the target
// together keep for a client.
const (
	largeEvents = 400
	largeBytes  = 24 << 10
	atOnce      = 20 // far less than that
)

func doDeaf(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	reads, err := p.MustDial(ctx, "reads")
	if err != nil {
		return err
	}
	if err := reads.Subscribe(ctx, account, binding); err != nil {
		return err
	}
	silent, err := p.DialDeaf(ctx, "deaf", account, binding)
	if err != nil {
		return err
	}
	calls := series("large", largeEvents)
	for n := 0; n < largeEvents; n += atOnce {
		if err := p.PublishAll(ctx, callsOf(account, calls[n:n+atOnce], `"Caller-ID-Name":"`+strings.Repeat("x", largeBytes)+`"`)); err != nil {
			return err
		}
		if !p.AwaitFrames(ctx, "reads", n+atOnce) {
			break
		}
	}
	silent.Hear()
	// One that was not disconnected is given this one, too, and shows what it has missed.
	if err := p.PublishAll(ctx, callsOf(account, series("after", 1))); err != nil {
		return err
	}
	silent.Ended(ctx)
	return nil
}
