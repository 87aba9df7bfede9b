package webhooks

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// outcome is about what a receiver's status means: a hook for each, and one event.
func outcome() suite.Group {
	return suite.Group{
		Name: "webhooks/outcome", Title: "What a status means", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus}, Do: doOutcome,
		Requirements: []suite.Requirement{
			{
				ID: "WH-RES-001", Text: "An answer of 200 MUST be a success, whatever the verb: no attempt is listed for it.",
				Source: "webhooks.md 7.1; webhooks_util:handle_resp/5",
				Judge:  func(j *suite.Judging) { judgeOutcome(j, "", "get-200", "post-200", "put-200") },
			},
			{
				ID: "WH-RES-002", Text: "An answer of 201 to a PUT MUST be a success.", Dialects: []string{suite.Talk, suite.Kazoo5},
				Source: "webhooks.md 7.1; webhooks_util:handle_resp/5", Judge: func(j *suite.Judging) { judgeOutcome(j, "", "put-201") },
			},
			{
				ID: "WH-RES-003", Text: "An answer of 201 to a PUT MUST be a failure.", Dialects: []string{suite.Kazoo4},
				Source: "webhooks.md 13; webhooks_util:handle_resp/5", Judge: func(j *suite.Judging) { judgeOutcome(j, "201", "put-201") },
			},
			{
				ID: "WH-RES-004", Text: "An answer of 201 to a GET or POST MUST be a failure.",
				Source: "webhooks.md 7.1; webhooks_util:handle_resp/5", Judge: func(j *suite.Judging) { judgeOutcome(j, "201", "get-201", "post-201") },
			},
			{
				ID: "WH-RES-005", Text: "A status of success other than 200 and 201 MUST be a failure.",
				Source: "webhooks.md 7.1; webhooks_util:handle_resp/5",
				Judge: func(j *suite.Judging) {
					for _, status := range []string{"202", "204", "206", "299"} {
						judgeOutcome(j, status, "post-"+status)
					}
					judgeOutcome(j, "204", "put-204", "get-204")
				},
			},
			{
				ID: "WH-RES-006", Text: "A status of 4xx or 5xx MUST be a failure.",
				Source: "webhooks.md 7.1; webhooks_util:handle_resp/5",
				Judge: func(j *suite.Judging) {
					for _, status := range []string{"400", "401", "404", "410", "429", "500", "503", "599"} {
						judgeOutcome(j, status, "post-"+status)
					}
				},
			},
			{
				ID: "WH-RES-007", Text: "A failure with a status MUST have exactly one attempt listed, with result failure and reason bad response code.",
				Source: "webhooks.md 7.1; webhooks.md 7.2; webhooks_util:debug_resp/3",
				Judge: func(j *suite.Judging) {
					list, answer, ok := data(j, "attempts")
					if !ok {
						return
					}
					for _, name := range []string{"post-204", "post-404", "post-500"} {
						found := list.Get(fmt.Sprintf("#(hook_id==%q)#", j.Fact("hook "+name))).Array()
						j.Equal("attempts of "+name, "1", strconv.Itoa(len(found)), answer)
						for _, a := range found {
							j.Equal("result and reason of "+name, "failure, bad response code", a.Get("result").String()+", "+a.Get("reason").String(), answer)
						}
					}
				},
			},
		},
	}
}

// judgeOutcome wants a hook to have been asked once, and to have one attempt with a status, or
// none for a success.
func judgeOutcome(j *suite.Judging, status string, hooks ...string) {
	list, answer, ok := data(j, "attempts")
	if !ok {
		return
	}
	if len(list.Array()) == 0 {
		j.Fail("no attempt is listed at all, though there were failures", answer)
	}
	for _, name := range hooks {
		if _, asked := j.Request(name); !asked {
			continue
		}
		got := list.Get(fmt.Sprintf("#(hook_id==%q).resp_status_code", j.Fact("hook "+name)))
		if status == "" {
			j.Equal("attempt of "+name, "", got.Raw, answer)
		} else {
			j.Equal("resp_status_code of the attempt of "+name, strconv.Quote(status), got.Raw, answer)
		}
	}
}

func doOutcome(ctx context.Context, p *probe.Probe) error {
	own, err := p.Account(ctx)
	if err != nil {
		return err
	}
	counts := map[string]int{}
	var hooks []hook
	for verb, statuses := range map[string][]int{
		"get":  {200, 201, 204},
		"post": {200, 201, 202, 204, 206, 299, 400, 401, 404, 410, 429, 500, 503, 599},
		"put":  {200, 201, 204},
	} {
		for _, status := range statuses {
			name := verb + "-" + strconv.Itoa(status)
			hooks = append(hooks, hook{name: name, event: "channel_create", fields: doc{"http_verb": verb}, answers: []probe.Answer{{Status: status}}})
			counts[name] = 1
		}
	}
	if err := makeHooks(ctx, p, own, hooks...); err != nil {
		return err
	}
	if err := publish(ctx, p, calls(own.ID, "outcome")...); err != nil {
		return err
	}
	expect(ctx, p, counts)
	failures := len(hooks) - 4
	if p.Target.Dialect == suite.Kazoo4 {
		failures++
	}
	if err := readAttempts(ctx, p, "attempts", own, "", failures); err != nil {
		return err
	}
	// One too many would be listed by now.
	_, err = p.REST(ctx, "attempts", probe.Request{Method: http.MethodGet, Path: ofAccount(own) + "/attempts?page_size=100", Token: own.Token})
	return err
}

// attemptsOf are the attempts of a hook in an answer, the newest first.
func attemptsOf(j *suite.Judging, step, name string) []gjson.Result {
	list, _, ok := data(j, step)
	if !ok {
		return nil
	}
	return list.Get(fmt.Sprintf("#(hook_id==%q)#", j.Fact("hook "+name))).Array()
}
