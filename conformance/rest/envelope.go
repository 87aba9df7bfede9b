package rest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// envelope is about what stands beside data in every answer, and the status of an answer.
func envelope() suite.Group {
	return suite.Group{
		Name: "rest/envelope", Title: "The envelope of an answer", Needs: []string{suite.Accounts},
		Do: exchange(
			put("create", menus, `{"data":{"name":"m"}}`).keep("menu"), get("one", menus+"/{menu}"), get("list", menus), post("list by POST", menus, `{"data":{},"verb":"GET"}`),
			patch("patch", menus+"/{menu}", `{"data":{"timeout":1000}}`), post("replace", menus+"/{menu}", `{"data":{"name":"n"}}`),
			get("open", "/v2/schemas/menus").as(nobody), get("not authenticated", menus).as(nobody), get("forbidden", "/v2/accounts/{parent}/menus"),
			get("not found", menus+"/"+nowhere), put("invalid", menus, `{"data":{}}`), post("not allowed", menus, `{"data":{}}`),
			del("delete", menus+"/{menu}"),
		),
		Requirements: slices.Concat(envelopeRequirements(), callerRequirements(), statusRequirements()),
	}
}

const successes = "crossbar.md 3.1; "

var kazooVersion = regexp.MustCompile(`^\S+$`)

func envelopeRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-ENV-001", Text: "A success MUST have data, status success, request_id, node, timestamp and tokens.",
			Source: successes + "api_util:create_default_resp_envelope/1", Judge: func(j *suite.Judging) {
				for step, status := range byName(map[string]string{"create": "201", "one": "200", "list": "200", "patch": "200", "delete": "200", "open": "200"}) {
					judgeEnvelope(j, answered(step, status).member("status", `"success"`), "data")
				}
			},
		},
		{
			ID: "CB-ENV-002", Text: "The timestamp MUST be the present second of UTC as 2024-03-12T21:24:34Z.",
			Source: successes + "kz_time:iso8601/1", Judge: judgeTimestamps,
		},
		{
			ID: "CB-ENV-003", Text: "The node MUST be 22 characters of base64url.",
			Source: successes + "kz_nodes:node_encoded/0", Judge: func(j *suite.Judging) {
				answers := j.Where(isAnswer)
				if len(answers) == 0 {
					j.Fail("nothing was answered")
				}
				for _, answer := range answers {
					if node := gjson.GetBytes(answer.Body, "node").Str; len(node) != 22 || strings.ContainsAny(node, "+/=") {
						j.Differs("node", []byte("22 characters of base64url"), []byte(node), answer)
					}
				}
			},
		},
		{
			ID: "CB-ENV-004", Text: "Tokens MUST be the cost of the request, 1, and what remains, as numbers.",
			Source: "crossbar.md 3.1; crossbar.md 5.7; api_util", Judge: func(j *suite.Judging) {
				for _, step := range []string{"one", "not authenticated", "open"} {
					if answer, found := j.Answer(step); !found {
						j.Failf("the request %q has no answer", step)
					} else if remaining := gjson.GetBytes(answer.Body, "tokens.remaining"); remaining.Type != gjson.Number || gjson.GetBytes(answer.Body, "tokens.consumed").Raw != "1" {
						j.Differs("tokens of "+step, []byte(`{"consumed":1,"remaining":<number>}`), []byte(gjson.GetBytes(answer.Body, "tokens").Raw), answer)
					}
				}
			},
		},
	}
}

func callerRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-ENV-005", Text: "The version MUST be in the answer to a caller with a token, and in no other.",
			Source: successes + "api_util:create_default_resp_envelope/1", Judge: func(j *suite.Judging) {
				answered("open", "200").member("version", "").judge(j)
				answered("not authenticated", "401").member("version", "").judge(j)
				for _, step := range []string{"one", "invalid"} {
					if answer, found := j.Answer(step); !found || !kazooVersion.MatchString(gjson.GetBytes(answer.Body, "version").Str) {
						j.Fail(step+": the answer has no version", answer)
					}
				}
			},
		},
		{
			ID: "CB-ENV-006", Text: "The auth_token MUST be the one that was sent, and absent where none was.",
			Source: successes + "api_util:create_default_resp_envelope/1", Judge: judgeEchoedToken,
		},
		{
			ID: "CB-ENV-007", Text: "The revision MUST be that of a document, and automatic in a list that was not asked for by GET.",
			Source: successes + "api_util:create_default_resp_envelope/1", Judge: func(j *suite.Judging) {
				answered("list by POST", "200").member("revision", `"automatic"`).judge(j)
				for step, number := range byName(map[string]string{"create": "1-", "patch": "2-", "replace": "3-"}) {
					if answer, found := j.Answer(step); !found || !strings.HasPrefix(gjson.GetBytes(answer.Body, "revision").Str, number) {
						j.Fail(fmt.Sprintf("the revision of %s does not begin with %s", step, number), answer)
					}
				}
			},
		},
		{
			ID: "CB-ENV-008", Text: "A member of an envelope without a value MUST be left out, never null.",
			Source: successes + "api_util:create_default_resp_envelope/1", Judge: func(j *suite.Judging) {
				judgeEnvelope(j, answered("one", "200"), "data")
				for _, answer := range j.Where(isAnswer) {
					gjson.ParseBytes(answer.Body).ForEach(func(name, value gjson.Result) bool {
						if value.Type == gjson.Null {
							j.Fail(name.Str+" is null", answer)
						}
						return true
					})
				}
			},
		},
	}
}

func statusRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-ERR-001", Text: "An error MUST have status error, the HTTP status as a string in error, a message, and the members of every envelope.",
			Source: "crossbar.md 3.2; crossbar.md 10; api_util:create_default_resp_envelope/1", Judge: func(j *suite.Judging) {
				for step, status := range byName(map[string]string{"not authenticated": "401", "forbidden": "403", "not found": "404", "invalid": "400", "not allowed": "405"}) {
					judgeEnvelope(j, answered(step, status).member("status", `"error"`).member("error", `"`+status+`"`), "data", "message")
				}
			},
		},
		{
			ID: "CB-STAT-001", Text: "A PUT that succeeds MUST be 201, and GET, POST, PATCH and DELETE 200.",
			Source: "crossbar.md 3.4; api_resource", Judge: answers(
				answered("create", "201"), answered("one", "200"), answered("replace", "200"), answered("patch", "200"), answered("delete", "200")),
		},
		{
			ID: "CB-STAT-002", Text: "The Location of a created document MUST be the path of the request and its id.",
			Source: "crossbar.md 3.4; api_resource", Judge: answers(
				answered("create", "201").head("location", "/v2/accounts/{account}/menus/{menu}"), answered("replace", "200").without("location")),
		},
	}
}

func isAnswer(e capture.Entry) bool { return e.Kind == capture.RestAnswer && len(e.Body) > 0 }

func judgeEnvelope(j *suite.Judging, w want, members ...string) {
	w.judge(j)
	answer, found := j.Answer(w.step)
	if !found {
		return
	}
	for _, name := range append(members, "status", "request_id", "node", "timestamp", "tokens") {
		if !gjson.GetBytes(answer.Body, name).Exists() {
			j.Fail(w.step+": the envelope has no "+name, answer)
		}
	}
}

func judgeTimestamps(j *suite.Judging) {
	for _, step := range []string{"create", "one", "delete", "invalid"} {
		answer, found := j.Answer(step)
		if !found {
			j.Failf("the request %q has no answer", step)
			continue
		}
		text := gjson.GetBytes(answer.Body, "timestamp").Str
		if _, err := time.Parse("2006-01-02T15:04:05Z", text); err != nil {
			j.Differs("timestamp of "+step, []byte("2024-03-12T21:24:34Z and the like"), []byte(text), answer)
		}
	}
	first, _ := j.Answer("create")
	last, _ := j.Answer("delete")
	began, _ := time.Parse(time.RFC3339, gjson.GetBytes(first.Body, "timestamp").Str)
	ended, _ := time.Parse(time.RFC3339, gjson.GetBytes(last.Body, "timestamp").Str)
	// Both clocks may be read anywhere in a second, and a busy machine may stand still between them.
	const apart = 6 * time.Second
	if went := last.At - first.At; ended.Sub(began) < went-apart || ended.Sub(began) > went+apart {
		j.Differs("time between the first and the last answer", []byte(went.String()), []byte(ended.Sub(began).String()), first, last)
	}
}

func judgeEchoedToken(j *suite.Judging) {
	answered("open", "200").member("auth_token", "").judge(j)
	answered("not authenticated", "401").member("auth_token", "").judge(j)
	for _, step := range []string{"one", "forbidden"} {
		answer, found := j.Answer(step)
		sent := j.Named(capture.RestRequest, step)
		if !found || len(sent) == 0 {
			j.Failf("the request %q has no answer", step)
			continue
		}
		token, _ := sent[0].Value("x-auth-token")
		j.Equal("auth_token of "+step, token, gjson.GetBytes(answer.Body, "auth_token").Str, answer)
	}
}
