package pivot

import (
	"context"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

const (
	said = `"Terminators":["1","2","3","4","5","6","7","8","9","*","0","#"],"Voice":"male","Language":"en-us","Engine":"flite"`
)

// prompts is about Say, Play and Pause.
func prompts() suite.Group {
	return suite.Group{
		Name: "pivot/prompts", Title: "Say, Play and Pause", Needs: needs(), Do: doPrompts,
		Requirements: []suite.Requirement{
			{
				ID: "PV-SAY-001", Text: "Say MUST send answer and then a queue that has a noop before the tts, with the text, all keys as Terminators, and the default voice, language and engine.",
				Source: "pivot.md 6.3; pivot.md 7; kzt_twiml_say:exec/3",
				Judge: func(j *suite.Judging) {
					judgeSequence(j, "say", "answer,queue[noop tts],hangup")
					judgeCommand(j, "say", "queue", `{"Commands":[{"Application-Name":"noop"},{"Application-Name":"tts","Text":"Hello  you",`+said+`}]}`)
				},
			},
			{
				ID: "PV-SAY-002", Text: "A command MUST have the Event-Category call, the Event-Name command, the call's id, and a Server-ID of the worker, on callctl under the name of the call's Control-Queue.",
				Source: "pivot.md 7; pivot.md 1; kapps_call_command:send_command/2",
				Judge: func(j *suite.Judging) {
					seen := of(j.View, told, idOf(j, "call", "say"))
					if len(seen) == 0 {
						j.Fail("the call was sent no command")
						return
					}
					for _, e := range seen {
						j.Equal("Event-Category", "call", text(e, "Event-Category"), e)
						j.Equal("Event-Name", "command", text(e, "Event-Name"), e)
						j.Equal("App-Name", "kapps_call", text(e, "App-Name"), e)
						j.Contains("exchange", "callctl ", e.Head, e)
						if text(e, "Server-ID") == "" || text(e, "Msg-ID") == "" {
							j.Fail("the command has no Server-ID, or no Msg-ID", e)
						}
					}
				},
			},
			{
				ID: "PV-SAY-003", Text: "voice woman MUST be sent as female and man as male, and language en as en-US and en-gb as en-GB.", Source: "pivot.md 6.3; kzt_twiml_util:get_voice/1",
				Judge: func(j *suite.Judging) {
					judgeSpoken(j, "voices", 0, "Voice", "female")
					judgeSpoken(j, "voices", 0, "Language", "en-US")
					judgeSpoken(j, "voices", 1, "Voice", "male")
					judgeSpoken(j, "voices", 1, "Language", "en-GB")
				},
			},
			{
				ID: "PV-SAY-004", Text: "The next verb MUST wait for the end of the prompt's own noop, whatever else ends meanwhile.", Source: "pivot.md 6.3; pivot.md 8; kzt_receiver:wait_for_noop/2",
				Judge: func(j *suite.Judging) {
					judgeSequence(j, "waits", "answer,queue[noop tts],answer,queue[noop tts],hangup")
					judgeSequence(j, "waits-on", "answer,queue[noop tts],hangup")
				},
			},
			{
				ID: "PV-SAY-005", Text: "A prompt with loop 2 MUST be sent twice, the second time behind the end of the first, with no second answer.", Source: "pivot.md 6.1; pivot.md 6.3; kzt_twiml_say:exec/3",
				Judge: func(j *suite.Judging) { judgeSequence(j, "loops", "answer,queue[noop tts],queue[noop tts],hangup") },
			},
			{
				ID: "PV-SAY-006", Text: "The text of Say MUST be cut to 4000 bytes.", Source: "pivot.md 6.3; pivot.md 10.1; kzt_twiml_say:exec/3",
				Judge: func(j *suite.Judging) { judgeSpoken(j, "long", 0, "Text", strings.Repeat("a", 4000)) },
			},
			{
				ID: "PV-SAY-007", Text: "terminators MUST have the keys among 0-9*# of the attribute, in their order.", Source: "pivot.md 6.1; kzt_twiml_util:get_terminators/1",
				Judge: func(j *suite.Judging) { judgeSpoken(j, "terminators", 0, "Terminators", `["#","4","1"]`) },
			},
			{
				ID: "PV-SAY-008", Text: "Keys that are pressed during a prompt MUST be sent as Digits by the Redirect behind it.", Source: "pivot.md 6.3; pivot.md 3.5; kzt_receiver:wait_for_noop/2",
				Judge: func(j *suite.Judging) { judgeBody(j, "pressed", 1, "Digits=42&{base}") },
			},
			{
				ID: "PV-SAY-009", Text: "Play MUST send answer and a queue of a noop and a play with the element's text as Media-Name and all keys as Terminators.",
				Source: "pivot.md 6.3; pivot.md 7; kzt_twiml:play/3",
				Judge: func(j *suite.Judging) {
					judgeSequence(j, "play", "answer,queue[noop play],hangup")
					judgeCommand(j, "play", "queue", `{"Commands":[{"Application-Name":"noop"},{"Application-Name":"play","Media-Name":"http://media.example.com/a b.mp3",`+
						`"Terminators":["#","*","0","1","2","3","4","5","6","7","8","9"],"Endless-Playback":false}]}`)
				},
			},
			{
				ID: "PV-SAY-010", Text: "Pause MUST send answer and have the next verb wait for length seconds.", Source: "pivot.md 6.4; kzt_twiml:pause/2",
				Judge: judgePause,
			},
			{
				ID: "PV-SAY-011", Text: "A language that is not among those of Say MUST be used as it is given.", Source: "pivot.md 11; pivot.md 6.3", Ours: true, Needs: []string{suite.Lab},
				Judge: func(j *suite.Judging) { judgeSpoken(j, "language", 0, "Language", "pt-BR") },
			},
		},
	}
}

// judgeSpoken wants a member of what the n-th queue has said.
func judgeSpoken(j *suite.Judging, name string, n int, member, expected string) {
	var queues int
	for _, e := range of(j.View, told, idOf(j, "call", name)) {
		if text(e, "Application-Name") != "queue" {
			continue
		}
		if queues == n {
			j.Equal(member+" of "+name, expected, gjson.GetBytes(e.Body, "Commands.1."+member).String(), e)
			return
		}
		queues++
	}
	j.Failf("the call %s was told to play %d prompts, not %d", name, queues, n+1)
}

func judgePause(j *suite.Judging) {
	seen := judgeSequence(j, "pause", "answer,queue[noop respond],hangup")
	if len(seen) < 2 {
		return
	}
	if took := seen[1].At - seen[0].At; since(j, "ask for pause", seen[1]) < shortest || took > longest {
		j.Differs("length", []byte("1s"), []byte(took.String()), seen[0], seen[1])
	}
}

func doPrompts(ctx context.Context, p *probe.Probe) error {
	s := set(ctx, p)
	with := func(name, verbs string, more ...probe.Answer) *leg {
		return s.begin(call{name: name, request: postTwiML, answers: append([]probe.Answer{twiml(verbs)}, more...)})
	}
	with("say", "<Say>\n  Hello  you \n</Say>").commands(2).played().commands(3)
	with("voices", `<Say voice="woman" language="en">a</Say><Say voice="man" language="en-gb">b</Say>`).commands(2).played().commands(4).played().commands(5)
	waits := with("waits", "<Say>a</Say><Say>b</Say>").commands(2)
	waits.event("CHANNEL_EXECUTE_COMPLETE", `"Application-Name":"noop"`, `"Application-Response":"another"`).played().commands(4)
	on := with("waits-on", "<Say>a</Say><Say>b</Say>").commands(2)
	on.event("CHANNEL_EXECUTE_COMPLETE", `"Application-Name":"noop"`, `"Application-Response":"another"`)
	p.Settle(ctx)
	waits.hangup()
	on.hangup()
	waits.commands(5)
	on.commands(3)
	with("loops", `<Say loop="2">a</Say>`).commands(2).played().commands(3).played().commands(4)
	with("long", "<Say>"+strings.Repeat("a", 4100)+"</Say>").commands(2).hangup()
	with("terminators", `<Say terminators="#x41">a</Say>`).commands(2).hangup()
	with("pressed", `<Say>a</Say><Redirect>next</Redirect>`, done()).commands(2).press("42").played().requests(2)
	with("play", "<Play> http://media.example.com/a b.mp3\n</Play>").commands(2).played().commands(3)
	with("language", `<Say language="pt-BR">a</Say>`).commands(2).hangup()
	with("pause", `<Pause length="1"/><Reject/>`).commands(3)
	return s.settle()
}
