package rest

import "github.com/kazoolab/kazoolab/conformance/suite"

const (
	conferences = "/v2/accounts/{account}/conferences"
	users       = "/v2/accounts/{account}/users"
	callflows   = "/v2/accounts/{account}/callflows"
	vmboxes     = "/v2/accounts/{account}/vmboxes"
)

// rules is about what is said of a field that is not as its schema has it.
func rules() suite.Group {
	return suite.Group{
		Name: "rest/rules", Title: "Validation", Needs: []string{suite.Accounts},
		Do: exchange(
			put("two missing", users, `{"data":{}}`), put("one missing", users, `{"data":{"first_name":"A"}}`),
			put("wrong types", users, `{"data":{"first_name":5,"last_name":null}}`), put("no boolean", users, `{"data":{"first_name":"A","last_name":"B","enabled":"maybe"}}`),
			put("no integer", devices, `{"data":{"name":"n","sip":{"expire_seconds":"x"}}}`), put("no list", conferences, `{"data":{"conference_numbers":"x"}}`),
			put("no choice", users, `{"data":{"first_name":"A","last_name":"B","priv_level":"god"}}`),
			put("too short", users, `{"data":{"first_name":"","last_name":"B"}}`), put("too long", devices, `{"data":{"name":"`+long+`"}}`),
			put("short owner", devices, `{"data":{"name":"n","owner_id":"short"}}`),
			put("too small", menus, `{"data":{"name":"m","retries":0}}`), put("too large", menus, `{"data":{"name":"m","retries":11}}`),
			put("not unique", conferences, `{"data":{"conference_numbers":["1","1"]}}`), put("no pattern", users, `{"data":{"first_name":"A","last_name":"B","username":"a b"}}`),
			put("pattern in a list", conferences, `{"data":{"member":{"pins":["x"]}}}`), put("not in the schema", "/v2/api_auth", `{"data":{"api_key":"`+key64+`","x":1}}`),
			put("many", menus, `{"data":{"retries":0,"hunt":"x","media":5}}`), put("dots in a key", users, `{"data":{"first_name":"A","last_name":"B","call_restriction":{"a.b":{"action":"x"}}}}`),
			put("cast", menus, `{"data":{"name":"cast","retries":"5","hunt":"false","max_extension_length":"3"}}`).keep("cast"), get("cast again", menus+"/{cast}"),
			put("conflict", menus, `{"data":{"name":"again","id":"{cast}"}}`),
			get("page size", menus+"?page_size=0"), get("channels of a callflow", callflows+"/"+nowhere+"/channels"),
		),
		Requirements: append(ruleRequirements(), systemRequirements()...),
	}
}

const (
	key64 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	long  = key64 + key64 + "a"
)

const validating = "crossbar.md 3.2; kz_json_schema:error_to_jobj/2"

func ruleRequirements() []suite.Requirement {
	is := func(step, data string) want { return answered(step, "400").json(invalid(data)) }
	return []suite.Requirement{
		{
			ID: "CB-ERR-002", Text: "A missing field MUST be told by the rule required, with its name as the value, several beside each other.",
			Source: validating, Judge: answers(is("two missing", "{"+required("first_name")+","+required("last_name")+"}"), is("one missing", "{"+required("last_name")+"}")),
		},
		{
			ID: "CB-ERR-003", Text: "A value of a wrong type MUST be told by the rule type, with target and value.",
			Source: validating, Judge: answers(
				is("wrong types", `{"first_name":{"type":{"message":"Value did not match type(s): string","target":"string","value":5}},`+
					`"last_name":{"type":{"message":"Value did not match type(s): string","target":"string","value":null}}}`),
				is("no boolean", `{"enabled":{"type":{"message":"Value did not match type(s): boolean","target":"boolean","value":"maybe"}}}`),
				is("no integer", `{"sip.expire_seconds":{"type":{"message":"Value did not match type(s): integer","target":"integer","value":"x"}}}`),
				is("no list", `{"conference_numbers":{"type":{"message":"Value did not match type(s): array","target":"array","value":"x"}}}`)),
		},
		{
			ID: "CB-ERR-004", Text: "A value out of an enumeration MUST be told by the rule enum, with the list as target.",
			Source: validating, Judge: answers(
				is("no choice", `{"priv_level":{"enum":{"message":"Value not found in enumerated list of values","target":["user","admin"],"value":"god"}}}`)),
		},
		{
			ID: "CB-ERR-005", Text: "A string that is too short or too long MUST be told by minLength or maxLength, with target, cause and value.",
			Source: validating, Judge: answers(
				is("too short", `{"first_name":{"minLength":{"message":"String must be at least 1 characters","target":1,"cause":"","value":""}}}`),
				is("short owner", `{"owner_id":{"minLength":{"message":"String must be at least 32 characters","target":32,"cause":"short","value":"short"}}}`),
				is("too long", `{"name":{"maxLength":{"message":"String must not be more than 128 characters","target":128,"cause":"`+long+`","value":"`+long+`"}}}`)),
		},
		{
			ID: "CB-ERR-006", Text: "A number that is too small or too large MUST be told by minimum or maximum, with target and value.",
			Source: validating, Judge: answers(
				is("too small", `{"retries":{"minimum":{"message":"Value must be at least 1","target":1,"value":0}}}`),
				is("too large", `{"retries":{"maximum":{"message":"Value must be at most 10","target":10,"value":11}}}`)),
		},
		{
			ID: "CB-ERR-007", Text: "A list with equal items MUST be told by uniqueItems.",
			Source: validating, Judge: answers(is("not unique", `{"conference_numbers":{"uniqueItems":{"message":"List of items is not unique","value":["1","1"]}}}`)),
		},
		{
			ID: "CB-ERR-008", Text: "A string that does not match MUST be told by pattern, with the pattern as target, in a list at its index.",
			Source: validating, Judge: answers(
				is("no pattern", `{"username":{"pattern":{"message":"Failed to match pattern '^([+@.\\w_-]+)$'","target":"^([+@.\\w_-]+)$","value":"a b"}}}`),
				is("pattern in a list", `{"member.pins.0":{"pattern":{"message":"Failed to match pattern '^[0-9]+$'","target":"^[0-9]+$","value":"x"}}}`)),
		},
		{
			ID: "CB-ERR-009", Text: "A field that a closed schema has not MUST be told by additionalProperties, with the whole object as value.",
			Source: validating, Judge: answers(is("not in the schema",
				`{"x":{"additionalProperties":{"message":"Strict checking of data is enabled; only include schema-defined properties","value":{"api_key":"`+key64+`","x":1}}}}`)),
		},
		{
			ID: "CB-ERR-010", Text: "All that is wrong MUST be told in one answer.",
			Source: validating, Judge: answers(is("many", `{`+required("name")+`,"retries":{"minimum":{"message":"Value must be at least 1","target":1,"value":0}},`+
				`"hunt":{"type":{"message":"Value did not match type(s): boolean","target":"boolean","value":"x"}},`+
				`"media":{"type":{"message":"Value did not match type(s): object","target":"object","value":5}}}`)),
		},
		{
			ID: "CB-ERR-011", Text: "A dot within a key MUST be written %2E in the path of an error.",
			Source: validating, Judge: answers(is("dots in a key",
				`{"call_restriction.a%2Eb.action":{"enum":{"message":"Value not found in enumerated list of values","target":["inherit","deny"],"value":"x"}}}`)),
		},
		{
			ID: "CB-ERR-012", Text: "A string that can be read as the number or boolean that a schema wants MUST be taken, and stored, as that.",
			Source: "crossbar.md 3.2; kz_json_schema:validate/3", Judge: answers(
				answered("cast", "201").member("data.retries", "5").member("data.hunt", "false"), answered("cast again", "200").member("data.retries", "5").member("data.max_extension_length", "3")),
		},
		{
			ID: "CB-ERR-013", Text: "Defaults of a schema MUST be stored with a document.",
			Source: "crossbar.md 3.2; kz_json_schema:add_defaults/2", Judge: answers(
				answered("cast again", "200").member("data.suppress_media", "false").member("data.media", "{}").member("data.allow_record_from_offnet", "false")),
		},
	}
}

func systemRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-ERR-014", Text: "A document whose id is taken MUST be 409 datastore_conflict, conflicting documents.",
			Source: "crossbar.md 3.3; crossbar.md 9; cb_context:add_system_error/2", Judge: answers(
				answered("conflict", "409").member("error", `"409"`).member("message", `"datastore_conflict"`).member("data.message", `"conflicting documents"`)),
		},
		{
			ID: "CB-ERR-015", Text: "A faulty_request MUST be 404 with the reason in data.message, and crossbar_util's spaced faulty request have an empty data.",
			Source: "crossbar.md 3.3; crossbar.md 10; cb_context:add_system_error/3", Judge: answers(
				answered("page size", "404").json(`{"data":{"message":"page size must be at least 1"},"error":"404","message":"faulty_request","status":"error"}`),
				answered("channels of a callflow", "404").json(`{"data":{},"error":"404","message":"faulty request","status":"error"}`)),
		},
	}
}
