package rest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/suite"
)

const origin = "http://ui.example.com"

// cors is about pages of other origins, and about which header fields an error has.
func cors() suite.Group {
	return suite.Group{
		Name: "rest/cors", Title: "Pages of other origins", Needs: []string{suite.Accounts},
		Do: exchange(
			put("create", devices, `{"data":{"name":"d"}}`).keep("device"), get("asked by nobody", devices),
			get("with Origin", devices).with("Origin", origin), get("with a method", devices).with("Access-Control-Request-Method", "GET"),
			get("with headers", devices).with("Access-Control-Request-Headers", "x-auth-token"), get("one device", devices+"/{device}").with("Origin", origin),
			sends("preflight", http.MethodOptions, devices).as(nobody).with("Origin", origin).with("Access-Control-Request-Method", "PUT"),
			sends("preflight for FOO", http.MethodOptions, devices).as(nobody).with("Origin", origin).with("Access-Control-Request-Method", "FOO"),
			sends("plain OPTIONS", http.MethodOptions, devices),
			get("error 401", devices).as(nobody), get("error 403", "/v2/accounts/{parent}/devices"), post("error 405", devices, `{"data":{}}`),
			get("error 404 of a path", devices+"/x/y/z"), put("error 400 of a body", devices, "{"), put("error 400 of a field", devices, `{"data":{}}`),
			get("error 404 of a document", devices+"/"+nowhere), put("error 409", devices, `{"data":{"name":"again","id":"{device}"}}`),
		),
		Requirements: corsRequirements(),
	}
}

const crossOrigin = "crossbar.md 2.4; "

// crossHeaders are the fields for pages of other origins, the methods left out.
func crossHeaders(w want) want {
	return w.head("access-control-allow-origin", "*").head("access-control-max-age", "86400").
		head("access-control-allow-headers", "content-type, depth, user-agent, x-http-method-override, x-file-size, x-requested-with, "+
			"if-modified-since, x-file-name, cache-control, x-auth-token, x-kazoo-cluster-id, if-match").
		head("access-control-expose-headers", "content-type, x-auth-token, x-request-id, x-kazoo-cluster-id, location, etag, etag")
}

func corsRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-CORS-001", Text: "A request with Origin, Access-Control-Request-Method or Access-Control-Request-Headers MUST be answered with the five CORS headers as they are listed.",
			Source: crossOrigin + "api_util:add_cors_headers/2", Judge: answers(
				crossHeaders(answered("with Origin", "200")), crossHeaders(answered("with a method", "200")), crossHeaders(answered("with headers", "200"))),
		},
		{
			ID: "CB-CORS-002", Text: "A success that was not asked for CORS MUST NOT have its headers.",
			Source: crossOrigin + "api_util:is_cors_request/1", Judge: answers(answered("asked by nobody", "200").without(
				"access-control-allow-origin", "access-control-allow-methods", "access-control-allow-headers", "access-control-expose-headers", "access-control-max-age")),
		},
		{
			ID: "CB-CORS-003", Text: "Every error with a body MUST have the CORS headers.",
			Source: crossOrigin + "api_util:stop/2", Judge: answers(
				crossHeaders(answered("error 401", "401")), crossHeaders(answered("error 403", "403")), crossHeaders(answered("error 405", "405")),
				crossHeaders(answered("error 404 of a path", "404")), crossHeaders(answered("error 400 of a body", "400")), crossHeaders(answered("error 400 of a field", "400")),
				crossHeaders(answered("error 404 of a document", "404")), crossHeaders(answered("error 409", "409"))),
		},
		{
			ID: "CB-CORS-004", Text: "A preflight MUST be answered with 200 and no body, without a token.",
			Source: crossOrigin + "api_resource:options/2", Judge: answers(crossHeaders(answered("preflight", "200").empty().head("x-request-id", ""))),
		},
		{
			ID: "CB-CORS-005", Text: "OPTIONS without any of the CORS request headers MUST be 405.",
			Source: crossOrigin + "api_resource:options/2", Judge: answers(answered("plain OPTIONS", "405").json(badMethod)),
		},
		{
			ID: "CB-CORS-006", Text: "The allowed methods MUST be OPTIONS and those of the path, and all of HTTP's while the path is not known.",
			Source: crossOrigin + "crossbar vectors devices refusals", Judge: func(j *suite.Judging) {
				allows(j, "with Origin", "GET", "OPTIONS", "PUT")
				allows(j, "preflight", "GET", "OPTIONS", "PUT")
				allows(j, "one device", "DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT")
				allows(j, "error 401", "GET", "OPTIONS", "PUT")
				allows(j, "error 404 of a path", "OPTIONS")
				allows(j, "error 400 of a body", "DELETE", "GET", "HEAD", "OPTIONS", "OPTIONS", "PATCH", "POST", "PUT")
			},
		},
		{
			ID: "CB-CORS-007", Text: "A method that Access-Control-Request-Method names MUST be among the allowed ones.",
			Source: crossOrigin + "api_util:add_cors_headers/2", Judge: func(j *suite.Judging) { allows(j, "preflight for FOO", "FOO", "GET", "OPTIONS", "PUT") },
		},
		{
			ID: "CB-CORS-008", Text: "An error that is decided before the form of the answer (401, 403, 405, 404 of a path, 400 of a broken body) MUST NOT have a content-type.",
			Source: crossOrigin + "api_util:stop/2", Judge: answers(
				answered("error 401", "401").without("content-type", "vary"), answered("error 403", "403").without("content-type", "vary"), answered("error 405", "405").without("content-type"),
				answered("error 404 of a path", "404").without("content-type"), answered("error 400 of a body", "400").without("content-type")),
		},
		{
			ID: "CB-CORS-009", Text: "A later error MUST have the content-type, content-language and vary of a success.",
			Source: crossOrigin + "cowboy_rest", Judge: answers(
				success("error 400 of a field", "400"), success("error 404 of a document", "404"), success("error 409", "409")),
		},
	}
}

// allows compares the methods, in any order.
func allows(j *suite.Judging, step string, methods ...string) {
	answer, found := j.Answer(step)
	if !found {
		j.Failf("the request %q has no answer", step)
		return
	}
	text, _ := answer.Value("access-control-allow-methods")
	got := strings.Split(text, ", ")
	slices.Sort(got)
	j.Equal("methods allowed in the answer to "+step, strings.Join(methods, " "), strings.Join(got, " "), answer)
}
