package pivot

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// meanings are answers of a client, by name, and what an engine is told: status, type, body.
func meanings() map[string][2]string {
	return map[string][2]string{
		"text":   {`"body":"<Response/>"`, `200 text/xml <Response/>`},
		"object": {`"body":{"module":"user","data":{"id":"1d9a"}}`, `200 application/json {"module":"user","data":{"id":"1d9a"}}`},
		"typed":  {`"content_type":"application/json","body":"{ }"`, `200 application/json { }`},
		"status": {`"status":503,"content_type":"text/plain","body":"busy"`, `503 text/plain busy`},
	}
}

// wrongAnswers are answers that mean nothing.
func wrongAnswers() map[string]string {
	return map[string]string{
		"no body": `"status":200`, "list": `"body":[]`, "text status": `"status":"200","body":""`, "low status": `"status":99,"body":""`, "type": `"content_type":5,"body":""`,
	}
}

// verdicts are what an engine may say of an answer besides that it takes it, and what a client is told.
func verdicts() map[string]string {
	return map[string]string{"answered": "pivot request already answered", "expired": "pivot request expired", "unknown": "unknown pivot request"}
}

// delivering is about what a node makes of requests and answers.
func delivering() suite.Group {
	const source, wire = "pivot.md 14", "pivot.md 14; kapi.PivotAppsMessage"
	return suite.Group{
		Name: "pivot/delivering", Title: "What a node does with requests and answers", Needs: playing(), Do: doDelivering,
		Requirements: []suite.Requirement{
			{
				ID: "PV-NODE-010", Text: "A request MUST come to the socket of its registration, and to no other, as a frame of the action pivot and the name request, with the request's id as its request_id and its data byte for byte.",
				Source: wire, Ours: true,
				Judge: func(j *suite.Judging) {
					frameOf(j, "request", "first", requestData(j.Fact("account own"), "ivr", "first"))
					for _, socket := range []string{"second", "quiet"} {
						j.Count("frames at "+socket, 0, about(j.View, socket, "", idOf(j, "request", "first")))
					}
				},
			},
			{
				ID: "PV-NODE-011", Text: "A request that is sent again MUST have \"redelivered\":true besides.", Source: wire, Ours: true,
				Judge: func(j *suite.Judging) {
					data := requestData(j.Fact("account own"), "ivr", "again")
					frameOf(j, "request", "again", strings.TrimSuffix(data, "}")+`,"redelivered":true}`)
				},
			},
			{
				ID: "PV-NODE-012", Text: "A request or a CDR for another account or app than its registration's MUST NOT come to a socket, and the request be refused as gone.", Source: wire, Ours: true,
				Judge: judgeOthers,
			},
			{
				ID: "PV-NODE-013", Text: "A request to a socket that has max_calls requests which it has not answered MUST be refused as busy.", Source: wire, Ours: true,
				Judge: func(j *suite.Judging) {
					for _, name := range []string{"room", "room too"} {
						j.Count("frames of "+name, 1, about(j.View, "narrow", "request", idOf(j, "request", name)))
					}
					refusedAs(j, "no room", "busy")
					j.Count("frames of no room", 0, about(j.View, "narrow", "", idOf(j, "request", "no room")))
				},
			},
			{
				ID: "PV-NODE-014", Text: "An answer MUST give the socket room for another request.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					refusedAs(j, "no room", "busy")
					j.Count("frames of room again", 1, about(j.View, "narrow", "request", idOf(j, "request", "room again")))
				},
			},
			{
				ID: "PV-NODE-015", Text: "An answer MUST be told to the engine with its status, 200 where it has none, its content_type, application/json for an object and text/xml for a text where it has none, and its body as text.",
				Source: wire, Ours: true,
				Judge: func(j *suite.Judging) {
					for _, name := range slices.Sorted(maps.Keys(meanings())) {
						if e, one := j.One("answers to "+name, heardOf(j.View, "answer", idOf(j, "request", name))); one {
							j.Equal("status, type and body of "+name, meanings()[name][1], text(e, "Status")+" "+text(e, "Content-Type")+" "+text(e, "Body"), e)
						}
					}
				},
			},
			{
				ID: "PV-NODE-016", Text: "The reply to an answer MUST be success, once the engine has taken it, and not before.", Source: source, Ours: true,
				Judge: judgeReplied,
			},
			{
				ID: "PV-NODE-017", Text: "An answer that the engine does not take MUST be refused with \"pivot request already answered\", \"pivot request expired\" or \"unknown pivot request\", as the engine says.",
				Source: wire, Ours: true,
				Judge: func(j *suite.Judging) {
					for _, verdict := range slices.Sorted(maps.Keys(verdicts())) {
						refusedWith(j, "own", "answer "+verdict, verdicts()[verdict])
					}
				},
			},
			{
				ID: "PV-NODE-018", Text: "Another answer to a request MUST be refused with \"pivot request already answered\", and the engine not be told of it.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					refusedWith(j, "own", "answer twice", "pivot request already answered")
					j.Count("answers that the engine heard", 1, heardOf(j.View, "answer", idOf(j, "request", "text")))
				},
			},
			{
				ID: "PV-NODE-019", Text: "An answer of a socket that was not asked MUST be refused with \"unknown pivot request\", and the engine not be told of it.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					for _, socket := range []string{"second", "quiet"} {
						refusedWith(j, socket, "not asked", "unknown pivot request")
					}
					if e, one := j.One("answers that the engine heard", heardOf(j.View, "answer", idOf(j, "request", "wrong"))); one {
						j.Equal("Body", "right", text(e, "Body"), e)
					}
				},
			},
			{
				ID: "PV-NODE-020", Text: "An answer to a request that there never was MUST be refused with \"unknown pivot request\".", Source: source, Ours: true,
				Judge: func(j *suite.Judging) { refusedWith(j, "own", "never", "unknown pivot request") },
			},
			{
				ID: "PV-NODE-021", Text: "An answer without a body, or with a status, content_type or body of the wrong kind, MUST be refused with \"invalid pivot answer: \" and what is wrong.", Source: source, Ours: true,
				Judge: judgeInvalid,
			},
			{
				ID: "PV-NODE-022", Text: "A request whose answer was invalid MUST stay open.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					erred(j, "own", "wrong list")
					succeeded(j, "own", "answer wrong")
				},
			},
			{
				ID: "PV-NODE-023", Text: "A socket that has registered no app MUST NOT be sent a frame of the action pivot.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					succeeded(j, "quiet", "at last")
					if len(about(j.View, "own", "request", idOf(j, "request", "last"))) == 0 {
						j.Fail("the socket that has one did not get the last request either, which it must")
					}
					j.Count("frames", 0, frames(j.View, "quiet", ""))
				},
			},
		},
	}
}

// judgeOthers wants what is not a registration's own to have gone nowhere.
func judgeOthers(j *suite.Judging) {
	if len(about(j.View, "own", "request", idOf(j, "request", "last"))) == 0 {
		j.Fail("the socket did not get the last request either, which it must")
	}
	for _, name := range []string{"of sibling", "of another app", "of nothing"} {
		refusedAs(j, name, "gone")
	}
	for _, name := range []string{"of sibling", "of another app", "of nothing", "cdr of sibling", "cdr of another app"} {
		for _, socket := range []string{"own", "second", "quiet"} {
			j.Count("frames of "+name+" at "+socket, 0, about(j.View, socket, "", idOf(j, "request", name)))
		}
	}
}

// judgeReplied wants the reply to an answer behind the engine's word.
func judgeReplied(j *suite.Judging) {
	for _, name := range slices.Sorted(maps.Keys(meanings())) {
		succeeded(j, "own", "answer "+name)
		verdict, reply := j.Named(capture.Published, "verdict on answer "+name), replyIn(j, "own", "answer "+name)
		if len(verdict) != 1 || reply.Seq < verdict[0].Seq {
			j.Fail("the reply to "+name+" came before the engine's word", append(verdict, reply)...)
		}
	}
}

// judgeInvalid wants what means nothing to be refused in the words for that.
func judgeInvalid(j *suite.Judging) {
	for _, name := range slices.Sorted(maps.Keys(wrongAnswers())) {
		erred(j, "own", "wrong "+name)
		words := text(replyIn(j, "own", "wrong "+name), "data.errors.0")
		if what, is := strings.CutPrefix(words, "invalid pivot answer: "); !is || what == "" {
			j.Differs("error of "+name, []byte("invalid pivot answer: …"), []byte(words))
		}
	}
}

// replyIn is a socket's reply to a command, none where there is none.
func replyIn(j *suite.Judging, socket, id string) capture.Entry {
	reply, _ := probe.Reply(j.View, socket, id)
	return reply
}

// refusedAs wants the node to have refused a request, once, with a reason.
func refusedAs(j *suite.Judging, name, reason string) {
	if e, one := j.One("refusals of "+name, heardOf(j.View, "refused", idOf(j, "request", name))); one {
		j.Equal("Reason of "+name, reason, text(e, "Reason"), e)
	}
}

func doDelivering(ctx context.Context, p *probe.Probe) error {
	e := play(ctx, p)
	own, ivr := e.serve("own", "ivr")
	second, _ := e.serve("second", "other")
	narrow, two := e.serve("narrow", "narrow", `"max_calls":2`)
	if e.err != nil {
		return e.err
	}
	quiet, err := p.MustDial(ctx, "quiet")
	if err != nil {
		return err
	}
	if err := quiet.Subscribe(ctx, e.account, "call.CHANNEL_ANSWER.*"); err != nil {
		return err
	}
	first := e.ask("first", ivr, "ivr")
	e.reached("own", first)
	e.reached("own", e.ask("again", ivr, "ivr", `"Redelivered":true`))
	for _, name := range slices.Sorted(maps.Keys(meanings())) {
		id := e.ask(name, ivr, "ivr")
		e.reached("own", id)
		e.answer(own, "answer "+name, id, meanings()[name][0], "accepted")
		if name == "text" {
			own.Command(ctx, "answer twice", answering("answer twice", id, xml("")))
		}
	}
	for _, verdict := range slices.Sorted(maps.Keys(verdicts())) {
		id := e.ask(verdict, ivr, "ivr")
		e.reached("own", id)
		e.answer(own, "answer "+verdict, id, xml(""), verdict)
	}
	own.Command(ctx, "never", answering("never", p.ID(), xml("")))
	wrong := e.ask("wrong", ivr, "ivr")
	e.reached("own", wrong)
	for _, s := range []*probe.Socket{second, quiet} {
		s.Command(ctx, "not asked", answering("not asked", wrong, xml("")))
	}
	for _, name := range slices.Sorted(maps.Keys(wrongAnswers())) {
		own.Command(ctx, "wrong "+name, answering("wrong "+name, wrong, wrongAnswers()[name]))
	}
	e.answer(own, "answer wrong", wrong, `"body":"right"`, "accepted")
	e.rooms(narrow, two)
	e.others(ivr)
	e.reached("own", e.ask("last", ivr, "ivr"))
	quiet.Command(ctx, "at last", fmt.Sprintf(`{"action":"subscribe","request_id":"at last","data":{"account_id":%q,"binding":"call.CHANNEL_CREATE.*"}}`, e.account.ID))
	if e.err == nil {
		p.Settle(ctx)
	}
	return e.err
}

// rooms asks a socket that takes two requests for more.
func (e *engine) rooms(narrow *probe.Socket, registration string) {
	room := e.ask("room", registration, "narrow")
	e.reached("narrow", room)
	e.reached("narrow", e.ask("room too", registration, "narrow"))
	e.hears("refused", e.ask("no room", registration, "narrow"))
	e.answer(narrow, "answer room", room, xml(""), "accepted")
	e.reached("narrow", e.ask("room again", registration, "narrow"))
}

// others sends a registration what is not its own.
func (e *engine) others(ivr string) {
	if e.err != nil {
		return
	}
	sibling := probe.Account{ID: unknown}
	e.hears("refused", e.askOf(sibling, "of sibling", ivr, "ivr"))
	e.hears("refused", e.ask("of another app", ivr, "other"))
	e.hears("refused", e.ask("of nothing", e.p.ID(), "ivr"))
	e.cdr("cdr of sibling", ivr, sibling.ID, "ivr")
	e.cdr("cdr of another app", ivr, e.account.ID, "other")
}

// cdr sends what is told of a call that is over.
func (e *engine) cdr(name, registration, accountID, app string) string {
	id := e.p.ID()
	e.p.Note("request "+name, id)
	e.tell(name, "cdr", fmt.Sprintf(`"Pivot-ID":%q`, id), fmt.Sprintf(`"Registration":%q`, registration), fmt.Sprintf(`"Account-ID":%q`, accountID), fmt.Sprintf(`"App":%q`, app),
		`"Data":`+cdrData)
	return id
}

// cdrData is what is told of a call that is over.
const cdrData = `{"call_id":"c1","params":{"Hangup-Cause":"NORMAL_CLEARING","Duration-Seconds":12}}`
