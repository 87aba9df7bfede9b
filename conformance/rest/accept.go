package rest

import (
	"strings"

	"github.com/kazoolab/kazoolab/conformance/suite"
)

// accept is about the form of an answer.
func accept() suite.Group {
	return suite.Group{
		Name: "rest/accept", Title: "The form of an answer", Needs: []string{suite.Accounts},
		Do: exchange(
			put("create", menus, `{"data":{"name":"first"}}`).keep("menu"), put("create another", menus, `{"data":{"name":"second"}}`),
			get("accept nothing said", menus).with("Accept", "*/*"), get("accept x-json", menus).with("Accept", "application/x-json"),
			get("accept csv", menus).with("Accept", "text/csv"), get("accept csv of one", menus+"/{menu}").with("Accept", "text/csv"),
			get("accept octets", menus).with("Accept", "application/octet-stream"), get("accept any text", menus).with("Accept", "text/*"),
			get("value csv", menus+"?accept=csv"), get("value text/csv", menus+"?accept=text/csv").with("Accept", "application/json"), get("value nope", menus+"?accept=nope"),
			get("named file", menus).with("Accept", "text/csv").with("X-File-Name", "menus.csv"), get("named by value", menus+"?accept=csv&file_name=other.csv"),
			get("accept image", menus).with("Accept", "image/png"), get("accept empty", menus).with("Accept", ""), get("accept garbage", menus).with("Accept", "garbage"),
			get("accept q 0", menus).with("Accept", "application/json;q=0"), get("better csv", menus).with("Accept", "application/json;q=0.5, text/csv"),
			put("error as csv", menus, `{"data":{}}`).with("Accept", "text/csv"),
		),
		Requirements: acceptRequirements(),
	}
}

const forms = "crossbar.md 2.5; "

func acceptRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-ACC-001", Text: "Whoever accepts anything MUST be given application/json.",
			Source: forms + "api_resource:content_types_provided/2", Judge: answers(answered("accept nothing said", "200").head("content-type", "application/json").member("status", `"success"`)),
		},
		{
			ID: "CB-ACC-002", Text: "Whoever accepts text/csv MUST be given the rows as CSV, of type text/csv and as an attachment, behind a line of the quoted names, in which id is ID.",
			Source: forms + "api_util:to_csv", Judge: judgeCSV,
		},
		{
			ID: "CB-ACC-003", Text: "The value accept MUST go before the header, as csv or as a type, and an unknown one be JSON.",
			Source: forms + "api_util:maybe_add_content_type", Judge: answers(
				answered("value csv", "200").head("content-type", "text/csv"), answered("value text/csv", "200").head("content-type", "text/csv"),
				answered("value nope", "200").head("content-type", "application/json").member("status", `"success"`)),
		},
		{
			ID: "CB-ACC-004", Text: "The file of a CSV answer MUST be named by X-File-Name or the value file_name, and json_, 22 hex digits and .csv without.",
			Source: "crossbar.md 2.3; crossbar.md 2.5; api_util:csv_filename", Judge: judgeFileName,
		},
		{
			ID: "CB-ACC-005", Text: "An Accept that no form meets, an empty one included, MUST be 406 without a body, with x-request-id.",
			Source: forms + "cowboy_rest", Judge: answers(
				answered("accept image", "406").empty().head("x-request-id", "").without("content-type"), answered("accept empty", "406").empty()),
		},
		{
			ID: "CB-ACC-006", Text: "An Accept that cannot be read MUST be 400 without a body.",
			Source: forms + "cowboy_rest", Judge: answers(answered("accept garbage", "400").empty().without("access-control-allow-origin")),
		},
		{
			ID: "CB-ACC-007", Text: "A quality of 0 MUST NOT exclude a type, and the type with the highest quality comes first.",
			Source: forms + "cowboy_rest", Judge: answers(answered("accept q 0", "200").head("content-type", "application/json"), answered("better csv", "200").head("content-type", "text/csv")),
		},
		{
			ID: "CB-ACC-008", Text: "Whoever accepts text/* MUST be given CSV.",
			Source: forms + "cowboy_rest", Judge: answers(answered("accept any text", "200").head("content-type", "text/csv")),
		},
		{
			ID: "CB-ACC-009", Text: "A validation error for whoever accepts text/csv MUST be JSON that is labelled text/csv.",
			Source: forms + "api_util:stop/2", Judge: answers(answered("error as csv", "400").head("content-type", "text/csv").json(invalid("{" + required("name") + "}"))),
		},
	}
}

func judgeCSV(j *suite.Judging) {
	answered("accept csv", "200").head("content-type", "text/csv").judge(j)
	for step, rows := range byName(map[string]int{"accept csv": 2, "accept csv of one": 1}) {
		answer, ok := j.Status(step, "200")
		if !ok {
			continue
		}
		lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(string(answer.Body), "\r\n", "\n")), "\n")
		if len(lines) != rows+1 {
			j.Differs("lines of "+step, []byte("1 of names and as many as rows"), answer.Body, answer)
		}
		for _, name := range []string{`"ID"`, `"name"`} {
			j.Contains("names of "+step, name, lines[0], answer)
		}
		j.Contains("rows of "+step, "first", strings.Join(lines[1:], "\n"), answer)
		disposition, _ := answer.Value("content-disposition")
		j.Contains("content-disposition of "+step, "attachment; filename=", disposition, answer)
	}
}

func judgeFileName(j *suite.Judging) {
	answered("named file", "200").head("content-disposition", `attachment; filename="menus.csv"`).judge(j)
	answered("named by value", "200").head("content-disposition", `attachment; filename="other.csv"`).judge(j)
	answer, ok := j.Status("accept csv", "200")
	if !ok {
		return
	}
	disposition, _ := answer.Value("content-disposition")
	name := strings.TrimSuffix(strings.TrimPrefix(disposition, `attachment; filename="`), `"`)
	digits := strings.TrimSuffix(strings.TrimPrefix(name, "json_"), ".csv")
	if len(name) != 31 || strings.Trim(digits, "0123456789abcdef") != "" {
		j.Differs("name of the file", []byte("json_<22 hex digits>.csv"), []byte(disposition), answer)
	}
}
