package pivot

import (
	"context"
	"fmt"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// parameters is about the values of parameters, and when there are any.
func parameters() suite.Group {
	return suite.Group{
		Name: "pivot/parameters", Title: "What an app is told of a call", Needs: needs(), Do: doParameters,
		Requirements: []suite.Requirement{
			{
				ID: "PV-PAR-001", Text: "Values of a form MUST keep letters, digits and . - ~ _, have a plus for a space, and every other byte in upper-case hex behind a percent sign.",
				Source: "pivot.md 3.2; kz_http_util:urlencode/1",
				Judge: func(j *suite.Judging) {
					judgeBody(j, "encoding", 0, "CallerNumber=%2B1555&CallerName=Ann+%26+Zo%C3%AB+-._~%2A&Direction=inbound&ApiVersion=2010-04-01&ToRealm=acme.example.com&To=2000"+
						"&FromRealm=acme.example.com&From=1001&AccountSid={account}&CallSid={call}")
				},
			},
			{
				ID: "PV-PAR-002", Text: "Collected digits MUST be an object by the names of their collections, which a form writes as Digits[name]=value.",
				Source: "pivot.md 3.5; pivot.md 3.2; kzt_util:get_digit_pressed/1",
				Judge: func(j *suite.Judging) {
					judgeBody(j, "collections", 0, "Digits[menu]=12&Digits[pin]=&{base}")
				},
			},
			{
				ID: "PV-PAR-003", Text: "Custom-Application-Vars of the format kazoo MUST stand in descending order of their names.", Source: "pivot.md 3.2; pivot.md 3.3; kzt_kazoo:req_params/1",
				Judge: func(j *suite.Judging) {
					if e, has := request(j, "variables", 0); has {
						j.Equal("Custom-Application-Vars", `{"colour":"red","beta":"2","alpha":"1"}`, gjson.GetBytes(e.Body, "Custom-Application-Vars").Raw, e)
					}
				},
			},
			{
				ID: "PV-PAR-004", Text: "Custom-SIP-Headers and Custom-Application-Vars MUST be there in the format kazoo without any value too, as empty objects.",
				Source: "pivot.md 3.2; pivot.md 3.3; kzt_kazoo:req_params/1",
				Judge: func(j *suite.Judging) {
					if e, has := request(j, "owned", 0); has {
						j.Equal("Custom-SIP-Headers", "{}", gjson.GetBytes(e.Body, "Custom-SIP-Headers").Raw, e)
						j.Equal("Custom-Application-Vars", "{}", gjson.GetBytes(e.Body, "Custom-Application-Vars").Raw, e)
					}
				},
			},
			{
				ID: "PV-PAR-005", Text: "User-ID MUST be the owner of the device that the call is authorised by, and come first in the format kazoo.",
				Source: "pivot.md 3.3; kzt_kazoo:req_params/1",
				Judge: func(j *suite.Judging) {
					if e, has := request(j, "owned", 0); has {
						first := ""
						gjson.ParseBytes(e.Body).ForEach(func(name, value gjson.Result) bool {
							first = name.Str + "=" + value.Str
							return false
						})
						j.Equal("the first parameter", "User-ID="+j.Fact("owner"), first, e)
					}
				},
			},
			{
				ID: "PV-PAR-006", Text: "Direction MUST be inbound for an originated call too.", Source: "pivot.md 3.3; pivot.md 11; kzt_twiml:req_params/1",
				Judge: func(j *suite.Judging) { judgeBody(j, "outbound", 0, "{base}") },
			},
			{
				ID: "PV-PAR-007", Text: "User and realm MUST be what stands before and behind the first @ of From and To.", Source: "pivot.md 3.3; kapps_call:from_user/1",
				Judge: func(j *suite.Judging) {
					judgeBody(j, "two-ats", 0, "CallerNumber=1001&CallerName=Alice+Doe&Direction=inbound&ApiVersion=2010-04-01&ToRealm=b%40c&To=a"+
						"&FromRealm=acme.example.com&From=1001&AccountSid={account}&CallSid={call}")
				},
			},
			{
				ID: "PV-PAR-008", Text: "The format twiml MUST NOT have the dialled number, the language or custom variables among its parameters.", Source: "pivot.md 3.3; kzt_twiml:req_params/1",
				Judge: func(j *suite.Judging) { judgeBody(j, "twiml-variables", 0, "{base}") },
			},
			{
				ID: "PV-PAR-009", Text: "CallStatus MUST be absent before a Dial.", Source: "pivot.md 3.6; pivot.md 3.4; kzt_util:get_call_status/1",
				Judge: func(j *suite.Judging) {
					judgeBody(j, "later", 1, "{base}")
				},
			},
		},
	}
}

func doParameters(ctx context.Context, p *probe.Probe) error {
	s := set(ctx, p)
	if s.err != nil {
		return s.err
	}
	s.people()
	const json = `"HTTP-Method":"post","Request-Body-Format":"json","Request-Format":"kazoo"`
	for _, c := range []call{
		{name: "encoding", request: postTwiML, more: []string{`"Caller-ID-Name":"Ann & Zoë -._~*"`, `"Caller-ID-Number":"+1555"`}},
		{name: "collections", request: postTwiML, more: []string{`"Key-Value-Store":{"dtmf_collections":{"menu":"12","pin":""}}`}},
		{name: "variables", request: json, more: []string{`"Custom-Application-Vars":{"alpha":"1","colour":"red","beta":"2"}`}},
		{name: "owned", request: json, more: []string{fmt.Sprintf(`"Authorizing-ID":%q`, p.Seen().Fact("first")), `"Authorizing-Type":"device"`}},
		{name: "outbound", request: postTwiML, more: []string{`"Call-Direction":"outbound"`}},
		{name: "two-ats", request: postTwiML, more: []string{`"To":"a@b@c"`}},
		{name: "twiml-variables", request: postTwiML, more: []string{`"Custom-Application-Vars":{"alpha":"1"}`}},
	} {
		c.answers = []probe.Answer{done()}
		s.begin(c).requests(1)
	}
	s.begin(call{name: "later", request: postTwiML, answers: []probe.Answer{twiml("<Redirect>again</Redirect>"), done()}}).requests(2)
	return s.settle()
}
