package rest

import (
	"encoding/base64"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/suite"
)

const brokenJSON = `{"data":{"json":{"invalid":{"message":"decoder_exit around 0","target":"body"}}},"error":"400","message":"validation error","status":"error"}`

const (
	menus   = "/v2/accounts/{account}/menus"
	devices = "/v2/accounts/{account}/devices"
)

// bodies is about how a body becomes data.
func bodies() suite.Group {
	steps := []step{
		put("without a type", menus, `{"data":{"name":"untyped"}}`).of(""), put("x-json", menus, `{"data":{"name":"x-json"}}`).of("application/x-json"),
		put("as a form", menus, `{"data":{"name":"formed"}}`).of("application/x-www-form-urlencoded"),
		put("as text", menus, `{"data":{"name":"text"}}`).of("text/plain"), put("as vnd", menus, `{"data":{"name":"vnd"}}`).of("application/vnd.api+json"),
		put("garbage type", menus, `{"data":{"name":"garbage"}}`).of("garbage"),
		put("multipart", menus, "--b\r\nContent-Type: application/json\r\n\r\n{\"data\":{\"name\":\"parts\"}}\r\n--b--\r\n").of("multipart/mixed; boundary=b"),
		put("wrong boundary", menus, "--x\r\nContent-Type: application/json\r\n\r\n{\"data\":{\"name\":\"parts\"}}\r\n--x--\r\n").of("multipart/mixed; boundary=b"),
		put("base64", menus, base64.StdEncoding.EncodeToString([]byte(`{"data":{"name":"x"}}`))).of("application/base64"),
		put("capital envelope", menus, `{"DATA":{"name":"capitals"}}`), put("no body", menus, ""),
		put("no data", menus, `{"Some-Key":1,"other":{"In-Side":2}}`), put("data null", menus, `{"data":null}`), get("GET", menus).sending(`{"x":1}`),
		del("DELETE", menus+"/"+nowhere).sending(`{"data":5}`),
		put("data true", menus, `{"data":true}`), put("data 5", menus, `{"data":5}`), put("data text", menus, `{"data":"x"}`), put("data list", menus, `{"data":[]}`),
		put("repeated key", menus, `{"data":{"name":"first","name":"last"}}`), put("Latin-1", menus, "{\"data\":{\"name\":\"caf\xe9\"}}"),
		put("private keys", menus, `{"data":{"name":"private","_x":1,"pvt_y":2,"_id":"z","pvt_type":"user","own":{"pvt_z":3}}}`).keep("private"), get("private keys again", menus+"/{private}"),
		put("client's id", menus, `{"data":{"name":"mine","id":"my-own-{account}"}}`), put("empty id", menus, `{"data":{"name":"no id","id":""}}`),
		put("data before query", menus+"?verb=PUT", `{"data":{"name":"asked","verb":"GET"},"verb":"DELETE"}`),
		post("query before envelope", menus+"?verb=PUT", `{"data":{"name":"asked 2"},"verb":"DELETE"}`),
		post("value in data is kept", menus, `{"data":{"name":"kept","verb":"PUT"}}`),
		get("small query", menus+"?page_size=1"), get("capital query", menus+"?Page_Size=1"),
	}
	for name, body := range byName(defects()) {
		steps = append(steps, put(name, menus, body))
	}
	for name, body := range byName(noObjects()) {
		steps = append(steps, put(name, menus, body))
	}
	return suite.Group{
		Name: "rest/bodies", Title: "How a body is read", Needs: []string{suite.Accounts},
		Do: exchange(steps...), Requirements: append(typeRequirements(), bodyRequirements()...),
	}
}

// defects are texts that are no JSON, by the name of their step.
func defects() map[string]string {
	return map[string]string{
		"trailing text": `{"data":{}} trailing`, "two objects": `{"data":{}}{"data":{}}`, "cut off": `{"data":{"name":`, "blanks": "   ", "a line": "\n",
		"byte-order mark": "\ufeff{\"data\":{}}", "trailing comma": `{"data":{},}`, "single quotes": `{'data':{}}`,
	}
}

// noObjects are JSON texts that are no objects.
func noObjects() map[string]string {
	return map[string]string{"null": "null", "true": "true", "number": "5", "string": `"text"`, "empty list": "[]", "list": `[{"data":{}}]`}
}

// sending gives a body to a method that has none as a rule.
func (s step) sending(body string) step { s.body = body; return s }

const reading = "crossbar.md 2.1; "

func typeRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-REQ-001", Text: "A body without Content-Type, or with application/x-json, MUST be read as JSON.",
			Source: reading + "api_util:get_req_data/2", Judge: answers(
				answered("without a type", "201").member("data.name", `"untyped"`), answered("x-json", "201").member("data.name", `"x-json"`)),
		},
		{
			ID: "CB-REQ-002", Text: "JSON that is sent as application/x-www-form-urlencoded MUST be read as JSON.",
			Source: reading + "api_util:maybe_extract_params_from_form", Judge: answers(answered("as a form", "201").member("data.name", `"formed"`)),
		},
		{
			ID: "CB-REQ-003", Text: "A body of any other type MUST be taken for a file beside an empty data, and never refused with 415.",
			Source: reading + "api_util:get_req_data/2", Judge: answers(
				answered("as text", "400").json(invalid("{"+required("name")+"}")), answered("as vnd", "400").json(invalid("{"+required("name")+"}")),
				answered("base64", "400").json(invalid("{"+required("name")+"}"))),
		},
		{
			ID: "CB-REQ-004", Text: "The JSON part of a multipart body MUST be its envelope.",
			Source: reading + "api_util:extract_multipart", Judge: answers(answered("multipart", "201").member("data.name", `"parts"`)),
		},
		{
			ID: "CB-REQ-005", Text: "A content type that is none, and parts that do not fit their boundary, MUST be refused with 400 or 500.",
			Source: reading + "cowboy_req:parse_header/2", Judge: func(j *suite.Judging) {
				for _, step := range []string{"garbage type", "wrong boundary"} {
					answer, found := j.Answer(step)
					if !found {
						j.Failf("the request %q has no answer", step)
					} else if answer.Head != "400" && answer.Head != "500" {
						j.Differs("status of "+step, []byte("400 or 500"), []byte(answer.Head), answer)
					}
				}
			},
		},
	}
}

func bodyRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-REQ-006", Text: "The top-level keys of an envelope MUST be read in small letters.",
			Source: reading + "kz_json:normalize_jobj/1", Judge: answers(answered("capital envelope", "201").member("data.name", `"capitals"`)),
		},
		{
			ID: "CB-REQ-007", Text: "A missing body MUST be read as an empty data.",
			Source: reading + "api_util:get_req_data/2", Judge: answers(answered("no body", "400").json(invalid("{"+required("name")+"}")).head("content-type", "application/json")),
		},
		{
			ID: "CB-REQ-008", Text: "A body without data MUST be refused with data, required, and the envelope with normalised keys as its value, for GET as well.",
			Source: reading + "api_util:is_valid_request_envelope/1", Judge: answers(
				answered("no data", "400").json(invalid(`{"data":{"required":{"message":"Field is required but missing","value":{"some_key":1,"other":{"In-Side":2}}}}}`)).without("content-type"),
				answered("data null", "400").json(invalid(`{"data":{"required":{"message":"Field is required but missing","value":{}}}}`)),
				answered("GET", "400").json(invalid(`{"data":{"required":{"message":"Field is required but missing","value":{"x":1}}}}`))),
		},
		{
			ID: "CB-REQ-009", Text: "Data that is neither object nor list MUST be refused with data, type, for DELETE as well.",
			Source: reading + "api_util:is_valid_request_envelope/1", Judge: answers(
				answered("data true", "400").json(noData("true")), answered("data 5", "400").json(noData("5")), answered("data text", "400").json(noData(`"x"`)),
				answered("DELETE", "400").json(noData("5"))),
		},
		{
			ID: "CB-REQ-010", Text: "A list as data of an object MUST fail at the schema, with an empty path.",
			Source: reading + "kz_json_schema", Judge: answers(
				answered("data list", "400").json(invalid(`{"":{"type":{"message":"Value did not match type(s): object","target":"object","value":[]}}}`)).head("content-type", "application/json")),
		},
		{
			ID: "CB-REQ-011", Text: "Every defect of a JSON text MUST be refused with the one message decoder_exit around 0.",
			Source: reading + "crossbar vectors bodies 2", Judge: func(j *suite.Judging) {
				for name := range byName(defects()) {
					answered(name, "400").json(brokenJSON).without("content-type").judge(j)
				}
			},
		},
		{
			ID: "CB-REQ-012", Text: "JSON that is no object MUST be refused with All JSON must be valid.",
			Source: reading + "crossbar vectors bodies 2", Judge: func(j *suite.Judging) {
				for name := range byName(noObjects()) {
					answered(name, "400").json(invalid(`{"json":{"invalid":{"message":"All JSON must be valid","target":"body"}}}`)).judge(j)
				}
			},
		},
		{
			ID: "CB-REQ-013", Text: "Of a repeated key the last MUST count.",
			Source: reading + "kz_json:decode/1", Judge: answers(answered("repeated key", "201").member("data.name", `"last"`)),
		},
		{
			ID: "CB-REQ-014", Text: "A string that is not UTF-8 MUST be read as Latin-1.",
			Source: reading + "kz_json:decode/1", Judge: answers(answered("Latin-1", "201").member("data.name", `"café"`)),
		},
		{
			ID: "CB-REQ-015", Text: "Keys of data that begin with _ or pvt_ MUST be dropped.",
			Source: reading + "kz_doc:public_fields/1", Judge: answers(
				answered("private keys", "201").member("data._x", "").member("data.pvt_y", "").member("data._id", "").member("data.pvt_type", "").member("data.name", `"private"`),
				answered("private keys again", "200").member("data._x", "").member("data.name", `"private"`)),
		},
		{
			ID: "CB-REQ-016", Text: "A PUT whose data has an id MUST create the document under that id, and one whose id is empty under a new one.",
			Source: "crossbar.md 2.1; crossbar.md 10; cb_context:passed/1", Judge: func(j *suite.Judging) {
				answered("client's id", "201").member("data.id", `"my-own-{account}"`).head("location", "/v2/accounts/{account}/menus/my-own-{account}").judge(j)
				if answer, ok := j.Status("empty id", "201"); ok {
					id := idOf(answer.Body)
					if len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "" {
						j.Differs("the new id", []byte("32 hex digits"), []byte(id), answer)
					}
				}
			},
		},
		{
			ID: "CB-REQ-017", Text: "A value of a request MUST be looked for in data, then in the query, then in the envelope.",
			Source: reading + "cb_context:req_value/2", Judge: answers(
				answered("data before query", "200").member("data.0.flags", "[]"), answered("query before envelope", "201").member("data.name", `"asked 2"`)),
		},
		{
			ID: "CB-REQ-018", Text: "A value of a request that stands in data MUST be stored with the document.",
			Source: reading + "cb_context:req_value/2", Judge: answers(answered("value in data is kept", "201").member("data.verb", `"PUT"`)),
		},
		{
			ID: "CB-REQ-019", Text: "Names of the query MUST be taken with their capitals.",
			Source: reading + "cowboy_req:parse_qs/1", Judge: func(j *suite.Judging) {
				answered("small query", "200").member("data.#", "1").judge(j)
				if answer, ok := j.Status("capital query", "200"); ok && number(answer.Body, "data.#") < 2 {
					j.Fail("Page_Size was taken for page_size", answer)
				}
			},
		},
	}
}

func noData(value string) string {
	return invalid(`{"data":{"type":{"message":"Value did not match type(s): object, array","target":"object, array","value":` + value + `}}}`)
}
