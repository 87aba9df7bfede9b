package rest

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/suite"
)

// small is about small endpoints, and what else of the API may surprise.
func small() suite.Group {
	return suite.Group{
		Name: "rest/small", Title: "Schemas, and what may surprise", Needs: []string{suite.Accounts},
		Do: exchange(
			get("schemas", "/v2/schemas"), get("internal schemas", "/v2/schemas?internals=true"), get("schema", "/v2/schemas/metaflow"), get("no such schema", "/v2/schemas/nope"),
			put("validation", "/v2/schemas/menus/validation", `{"data":{"name":"x","pvt_x":1}}`).as(parent), put("failed validation", "/v2/schemas/menus/validation", `{"data":{}}`).as(parent),
			put("oversize", menus, `{"data":{"name":"`+strings.Repeat("x", 8_000_100)+`"}}`).briefly(),
			put("bad base64", menus, "%%%").of("application/base64"),
		),
		Requirements: []suite.Requirement{
			{
				ID: "CB-MISC-001", Text: "The list of schemas MUST be their ids in ascending order, without those of kapi.",
				Source: "crossbar.md 9.5; cb_schemas", Judge: func(j *suite.Judging) {
					answer, ok := j.Status("schemas", "200")
					if !ok {
						return
					}
					var ids []string
					for _, id := range gjson.GetBytes(answer.Body, "data").Array() {
						ids = append(ids, id.Str)
					}
					for _, id := range []string{"accounts", "devices", "metaflow", "users", "webhooks"} {
						if !slices.Contains(ids, id) {
							j.Fail("there is no "+id, answer)
						}
					}
					if !slices.IsSorted(ids) || slices.ContainsFunc(ids, func(id string) bool { return strings.HasPrefix(id, "kapi.") }) {
						j.Fail("they are not sorted, or there is one of kapi", answer)
					}
				},
			},
			{
				ID: "CB-MISC-002", Text: "A schema MUST be shown by its id, and an unknown one be 404.",
				Source: "crossbar.md 9.5; cb_schemas", Judge: answers(
					answered("schema", "200").member("data.properties.module.maxLength", "64").member("data.required", `["module"]`), answered("no such schema", "404").member("error", `"404"`)),
			},
			{
				ID: "CB-MISC-003", Text: "The check of data against a schema MUST give back the data with the schema's defaults, or what is wrong.", Needs: []string{suite.Admin},
				Source: "crossbar.md 9.5; cb_schemas", Judge: func(j *suite.Judging) {
					if answer, found := j.Answer("validation"); !found || answer.Head != "200" && answer.Head != "201" {
						j.Fail("the check did not succeed", answer)
					} else if gjson.GetBytes(answer.Body, "data.name").Str != "x" || gjson.GetBytes(answer.Body, "data.retries").Raw != "3" {
						j.Fail("the data has not its name, or not its defaults", answer)
					}
					answered("failed validation", "400").json(invalid("{" + required("name") + "}")).judge(j)
				},
			},
			{
				ID: "CB-QUIRK-001", Text: "A body of more than 8000000 bytes MUST be 400 validation error, and not 413.",
				Source: "crossbar.md 10; crossbar.md 1; api_util", Judge: answers(answered("oversize", "400").member("message", `"validation error"`).member("error", `"400"`)),
			},
			{
				ID: "CB-QUIRK-002", Text: "A body that is said to be base64 and is not MUST be 400 validation error, and not 413.",
				Source: "crossbar.md 10; crossbar.md 2.1; api_util:decode_base64", Judge: answers(answered("bad base64", "400").member("message", `"validation error"`)),
			},
		},
	}
}
