package pivot

import (
	"context"
	"fmt"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// resultData is what an engine says of an answer.
const resultData = `{"outcome":"failed","errors":[{"message":"no such verb","line":1,"column":11}]}`

// telling is about the other frames of the server, and about the end of a socket.
func telling() suite.Group {
	const source, wire = "pivot.md 14", "pivot.md 14; kapi.PivotAppsMessage"
	return suite.Group{
		Name: "pivot/telling", Title: "What a node tells apps, and engines when a socket ends", Needs: playing(), Do: doTelling,
		Requirements: []suite.Requirement{
			{
				ID: "PV-NODE-030", Text: "A request that the engine wants no more MUST be told to its socket as a frame cancel with the engine's reason.", Source: wire, Ours: true,
				Judge: func(j *suite.Judging) {
					for _, reason := range []string{"hangup", "timeout"} {
						frameOf(j, "cancel", reason, fmt.Sprintf(`{"reason":%q}`, reason))
					}
				},
			},
			{
				ID: "PV-NODE-031", Text: "An answer behind a cancel MUST be refused with \"pivot request expired\", and the engine not be told of it.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					for _, reason := range []string{"hangup", "timeout"} {
						refusedWith(j, "own", "late "+reason, "pivot request expired")
						j.Count("answers that the engine heard", 0, heardOf(j.View, "answer", idOf(j, "request", reason)))
					}
				},
			},
			{
				ID: "PV-NODE-032", Text: "What an answer has led to MUST be told to the socket that gave it, as a frame result with the engine's data.", Source: wire, Ours: true,
				Judge: func(j *suite.Judging) {
					frameOf(j, "result", "done", resultData)
					j.Count("results at the other socket", 0, frames(j.View, "second", "result"))
				},
			},
			{
				ID: "PV-NODE-033", Text: "A result MUST NOT come for a request that was not answered, or come twice.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					frameOf(j, "result", "done", resultData)
					for _, name := range []string{"open", "hangup"} {
						j.Count("requests", 1, about(j.View, "own", "request", idOf(j, "request", name)))
						j.Count("results of "+name, 0, about(j.View, "own", "result", idOf(j, "request", name)))
					}
				},
			},
			{
				ID: "PV-NODE-034", Text: "A cancel MUST NOT come for a request that was answered, or that another cancel was about.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					frameOf(j, "result", "done", resultData)
					j.Count("cancels of what was answered", 0, about(j.View, "own", "cancel", idOf(j, "request", "done")))
					j.Count("cancels of what was cancelled twice", 1, about(j.View, "own", "cancel", idOf(j, "request", "hangup")))
				},
			},
			{
				ID: "PV-NODE-035", Text: "The record of a call that is over MUST come to the socket of its registration as a frame cdr with the engine's data.", Source: wire + "; pivot.md 8", Ours: true,
				Judge: func(j *suite.Judging) { frameOf(j, "cdr", "cdr", cdrData) },
			},
			{
				ID: "PV-NODE-036", Text: "The engine MUST be told at once of each request that a socket had not answered when it ended, whether it was closed or cut off.", Source: wire, Ours: true,
				Judge: func(j *suite.Judging) {
					for _, name := range []string{"at closed", "at cut"} {
						if e, one := j.One("words of "+name, heardOf(j.View, "lost", idOf(j, "request", name))); one {
							j.Equal("Registration", j.Fact("registration of "+name[3:]), text(e, "Registration"), e)
						}
					}
				},
			},
			{
				ID: "PV-NODE-037", Text: "The engine MUST NOT be told that a request was lost which was answered or cancelled before the socket ended.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					j.Count("words of the one that was open", 1, heardOf(j.View, "lost", idOf(j, "request", "at closed")))
					j.Count("words of the one that was answered", 0, heardOf(j.View, "lost", idOf(j, "request", "answered at closed")))
					j.Count("words of the one that was cancelled", 0, heardOf(j.View, "lost", idOf(j, "request", "cancelled at closed")))
				},
			},
			{
				ID: "PV-NODE-038", Text: "A request for a registration that has ended MUST be refused as gone.", Source: wire, Ours: true,
				Judge: func(j *suite.Judging) {
					j.Count("frames before its end", 1, about(j.View, "cut", "request", idOf(j, "request", "at cut")))
					refusedAs(j, "after cut", "gone")
				},
			},
			{
				ID: "PV-NODE-039", Text: "An app that was unregistered MUST get the requests of calls that it has, and be able to answer them.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					succeeded(j, "second", "leave")
					j.Count("frames", 1, about(j.View, "second", "request", idOf(j, "request", "after leave")))
					succeeded(j, "second", "answer after leave")
				},
			},
		},
	}
}

func doTelling(ctx context.Context, p *probe.Probe) error {
	e := play(ctx, p)
	own, ivr := e.serve("own", "ivr")
	second, other := e.serve("second", "other")
	closed, ending := e.serve("closed", "closed")
	cut, cutting := e.serve("cut", "cut")
	if e.err != nil {
		return e.err
	}
	open := e.ask("open", ivr, "ivr")
	e.reached("own", open)
	for _, reason := range []string{"hangup", "timeout"} {
		id := e.ask(reason, ivr, "ivr")
		e.reached("own", id)
		e.cancel(reason, id, reason)
		e.comes("own", "cancel", id)
		own.Command(ctx, "late "+reason, answering("late "+reason, id, xml("")))
		e.cancel("again "+reason, id, reason)
		e.result(id)
	}
	done := e.ask("done", ivr, "ivr")
	e.reached("own", done)
	e.answer(own, "answer done", done, xml(""), "accepted")
	e.cancel("done", done, "timeout")
	e.result(done)
	e.result(done)
	e.result(open)
	e.comes("own", "result", done)
	e.comes("own", "cdr", e.cdr("cdr", ivr, e.account.ID, "ivr"))

	second.Command(ctx, "leave", registering("pivot_unregister", "leave", e.account.Token, e.account.ID, "other"))
	left := e.ask("after leave", other, "other")
	e.reached("second", left)
	e.answer(second, "answer after leave", left, xml(""), "accepted")

	for _, c := range []struct {
		socket           *probe.Socket
		registration, of string
	}{{closed, ending, "closed"}, {cut, cutting, "cut"}} {
		id := e.ask("at "+c.of, c.registration, c.of)
		e.reached(c.of, id)
		if c.of == "closed" {
			given := e.ask("answered at closed", ending, "closed")
			e.reached("closed", given)
			e.answer(closed, "answer closed", given, xml(""), "accepted")
			wanted := e.ask("cancelled at closed", ending, "closed")
			e.reached("closed", wanted)
			e.cancel("cancelled at closed", wanted, "hangup")
			e.comes("closed", "cancel", wanted)
			closed.Close(ctx)
		} else {
			cut.Cut()
		}
		e.hears("lost", id)
	}
	e.hears("refused", e.ask("after cut", cutting, "cut"))
	if e.err == nil {
		p.Settle(ctx)
	}
	return e.err
}

func (e *engine) cancel(step, requestID, reason string) {
	e.tell("cancel "+step, "cancel", fmt.Sprintf(`"Pivot-ID":%q`, requestID), fmt.Sprintf(`"Reason":%q`, reason))
}

func (e *engine) result(requestID string) {
	e.tell("result", "result", fmt.Sprintf(`"Pivot-ID":%q`, requestID), `"Data":`+resultData)
}
