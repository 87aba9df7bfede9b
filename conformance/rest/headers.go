package rest

import (
	"context"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// headers is about what a request's header fields do, and what stands in an answer's.
func headers() suite.Group {
	return suite.Group{
		Name: "rest/headers", Title: "Header fields and carriers of the token", Needs: []string{suite.Accounts},
		Do: doHeaders, Requirements: append(headerRequirements(), carrierRequirements()...),
	}
}

func doHeaders(ctx context.Context, p *probe.Probe) error {
	t, err := begin(ctx, p)
	if err != nil {
		return err
	}
	t.known["token"] = t.own.Token // not noted: it is no expectation
	list := "/v2/accounts/{account}/menus"
	return t.all(ctx,
		get("request id", list).with("X-Request-Id", "my request 1"), get("request id of an error", menus+"/"+nowhere).with("X-Request-Id", "my-request-2"),
		get("empty request id", list).with("X-Request-Id", ""), get("no request id", list), get("no request id again", list),
		put("made", menus, `{"data":{"name":"m"}}`).with("X-Request-Id", "made-1").keep("menu"),
		get("pretty by header", menus+"/{menu}").with("X-Pretty-Print", "true"), get("pretty by query", menus+"/{menu}?pretty_print=true"), get("plain", menus+"/{menu}"),
		get("account id agrees", list).with("X-Auth-Account-Id", "{account}"), get("account id differs", list).with("X-Auth-Account-Id", nowhere),
		get("token in query", list+"?auth_token={token}").as(nobody), post("token in envelope", list, `{"auth_token":"{token}","verb":"GET","data":{}}`).as(nobody),
		get("bad header, good query", list+"?auth_token={token}").as(nobody).with("X-Auth-Token", "garbage"),
		get("two tokens", list).with("X-Auth-Token", "{token}"), get("no token", list).as(nobody),
		patch("patched", menus+"/{menu}", `{"data":{"timeout":1000}}`), del("deleted", menus+"/{menu}"),
	)
}

const fields = "crossbar.md 2.3; "

func headerRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-HDR-001", Text: "The X-Request-ID of a request, whatever it is, MUST be the answer's x-request-id and request_id.",
			Source: fields + "api_util:get_request_id/1", Judge: answers(
				answered("request id", "200").head("x-request-id", "my request 1").member("request_id", `"my request 1"`),
				answered("request id of an error", "404").head("x-request-id", "my-request-2").member("request_id", `"my-request-2"`),
				answered("empty request id", "200").member("request_id", `""`),
				answered("made", "201").head("x-request-id", "made-1")),
		},
		{
			ID: "CB-HDR-002", Text: "Without X-Request-ID the answer's x-request-id and request_id MUST be the same 32 hex digits, others for each request.",
			Source: fields + "api_util:get_request_id/1", Judge: judgeNewRequestID,
		},
		{
			ID: "CB-HDR-003", Text: "X-Pretty-Print, or the value pretty_print, MUST have the JSON indented.",
			Source: fields + "api_util:maybe_pretty_print", Judge: func(j *suite.Judging) {
				for _, step := range []string{"pretty by header", "pretty by query"} {
					if answer, ok := j.Status(step, "200"); ok && strings.Count(string(answer.Body), "\n") < 5 {
						j.Fail(step+": the JSON is not indented", answer)
					}
				}
				if answer, ok := j.Status("plain", "200"); ok && strings.Count(string(answer.Body), "\n") > 1 {
					j.Fail("the JSON is indented though it was not asked for", answer)
				}
			},
		},
		{
			ID: "CB-HDR-004", Text: "X-Auth-Account-ID MUST be the account of the token, else the token does not count.",
			Source: fields + "cb_token_auth", Judge: answers(answered("account id agrees", "200").member("status", `"success"`), answered("account id differs", "401").member("error", `"401"`)),
		},
		{
			ID: "CB-HDR-005", Text: "A success MUST have content-type application/json, content-language en, vary accept-language, accept and x-request-id, and expires in the past only for GET.",
			Source: "crossbar.md 2.4; crossbar.md 2.6; crossbar vectors", Judge: answers(
				success("plain", "200").head("expires", "Fri, 01 Jan 1999 00:00:00 GMT"), success("made", "201").without("expires"),
				success("patched", "200").without("expires"), success("deleted", "200").without("expires")),
		},
	}
}

func success(step, status string) want {
	return answered(step, status).head("content-type", "application/json").head("content-language", "en").head("vary", "accept-language, accept").head("x-request-id", "")
}

func judgeNewRequestID(j *suite.Judging) {
	var last string
	for _, step := range []string{"no request id", "no request id again"} {
		answer, ok := j.Status(step, "200")
		if !ok {
			continue
		}
		id, _ := answer.Value("x-request-id")
		if len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "" || id == last {
			j.Differs("x-request-id of "+step, []byte("32 new hex digits"), []byte(id), answer)
		}
		last = id
		answered(step, "200").member("request_id", `"`+id+`"`).judge(j)
	}
}

func carrierRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-HDR-006", Text: "A token MUST be taken from the value auth_token of the query or the envelope as well.",
			Source: fields + "api_util:get_auth_token/2", Judge: answers(answered("token in query", "200").member("status", `"success"`), answered("token in envelope", "200").member("status", `"success"`)),
		},
		{
			ID: "CB-HDR-007", Text: "A bad X-Auth-Token MUST NOT be made good by a later carrier, nor by a second X-Auth-Token.",
			Source: fields + "api_util:get_auth_token/2", Judge: answers(
				answered("bad header, good query", "401").json(notAuthenticated), answered("two tokens", "401").member("error", `"401"`), answered("account id agrees", "200")),
		},
		{
			ID: "CB-HDR-008", Text: "Without a token a request that needs one MUST be 401 invalid_credentials.",
			Source: "crossbar.md 3.3; crossbar.md 2.4; api_util:is_authentic/2", Judge: answers(answered("no token", "401").json(notAuthenticated).without("content-type")),
		},
	}
}
