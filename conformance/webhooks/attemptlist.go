package webhooks

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// attemptList is about asking for attempts.
func attemptList() suite.Group {
	return suite.Group{
		Name: "webhooks/attempt-list", Title: "Asking for attempts", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus}, Do: doAttemptList,
		Requirements: []suite.Requirement{
			{
				ID: "WH-ATT-101", Text: "The attempts of an account MUST be those of all its hooks, the newest first.",
				Source: "webhooks.md 11; cb_webhooks:summary_attempts/1",
				Judge: func(j *suite.Judging) {
					list, answer, ok := data(j, "all")
					if !ok {
						return
					}
					j.Equal("hooks of the attempts", j.Fact("hook second")+" "+j.Fact("hook first"), list.Get("0.hook_id").String()+" "+list.Get("1.hook_id").String(), answer)
					if list.Get("0.timestamp").Int() <= list.Get("1.timestamp").Int() {
						j.Fail("the first attempt is not the newer one", answer)
					}
				},
			},
			{
				ID: "WH-ATT-102", Text: "The attempts of a hook MUST be only that hook's.",
				Source: "webhooks.md 11; cb_webhooks:summary_attempts/2",
				Judge: func(j *suite.Judging) {
					if list, answer, ok := data(j, "of first"); ok {
						j.Equal("hooks of the attempts", fmt.Sprintf("[%q]", j.Fact("hook first")), list.Get("#.hook_id").Raw, answer)
					}
				},
			},
			{
				ID: "WH-ATT-103", Text: "The attempts of a hook that does not exist, or of another account's, MUST be an empty list with 200.",
				Source: "webhooks.md 11; cb_webhooks:summary_attempts/2",
				Judge: func(j *suite.Judging) {
					for _, step := range []string{"of unknown", "of another's"} {
						if list, answer, ok := data(j, step); ok {
							j.Equal("attempts "+step, "[]", list.Raw, answer)
						}
					}
				},
			},
			{
				ID: "WH-ATT-104", Text: "The attempts of a hook that was deleted MUST still be listed.",
				Source: "webhooks.md 11; cb_webhooks:summary_attempts/2",
				Judge: func(j *suite.Judging) {
					j.Status("delete first", "200")
					if list, answer, ok := data(j, "of the deleted"); ok {
						j.Equal("how many", "1", list.Get("#").Raw, answer)
					}
				},
			},
			{
				ID: "WH-ATT-105", Text: "A listed attempt MUST have no id and no private member, and its time of creation as timestamp, in Gregorian seconds.",
				Source: "webhooks.md 11; webhooks.md 7.2; cb_webhooks:normalize_attempt_results/2",
				Judge: func(j *suite.Judging) {
					list, answer, ok := data(j, "all")
					if !ok {
						return
					}
					first := list.Get("0")
					first.ForEach(func(key, _ gjson.Result) bool {
						if key.Str == "id" || key.Str == "_id" || len(key.Str) > 4 && key.Str[:4] == "pvt_" {
							j.Fail("it has the member "+key.Str, answer)
						}
						return true
					})
					now, err := time.Parse(time.RFC3339, gjson.GetBytes(answer.Body, "timestamp").Str)
					if age := now.Unix() + 62167219200 - first.Get("timestamp").Int(); err != nil || age < -2 || age > 120 {
						j.Fail("its timestamp "+first.Get("timestamp").Raw+" is not a moment before the answer's own", answer)
					}
				},
			},
			{
				ID: "WH-ATT-106", Text: "Attempts outside created_from and created_to MUST NOT be listed.",
				Source: "webhooks.md 11; crossbar.md 4; crossbar_view:load_modb/2",
				Judge: func(j *suite.Judging) {
					if list, answer, ok := data(j, "before them"); ok {
						j.Equal("attempts of an hour before", "[]", list.Raw, answer)
					}
					if list, answer, ok := data(j, "around them"); ok {
						j.Equal("attempts of the right hour", "2", list.Get("#").Raw, answer)
					}
				},
			},
			{
				ID: "WH-ATT-107", Text: "A created_from of 0, negative or no number MUST count as absent.",
				Source: "webhooks.md 11; crossbar_view:time_range/2",
				Judge: func(j *suite.Judging) {
					for _, from := range odd() {
						if list, answer, ok := data(j, "from "+from); ok {
							j.Equal("attempts with created_from="+from, "2", list.Get("#").Raw, answer)
						}
					}
				},
			},
			{
				ID: "WH-ATT-108", Text: "Lists of attempts MUST be paged by page_size and next_start_key.",
				Source: "webhooks.md 11; crossbar_view:load_modb/2",
				Judge: func(j *suite.Judging) {
					list, answer, ok := data(j, "first page")
					if !ok {
						return
					}
					j.Equal("hooks of the first page", fmt.Sprintf("[%q]", j.Fact("hook second")), list.Get("#.hook_id").Raw, answer)
					if !gjson.GetBytes(answer.Body, "next_start_key").Exists() {
						j.Fail("the first page has no next_start_key", answer)
					}
					if list, answer, ok := data(j, "second page"); ok {
						j.Equal("hooks of the second page", fmt.Sprintf("[%q]", j.Fact("hook first")), list.Get("#.hook_id").Raw, answer)
					}
				},
			},
		},
	}
}

func odd() []string { return []string{"0", "-5", "soon"} }

func doAttemptList(ctx context.Context, p *probe.Probe) error {
	own, err := p.Account(ctx)
	if err != nil {
		return err
	}
	other, err := p.NewAccount(ctx, "other", p.Target.Parent)
	if err != nil {
		return err
	}
	busy := []probe.Answer{{Status: 503}}
	if err := makeHooks(ctx, p, own, hook{name: "first", event: "channel_create", answers: busy}, hook{name: "second", event: "channel_answer", answers: busy}); err != nil {
		return err
	}
	if err := makeHooks(ctx, p, other, hook{name: "another's", event: "channel_create", answers: busy}); err != nil {
		return err
	}
	if err := publish(ctx, p, call("CHANNEL_CREATE", "listed", own.ID), call("CHANNEL_CREATE", "elsewhere", other.ID)); err != nil {
		return err
	}
	expect(ctx, p, map[string]int{"first": 1, "another's": 1})
	if err := readAttempts(ctx, p, "of another's own", other, "", 1); err != nil {
		return err
	}
	// Attempts of one second have no order among them.
	if err := p.Pause(ctx, "so that the next attempt is of another second", 1100*time.Millisecond); err != nil {
		return err
	}
	if err := publish(ctx, p, call("CHANNEL_ANSWER", "later", own.ID)); err != nil {
		return err
	}
	p.AwaitRequests(ctx, "second", 1)
	if err := readAttempts(ctx, p, "all", own, "", 2); err != nil {
		return err
	}
	last, found := p.Seen().Answer("all")
	if !found {
		return nil
	}
	at := gjson.GetBytes(last.Body, "data.0.timestamp").Int()
	get := func(step, path string) (probe.Response, error) {
		return p.REST(ctx, step, probe.Request{Method: http.MethodGet, Path: ofAccount(own) + path, Token: own.Token})
	}
	id := func(name string) string { return p.Seen().Fact("hook " + name) }
	between := func(from, to int64) string {
		return "/attempts?created_from=" + strconv.FormatInt(from, 10) + "&created_to=" + strconv.FormatInt(to, 10)
	}
	for step, path := range map[string]string{
		"of first": "/" + id("first") + "/attempts", "of unknown": "/" + p.ID() + "/attempts", "of another's": "/" + id("another's") + "/attempts",
		"before them": between(at-7200, at-3600), "around them": between(at-600, at+600),
		"from " + odd()[0]: "/attempts?created_from=" + odd()[0], "from " + odd()[1]: "/attempts?created_from=" + odd()[1], "from " + odd()[2]: "/attempts?created_from=" + odd()[2],
	} {
		if _, err := get(step, path); err != nil {
			return err
		}
	}
	page, err := get("first page", "/attempts?page_size=1")
	if err != nil {
		return err
	}
	if _, err := get("second page", "/attempts?page_size=1&start_key="+gjson.GetBytes(page.Body, "next_start_key").String()); err != nil {
		return err
	}
	if _, err := p.REST(ctx, "delete first", probe.Request{Method: http.MethodDelete, Path: ofAccount(own) + "/" + id("first"), Token: own.Token}); err != nil {
		return err
	}
	_, err = get("of the deleted", "/"+id("first")+"/attempts")
	return err
}
