package pivot

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// dials is about Dial and what an app is told of it.
func dials() suite.Group {
	return suite.Group{
		Name: "pivot/dial", Title: "Dial", Needs: needs(), Do: doDials,
		Requirements: []suite.Requirement{
			{
				ID: "PV-DIAL-001", Text: "Dial MUST first set the caller's number as a channel variable.", Source: "pivot.md 6.7; pivot.md 7; kzt_twiml_dial:exec/3",
				Judge: func(j *suite.Judging) {
					judgeSequence(j, "device", "set,bridge,hangup,hangup")
					judgeCommand(j, "device", "set", `{"Insert-At":"now","Export-All":false,"Custom-Channel-Vars":{"Caller-ID-Number":"1001","Privacy-Hide-Number":false},"Custom-Call-Vars":{}}`)
				},
			},
			{
				ID: "PV-DIAL-002", Text: "A Device MUST be bridged to as an endpoint of its account, with the Dial's timeout.", Source: "pivot.md 6.7; pivot.md 7; pivot.md 13.2; kapps_call_command:bridge_command/7",
				Judge: judgeBridge,
			},
			{
				ID: "PV-DIAL-003", Text: "The end of a bridge MUST have both legs hung up, and then the action asked with the statuses and the id of the other leg, and empty Digits.",
				Source: "pivot.md 6.7; pivot.md 3.6; pivot.md 3.4; pivot.md 3.5; pivot.md 13.2; kzt_receiver:wait_for_offnet/2",
				Judge: func(j *suite.Judging) {
					judgeLine(j, "device", 1, "POST {path}/ivr/done.php")
					judgeBody(j, "device", 1, "CallStatus=completed&DialCallSid="+j.Fact("other leg")+"&DialCallStatus=completed&Digits=&{base}")
					judgeHungUp(j)
				},
			},
			{
				ID: "PV-DIAL-004", Text: "A bridge that ends busy before any other leg MUST be told as CallStatus busy and DialCallStatus failed.", Source: "pivot.md 3.6; pivot.md 13.2; kzt_receiver:call_status/1",
				Judge: func(j *suite.Judging) {
					judgeBody(j, "busy", 1, "CallStatus=busy&DialCallStatus=failed&Digits=&{base}")
				},
			},
			{
				ID: "PV-DIAL-005", Text: "A bridge that ends unanswered while another leg rings MUST be told as no-answer in CallStatus and DialCallStatus.", Source: "pivot.md 3.6; pivot.md 13.2; kzt_receiver:dial_status/1",
				Judge: func(j *suite.Judging) {
					judgeBody(j, "unanswered", 1, "CallStatus=no-answer&DialCallSid=ringing-leg&DialCallStatus=no-answer&Digits=&{base}")
				},
			},
			{
				ID: "PV-DIAL-006", Text: "A number MUST be asked of the carriers by offnet_req, in E.164, with the call's Control-Queue and the Dial's timeout.",
				Source: "pivot.md 6.7; pivot.md 7; kzt_util:offnet_req/2",
				Judge: func(j *suite.Judging) {
					e, one := j.One("offnet_req", of(j.View, dialled, idOf(j, "call", "number")))
					if !one {
						return
					}
					j.Equal("key", "resources offnet.resource.req.audio", e.Head, e)
					commands := of(j.View, told, idOf(j, "call", "number"))
					for member, expected := range map[string]string{
						"To-DID": "+14158867900", "Timeout": "15", "Application-Name": "bridge", "Resource-Type": "audio", "Media": "bypass", "Force-Outbound": "true",
						"Account-ID": j.Fact("account own"), "Account-Realm": "acme.example.com", "Outbound-Caller-ID-Number": "+14155551234",
					} {
						j.Equal(member, expected, text(e, member), e)
					}
					if len(commands) > 0 {
						j.Contains("the Control-Queue's key", text(e, "Control-Queue"), commands[0].Head, e, commands[0])
					}
				},
			},
			{
				ID: "PV-DIAL-007", Text: "A text in Dial MUST have the call answered before the number is dialled, and a Number element not.", Source: "pivot.md 6.7; kzt_twiml_dial:exec/3",
				Judge: func(j *suite.Judging) {
					judgeSequence(j, "number", "answer,set,queue[noop respond],hangup")
					judgeSequence(j, "element", "set,queue[noop respond],hangup")
				},
			},
			{
				ID: "PV-DIAL-008", Text: "callerId MUST be the caller's number from then on: in the set of the Dial and in later requests.", Source: "pivot.md 6.7; pivot.md 3.3; kzt_twiml_dial:exec/3",
				Judge: func(j *suite.Judging) {
					judgeCommand(j, "caller", "set", `{"Insert-At":"now","Export-All":false,"Custom-Channel-Vars":{"Caller-ID-Number":"+18005551212","Privacy-Hide-Number":false},"Custom-Call-Vars":{}}`)
					if e, has := request(j, "caller", 1); has {
						j.Equal("CallerNumber", "+18005551212", values(string(e.Body))["CallerNumber"], e)
					}
				},
			},
			{
				ID: "PV-DIAL-009", Text: "A Dial that a carrier's answer has ended MUST leave the call, and go on with the next verb.", Source: "pivot.md 6.7; pivot.md 8; kzt_receiver:wait_for_offnet/2",
				Judge: func(j *suite.Judging) { judgeSequence(j, "element", "set,queue[noop respond],hangup") },
			},
			{
				ID: "PV-DIAL-010", Text: "A Dial that nobody has answered within timeout MUST go on, with CallStatus no-answer for its action.", Source: "pivot.md 6.7; pivot.md 11; kzt_receiver:wait_for_offnet/2",
				Judge: judgeUnanswered,
			},
			{
				ID: "PV-DIAL-011", Text: "The key of hangupOn MUST hang up the call.", Source: "pivot.md 6.7; kzt_receiver:wait_for_offnet/2",
				Judge: func(j *suite.Judging) { judgeSequence(j, "key", "set,bridge,hangup,hangup") },
			},
			{
				ID: "PV-DIAL-012", Text: "Several elements MUST be rung together, as endpoints of one bridge in reverse order of the document.", Source: "pivot.md 6.7; kzt_twiml_dial:exec/3",
				Judge: judgeBoth,
			},
			{
				ID: "PV-DIAL-013", Text: "Conference MUST be asked for by a discovery_req of the call on the exchange conference, with its flags in Conference-Doc, behind an answer.",
				Source: "pivot.md 6.8; pivot.md 7; kzt_twiml_dial:dial_conference/4",
				Judge: func(j *suite.Judging) {
					judgeSequence(j, "conference", "answer,set,hangup")
					e, one := j.One("discovery_req", of(j.View, met, idOf(j, "call", "conference")))
					if !one {
						return
					}
					j.Equal("key", "conference conference.discovery", e.Head, e)
					for member, expected := range map[string]string{
						"Moderator": "true", "Conference-Doc.play_entry_tone": "false", "Conference-Doc.max_participants": "12", "Conference-Doc.play_welcome": "false",
						"Conference-Doc.wait_for_moderator": "true", "Conference-Doc.member.join_muted": "true", "Conference-Doc.member.play_entry_prompt": "true",
						"Conference-Doc.profile.member-flags": "endconf",
					} {
						j.Equal(member, expected, gjson.GetBytes(e.Body, member).String(), e)
					}
				},
			},
			{
				ID: "PV-DIAL-014", Text: "Conferences of one name in two accounts MUST be two.", Source: "pivot.md 11; pivot.md 6.8", Ours: true, Needs: []string{suite.Lab},
				Judge: func(j *suite.Judging) {
					if e, one := j.One("discovery_req", of(j.View, met, idOf(j, "call", "conference"))); one {
						id := text(e, "Conference-ID")
						const ofTheNameAlone = "9ed083b1436e5f40ef984b28255eef18" // MD5 of "sales"
						if len(id) != 32 || id == ofTheNameAlone {
							j.Differs("Conference-ID", []byte("one that the account has a part in"), []byte(id), e)
						}
					}
				},
			},
		},
	}
}

func endpoints(e capture.Entry) string {
	var ids []string
	for _, id := range gjson.GetBytes(e.Body, "Endpoints.#.Endpoint-ID").Array() {
		ids = append(ids, id.Str)
	}
	return strings.Join(ids, " ")
}

func judgeBridge(j *suite.Judging) {
	id, account := j.Fact("first"), j.Fact("account own")
	judgeCommand(j, "device", "bridge", fmt.Sprintf(`{"Timeout":20,"Dial-Endpoint-Method":"simultaneous","Endpoints":[{"Privacy-Method":"kazoo","Presence-ID":%q,
		"Outbound-Caller-ID-Number":"1001","Outbound-Caller-ID-Name":"Alice Doe","Outbound-Callee-ID-Number":"1001","Outbound-Callee-ID-Name":"Ann Lee",
		"Endpoint-URI":%q,"Endpoint-ID":%q,"Endpoint-Actions":{},"Custom-Channel-Vars":{},"Account-ID":%q,"Invite-Format":"endpoint"}]}`,
		j.Fact("sip name first")+"@"+j.Fact("realm"), id+"@"+account, id, account))
}

func judgeBoth(j *suite.Judging) {
	seen := of(j.View, told, idOf(j, "call", "both"))
	for _, e := range seen {
		if text(e, "Application-Name") == "bridge" {
			j.Equal("Endpoint-IDs", j.Fact("second")+" "+j.Fact("first"), endpoints(e), e)
			j.Equal("Dial-Endpoint-Method", "simultaneous", text(e, "Dial-Endpoint-Method"), e)
			return
		}
	}
	j.Fail("the call was not told to bridge", seen...)
}

func judgeUnanswered(j *suite.Judging) {
	e, has := request(j, "late", 1)
	if !has {
		return
	}
	j.Equal("CallStatus", "no-answer", values(string(e.Body))["CallStatus"], e)
	asked := of(j.View, told, idOf(j, "call", "late"))
	if len(asked) < 2 {
		j.Fail("the call was not told to bridge", asked...)
		return
	}
	if took := e.At - asked[1].At; since(j, "ask for late", e) < shortest || took > longest {
		j.Differs("timeout", []byte("1s"), []byte(took.String()), asked[1], e)
	}
}

// judgeHungUp wants each leg of the call device to have been hung up.
func judgeHungUp(j *suite.Judging) {
	for _, id := range []string{idOf(j, "call", "device"), j.Fact("other leg")} {
		seen := j.Where(func(e capture.Entry) bool {
			return e.Kind == capture.Delivered && e.Name == told && text(e, "Call-ID") == id && text(e, "Application-Name") == "hangup"
		})
		if len(seen) == 0 {
			j.Failf("the leg %s was not hung up", id)
		}
	}
}

func doDials(ctx context.Context, p *probe.Probe) error {
	s := set(ctx, p)
	if s.err != nil {
		return s.err
	}
	p.Note("realm", s.account.Realm)
	if s.err = p.ListenAbout(ctx, s.account, dialled, "resources", "offnet.resource.req.#"); s.err == nil {
		s.err = p.ListenAbout(ctx, s.account, met, "conference", "conference.discovery")
	}
	s.people()
	const other = "b7f3c2d0-5a1e-123d-9a8b-0a1b2c3d4e5f"
	p.Note("other leg", other)
	of := p.Seen().Fact
	with := func(name, verbs string, more ...string) *leg {
		return s.begin(call{name: name, path: "/ivr/start.php", request: postTwiML, more: more, answers: []probe.Answer{twiml(verbs), done()}})
	}
	dial := func(attributes, who string) string {
		return `<Dial action="done.php" ` + attributes + `>` + who + `</Dial>`
	}
	first := "<Device>" + of("first") + "</Device>"
	otherLeg := fmt.Sprintf(`"Other-Leg-Call-ID":%q`, other)
	ended := func(l *leg, cause string) *leg {
		return l.event("CHANNEL_EXECUTE_COMPLETE", `"Application-Name":"bridge"`, fmt.Sprintf(`"Application-Response":%q`, cause))
	}
	ended(with("device", dial(`timeout="20"`, first)).commands(2).event("LEG_CREATED", otherLeg).event("CHANNEL_BRIDGE", otherLeg), "NORMAL_CLEARING").requests(2).commands(4)
	ended(with("busy", dial("", first)).commands(2), "USER_BUSY").requests(2)
	ended(with("unanswered", dial("", first)).commands(2).event("LEG_CREATED", `"Other-Leg-Call-ID":"ringing-leg"`), "NO_ANSWER").requests(2)
	caller := []string{fmt.Sprintf(`"Authorizing-ID":%q`, of("first")), `"Authorizing-Type":"device"`}
	with("number", `<Dial timeout="15">(415) 886-7900</Dial><Reject/>`, caller...).commands(2).refuse().commands(4)
	with("element", "<Dial><Number>+14158867900</Number></Dial><Reject/>", caller...).commands(1).refuse().commands(3)
	ended(with("caller", dial(`callerId="+18005551212"`, first)).commands(2), "USER_BUSY").requests(2)
	with("late", dial(`timeout="1"`, first)).commands(2).requests(2)
	with("key", `<Dial hangupOn="9">`+first+"</Dial>").commands(2).press("9").commands(4)
	with("both", `<Dial>`+first+"<Device>"+of("second")+"</Device></Dial>").commands(2).hangup()
	conference := with("conference", `<Dial><Conference muted="true" beep="false" maxParticipants="12" endConferenceOnExit="true">sales</Conference></Dial>`).commands(2)
	conference.hangup()
	conference.commands(3)
	return s.settle()
}

// refuse answers the call's offnet_req as a carrier does that does not know the number.
func (l *leg) refuse() *leg {
	asks := func(v capture.View) []capture.Entry { return of(v, dialled, l.id) }
	if l.await("offnet_req", 1, asks); l.lost || l.err != nil {
		return l
	}
	e := asks(l.p.Seen())[0]
	l.err = l.p.Publish(l.ctx, "refuse "+l.name, "targeted", text(e, "Server-ID"), fmt.Appendf(nil,
		`{"Call-ID":%q,"Response-Message":"UNALLOCATED_NUMBER","Response-Code":"sip:404","Event-Category":"resource","Event-Name":"offnet_resp","Msg-ID":%q,"App-Name":"stepswitch","App-Version":"4.0.0"}`,
		l.id, text(e, "Msg-ID")))
	return l
}

// people are a user with two devices.
func (s *stage) people() {
	made := func(step, path string, fields map[string]any) string {
		if s.err != nil {
			return ""
		}
		var answer probe.Response
		answer, s.err = s.p.MustREST(s.ctx, step, probe.Request{
			Method: http.MethodPut, Path: "/v2/accounts/" + s.account.ID + path, Token: s.account.Token, Body: probe.Data(fields),
		})
		id := answer.Data().Get("id").Str
		s.p.Note(step, id)
		return id
	}
	owner := made("owner", "/users", map[string]any{"first_name": "Ann", "last_name": "Lee"})
	for _, name := range []string{"first", "second"} {
		sip := "u" + s.p.ID()[:8]
		s.p.Note("sip name "+name, sip)
		made(name, "/devices", map[string]any{
			"name": name, "owner_id": owner, "sip": map[string]any{"username": sip, "password": "secret123"},
			"caller_id": map[string]any{"internal": map[string]any{"name": "Int", "number": "1001"}, "external": map[string]any{"name": "Ext", "number": "+14155551234"}},
		})
	}
	s.p.Applied(s.ctx)
}
