package rest

import (
	"context"
	"net/http"
	"slices"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// nowhere is an id that no document has.
const nowhere = "ffffffffffffffffffffffffffffffff"

// routes is about which paths there are.
func routes() suite.Group {
	return suite.Group{
		Name: "rest/routes", Title: "Paths and versions", Needs: []string{suite.Accounts},
		Do: doRoutes, Requirements: slices.Concat(routeRequirements(), wordRequirements()),
	}
}

func doRoutes(ctx context.Context, p *probe.Probe) error {
	t, err := begin(ctx, p)
	if err != nil {
		return err
	}
	if err := t.all(ctx,
		get("banner at /", "/").as(nobody), get("banner at /nothing", "/nothing/here").as(nobody), get("banner at /V2", "/V2/accounts/{account}").as(nobody),
		get("version 1", "/v1/accounts/{account}"), put("version 1 nobody", "/v1/anything", `{"data":{}}`).as(nobody),
		get("version 0", "/v0/accounts/{account}/devices"), get("version 22", "/v22/accounts/{account}/devices"), get("version 3", "/v3/accounts/{account}/devices"),
		get("version hooks", "/hooks/accounts/{account}/devices"), get("version 2.0", "/v2.0/accounts/{account}/devices"),
		get("only the version", "/v2"), get("only the version and a slash", "/v2/"), get("empty first", "/v2//accounts/{account}"),
		get("unknown word", "/v2/nope"), get("capitals", "/v2/ACCOUNTS/{account}"), put("unknown word PUT", "/v2/nope", `{"data":{}}`),
		get("unknown nobody", "/v2/nope").as(nobody), sends("unknown preflight", http.MethodOptions, "/v2/nope").as(nobody).with("Origin", "http://ui.example.com"),
		get("unknown superduper", "/v2/nope").as(parent),
		get("escaped letter", "/v2/accounts/{account}/%64evices"), get("escaped slash", "/v2/accounts/{account}%2Fdevices"),
		get("empty inside", "/v2/accounts/{account}//devices//"), get("a dot", "/v2/accounts/{account}/./devices"), get("two dots", "/v2/accounts/{account}/devices/../devices"),
		get("too many arguments", "/v2/accounts/{account}/users/x/nope"),
		get("short account", "/v2/accounts/abc/devices").as(nobody), get("account with dashes", "/v2/accounts/ffffffff-ffff-ffff-ffff-ffffffffffff").as(nobody),
		get("missing account", "/v2/accounts/"+nowhere+"/devices").as(nobody), get("missing account with token", "/v2/accounts/"+nowhere+"/devices"),
		get("two accounts, own last", "/v2/accounts/{parent}/accounts/{account}"), get("two accounts, own first", "/v2/accounts/{account}/accounts/{parent}"),
		get("no account", "/v2/devices"), get("no account nobody", "/v2/devices").as(nobody), get("no account argument", "/v2/accounts/devices"),
		get("singular", "/v2/account/devices"), get("singular nobody", "/v2/account/devices").as(nobody),
		sends("head", http.MethodHead, "/v2/accounts/{account}/devices"), sends("head unknown", http.MethodHead, "/v2/nope"),
		post("method before token", "/v2/accounts/{account}/devices", `{"data":{}}`).as(nobody),
		post("method before account", "/v2/accounts/"+nowhere+"/devices", `{"data":{}}`).as(nobody),
		post("body before path", "/v2/nope", `{`).as(nobody), post("body before method", "/v2/accounts/{account}/devices", `{`).as(nobody),
		get("rights before accept", "/v2/accounts/{parent}/devices").with("Accept", "image/png"),
		put("accept before validation", "/v2/accounts/{account}/devices", `{"data":{}}`).with("Accept", "image/png"),
		sends("word FOO", "FOO", "/v2/accounts/{account}/devices"), sends("word get", "get", "/v2/accounts/{account}/devices"),
	); err != nil {
		return err
	}
	for name, request := range byName(map[string]string{
		"bad escape in the path":  "GET /v2/accounts/%zz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
		"raw byte in the path":    "GET /v2/accounts/\xc3\xa9 HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
		"bad escape in the query": "GET /v2/accounts/{account}?a=%zz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
		"empty name in the query": "GET /v2/accounts/{account}?=& HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
		"trace":                   "TRACE /v2/accounts/{account} HTTP/1.1\r\nHost: {host}\r\n\r\n",
		"connect":                 "CONNECT /v2/accounts/{account} HTTP/1.1\r\nHost: {host}\r\n\r\n",
	}) {
		if err := t.raw(ctx, name, request); err != nil {
			return err
		}
	}
	return nil
}

const routing = "crossbar.md 1; "

func routeRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-ROUTE-001", Text: "A path that does not begin with a version MUST be answered with 200 and the text banner, of type text/plain; charset=UTF-8.",
			Source: routing + "crossbar_default_handler", Judge: judgeBanner,
		},
		{
			ID: "CB-ROUTE-002", Text: "Version 1 MUST be answered with 410, gone, and the reason as a string in data.",
			Source: routing + "api_util", Judge: answers(
				answered("version 1", "410").json(gone).without("content-type"), answered("version 1 nobody", "410").json(gone)),
		},
		{
			ID: "CB-ROUTE-003", Text: "Any other whole version, and hooks in its place, MUST be routed as v2 is.",
			Source: routing + "crossbar_init", Judge: answers(
				answered("version 0", "200").data("[]"), answered("version 22", "200").data("[]"), answered("version 3", "200").data("[]"), answered("version hooks", "200").data("[]")),
		},
		{
			ID: "CB-ROUTE-004", Text: "To a caller with a token, a path whose first word is no endpoint, is missing, has other capitals or follows v2.0 MUST be 404 not_found without content-type.",
			Source: routing + "api_util:parse_path_tokens/2", Judge: answers(
				answered("unknown word", "404").json(notFound).without("content-type"), answered("unknown word PUT", "404").json(notFound), answered("capitals", "404").json(notFound),
				answered("only the version", "404").json(notFound), answered("only the version and a slash", "404").json(notFound),
				answered("empty first", "404").json(notFound), answered("version 2.0", "404").json(notFound)),
		},
		{
			ID: "CB-ROUTE-005", Text: "Without a token, a path whose first word is no endpoint MUST be 401 invalid_credentials, to a CORS preflight as well.",
			Source: "crossbar.md 1; crossbar.md 2.4; api_util:is_authentic/2", Judge: answers(
				answered("unknown nobody", "401").json(notAuthenticated).without("content-type"), answered("unknown preflight", "401").json(notAuthenticated)),
		},
		{
			ID: "CB-ROUTE-006", Text: "A superduper admin's GET of an unknown path MUST be 404 without a body.", Needs: []string{suite.Admin},
			Source: routing + "api_resource:resource_exists/2", Judge: answers(answered("unknown superduper", "404").empty()),
		},
		{
			ID: "CB-ROUTE-007", Text: "Escapes of a path MUST be decoded after it is split at its slashes and before its words are matched.",
			Source: routing + "api_util:parse_path_tokens/2", Judge: answers(
				answered("escaped letter", "200").data("[]"),
				answered("escaped slash", "404").json(`{"data":{"message":"invalid account_id '{account}/devices'"},"error":"404","message":"bad identifier","status":"error"}`)),
		},
		{
			ID: "CB-ROUTE-008", Text: "Empty words inside and behind a path MUST be ignored, and words of dots taken as they stand.",
			Source: routing + "api_util:parse_path_tokens/2", Judge: answers(
				answered("empty inside", "200").data("[]"), answered("two dots", "404")),
		},
		{
			ID: "CB-ROUTE-009", Text: "An endpoint with a number of arguments that it does not take MUST be 404 not_found.",
			Source: routing + "api_resource:allowed_methods/2", Judge: answers(
				answered("too many arguments", "404").json(notFound).head("access-control-allow-methods", "OPTIONS").without("content-type")),
		},
		{
			ID: "CB-ROUTE-010", Text: "An account id that has not 32 bytes MUST be 404 bad identifier, before any authentication.",
			Source: routing + "api_resource:malformed_request/3", Judge: answers(
				answered("short account", "404").json(`{"data":{"message":"invalid account_id 'abc'"},"error":"404","message":"bad identifier","status":"error"}`).without("content-type"),
				answered("account with dashes", "404").member("message", `"bad identifier"`)),
		},
		{
			ID: "CB-ROUTE-011", Text: "An account that does not exist MUST be 404 bad_identifier with its id as the cause, before any authentication.",
			Source: routing + "api_resource:malformed_request/3; crossbar.md 10", Judge: answers(
				answered("missing account", "404").json(unknown(nowhere)).without("content-type"), answered("missing account with token", "404").json(unknown(nowhere))),
		},
		{
			ID: "CB-ROUTE-012", Text: "Of several accounts in a path the last MUST decide.",
			Source: routing + "api_util:parse_path_tokens/2", Judge: answers(
				answered("two accounts, own last", "200").member("data.id", `"{account}"`), answered("two accounts, own first", "403").json(forbidden)),
		},
		{
			ID: "CB-ROUTE-013", Text: "An endpoint that lives under accounts MUST be 401 without one and without a token, and 403 with a token.",
			Source: routing + "cb_simple_authz", Judge: answers(
				answered("no account nobody", "401").json(notAuthenticated), answered("no account", "403").json(forbidden), answered("no account argument", "403").json(forbidden)),
		},
		{
			ID: "CB-ROUTE-014", Text: "The path /account without an id MUST stand for the account of the token, and be 401 without one.",
			Source: routing + "api_util:parse_path_tokens/2", Judge: answers(
				answered("singular", "200").data("[]"), answered("singular nobody", "401").json(notAuthenticated)),
		},
	}
}

const gone = `{"data":"API version 1 is not supported. Please upgrade your code to use version 2.","error":"410","message":"gone","status":"error"}`

func judgeBanner(j *suite.Judging) {
	for _, step := range []string{"banner at /", "banner at /nothing", "banner at /V2"} {
		answered(step, "200").head("content-type", "text/plain; charset=UTF-8").judge(j)
		if answer, found := j.Answer(step); found && (len(answer.Body) < 100 || answer.Body[0] == '{') {
			j.Fail("the body is no banner", answer)
		}
	}
}

func wordRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-ROUTE-015", Text: "HEAD MUST be answered as not allowed, 405, and 404 where nothing is, without a body.",
			Source: "crossbar.md 1; crossbar.md 2.4; crossbar vectors users refusals 19", Judge: answers(
				answered("head", "405").empty(), answered("head unknown", "404").empty()),
		},
		{
			ID: "CB-ROUTE-016", Text: "A path with a bad escape or with a byte beyond ASCII MUST be 400 without body and without x-request-id.",
			Source: routing + "cowboy", Judge: func(j *suite.Judging) {
				for _, name := range []string{"bad escape in the path", "raw byte in the path"} {
					bareEmpty(j, name, "400", "x-request-id", "access-control-allow-origin")
				}
			},
		},
		{
			ID: "CB-ROUTE-017", Text: "A query with a bad escape or an empty name MUST be refused, with 400 or 500.",
			Source: routing + "cowboy_req:parse_qs/1", Judge: func(j *suite.Judging) {
				for _, name := range []string{"bad escape in the query", "empty name in the query"} {
					if b, ok := bareAnswer(j, name); ok && b.status != "400" && b.status != "500" {
						j.Differs("status of "+name, []byte("400 or 500"), []byte(b.status), b.entry)
					}
				}
			},
		},
		{
			ID: "CB-ROUTE-018", Text: "TRACE and CONNECT MUST be answered with 501, no body and connection: close.",
			Source: routing + "cowboy", Judge: func(j *suite.Judging) {
				for _, name := range []string{"trace", "connect"} {
					if b, ok := bareEmpty(j, name, "501"); ok {
						j.Equal("connection of "+name, "close", b.header["connection"], b.entry)
					}
				}
			},
		},
		{
			ID: "CB-ROUTE-019", Text: "A method that HTTP does not know, small letters included, MUST be 501 without body, with x-request-id and without CORS headers.",
			Source: routing + "cowboy_rest:known_methods", Judge: answers(
				answered("word FOO", "501").empty().head("x-request-id", "").without("access-control-allow-origin", "content-type"),
				answered("word get", "501").empty().head("x-request-id", "")),
		},
		{
			ID: "CB-ROUTE-020", Text: "Whether a method is allowed MUST be decided before whether the account exists and who asks.",
			Source: routing + "api_resource", Judge: answers(
				answered("method before token", "405").json(badMethod).without("content-type"), answered("method before account", "405").json(badMethod)),
		},
		{
			ID: "CB-ROUTE-021", Text: "A body that is not JSON MUST be refused with 400 before the path, the method and the token are looked at.",
			Source: routing + "api_resource:rest_init/2", Judge: answers(
				answered("body before path", "400").json(brokenJSON), answered("body before method", "400").json(brokenJSON)),
		},
		{
			ID: "CB-ROUTE-022", Text: "What may be answered (406) MUST be decided after the rights (403) and before the validation (400).",
			Source: routing + "cowboy_rest", Judge: answers(
				answered("rights before accept", "403").json(forbidden), answered("accept before validation", "406").empty()),
		},
	}
}
