package robustness

import (
	"context"
	"fmt"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// broker is about the target's connections to the broker, which are closed under it. It is
// for targets with a management API that the harness may use.
func broker() suite.Group {
	return suite.Group{
		Name: "robustness/broker", Title: "The connections to the broker are lost", Needs: []string{suite.Accounts, suite.Hooks, suite.Sockets, suite.Bus, suite.Lab},
		Alone: true, Optional: true,
		Do: doBroker,
		Requirements: []suite.Requirement{
			{
				ID: "RB-BUS-001", Text: "Each event that the broker confirms while the target's connections are lost MUST reach a webhook.",
				Source: whatBecomes, Ours: true,
				Judge: func(j *suite.Judging) {
					if wasCut(j) {
						allCame(j, "the hook", series("meanwhile", lostCalls), forms(j.View, "hook", "call_id"))
					}
				},
			},
			{
				ID: "RB-BUS-002", Text: "A websocket MUST stay open while the target's connections to the broker are lost.",
				Source: "websockets.md 6.2; docs/websockets.md, Resume and gaps", Ours: true,
				Judge: func(j *suite.Judging) {
					if !wasCut(j) {
						return
					}
					if len(frames(j.View, "socket", "call_id")) == 0 {
						j.Failf("the socket has never got an event")
					}
					for _, e := range ends(j, "socket") {
						j.Fail("the socket has ended", e)
					}
				},
			},
			{
				ID: "RB-BUS-003", Text: "A subscription MUST go on once the target is connected to the broker again.",
				Source: "websockets.md 6.2", Ours: true,
				Judge: func(j *suite.Judging) {
					if wasCut(j) {
						allCame(j, "the socket", []string{"later-000"}, frames(j.View, "socket", "call_id"))
					}
				},
			},
			{
				ID: "RB-BUS-004", Text: "A client that asked for resume MUST be told of a gap, with the reason broker_lost, when the target has lost its connection to the broker.",
				Source: "docs/websockets.md, Resume and gaps", Ours: true,
				Judge: func(j *suite.Judging) { judgeGap(j, "resumes", "broker_lost", len(series("before", 1))) },
			},
			{
				ID: "RB-BUS-005", Text: "An event that is published once the target is connected to the broker again MUST reach a webhook.",
				Source: whatBecomes, Ours: true,
				Judge: func(j *suite.Judging) {
					if wasCut(j) {
						allCame(j, "the hook", []string{"later-000"}, forms(j.View, "hook", "call_id"))
					}
				},
			},
			{
				ID: "RB-BUS-006", Text: "A client that comes back to resume from before a loss of the target's connection to the broker MUST be told of a gap before it is given events.",
				Source: "docs/websockets.md, Resume and gaps", Ours: true,
				Judge: func(j *suite.Judging) { judgeGap(j, "resumes-again", "not_kept", 0) },
			},
		},
	}
}

const lostCalls = 30

// wasCut finds out whether there was something to be survived.
func wasCut(j *suite.Judging) bool {
	switch closed := j.Fact("connections closed"); {
	case j.Fact("management") == "none":
		j.NotShown("the target's connections to the broker can not be closed: no management API of the broker is given")
		return false
	case closed == "" || closed == "0":
		j.Failf("no connection was closed")
		return false
	}
	return true
}

// judgeGap wants a gap behind so many events of a socket.
func judgeGap(j *suite.Judging, socket, reason string, behind int) {
	if !wasCut(j) {
		return
	}
	events := 0
	for _, e := range j.Frames(socket) {
		frame := gjson.ParseBytes(e.Body)
		switch frame.Get("action").Str {
		case "gap":
			j.Equal("reason of the gap", reason, frame.Get("reason").Str, e)
			j.Equal("binding of the gap", binding, frame.Get("subscribed_key").Str, e)
			return
		case "event":
			if events++; events > behind {
				j.Fail("an event came before a gap", e)
				return
			}
		}
	}
	j.Failf("no gap was told to %s", socket)
}

func doBroker(ctx context.Context, p *probe.Probe) error {
	if p.Target.Management == "" {
		p.Note("management", "none")
		return nil
	}
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	if err := hook(ctx, p, "hook", account); err != nil {
		return err
	}
	socket, err := p.MustDial(ctx, "socket")
	if err != nil {
		return err
	}
	if err := socket.Subscribe(ctx, account, binding); err != nil {
		return err
	}
	if err := resumes(ctx, p, "resumes", account, ""); err != nil {
		return err
	}
	before := series("before", 1)
	if err := p.PublishAll(ctx, callsOf(account, before)); err != nil {
		return err
	}
	awaitCalls(ctx, p, "hook", before)
	awaitFrames(ctx, p, "socket", before)
	awaitFrames(ctx, p, "resumes", before)
	last := ""
	for _, e := range probe.Events(p.Seen(), "resumes") {
		last = gjson.GetBytes(e.Body, "id").Str
	}
	if _, err := p.Disconnect(ctx); err != nil {
		return err
	}
	meanwhile := series("meanwhile", lostCalls)
	if err := p.PublishAll(ctx, callsOf(account, meanwhile)); err != nil {
		return err
	}
	awaitCalls(ctx, p, "hook", meanwhile)
	tune(ctx, p, account)
	later := series("later", 1)
	if err := p.PublishAll(ctx, callsOf(account, later)); err != nil {
		return err
	}
	awaitCalls(ctx, p, "hook", later)
	awaitFrames(ctx, p, "socket", later)
	if err := resumes(ctx, p, "resumes-again", account, last); err != nil {
		return err
	}
	p.Await(ctx, "a gap or an event", p.Target.Patience.Delivery, func(v capture.View) bool { return len(v.Frames("resumes-again")) > 1 })
	return nil
}

// tune publishes until the socket gets something: its bindings stand again then.
func tune(ctx context.Context, p *probe.Probe, account probe.Account) {
	const tries = 40
	for _, name := range series("tune", tries) {
		if p.PublishAll(ctx, callsOf(account, []string{name})) != nil {
			return
		}
		if p.Log.Await(ctx, p.Group(), p.Target.Patience.Quiet, func(v capture.View) bool {
			return len(missing(series("tune", tries), frames(v, "socket", "call_id"))) < tries
		}) {
			return
		}
	}
}

// resumes opens a socket that resumes behind an event, or from now on.
func resumes(ctx context.Context, p *probe.Probe, name string, account probe.Account, since string) error {
	s, err := p.MustDial(ctx, name)
	if err != nil {
		return err
	}
	more := ""
	if since != "" {
		more = fmt.Sprintf(`,"since":%q`, since)
	}
	reply := s.Command(ctx, name, fmt.Sprintf(`{"action":"subscribe","auth_token":%q,"request_id":%q,"data":{"account_id":%q,"binding":%q,"resume":true%s}}`,
		account.Token, name, account.ID, binding, more))
	if reply.Get("status").Str != "success" {
		return fmt.Errorf("socket %s: subscribing with resume was answered with %q", name, reply.Raw)
	}
	return nil
}
