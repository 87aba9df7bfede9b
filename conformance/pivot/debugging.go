package pivot

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// debugging is about what is stored of a call with debug, and how REST shows it.
func debugging() suite.Group {
	return suite.Group{
		Name: "pivot/debug", Title: "What is stored for who looks for a mistake", Needs: needs(), Do: doDebugging,
		Requirements: []suite.Requirement{
			{
				ID: "PV-DBG-001", Text: "A call with debug MUST be listed once by /pivot/debug, with its call_id, the uri and the status_code of its first request, and iteration 1.",
				Source: "pivot.md 9; cb_pivot:debug_summary/1",
				Judge: func(j *suite.Judging) {
					a, ok := j.Status("listed", "200")
					if !ok {
						return
					}
					found := listed(a, idOf(j, "call", "debugged"))
					if len(found) != 1 {
						j.Differs("entries of the call", []byte("1"), []byte(gjson.GetBytes(a.Body, "data").Raw), a)
						return
					}
					j.Equal("uri", j.Fact("app"), found[0].Get("uri").Str, a)
					j.Equal("status_code", "200", found[0].Get("status_code").String(), a)
					j.Equal("iteration", "1", found[0].Get("iteration").Raw, a)
				},
			},
			{
				ID: "PV-DBG-002", Text: "debug_id MUST be the year and month, a dash, and the call's id.", Source: "pivot.md 9; cb_pivot:debug_summary/1",
				Judge: judgeDebugID,
			},
			{
				ID: "PV-DBG-003", Text: "/pivot/debug of a call MUST have a request and a response of each iteration.", Source: "pivot.md 9; cb_pivot:debug_read/2",
				Judge: func(j *suite.Judging) {
					if a, ok := j.Status("shown", "200"); ok {
						for _, iteration := range []string{"1", "2"} {
							j.Equal("requests of iteration "+iteration, "1", count(a, iteration, "method"), a)
							j.Equal("responses of iteration "+iteration, "1", count(a, iteration, "resp_status_code"), a)
						}
					}
				},
			},
			{
				ID: "PV-DBG-004", Text: "A stored request MUST have its uri, its method in lower case, its header with values in lower case, and its body.", Source: "pivot.md 9; pivot_call:store_debug/2",
				Judge: func(j *suite.Judging) {
					if a, ok := j.Status("shown", "200"); ok {
						d := stored(a, "2", "method")
						j.Equal("uri", strings.Replace(j.Fact("app"), "start.php", "Next.php", 1), d.Get("uri").Str, a)
						j.Equal("method", "post", d.Get("method").Str, a)
						j.Equal("req_body", filled(j, "debugged", baseTwiML), d.Get("req_body").Str, a)
						j.Equal("call_id", idOf(j, "call", "debugged"), d.Get("call_id").Str, a)
					}
				},
			},
			{
				ID: "PV-DBG-005", Text: "A stored response MUST have its status as a text, its header in lower case, and its body.", Source: "pivot.md 9; pivot_call:store_debug/2",
				Judge: func(j *suite.Judging) {
					if a, ok := j.Status("shown", "200"); ok {
						d := stored(a, "1", "resp_status_code")
						j.Equal("resp_status_code", `"200"`, d.Get("resp_status_code").Raw, a)
						j.Equal("resp_body", firstDocument().Body, d.Get("resp_body").Str, a)
						j.Equal("content-type", "text/xml", d.Get("resp_headers.content-type").Str, a)
						j.Equal("x-note", "loud", d.Get("resp_headers.x-note").Str, a)
					}
				},
			},
			{
				ID: "PV-DBG-006", Text: "A call without debug MUST NOT be stored.", Source: "pivot.md 9; pivot_call:store_debug/2",
				Judge: judgeNotStored,
			},
			{
				ID: "PV-DBG-007", Text: "/pivot/debug of a call that is not known MUST be answered with 200 and an empty list.", Source: "pivot.md 9; cb_pivot:debug_read/2",
				Judge: func(j *suite.Judging) {
					if a, ok := j.Status("unknown", "200"); ok {
						j.Equal("data", "[]", gjson.GetBytes(a.Body, "data").Raw, a)
					}
				},
			},
			{
				ID: "PV-DBG-008", Text: "A status that ends Pivot MUST be stored as a response too.", Source: "pivot.md 9; pivot_call:handle_info/2",
				Judge: func(j *suite.Judging) {
					if a, ok := j.Status("refused", "200"); ok {
						j.Equal("resp_status_code", "404", stored(a, "1", "resp_status_code").Get("resp_status_code").Str, a)
					}
				},
			},
		},
	}
}

func judgeDebugID(j *suite.Judging) {
	a, ok := j.Status("listed", "200")
	if !ok {
		return
	}
	found := listed(a, idOf(j, "call", "debugged"))
	if len(found) == 0 {
		j.Fail("the call is not listed", a)
		return
	}
	month, id, _ := strings.Cut(found[0].Get("debug_id").Str, "-")
	j.Equal("call's id of debug_id", idOf(j, "call", "debugged"), id, a)
	if len(month) != len("YYYYMM") || strings.Trim(month, "0123456789") != "" {
		j.Differs("month of debug_id", []byte("YYYYMM"), []byte(month), a)
	}
}

func judgeNotStored(j *suite.Judging) {
	a, ok := j.Status("listed", "200")
	if !ok {
		return
	}
	if len(listed(a, idOf(j, "call", "debugged"))) == 0 {
		j.Fail("the call with debug is not listed", a)
	}
	if len(listed(a, idOf(j, "call", "plain"))) > 0 {
		j.Fail("the call without debug is listed", a)
	}
}

// listed are the entries of a call in a list.
func listed(a capture.Entry, callID string) (found []gjson.Result) {
	for _, e := range gjson.GetBytes(a.Body, "data").Array() {
		if e.Get("call_id").Str == callID {
			found = append(found, e)
		}
	}
	return found
}

// stored is the first document of an iteration that has a member.
func stored(a capture.Entry, iteration, member string) gjson.Result {
	for _, d := range gjson.GetBytes(a.Body, "data").Array() {
		if d.Get("iteration").Raw == iteration && d.Get(member).Exists() {
			return d
		}
	}
	return gjson.Result{}
}

func count(a capture.Entry, iteration, member string) string {
	n := 0
	for _, d := range gjson.GetBytes(a.Body, "data").Array() {
		if d.Get("iteration").Raw == iteration && d.Get(member).Exists() {
			n++
		}
	}
	return string(rune('0' + n%10))
}

// firstDocument is what the app of the call with debug answers first.
func firstDocument() probe.Answer {
	a := twiml("<Redirect>Next.php</Redirect>")
	a.Header = append(a.Header, capture.Field{Name: "X-Note", Value: "Loud"})
	return a
}

func doDebugging(ctx context.Context, p *probe.Probe) error {
	s := set(ctx, p)
	const debug = postTwiML + `,"Debug":true`
	l := s.begin(call{name: "debugged", path: "/ivr/start.php", request: debug, answers: []probe.Answer{firstDocument(), done()}})
	p.Note("app", p.Target.Advertise+p.Seen().Fact("path debugged")+"/ivr/start.php")
	plain := s.begin(call{name: "plain", request: postTwiML, answers: []probe.Answer{done()}})
	refused := s.begin(call{name: "refused", request: debug, answers: []probe.Answer{{Status: 404}}})
	plain.requests(1)
	l.requests(2).commands(2)
	refused.replies(1)
	if s.err != nil {
		return s.err
	}
	shown := func(step, path string, until func(probe.Response) bool) error {
		r := probe.Request{Method: http.MethodGet, Path: "/v2/accounts/" + s.account.ID + "/pivot/debug" + path, Token: s.account.Token}
		_, err := p.RESTUntil(ctx, step, r, p.Target.Patience.Delivery, until)
		return err
	}
	atLeast := func(n int) func(probe.Response) bool {
		return func(r probe.Response) bool { return len(r.Data().Array()) >= n }
	}
	if err := shown("shown", "/"+url.PathEscape(l.id), atLeast(4)); err != nil {
		return err
	}
	if err := shown("refused", "/"+url.PathEscape(refused.id), atLeast(2)); err != nil {
		return err
	}
	if err := shown("listed", "", atLeast(2)); err != nil {
		return err
	}
	if err := shown("unknown", "/nobody", atLeast(0)); err != nil {
		return err
	}
	return s.settle()
}
