package pivot

import (
	"context"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// recordings is about Record.
func recordings() suite.Group {
	return suite.Group{
		Name: "pivot/record", Title: "Record", Needs: needs(), Do: doRecordings,
		Requirements: []suite.Requirement{
			{
				ID: "PV-REC-001", Text: "Record MUST send tones of 440 Hz and then record with its silence, its terminators and its time limit, and no answer.",
				Source: "pivot.md 6.6; pivot.md 7; kzt_twiml:record_call/2",
				Judge: func(j *suite.Judging) {
					judgeSequence(j, "plain", "tones,record,store,hangup")
					judgeCommand(j, "plain", "tones", `{"Tones":[{"Frequencies":["440"],"Duration-ON":"500","Duration-OFF":"100"}]}`)
					judgeCommand(j, "plain", "record", filled(j, "plain", `{"Time-Limit":3600,"Terminators":["1","2","3","4","5","6","7","8","9","*","0","#"],`+
						`"Silence-Threshold":200,"Silence-Hits":5,"Media-Name":"call_recording_{bare call}.mp3"}`))
				},
			},
			{
				ID: "PV-REC-002", Text: "With playBeep false Record MUST send no tones.", Source: "pivot.md 6.6; kzt_twiml:record_call/2",
				Judge: func(j *suite.Judging) {
					judgeSequence(j, "silent", "record,queue[noop respond],hangup")
				},
			},
			{
				ID: "PV-REC-003", Text: "timeout, finishOnKey and maxLength MUST be the record's silence, terminators and time limit.", Source: "pivot.md 6.6; kzt_twiml:record_call/2",
				Judge: func(j *suite.Judging) {
					judgeCommand(j, "silent", "record", filled(j, "silent", `{"Time-Limit":30,"Terminators":["*","9"],"Silence-Threshold":200,"Silence-Hits":8,"Media-Name":"call_recording_{bare call}.mp3"}`))
				},
			},
			{
				ID: "PV-REC-004", Text: "Behind RECORD_STOP the recording MUST be stored with put under the address of the action.", Source: "pivot.md 6.6; pivot.md 7; kzt_twiml:store_recording/2",
				Judge: func(j *suite.Judging) {
					judgeCommand(j, "plain", "store", filled(j, "plain", `{"Suppress-Error-Report":false,"Insert-At":"now","Additional-Headers":[{}],"Media-Transfer-Method":"put",`+
						`"Media-Transfer-Destination":"`+j.Fact("app plain")+`/done/call_recording_{bare call}.mp3","Media-Name":"call_recording_{bare call}.mp3"}`))
				},
			},
			{
				ID: "PV-REC-005", Text: "Behind RECORD_STOP the action MUST be asked with the whole seconds as RecordingDuration, the address as RecordingUrl and the terminator as Digits.",
				Source: "pivot.md 6.6; pivot.md 3.4; pivot.md 3.5; kzt_twiml:record_call/2",
				Judge: func(j *suite.Judging) {
					judgeLine(j, "plain", 1, "POST {path}/v/done")
					judgeRecording(j, "plain", "5", "61")
				},
			},
			{
				ID: "PV-REC-006", Text: "A recording that ended in silence within timeout MUST have nothing stored and nobody asked, and the next verb carried out.", Source: "pivot.md 6.6; kzt_twiml:record_call/2",
				Judge: func(j *suite.Judging) {
					judgeSequence(j, "silent", "record,queue[noop respond],hangup")
					j.Count("requests", 1, j.Requests("silent"))
				},
			},
			{
				ID: "PV-REC-007", Text: "A recording that no key has ended MUST have Digits hangup.", Source: "pivot.md 6.6; kzt_twiml:record_call/2",
				Judge: func(j *suite.Judging) { judgeRecording(j, "no-key", "hangup", "2") },
			},
			{
				ID: "PV-REC-008", Text: "A caller who hangs up while a recording is made MUST have the action asked with Digits hangup.", Source: "pivot.md 6.6; pivot.md 8; kzt_twiml:record_call/2",
				Judge: func(j *suite.Judging) { judgeRecording(j, "gone", "hangup", "0") },
			},
			{
				ID: "PV-REC-009", Text: "A Record with content MUST end the document as an unknown verb does.", Source: "pivot.md 6; kzt_twiml:exec_element/2",
				Judge: func(j *suite.Judging) { judgeSequence(j, "content", "hangup") },
			},
		},
	}
}

// judgeRecording wants the second request to tell of a recording.
func judgeRecording(j *suite.Judging, name, digits, seconds string) {
	e, has := request(j, name, 1)
	if !has {
		return
	}
	form := values(string(e.Body))
	j.Equal("Digits", digits, form["Digits"], e)
	j.Equal("RecordingDuration", seconds, form["RecordingDuration"], e)
	j.Equal("RecordingUrl", j.Fact("app "+name)+filled(j, name, "/done/call_recording_{bare call}.mp3"), form["RecordingUrl"], e)
}

func doRecordings(ctx context.Context, p *probe.Probe) error {
	s := set(ctx, p)
	with := func(name, verbs string) *leg {
		l := s.begin(call{name: name, path: "/v", request: postTwiML, answers: []probe.Answer{twiml(verbs), done()}})
		p.Note("app "+name, p.Target.Advertise+p.Seen().Fact("path "+name)+"/v")
		return l
	}
	with("plain", `<Record action="done"/>`).commands(2).event("RECORD_STOP", `"Length":61900`, `"Terminator":"5"`).requests(2).commands(4)
	silent := with("silent", `<Record action="done" playBeep="false" timeout="8" finishOnKey="*9" maxLength="30"/><Reject/>`).commands(1)
	silent.event("RECORD_STOP", `"Length":3000`, `"Silence-Terminated":"true"`).commands(3)
	with("no-key", `<Record action="done" playBeep="false"/>`).commands(1).event("RECORD_STOP", `"Length":"2999"`).requests(2)
	with("gone", `<Record action="done" playBeep="false"/>`).commands(1).event("CHANNEL_DESTROY", `"Hangup-Cause":"NORMAL_CLEARING"`).requests(2)
	with("content", `<Record> </Record><Reject/>`).commands(1)
	return s.settle()
}
