package pivot

import (
	"context"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// ends is about how a document and its call end.
func ends() suite.Group {
	return suite.Group{
		Name: "pivot/end", Title: "Hangup, Reject and the end of a document", Needs: needs(), Do: doEnds,
		Requirements: []suite.Requirement{
			{
				ID: "PV-END-001", Text: "The end of a document MUST have the call hung up.", Source: "pivot.md 6; pivot.md 1; pivot_call:handle_cast/2",
				Judge: func(j *suite.Judging) { judgeSequence(j, "plain", "answer,answer,hangup") },
			},
			{
				ID: "PV-END-002", Text: "The hangup at the end of a document MUST be inserted at now.", Source: "pivot.md 7; pivot.md 12; kapps_call_command:hangup/1", Dialects: []string{suite.Talk, suite.Kazoo4},
				Judge: func(j *suite.Judging) { judgeCommand(j, "plain", "hangup", `{"Insert-At":"now"}`) },
			},
			{
				ID: "PV-END-003", Text: "Hangup MUST send answer and hangup, and what stands behind it not be carried out.", Source: "pivot.md 6; pivot.md 6.4; pivot.md 11; kzt_twiml:hangup/1",
				Judge: func(j *suite.Judging) { judgeSequence(j, "hangup", "answer,hangup,hangup") },
			},
			{
				ID: "PV-END-004", Text: "Reject MUST send a queue of a noop and a respond with 503 and rejected, and no answer.", Source: "pivot.md 6.4; pivot.md 7; kzt_twiml:reject/2",
				Judge: func(j *suite.Judging) { judgeReject(j, "reject", "503", "rejected") },
			},
			{
				ID: "PV-END-005", Text: "Reject with the reason busy MUST respond with 486 and busy.", Source: "pivot.md 6.4; pivot.md 7; kzt_twiml:reject/2",
				Judge: func(j *suite.Judging) { judgeReject(j, "busy", "486", "busy") },
			},
			{
				ID: "PV-END-006", Text: "A verb that there is not MUST end the document, whose later verbs are not carried out.", Source: "pivot.md 6; kzt_twiml:exec_element/2",
				Judge: func(j *suite.Judging) {
					judgeReplies(j, "unknown", "processing")
					judgeSequence(j, "unknown", "answer,hangup")
					judgeSequence(j, "small", "hangup")
				},
			},
			{
				ID: "PV-END-007", Text: "Text, comments and instructions between verbs MUST be passed over.", Source: "pivot.md 6; kzt_twiml:exec/2",
				Judge: func(j *suite.Judging) { judgeSequence(j, "between", "answer,answer,hangup") },
			},
			{
				ID: "PV-END-008", Text: "A Hangup or Reject with content MUST end the document as a verb does that there is not.", Source: "pivot.md 6; kzt_twiml:exec_element/2",
				Judge: func(j *suite.Judging) {
					judgeSequence(j, "hangup-content", "hangup")
					judgeSequence(j, "reject-content", "hangup")
				},
			},
		},
	}
}

func judgeReject(j *suite.Judging, name, code, reason string) {
	seen := of(j.View, told, idOf(j, "call", name))
	if len(seen) == 0 {
		j.Fail("the call " + name + " was sent no command")
		return
	}
	judgeSequence(j, name, "queue[noop respond],hangup")
	judgeCommand(j, name, "queue", `{"Commands":[{"Application-Name":"noop"},{"Application-Name":"respond","Response-Code":"`+code+`","Response-Message":"`+reason+`"}]}`)
	j.Equal("App-Name", "call_response", text(seen[0], "App-Name"), seen[0])
}

func doEnds(ctx context.Context, p *probe.Probe) error {
	s := set(ctx, p)
	with := func(name, verbs string, n int) {
		s.begin(call{name: name, request: postTwiML, answers: []probe.Answer{twiml(verbs)}}).commands(n)
	}
	const set = `<Set><Variable key="k" value="v"/></Set>`
	with("plain", set+set, 3)
	with("hangup", "<Hangup/>"+set, 3)
	with("reject", "<Reject/>", 2)
	with("busy", `<Reject reason="busy"/>`, 2)
	with("unknown", set+"<Enqueue>q</Enqueue>"+set, 2)
	with("small", "<set/>"+set, 1)
	with("between", "text <!-- a comment -->"+set+"<?do it?> more "+set, 3)
	with("hangup-content", "<Hangup> </Hangup>"+set, 1)
	with("reject-content", "<Reject>no</Reject>"+set, 1)
	return s.settle()
}
