package pivot

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// paramsTwiML is what an app is told of a call in the format twiml, in its order.
const paramsTwiML = `{"CallerNumber":"1001","CallerName":"Alice Doe","Direction":"inbound","ApiVersion":"2010-04-01","ToRealm":"acme.example.com","To":"2000",` +
	`"FromRealm":"acme.example.com","From":"1001","AccountSid":"{account}","CallSid":"{bare call}"}`

// asking is about what an app at a websocket is asked, and what becomes of its answer.
func asking() suite.Group {
	const source = "pivot.md 14"
	return suite.Group{
		Name: "pivot/sockets", Title: "An app at a websocket that is asked", Needs: connecting(), Do: doAsking,
		Requirements: []suite.Requirement{
			{
				ID: "PV-SOCK-001", Text: "An app at http://APP.pivot.invalid MUST be asked by a frame that has the account, the app, the call, the iteration, the method, the URL, the format, and the headers and the body that HTTP would have had.",
				Source: source + "; pivot.md 3.1", Ours: true,
				Judge: func(j *suite.Judging) {
					dataIs(j, "post", 0, `{"account_id":"{account}","app":"ivr","call_id":"{bare call}","iteration":1,"timeout_ms":5000,"method":"post","url":"http://ivr.pivot.invalid/start.xml",`+
						`"req_format":"twiml","headers":{"content-type":"application/x-www-form-urlencoded"},"params":`+paramsTwiML+`,"body":"{base}"}`)
				},
			},
			{
				ID: "PV-SOCK-002", Text: "The params of a request MUST be those of Pivot, by name, value and order.", Source: source + "; pivot.md 3.3; pivot.md 3.4", Ours: true,
				Judge: func(j *suite.Judging) {
					if e, data, has := asksOf(j, "own", "post", 0); has {
						j.Equal("params", filled(j, "post", paramsTwiML), data.Get("params").Raw, e)
					}
				},
			},
			{
				ID: "PV-SOCK-003", Text: "A request by GET MUST have its parameters in the URL's query, and no body and no content-type.", Source: source + "; pivot.md 3.1", Ours: true,
				Judge: func(j *suite.Judging) {
					dataIs(j, "get", 0, `{"account_id":"{account}","app":"ivr","call_id":"{bare call}","iteration":1,"timeout_ms":5000,"method":"get","url":"http://ivr.pivot.invalid/v?a=b&{base}",`+
						`"req_format":"twiml","headers":{},"params":`+paramsTwiML+`}`)
				},
			},
			{
				ID: "PV-SOCK-004", Text: "A request whose body format is json MUST have the params as compact JSON for its body, and the content-type application/json.", Source: source + "; pivot.md 3.1", Ours: true,
				Judge: func(j *suite.Judging) {
					if e, data, has := asksOf(j, "own", "json", 0); has {
						j.Equal("body", data.Get("params").Raw, data.Get("body").Str, e)
						j.Equal("headers", `{"content-type":"application/json"}`, data.Get("headers").Raw, e)
						j.Equal("body.Call-ID", idOf(j, "call", "json"), gjson.Get(data.Get("body").Str, "Call-ID").Str, e)
					}
				},
			},
			{
				ID: "PV-SOCK-005", Text: "The timeout_ms of a request MUST be the Request-Timeout of the call.", Source: source + "; pivot.md 10.1", Ours: true,
				Judge: func(j *suite.Judging) {
					if e, data, has := asksOf(j, "own", "late", 0); has {
						j.Equal("timeout_ms", "1000", data.Get("timeout_ms").Raw, e)
					}
				},
			},
			{
				ID: "PV-SOCK-006", Text: "The request_id of a request MUST be 32 lower-case hexadecimal digits, other ones for each.", Source: source, Ours: true,
				Judge: judgeRequestIDs,
			},
			{
				ID: "PV-SOCK-007", Text: "A text that a socket answers MUST be carried out as a document, and the callflow be told processing.", Source: source + "; pivot.md 4.2", Ours: true,
				Judge: func(j *suite.Judging) {
					succeeded(j, "own", "answer post")
					judgeReplies(j, "post", "processing")
					judgeSequence(j, "post", "queue[noop respond],hangup")
				},
			},
			{
				ID: "PV-SOCK-008", Text: "An object that a socket answers MUST be handed to the callflow as a flow, with the defaults of its schema.", Source: source + "; pivot.md 5.2", Ours: true,
				Judge: func(j *suite.Judging) {
					handedAs(j, "json", `{"module":"response","data":{"message":"no","code":486}}`)
				},
			},
			{
				ID: "PV-SOCK-009", Text: "The content_type of an answer MUST count as that of an HTTP answer does.", Source: source + "; pivot.md 4.2", Ours: true,
				Judge: func(j *suite.Judging) { handedAs(j, "get", `{"module":"answer","data":{}}`) },
			},
			{
				ID: "PV-SOCK-010", Text: "A status other than 200 and 206 in an answer MUST have the callflow told failed, and the call no command.", Source: source + "; pivot.md 4.1", Ours: true,
				Judge: func(j *suite.Judging) {
					succeeded(j, "own", "answer error")
					judgeReplies(j, "error", "failed")
					judgeSequence(j, "error", "")
				},
			},
			{
				ID: "PV-SOCK-011", Text: "An answer without a fault MUST be followed by a result with the outcome processing and no errors.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					for _, name := range []string{"post", "json"} {
						data := resultOf(j, "own", name, 0)
						j.Equal("outcome of "+name, "processing", data.Get("outcome").Str)
						j.Equal("errors of "+name, "[]", data.Get("errors").Raw)
					}
				},
			},
			{
				ID: "PV-SOCK-012", Text: "An answer that cannot be carried out MUST be followed by a result with the outcome failed, and with what is wrong.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					data := resultOf(j, "own", "error", 0)
					j.Equal("outcome", "failed", data.Get("outcome").Str)
					j.Equal("errors that say something", "true", fmt.Sprint(data.Get("errors.0.message").Str != ""))
				},
			},
			{
				ID: "PV-SOCK-013", Text: "A verb or a module that does not stand as its rules have it MUST be told in the result, with the line and the column where it is.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					for _, name := range []string{"wrong document", "wrong flow"} {
						fault := resultOf(j, "own", name, 0).Get("errors.0")
						j.Equal("a message of "+name, "true", fmt.Sprint(fault.Get("message").Str != ""))
						j.Equal("line of "+name, "2", fault.Get("line").Raw)
						j.Equal("a column of "+name, "true", fmt.Sprint(fault.Get("column").Int() > 0))
					}
				},
			},
			{
				ID: "PV-SOCK-014", Text: "The result of an answer MUST come behind its request, and no cancel with it.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					for _, name := range []string{"post", "json", "error"} {
						e, _, has := asksOf(j, "own", name, 0)
						if !has {
							continue
						}
						seen := about(j.View, "own", "", text(e, "request_id"))
						var names []string
						for _, f := range seen {
							names = append(names, text(f, "name"))
						}
						j.Equal("frames of "+name, "request result", strings.Join(names, " "), seen...)
					}
				},
			},
			{
				ID: "PV-SOCK-015", Text: "A relative URL in an answer MUST stay in the app, and be asked for with the next iteration.", Source: source + "; pivot.md 6.2", Ours: true,
				Judge: func(j *suite.Judging) {
					if e, data, has := asksOf(j, "own", "on", 1); has {
						j.Equal("url", "http://ivr.pivot.invalid/next.xml", data.Get("url").Str, e)
						j.Equal("iteration", "2", data.Get("iteration").Raw, e)
					}
				},
			},
			{
				ID: "PV-SOCK-016", Text: "A URL of another host in an answer MUST be asked for by HTTP.", Source: source, Ours: true, Needs: []string{suite.Hooks},
				Judge: func(j *suite.Judging) {
					judgeLine(j, "elsewhere", 0, "POST {path}/x")
					j.Count("requests of it at the socket", 1, requestsOf(j.View, "own", idOf(j, "call", "elsewhere")))
				},
			},
			{
				ID: "PV-SOCK-017", Text: "A request that is not answered within timeout_ms MUST be cancelled with the reason timeout, and the callflow be told failed then.", Source: source + "; pivot.md 4.1", Ours: true,
				Judge: judgeLate,
			},
			{
				ID: "PV-SOCK-018", Text: "An answer behind its time MUST be refused with \"pivot request expired\".", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					refusedWith(j, "own", "answer late", "pivot request expired")
					judgeReplies(j, "late", "failed")
				},
			},
			{
				ID: "PV-SOCK-019", Text: "A request of a call that is hung up MUST be cancelled with the reason hangup.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) { cancelled(j, "hung up", `{"reason":"hangup"}`) },
			},
			{
				ID: "PV-SOCK-020", Text: "The first answer to a request MUST be the one that is carried out, and another be refused with \"pivot request already answered\".", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					succeeded(j, "own", "answer post")
					refusedWith(j, "own", "answer post again", "pivot request already answered")
					judgeSequence(j, "post", "queue[noop respond],hangup")
				},
			},
			{
				ID: "PV-SOCK-021", Text: "Requests of several calls MUST be open on one socket at one time, and be answered in any order, each its own call.", Source: source, Ours: true,
				Judge: func(j *suite.Judging) {
					for _, name := range []string{"one", "two"} {
						succeeded(j, "own", "answer "+name)
						judgeCommand(j, name, "queue", `{"Commands":[{"Application-Name":"noop"},{"Application-Name":"respond","Response-Code":`+map[string]string{
							"one": `"503","Response-Message":"rejected"`, "two": `"486","Response-Message":"busy"`,
						}[name]+`}]}`)
					}
				},
			},
			{
				ID: "PV-SOCK-022", Text: "The end of a call whose CDR-URI is an app's MUST be told to its socket as a frame cdr, with the members of CHANNEL_DESTROY that a CDR has as params.", Source: source + "; pivot.md 8", Ours: true,
				Judge: func(j *suite.Judging) {
					for _, e := range frames(j.View, "own", "cdr") {
						if text(e, "data.call_id") == idOf(j, "call", "on") {
							j.EqualJSON("params", `{"Hangup-Cause":"NORMAL_CLEARING","Duration-Seconds":12}`, []byte(gjson.GetBytes(e.Body, "data.params").Raw), e)
							j.Equal("account_id", j.Fact("account own"), text(e, "data.account_id"), e)
							return
						}
					}
					j.Fail("there is no cdr of the call", frames(j.View, "own", "cdr")...)
				},
			},
		},
	}
}

// dataIs wants the data of the n-th request of a call at the socket own to be this JSON.
func dataIs(j *suite.Judging, call string, n int, expected string) {
	if e, data, has := asksOf(j, "own", call, n); has {
		j.EqualJSON("data of the request of "+call, filled(j, call, expected), []byte(data.Raw), e)
	}
}

// handedAs wants a call's flow to have been handed to the callflow so.
func handedAs(j *suite.Judging, call, expected string) {
	if e, one := j.One("CHANNEL_PIVOT of "+call, of(j.View, pivoted, idOf(j, "call", call))); one {
		j.Equal("Application-Data of "+call, expected, text(e, "Application-Data"), e)
	}
}

// cancelled wants the only request of a call to have been cancelled, once.
func cancelled(j *suite.Judging, call, data string) (e capture.Entry, is bool) {
	asked, _, has := asksOf(j, "own", call, 0)
	if !has {
		return e, false
	}
	e, is = j.One("cancels of "+call, about(j.View, "own", "cancel", text(asked, "request_id")))
	if is {
		j.Equal("data", data, gjson.GetBytes(e.Body, "data").Raw, e)
	}
	return e, is
}

func judgeRequestIDs(j *suite.Judging) {
	seen := map[string]bool{}
	for _, e := range frames(j.View, "own", "request") {
		id := text(e, "request_id")
		if len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "" || seen[id] {
			j.Differs("request_id", []byte("32 of 0-9 and a-f, other ones each time"), []byte(id), e)
		}
		seen[id] = true
	}
	const some = 5
	if len(seen) < some {
		j.Failf("there are %d requests", len(seen))
	}
}

func judgeLate(j *suite.Judging) {
	cancel, is := cancelled(j, "late", `{"reason":"timeout"}`)
	judgeReplies(j, "late", "failed")
	asked, _, has := asksOf(j, "own", "late", 0)
	if !is || !has {
		return
	}
	// The harness learns of the request later than it was made, and of that by a busy machine.
	least, took := since(j, "ask for late", cancel), cancel.At-asked.At
	if least < brief || took > slow {
		j.Differs("time to the cancel", []byte(brief.String()), []byte(took.Round(time.Millisecond).String()), asked, cancel)
	}
}

func doAsking(ctx context.Context, p *probe.Probe) error {
	s := connect(ctx, p)
	own := s.serve("own", "ivr")
	s.known()
	if s.err != nil {
		return s.err
	}
	at := func(path, name, request string, more ...string) *leg {
		return s.lead("http://ivr.pivot.invalid"+path, call{name: name, request: request, more: more}).asked("own", 1)
	}
	late := s.app("late", "ivr", `"Request-Timeout":1000`).asked("own", 1)
	hung := s.app("hung up", "ivr", `"Request-Timeout":30000`).asked("own", 1)
	hung.hangup()
	s.app("post", "ivr").asked("own", 1).answer(own, "answer post", xml("<Reject/>")).answer(own, "answer post again", xml("<Say>a</Say>")).result().commands(2)
	at("/v?a=b", "get", `"HTTP-Method":"get","Request-Format":"twiml"`).answer(own, "answer get", `"content_type":"application/json","body":"{\"module\":\"answer\",\"data\":{}}"`).flow()
	at("/v", "json", `"HTTP-Method":"post","Request-Body-Format":"json","Request-Format":"kazoo"`).
		answer(own, "answer json", `"body":{"module":"response","data":{"message":"no"}}`).flow().result()
	s.app("error", "ivr").asked("own", 1).answer(own, "answer error", `"status":500,"body":"<Response><Reject/></Response>"`).replies(1).result()
	s.app("wrong document", "ivr").asked("own", 1).answer(own, "answer wrong document", fmt.Sprintf(`"body":%q`, "<Response>\n  <Sey>a</Sey>\n</Response>")).result()
	s.app("wrong flow", "ivr").asked("own", 1).
		answer(own, "answer wrong flow", fmt.Sprintf(`"content_type":"application/json","body":%q`, "{\"module\":\"tts\",\n \"data\":{\"text\":5}}")).result()
	one := s.app("one", "ivr", long()).asked("own", 1)
	two := s.app("two", "ivr", long()).asked("own", 1)
	two.answer(own, "answer two", xml(`<Reject reason="busy"/>`)).commands(2)
	one.answer(own, "answer one", xml(`<Reject/>`)).commands(2)
	if p.Target.Has(suite.Hooks) {
		uri := p.Receiver("elsewhere", done())
		s.app("elsewhere", "ivr").asked("own", 1).answer(own, "answer elsewhere", xml("<Redirect>"+uri+"/x</Redirect>")).requests(1)
	}
	on := s.app("on", "ivr", `"CDR-URI":"http://ivr.pivot.invalid/cdr"`).asked("own", 1)
	on.answer(own, "answer on", xml("<Redirect>next.xml</Redirect>")).asked("own", 2).answer(own, "answer next", xml("<Say>a</Say>")).commands(2)
	on.event("CHANNEL_DESTROY", `"Hangup-Cause":"NORMAL_CLEARING"`, `"Duration-Seconds":12`)
	on.await("cdr", 1, func(v capture.View) []capture.Entry { return frames(v, "own", "cdr") })
	hung.frame("own", "cancel")
	late.frame("own", "cancel").replies(1).answer(own, "answer late", xml("<Reject/>"))
	return s.settle()
}
