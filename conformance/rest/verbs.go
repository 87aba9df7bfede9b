package rest

import (
	"net/http"

	"github.com/kazoolab/kazoolab/conformance/suite"
)

// verbs is about a method that is named elsewhere than in the request line.
func verbs() suite.Group {
	return suite.Group{
		Name: "rest/verbs", Title: "Methods that are tunnelled", Needs: []string{suite.Accounts},
		Do: exchange(
			put("create", menus, `{"data":{"name":"one"}}`).keep("one"), put("create another", menus, `{"data":{"name":"two"}}`).keep("two"),
			post("verb PUT", menus, `{"data":{"name":"by verb","id":"verb-1-{account}"},"verb":"PUT"}`), post("verb put", menus, `{"data":{"name":"small"},"verb":"put"}`),
			post("query PUT", menus+"?verb=PUT", `{"data":{"name":"query"}}`), post("data PUT", menus, `{"data":{"name":"data","verb":"Put"}}`),
			post("verb PATCH", menus+"/{one}", `{"data":{"timeout":5000},"verb":"PATCH"}`),
			post("verb GET", menus+"/{one}", `{"data":{},"verb":"GET"}`), put("PUT verb GET", menus, `{"data":{"name":"three"},"verb":"GET"}`),
			post("verb DELETE", menus+"/{two}", `{"data":{},"verb":"delete"}`), get("two is gone", menus+"/{two}"),
			post("verb not allowed", menus, `{"data":{"name":"x"},"verb":"DELETE"}`), post("verb FOO", menus+"/{one}", `{"data":{"name":"one"},"verb":"FOO"}`),
			post("verb empty", menus+"/{one}", `{"data":{"name":"one"},"verb":""}`), post("verb 5", menus+"/{one}", `{"data":{"name":"one"},"verb":5}`),
			post("override", menus, `{"data":{"name":"x"}}`).with("X-Http-Method-Override", "PUT"),
			get("GET that deletes", menus+"/{one}?verb=DELETE"), get("one is there", menus+"/{one}"),
			get("GET that creates", menus+"?verb=PUT"), sends("HEAD that gets", http.MethodHead, menus+"/{one}?verb=GET"),
		),
		Requirements: []suite.Requirement{
			{
				ID: "CB-VERB-001", Text: "A POST with verb PUT, in small or capital letters, in the envelope, the query or data, MUST create and be answered with 201 and Location.",
				Source: "crossbar.md 2.2; crossbar.md 3.4; api_util:get_http_verb/2", Judge: answers(
					answered("verb PUT", "201").member("data.name", `"by verb"`).head("location", "/v2/accounts/{account}/menus/verb-1-{account}"),
					answered("verb put", "201").member("data.name", `"small"`).head("location", ""), answered("query PUT", "201").member("data.name", `"query"`),
					answered("data PUT", "201").member("data.name", `"data"`)),
			},
			{
				ID: "CB-VERB-002", Text: "A POST with verb PATCH MUST merge, and be answered with 200.",
				Source: "crossbar.md 2.2; api_util:get_http_verb/2", Judge: answers(answered("verb PATCH", "200").member("data.timeout", "5000").member("data.name", `"one"`)),
			},
			{
				ID: "CB-VERB-003", Text: "A POST or PUT with verb GET MUST read, and be answered with 200.",
				Source: "crossbar.md 2.2; crossbar.md 3.4; api_util:get_http_verb/2", Judge: answers(
					answered("verb GET", "200").member("data.name", `"one"`), answered("PUT verb GET", "200").member("data.0.flags", "[]").without("location")),
			},
			{
				ID: "CB-VERB-004", Text: "A POST with verb DELETE MUST delete, and be answered with 200.",
				Source: "crossbar.md 2.2; api_util:get_http_verb/2", Judge: answers(
					answered("verb DELETE", "200").member("data._read_only.deleted", "true"), answered("two is gone", "404").json(unknown("{two}"))),
			},
			{
				ID: "CB-VERB-005", Text: "A verb that the path does not allow, that is unknown, empty or no string MUST be 405.",
				Source: "crossbar.md 2.2; crossbar vectors tunnelled verb", Judge: answers(
					answered("verb not allowed", "405").json(badMethod), answered("verb FOO", "405").json(badMethod), answered("verb empty", "405").json(badMethod), answered("verb 5", "405").json(badMethod)),
			},
			{
				ID: "CB-VERB-006", Text: "The header X-HTTP-Method-Override MUST be without effect.",
				Source: "crossbar.md 2.2; crossbar vectors tunnelled verb 15", Judge: answers(answered("override", "405").json(badMethod)),
			},
			{
				ID: "CB-VERB-007", Text: "A GET with verb DELETE MUST be answered as the deletion that it does not carry out.",
				Source: "crossbar.md 2.2; crossbar.md 10", Judge: answers(
					answered("GET that deletes", "200").member("data._read_only.deleted", "true"), answered("one is there", "200").member("data.name", `"one"`).member("data._read_only", "")),
			},
			{
				ID: "CB-VERB-008", Text: "A GET with verb PUT MUST be validated as a creation.",
				Source: "crossbar.md 2.2; crossbar vectors tunnelled verb 17", Judge: answers(answered("GET that creates", "400").json(invalid("{" + required("name") + "}"))),
			},
		},
	}
}
