package pivot

import (
	"context"
	"fmt"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// resolutions are where a Redirect leads from a URL, all behind the receiver's.
func resolutions() [][3]string {
	return [][3]string{
		{"/ivr/start.php", "next.php", "/ivr/next.php"},
		{"/ivr/start.php?x=1", "/next.php", "/ivr/next.php"},
		{"/ivr/start", "next", "/ivr/start/next"},
		{"/v?x=1", "/root", "/v?x=1/root"},
		{"/v", "?q=1", "/v/?q=1"},
		{"/v", "dir/", "/v/dir"},
		{"/d1/d2/d3/f.ext", "../.././a", "/d1/d2/a"},
		{"/v", "", "/v"},
	}
}

// redirects is about Redirect, and about the variables that a document sets.
func redirects() suite.Group {
	return suite.Group{
		Name: "pivot/redirect", Title: "Redirect, Set and Variable", Needs: needs(), Do: doRedirects,
		Requirements: []suite.Requirement{
			{
				ID: "PV-REDIR-001", Text: "A relative URL MUST be joined part by part to the URL of the document, whose last part it replaces when that has a dot and extends when it has none.",
				Source: "pivot.md 6.2; pivot.md 6.4; kz_http_util:resolve_uri/2",
				Judge: func(j *suite.Judging) {
					for i, r := range resolutions() {
						judgeLine(j, fmt.Sprint("to-", i), 1, "POST {path}"+r[2])
					}
				},
			},
			{
				ID: "PV-REDIR-002", Text: "A URL that begins with http MUST be used as it is.", Source: "pivot.md 6.2; kz_http_util:resolve_uri/2",
				Judge: func(j *suite.Judging) { judgeLine(j, "elsewhere", 0, "POST {path}/x?y=z") },
			},
			{
				ID: "PV-REDIR-003", Text: "Redirect MUST send answer, and what stands behind it in the document not be carried out.", Source: "pivot.md 6.4; kzt_twiml:redirect/2",
				Judge: func(j *suite.Judging) { judgeSequence(j, "dropped", "answer,hangup") },
			},
			{
				ID: "PV-REDIR-004", Text: "Without a method a Redirect MUST be a POST, though the first request was a GET.", Source: "pivot.md 6.1; pivot.md 0; kzt_util:http_method/1",
				Judge: func(j *suite.Judging) {
					judgeLine(j, "from-get", 1, "POST {path}/next.php")
					judgeBody(j, "from-get", 1, "{base}")
				},
			},
			{
				ID: "PV-REDIR-005", Text: "A relative URL MUST be joined to that of the document that it stands in, not to that of the first.", Source: "pivot.md 6.2; kzt_util:get_voice_uri/1",
				Judge: func(j *suite.Judging) {
					judgeLine(j, "twice", 1, "POST {path}/a/sub/b.php")
					judgeLine(j, "twice", 2, "POST {path}/a/sub/c.php")
				},
			},
			{
				ID: "PV-REDIR-006", Text: "A Variable of Set MUST be sent with every later request, before the other parameters.", Source: "pivot.md 3.4; pivot.md 6.4; kzt_translator:get_user_vars/1",
				Judge: func(j *suite.Judging) {
					judgeBody(j, "variable", 1, "colour=dark+red&{base}")
					judgeBody(j, "variable", 2, "colour=dark+red&{base}")
				},
			},
			{
				ID: "PV-REDIR-007", Text: "A Variable of the name of a base parameter MUST leave that its value, and move it to the variable's place.", Source: "pivot.md 3.4; kzt_translator:get_user_vars/1",
				Judge: func(j *suite.Judging) {
					judgeBody(j, "override", 1, "Direction=inbound&CallerNumber=1001&CallerName=Alice+Doe&ApiVersion=2010-04-01&ToRealm=acme.example.com&To=2000"+
						"&FromRealm=acme.example.com&From=1001&AccountSid={account}&CallSid={call}")
				},
			},
			{
				ID: "PV-REDIR-008", Text: "Set MUST go on to the next verb.", Source: "pivot.md 6.4; kzt_twiml:set_variables/2",
				Judge: func(j *suite.Judging) { judgeSequence(j, "variable", "answer,answer,answer,hangup") },
			},
			{
				ID: "PV-REDIR-009", Text: "Each of several Variables of one Set MUST be stored.", Source: "pivot.md 11; pivot.md 6.4", Ours: true, Needs: []string{suite.Lab},
				Judge: func(j *suite.Judging) { judgeBody(j, "two", 1, "a=1&b=2&{base}") },
			},
			{
				ID: "PV-REDIR-010", Text: "A method that is neither GET nor POST MUST be taken for POST.", Source: "pivot.md 11; pivot.md 6.1", Ours: true, Needs: []string{suite.Lab},
				Judge: func(j *suite.Judging) { judgeLine(j, "put", 1, "POST {path}/next.php") },
			},
		},
	}
}

func doRedirects(ctx context.Context, p *probe.Probe) error {
	s := set(ctx, p)
	with := func(name, path, verbs string, more ...probe.Answer) *leg {
		return s.begin(call{name: name, path: path, request: postTwiML, answers: append([]probe.Answer{twiml(verbs)}, append(more, done())...)})
	}
	for i, r := range resolutions() {
		with(fmt.Sprint("to-", i), r[0], "<Redirect>"+r[1]+"</Redirect>").requests(2)
	}
	elsewhere := p.Receiver("elsewhere", done())
	with("from-elsewhere", "/v", "<Redirect>"+elsewhere+"/x?y=z</Redirect>").requests(1)
	p.AwaitRequests(ctx, "elsewhere", 1)
	with("dropped", "/a.php", "<Redirect>b.php</Redirect><Reject/>").requests(2).commands(2)
	get := s.begin(call{
		name: "from-get", path: "/a.php", request: `"HTTP-Method":"get","Request-Format":"twiml"`,
		answers: []probe.Answer{twiml("<Redirect>next.php</Redirect>"), done()},
	})
	get.requests(2)
	with("twice", "/a/v.php", "<Redirect>sub/b.php</Redirect>", twiml("<Redirect>c.php</Redirect>")).requests(3)
	const set = `<Set><Variable key="colour" value="dark red"/></Set><Redirect>b.php</Redirect>`
	with("variable", "/a.php", set, twiml("<Redirect>c.php</Redirect>")).requests(3).commands(4)
	with("override", "/a.php", `<Set><Variable key="Direction" value="up"/></Set><Redirect>b.php</Redirect>`).requests(2)
	with("two", "/a.php", `<Set><Variable key="a" value="1"/><Variable key="b" value="2"/></Set><Redirect>b.php</Redirect>`).requests(2)
	with("put", "/a.php", `<Redirect method="put">next.php</Redirect>`).requests(2)
	return s.settle()
}
