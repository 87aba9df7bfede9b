package pivot

import (
	"context"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// gathering is about Gather.
func gathering() suite.Group {
	return suite.Group{
		Name: "pivot/gather", Title: "Gather", Needs: needs(), Do: doGathering,
		Requirements: []suite.Requirement{
			{
				ID: "PV-GATH-001", Text: "When numDigits keys were pressed Gather MUST ask its action by POST, with the keys as the first parameter Digits.",
				Source: "pivot.md 6.5; pivot.md 3.4; pivot.md 13.2; kzt_twiml:gather/3",
				Judge: func(j *suite.Judging) {
					judgeLine(j, "number", 1, "POST {path}/ivr/choice.php")
					judgeBody(j, "number", 1, "Digits=12&{base}")
				},
			},
			{
				ID: "PV-GATH-002", Text: "The children of Gather MUST be played while keys are waited for, behind an answer of Gather's own.", Source: "pivot.md 6.5; pivot.md 13.2; kzt_twiml:gather/3",
				Judge: func(j *suite.Judging) { judgeSequence(j, "number", "answer,answer,queue[noop tts],hangup") },
			},
			{
				ID: "PV-GATH-003", Text: "The key # MUST end Gather by default, and not stand in Digits.", Source: "pivot.md 6.5; kzt_receiver:collect_dtmfs/5",
				Judge: func(j *suite.Judging) { judgeBody(j, "finish", 1, "Digits=123&{base}") },
			},
			{
				ID: "PV-GATH-004", Text: "finishOnKey MUST end Gather in place of #, which then counts as a digit.", Source: "pivot.md 6.5; kzt_twiml_util:get_finish_key/1",
				Judge: func(j *suite.Judging) { judgeBody(j, "other-key", 1, "Digits=1%23&{base}") },
			},
			{
				ID: "PV-GATH-005", Text: "With nothing pressed within timeout after the prompts Gather MUST go on to the next verb, and ask nothing.", Source: "pivot.md 6.5; pivot.md 11; kzt_receiver:collect_dtmfs/5",
				Judge: func(j *suite.Judging) {
					seen := judgeSequence(j, "silent", "answer,answer,queue[noop tts],queue[noop respond],hangup")
					j.Count("requests", 1, j.Requests("silent"))
					if len(seen) == 5 {
						if took := seen[3].At - seen[2].At; since(j, "CHANNEL_EXECUTE_COMPLETE of silent", seen[3]) < shortest || took > longest {
							j.Differs("timeout", []byte("1s"), []byte(took.String()), seen[2], seen[3])
						}
					}
				},
			},
			{
				ID: "PV-GATH-006", Text: "Keys that were pressed when timeout has passed MUST be sent to the action, though fewer than numDigits.", Source: "pivot.md 6.5; kzt_receiver:collect_dtmfs/5",
				Judge: func(j *suite.Judging) { judgeBody(j, "fewer", 1, "Digits=7&{base}") },
			},
			{
				ID: "PV-GATH-007", Text: "With the method GET the action MUST be asked with Digits in the query.", Source: "pivot.md 6.1; pivot.md 6.5; kzt_util:http_method/1",
				Judge: func(j *suite.Judging) { judgeLine(j, "get", 1, "GET {path}/ivr/choice.php?Digits=5&{base}") },
			},
			{
				ID: "PV-GATH-008", Text: "A hangup while keys are waited for MUST have nobody asked.", Source: "pivot.md 6.5; pivot.md 8; kzt_receiver:collect_dtmfs/5",
				Judge: func(j *suite.Judging) {
					j.Count("requests", 1, j.Requests("gone"))
				},
			},
			{
				ID: "PV-GATH-009", Text: "Digits that were sent once MUST NOT be sent with a later request.", Source: "pivot.md 3.5; kzt_util:clear_digits_collected/1",
				Judge: func(j *suite.Judging) {
					judgeBody(j, "erased", 1, "Digits=8&{base}")
					judgeBody(j, "erased", 2, "{base}")
				},
			},
			{
				ID: "PV-GATH-010", Text: "A Gather without an action MUST ask the URL of the document that it stands in.", Source: "pivot.md 6.2; kz_http_util:resolve_uri/2",
				Judge: func(j *suite.Judging) { judgeLine(j, "no-action", 1, "POST {path}/ivr/start.php?x=1") },
			},
			{
				ID: "PV-GATH-011", Text: "A Gather without any content MUST collect as one with white space does.", Source: "pivot.md 11; pivot.md 6.5", Ours: true, Needs: []string{suite.Lab},
				Judge: func(j *suite.Judging) { judgeBody(j, "bare", 1, "Digits=3&{base}") },
			},
		},
	}
}

func doGathering(ctx context.Context, p *probe.Probe) error {
	s := set(ctx, p)
	with := func(name, verbs string, more ...probe.Answer) *leg {
		return s.begin(call{name: name, path: "/ivr/start.php", request: postTwiML, answers: append([]probe.Answer{twiml(verbs)}, append(more, done())...)})
	}
	const prompt = "<Say>a</Say></Gather>"
	with("number", `<Gather action="choice.php" numDigits="2">`+prompt).commands(3).press("12").requests(2)
	with("finish", `<Gather action="choice.php">`+prompt).commands(3).press("123#").requests(2)
	with("other-key", `<Gather action="choice.php" finishOnKey="*">`+prompt).commands(3).press("1#*").requests(2)
	with("silent", `<Gather action="choice.php" timeout="1">`+prompt+"<Reject/>").commands(3).played().commands(5)
	with("fewer", `<Gather action="choice.php" timeout="1" numDigits="4">`+prompt).commands(3).press("7").requests(2)
	with("get", `<Gather action="choice.php" numDigits="1" method="GET">`+prompt).commands(3).press("5").requests(2)
	with("gone", `<Gather action="choice.php" numDigits="2">`+prompt).commands(3).press("5").hangup()
	with("erased", `<Gather action="choice.php" numDigits="1">`+prompt, twiml("<Redirect>on.php</Redirect>")).commands(3).press("8").requests(3)
	again := s.begin(call{
		name: "no-action", path: "/ivr/start.php?x=1", request: postTwiML,
		answers: []probe.Answer{twiml(`<Gather numDigits="1">` + prompt), done()},
	})
	again.commands(3).press("8").requests(2)
	with("bare", `<Gather numDigits="1"/>`).commands(1).press("3").requests(2)
	return s.settle()
}
