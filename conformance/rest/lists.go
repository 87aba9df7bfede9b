package rest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// lists is about listings: pages, order and filters.
func lists() suite.Group {
	return suite.Group{
		Name: "rest/lists", Title: "Listings, paging and filters", Needs: []string{suite.Accounts},
		Do: doLists, Requirements: slices.Concat(pageRequirements(), filterRequirements()),
	}
}

// listed is how many boxes there are, more than a page has when no size is asked for.
const listed = 53

func doLists(ctx context.Context, p *probe.Probe) error {
	t, err := begin(ctx, p)
	if err != nil {
		return err
	}
	if err := t.all(ctx, get("empty", vmboxes), get("empty children", "/v2/accounts/{account}/children")); err != nil {
		return err
	}
	for i := range listed {
		more := ""
		if i < 3 {
			more = fmt.Sprintf(`,"color":"blue","in":{"side":%d}`, i)
		}
		s := put("create", vmboxes, fmt.Sprintf(`{"data":{"name":"box %02d","mailbox":"%d"%s}}`, i, 100+i, more))
		s.needed = true
		if _, err := t.do(ctx, s); err != nil {
			return err
		}
	}
	if err := t.pages(ctx); err != nil {
		return err
	}
	steps := []step{
		get("whole", vmboxes+"?paginate=false"), get("ascending", vmboxes+"?ascending=true&page_size=3"), get("descending", vmboxes+"?page_size=3"),
		get("descending false", vmboxes+"?descending=false&page_size=3"), get("size 0", vmboxes+"?page_size=0"), get("size -1", vmboxes+"?page_size=-1"), get("size x", vmboxes+"?page_size=x"),
		get("no such words", vmboxes+"?fields=id&sort=mailbox&limit=1&skip=2&include_docs=true&page_size=3"), get("start at a key", vmboxes+"?start_key=box+01"),
	}
	for name, query := range byName(filters()) {
		steps = append(steps, get(name, vmboxes+"?paginate=false&"+query))
	}
	return t.all(ctx, append(steps,
		get("range turned", faxes+"/inbox?created_from=63900000100&created_to=63900000000"),
		get("range too long", faxes+"/inbox?created_from=63900000000&created_to=63902682001"), get("range just right", faxes+"/inbox?created_from=63900000000&created_to=63902682000"),
		get("range of 0", faxes+"/inbox?created_from=0&created_to=x"),
	)...)
}

const faxes = "/v2/accounts/{account}/faxes"

// pages follows next_start_key to the end.
func (t *talk) pages(ctx context.Context) error {
	path := vmboxes
	for i := range 5 {
		page, err := t.do(ctx, get(fmt.Sprintf("page %d", i+1), path))
		if err != nil {
			return err
		}
		next := gjson.GetBytes(page.Body, "next_start_key").Str
		if next == "" {
			return nil
		}
		path = vmboxes + "?start_key=" + next
	}
	return nil
}

// filters are queries by the name of their step.
func filters() map[string]string {
	return map[string]string{
		"by value": "filter_color=blue", "by path": "filter_in.side=2", "by several": `filter_mailbox=["101","107","999"]`, "by private": "filter_pvt_type=vmbox", "by id": "filter_id=x",
		"by two": "filter_color=blue&filter_mailbox=101", "by missing": "filter_color=", "not value": "filter_not_color=blue",
		"has key": "has_key=color", "key missing": "key_missing=color", "has value": "has_value=color", "value missing": "value_missing=color",
		"created before": "created_to=62167219200", "created after": "created_from=62167219200", "modified after": "modified_from=62167219200", "modified never": "modified_from=99999999999",
		"created never": "created_from=yesterday",
	}
}

const listing = "crossbar.md 4; "

func pageRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-LIST-001", Text: "A page MUST have 50 rows when nothing is asked for, and tell how many it has in page_size.",
			Source: listing + "crossbar_view", Judge: answers(
				answered("page 1", "200").member("data.#", "50").member("page_size", "50"), answered("page 2", "200").member("data.#", "3").member("page_size", "3"),
				answered("empty", "200").data("[]").member("page_size", "0")),
		},
		{
			ID: "CB-LIST-002", Text: "The rows behind next_start_key MUST be all that are left, each row once, and the last page has no next_start_key.",
			Source: listing + "crossbar_view", Judge: judgePages,
		},
		{
			ID: "CB-LIST-003", Text: "A page_size below 1 MUST be 404 faulty_request, page size must be at least 1, and one that is no number invalid page size.",
			Source: listing + "cb_context:pagination_page_size/2", Judge: answers(
				answered("size 0", "404").json(faulty("page size must be at least 1")), answered("size -1", "404").json(faulty("page size must be at least 1")),
				answered("size x", "404").json(faulty("invalid page size"))),
		},
		{
			ID: "CB-LIST-004", Text: "With paginate=false the list MUST be whole, and without page_size, start_key and next_start_key.",
			Source: listing + "cb_context:should_paginate/1", Judge: answers(
				answered("whole", "200").member("data.#", fmt.Sprint(listed)).member("page_size", "").member("start_key", "").member("next_start_key", "")),
		},
		{
			ID: "CB-LIST-005", Text: "A list MUST be in the descending order of its keys, unless ascending=true turns it.",
			Source: listing + "crossbar_view:direction/2", Judge: answers(
				answered("descending", "200").member("data.#.name", `["box 52","box 51","box 50"]`), answered("ascending", "200").member("data.#.name", `["box 00","box 01","box 02"]`)),
		},
		{
			ID: "CB-LIST-006", Text: "The value descending=false MUST be without effect.",
			Source: "crossbar.md 4; crossbar.md 10; crossbar_view:direction/2", Judge: answers(answered("descending false", "200").member("data.#.name", `["box 52","box 51","box 50"]`)),
		},
		{
			ID: "CB-LIST-007", Text: "A list whose view has a prefix to its keys MUST tell a start_key on its first page, when it is empty as well.",
			Source: listing + "crossbar_view; crossbar vectors account delete with hooks 7", Judge: func(j *suite.Judging) {
				if answer, ok := j.Status("empty children", "200"); ok && gjson.GetBytes(answer.Body, "start_key").Str == "" {
					j.Fail("the empty list of children has no start_key", answer)
				}
			},
		},
		{
			ID: "CB-LIST-008", Text: "A start_key that does not decode MUST be taken as a key.",
			Source: listing + "crossbar_view", Judge: answers(answered("start at a key", "200").member("data.#.name", `["box 01","box 00"]`)),
		},
		{
			ID: "CB-LIST-009", Text: "The names fields, sort, limit, skip and include_docs MUST be without effect.",
			Source: listing + "crossbar_view", Judge: answers(
				answered("no such words", "200").member("data.#.name", `["box 52","box 51","box 50"]`).member("data.0.mailbox", `"152"`).member("data.0.doc", "")),
		},
		{
			ID: "CB-LIST-010", Text: "A range of time of a list by month that is turned or longer than 2682000 s MUST be 400, created_from, date_range.",
			Source: listing + "crossbar_view:time_range/1", Judge: answers(
				answered("range turned", "400").member("message", `"validation error"`).
					member("data.created_from.date_range.message", `"created_to 63900000000 is prior to created_from 63900000100"`).member("data.created_from.date_range.cause", "63900000100"),
				answered("range too long", "400").
					member("data.created_from.date_range.message", `"created_to 63902682001 is more than 2682000 seconds from created_from 63900000000"`),
				answered("range just right", "200").data("[]")),
		},
		{
			ID: "CB-LIST-011", Text: "A bound of a range of time that is 0 or no number MUST count as absent.",
			Source: listing + "crossbar_view:time_range/1", Judge: answers(answered("range of 0", "200").data("[]")),
		},
	}
}

func faulty(why string) string {
	return `{"data":{"message":"` + why + `"},"error":"404","message":"faulty_request","status":"error"}`
}

func judgePages(j *suite.Judging) {
	var names []string
	var shown []capture.Entry
	for _, step := range []string{"page 1", "page 2"} {
		answer, ok := j.Status(step, "200")
		if !ok {
			return
		}
		shown = append(shown, answer)
		for _, name := range gjson.GetBytes(answer.Body, "data.#.name").Array() {
			names = append(names, name.Str)
		}
	}
	var all []string
	for i := range listed {
		all = append([]string{fmt.Sprintf("box %02d", i)}, all...)
	}
	j.Equal("rows of both pages", strings.Join(all, ","), strings.Join(names, ","), shown...)
	if gjson.GetBytes(shown[0].Body, "next_start_key").Str == "" {
		j.Fail("the first page has no next_start_key", shown[0])
	}
	answered("page 2", "200").member("next_start_key", "").judge(j)
}

func filterRequirements() []suite.Requirement {
	rows := func(step string, n int) want { return answered(step, "200").member("data.#", fmt.Sprint(n)) }
	return []suite.Requirement{
		{
			ID: "CB-LIST-012", Text: "The value filter_<path> MUST keep the rows whose document has that text there, of a JSON list any of them, of several filters all.",
			Source: listing + "crossbar_filter", Judge: answers(rows("by value", 3), rows("by path", 1).member("data.0.name", `"box 02"`),
				rows("by several", 2).member("data.#.name", `["box 07","box 01"]`), rows("by two", 1).member("data.0.name", `"box 01"`), rows("by missing", listed-3)),
		},
		{
			ID: "CB-LIST-013", Text: "Filters MUST look at the stored document, its private fields included, in which there is no id.",
			Source: listing + "crossbar_filter", Judge: answers(rows("by private", listed), rows("by id", 0)),
		},
		{
			ID: "CB-LIST-014", Text: "The value filter_not_<path> MUST keep the rows that filter_<path> drops.",
			Source: listing + "crossbar_filter", Judge: answers(rows("not value", listed-3)),
		},
		{
			ID: "CB-LIST-015", Text: "The values has_key, key_missing, has_value and value_missing MUST keep rows by whether their document has the field.",
			Source: listing + "crossbar_filter", Judge: answers(rows("has key", 3), rows("key missing", listed-3), rows("has value", 3), rows("value missing", listed-3)),
		},
		{
			ID: "CB-LIST-016", Text: "The values created_from, created_to, modified_from and modified_to MUST keep rows by their times in Gregorian seconds, and one that is no number none.",
			Source: listing + "crossbar_filter", Judge: answers(
				rows("created before", 0), rows("created after", listed), rows("modified after", listed), rows("modified never", 0), rows("created never", 0)),
		},
	}
}
