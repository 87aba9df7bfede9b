package pivot

import (
	"context"
	"fmt"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// summaries is about what an app is told when a call has ended.
func summaries() suite.Group {
	return suite.Group{
		Name: "pivot/cdr", Title: "What is told when a call has ended", Needs: needs(), Do: doSummaries,
		Requirements: []suite.Requirement{
			{
				ID: "PV-CDR-001", Text: "CHANNEL_DESTROY MUST have its members posted to the CDR-URI as a form, in their order.", Source: "pivot.md 8; pivot.md 1; pivot_call:handle_cast/2",
				Judge: func(j *suite.Judging) {
					judgeLine(j, "cdr", 0, "POST {path}?id=7")
					judgeBody(j, "cdr", 0, "Hangup-Cause=NORMAL_CLEARING&Hangup-Code=sip%3A200&Duration-Seconds=12&Billing-Seconds=9&Custom-SIP-Headers[X-Foo]=a+b&Caller-ID-Name=Alice+Doe")
					judgeType(j, "cdr", "application/x-www-form-urlencoded")
				},
			},
			{
				ID: "PV-CDR-002", Text: "What is posted to the CDR-URI MUST NOT have the call's id, the account's id, Custom-Channel-Vars or default headers.", Source: "pivot.md 8; pivot.md 11; pivot_call:handle_cast/2",
				Judge: func(j *suite.Judging) {
					if e, has := request(j, "cdr", 0); has {
						form := values(string(e.Body))
						for _, name := range []string{"Call-ID", "Account-ID", "Custom-Channel-Vars[Account-ID]", "Event-Name", "Event-Category", "App-Name", "App-Version", "Msg-ID", "Node"} {
							j.Equal(name, "", form[name], e)
						}
					}
				},
			},
			{
				ID: "PV-CDR-003", Text: "A call that an app has led by a flow in JSON MUST NOT be posted to the CDR-URI.", Source: "pivot.md 8; pivot.md 11; pivot_call:handle_cast/2",
				Judge: func(j *suite.Judging) {
					if _, sentinel := request(j, "cdr", 0); sentinel {
						j.Count("posts", 0, j.Requests("flow-cdr"))
					}
				},
			},
			{
				ID: "PV-CDR-004", Text: "Without a CDR-URI the app MUST NOT be asked when the call has ended.", Source: "pivot.md 8; pivot_call:handle_cast/2",
				Judge: func(j *suite.Judging) {
					if _, sentinel := request(j, "cdr", 0); sentinel {
						j.Count("requests", 1, j.Requests("without"))
					}
				},
			},
			{
				ID: "PV-CDR-005", Text: "What is posted to the CDR-URI MUST have the same names in the format kazoo.", Source: "pivot.md 8; pivot_call:handle_cast/2",
				Judge: func(j *suite.Judging) { judgeBody(j, "kazoo-cdr", 0, "Hangup-Cause=USER_BUSY") },
			},
			{
				ID: "PV-CDR-006", Text: "The end of a document of a call with a CDR-URI MUST have the call hung up.", Source: "pivot.md 11; pivot.md 12; pivot.md 6", Ours: true, Needs: []string{suite.Lab},
				Judge: func(j *suite.Judging) { judgeSequence(j, "ended", "answer,hangup") },
			},
		},
	}
}

func doSummaries(ctx context.Context, p *probe.Probe) error {
	s := set(ctx, p)
	with := func(name, request string, a probe.Answer) *leg {
		cdr := p.Receiver(name + "-cdr")
		return s.begin(call{name: name, request: request + fmt.Sprintf(`,"CDR-URI":%q`, cdr), answers: []probe.Answer{a}})
	}
	const say = "<Say>a</Say>"
	without := s.begin(call{name: "without", request: postTwiML, answers: []probe.Answer{twiml(say)}}).commands(2)
	without.hangup()
	flow := with("flow", postTwiML, body("application/json", aFlow)).flow()
	flow.hangup()
	with("kazoo", `"HTTP-Method":"post","Request-Format":"kazoo"`, twiml(say)).commands(2).event("CHANNEL_DESTROY", `"Hangup-Cause":"USER_BUSY"`)
	p.AwaitRequests(ctx, "kazoo-cdr", 1)
	ended := with("ended", postTwiML, twiml(`<Set><Variable key="k" value="v"/></Set>`)).commands(2)
	ended.hangup()
	uri := p.Receiver("cdr") + "?id=7"
	main := s.begin(call{name: "main", request: postTwiML + fmt.Sprintf(`,"CDR-URI":%q`, uri), answers: []probe.Answer{twiml(say)}}).commands(2)
	main.event("CHANNEL_DESTROY", `"Node":"ecallmgr@certify.example.com"`, `"Hangup-Cause":"NORMAL_CLEARING"`, `"Hangup-Code":"sip:200"`, `"Duration-Seconds":12`,
		`"Billing-Seconds":9`, `"Custom-SIP-Headers":{"X-Foo":"a b"}`, fmt.Sprintf(`"Custom-Channel-Vars":{"Account-ID":%q}`, s.account.ID), `"Caller-ID-Name":"Alice Doe"`)
	p.AwaitRequests(ctx, "cdr", 1)
	return s.settle()
}
