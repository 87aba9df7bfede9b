package pivot

import (
	"context"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// requests is about how an app is asked: method, target, header, body.
func requests() suite.Group {
	return suite.Group{
		Name: "pivot/requests", Title: "How an app is asked", Needs: needs(), Do: doRequests,
		Requirements: []suite.Requirement{
			{
				ID: "PV-REQ-001", Text: "A GET of the format kazoo MUST have its parameters in the query, by name, order and encoding as they are specified, an empty object leaving its ampersand.",
				Source: "pivot.md 3.1; pivot.md 3.2; pivot.md 3.3; pivot.md 13.1; kzt_kazoo:req_params/1",
				Judge: func(j *suite.Judging) {
					judgeLine(j, "get-kazoo", 0, "GET {path}/menu.php?To-Realm=acme.example.com&To=2000&Request-Realm=acme.example.com&Request=2000&Language=en-us"+
						"&From-Realm=acme.example.com&From=1001&Direction=inbound&&&Caller-ID-Number=1001&Caller-ID-Name=Alice+Doe&Call-ID={call}&Api-Version=4.x&Account-ID={account}")
				},
			},
			{
				ID: "PV-REQ-002", Text: "A GET MUST have no body and no Content-Type.", Source: "pivot.md 3.1; pivot_call:send/5",
				Judge: func(j *suite.Judging) {
					if e, has := request(j, "get-kazoo", 0); has {
						j.Equal("body", "", string(e.Body), e)
						j.Equal("Content-Type", "", header(e, "content-type"), e)
					}
				},
			},
			{
				ID: "PV-REQ-003", Text: "A POST of the format twiml MUST have its parameters in a form body, by name and order as they are specified, with the Content-Type application/x-www-form-urlencoded.",
				Source: "pivot.md 3.1; pivot.md 3.3; pivot.md 13.2; kzt_twiml:req_params/1",
				Judge: func(j *suite.Judging) {
					judgeLine(j, "post-twiml", 0, "POST {path}/ivr/start.php")
					judgeBody(j, "post-twiml", 0, "{base}")
					judgeType(j, "post-twiml", "application/x-www-form-urlencoded")
				},
			},
			{
				ID: "PV-REQ-004", Text: "With the body format json a POST MUST have its parameters as one compact JSON object in the order of a form, with the Content-Type application/json.",
				Source: "pivot.md 3.1; pivot.md 3.2; pivot.md 13.1; pivot_call:format_request/3",
				Judge: func(j *suite.Judging) {
					judgeBody(j, "post-json", 0, `{"To-Realm":"acme.example.com","To":"2000","Request-Realm":"acme.example.com","Request":"2000","Language":"en-us",`+
						`"From-Realm":"acme.example.com","From":"1001","Direction":"inbound","Digits":{"menu":"1"},"Custom-SIP-Headers":{},"Custom-Application-Vars":{},`+
						`"Caller-ID-Number":"1001","Caller-ID-Name":"Alice Doe","Call-ID":"{bare call}","Api-Version":"4.x","Account-ID":"{account}"}`)
					judgeType(j, "post-json", "application/json")
				},
			},
			{
				ID: "PV-REQ-005", Text: "A GET of the format twiml MUST have the parameters of a form body in its query.", Source: "pivot.md 3.1; pivot_call:uri/2",
				Judge: func(j *suite.Judging) { judgeLine(j, "get-twiml", 0, "GET {path}/v?{base}") },
			},
			{
				ID: "PV-REQ-006", Text: "The query of the voice URL itself MUST stand before the parameters of a GET, and its fragment be left out.", Source: "pivot.md 3.1; pivot_call:uri/2",
				Judge: func(j *suite.Judging) { judgeLine(j, "own-query", 0, "GET {path}/v?a=b&c&{base}") },
			},
			{
				ID: "PV-REQ-007", Text: "A POST MUST go to the voice URL with the URL's own query, which holds no parameters.", Source: "pivot.md 3.1; pivot_call:send/5",
				Judge: func(j *suite.Judging) { judgeLine(j, "post-query", 0, "POST {path}/v?a=b") },
			},
			{
				ID: "PV-REQ-008", Text: "Dot segments of a voice URL MUST be removed before it is asked for.", Source: "pivot.md 3.1; uri_string:normalize/2",
				Judge: func(j *suite.Judging) { judgeLine(j, "dots", 0, "POST {path}/b") },
			},
			{
				ID: "PV-REQ-009", Text: "Without a Request-Format the app MUST be sent the parameters of the format twiml.", Source: "pivot.md 2; pivot_call:init/3",
				Judge: func(j *suite.Judging) { judgeBody(j, "no-format", 0, "{base}") },
			},
			{
				ID: "PV-REQ-010", Text: "With a Request-Format that nobody knows a GET MUST have no parameters and no question mark.", Source: "pivot.md 2; pivot_call:req_params/2",
				Judge: func(j *suite.Judging) { judgeLine(j, "unknown-format", 0, "GET {path}/v") },
			},
			{
				ID: "PV-REQ-011", Text: "A request MUST NOT name a program, a preference of content or a cookie (User-Agent, Accept, Accept-Encoding, Cookie).", Source: "pivot.md 3.1; kz_http:req/5",
				Judge: func(j *suite.Judging) {
					for _, name := range []string{"get-kazoo", "post-twiml"} {
						if e, has := request(j, name, 0); has {
							for _, field := range []string{"user-agent", "accept", "accept-encoding", "cookie"} {
								j.Equal(field+" of "+name, "", header(e, field), e)
							}
						}
					}
				},
			},
			{
				ID: "PV-REQ-012", Text: "The password and user of a voice URL MUST be sent as Basic Authorization by a POST.", Source: "pivot.md 3.1; httpc:request/5",
				Judge: func(j *suite.Judging) {
					if e, has := request(j, "credentials", 0); has {
						j.Equal("Authorization", "Basic dXNlcjpwYXNz", header(e, "authorization"), e)
					}
				},
			},
			{
				ID: "PV-REQ-013", Text: "A pivot_req whose Request-Timeout is a text MUST NOT have the app asked.", Source: "pivot.md 1; kapi_pivot:req_v/1",
				Judge: func(j *suite.Judging) {
					_, sentinel := request(j, "sentinel", 0)
					if sentinel {
						j.Count("requests for a message that is none", 0, j.Requests("wrong"))
					}
				},
			},
			{
				ID: "PV-REQ-014", Text: "A call that was destroyed a moment before its pivot_req MUST NOT have the app asked.",
				Source: "pivot.md 1; pivot_call:init/3", Dialects: []string{suite.Talk, suite.Kazoo5},
				Judge: func(j *suite.Judging) {
					if _, sentinel := request(j, "sentinel", 0); sentinel {
						j.Count("requests for a call that is gone", 0, j.Requests("gone"))
					}
				},
			},
		},
	}
}

func judgeType(j *suite.Judging, name, expected string) {
	if e, has := request(j, name, 0); has {
		j.Equal("Content-Type of "+name, expected, header(e, "content-type"), e)
	}
}

// header is a field's value, whatever the case of its name.
func header(e capture.Entry, name string) string {
	for _, f := range e.Header {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

func doRequests(ctx context.Context, p *probe.Probe) error {
	s := set(ctx, p)
	calls := []call{
		{name: "get-kazoo", path: "/menu.php", request: `"HTTP-Method":"get","Request-Format":"kazoo"`},
		{name: "post-twiml", path: "/ivr/start.php", request: postTwiML},
		{
			name: "post-json", path: "/choice.php", request: `"HTTP-Method":"post","Request-Body-Format":"json","Request-Format":"kazoo"`,
			more: []string{`"Key-Value-Store":{"dtmf_collections":{"menu":"1"}}`},
		},
		{name: "get-twiml", path: "/v", request: `"HTTP-Method":"get","Request-Format":"twiml"`},
		{name: "own-query", path: "/v?a=b&c#there", request: `"HTTP-Method":"get","Request-Format":"twiml"`},
		{name: "post-query", path: "/v?a=b", request: postTwiML},
		{name: "dots", path: "/a/../b", request: postTwiML},
		{name: "no-format", path: "/v", request: `"HTTP-Method":"post"`},
		{name: "unknown-format", path: "/v", request: `"HTTP-Method":"get","Request-Format":"xml"`},
	}
	for _, c := range calls {
		c.answers = []probe.Answer{done()}
		s.begin(c).requests(1)
	}
	withUser := &leg{stage: s, name: "credentials", id: p.ID()}
	p.Note("call credentials", withUser.id)
	uri := strings.Replace(p.Receiver("credentials", done()), "://", "://user:pass@", 1)
	if s.err == nil {
		withUser.ask(uri, call{request: postTwiML})
		withUser.requests(1)
	}
	s.begin(call{name: "wrong", request: postTwiML + `,"Request-Timeout":"5000"`, answers: []probe.Answer{done()}})
	if s.err == nil {
		gone := &leg{stage: s, name: "gone", id: p.ID()}
		gone.hangup()
		if s.err == nil {
			p.Settle(ctx)
			gone.ask(p.Receiver("gone", done()), call{request: postTwiML})
		}
	}
	s.begin(call{name: "sentinel", request: postTwiML, answers: []probe.Answer{done()}}).requests(1)
	return s.settle()
}
