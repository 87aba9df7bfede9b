package rest

import (
	"context"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// conditions is about tags and requests that depend on them.
func conditions() suite.Group {
	return suite.Group{
		Name: "rest/conditions", Title: "Tags and conditional requests", Needs: []string{suite.Accounts},
		Do: doConditions, Requirements: conditionRequirements(),
	}
}

func doConditions(ctx context.Context, p *probe.Probe) error {
	t, err := begin(ctx, p)
	if err != nil {
		return err
	}
	if err := t.all(ctx, get("empty list", menus)); err != nil {
		return err
	}
	made, err := t.do(ctx, put("create", menus, `{"data":{"name":"m"}}`).keep("menu"))
	if err != nil {
		return err
	}
	t.know("rev", gjson.GetBytes(made.Body, "revision").Str)
	const one = menus + "/{menu}"
	full := `{"data":{"name":"new"}}`
	if err := t.all(ctx,
		get("one", one), get("list", menus), get("list again", menus),
		get("none of this", one).with("If-None-Match", `"{rev}"`), get("none weak", one).with("If-None-Match", `W/"{rev}"`), get("none of several", one).with("If-None-Match", `"x", "{rev}"`),
		get("none at all", one).with("If-None-Match", "*"), get("none of another", one).with("If-None-Match", `"nope"`), get("none of a list", menus).with("If-None-Match", "*"),
		get("unquoted", one).with("If-None-Match", "{rev}"), get("since", one).with("If-Modified-Since", "Fri, 01 Jan 2038 00:00:00 GMT"),
		get("if this", one).with("If-Match", `"{rev}"`), get("if any", one).with("If-Match", "*"), get("if another", one).with("If-Match", `"nope"`),
		get("if, of a list", menus).with("If-Match", `"{rev}"`),
		patch("patch if another", one, full).with("If-Match", `"nope"`), post("post if another", one, full).with("If-Match", `"nope"`), del("delete if another", one).with("If-Match", `"nope"`),
		patch("patch none of this", one, full).with("If-None-Match", `"{rev}"`), post("post none of this", one, full).with("If-None-Match", `"{rev}"`),
		put("put if any", menus, full).with("If-Match", "*"), put("put none at all", menus, full).with("If-None-Match", "*"), get("unchanged", one),
	); err != nil {
		return err
	}
	patched, err := t.do(ctx, patch("patch if this", one, `{"data":{"timeout":1000}}`).with("If-Match", `"{rev}"`))
	if err != nil {
		return err
	}
	t.know("rev2", gjson.GetBytes(patched.Body, "revision").Str)
	return t.all(ctx,
		patch("patch if the old one", one, `{"data":{"timeout":2000}}`).with("If-Match", `"{rev}"`), get("changed", one).with("If-None-Match", `"{rev}"`),
		post("post without a revision", one, `{"data":{"name":"first writer"}}`), post("post again", one, `{"data":{"name":"last writer"}}`), get("last", one),
		del("delete if any", one).with("If-Match", "*"),
	)
}

const tags = "crossbar.md 2.6; "

func conditionRequirements() []suite.Requirement {
	met, unmet := func(step string) want { return answered(step, "200") }, func(step string) want { return answered(step, "412").empty() }
	same := func(step string) want {
		return answered(step, "304").empty().head("etag", `"{rev}"`).head("expires", "Fri, 01 Jan 1999 00:00:00 GMT")
	}
	return []suite.Requirement{
		{
			ID: "CB-ETAG-001", Text: "The etag of a document MUST be its revision in quotes, on GET alone.",
			Source: tags + "api_resource:generate_etag/2", Judge: answers(
				answered("one", "200").head("etag", `"{rev}"`).member("revision", `"{rev}"`), answered("create", "201").without("etag"), answered("patch if this", "200").without("etag"),
				answered("changed", "200").head("etag", `"{rev2}"`)),
		},
		{
			ID: "CB-ETAG-002", Text: "The etag of a list with rows MUST be 32 hex digits, new for each answer, and an empty list has none.",
			Source: tags + "api_resource:generate_etag/2", Judge: judgeListTags,
		},
		{
			ID: "CB-ETAG-003", Text: "A GET with If-None-Match of the revision, weak, in a list of tags or as *, MUST be 304 without a body, with etag and expires.",
			Source: tags + "cowboy_rest", Judge: answers(
				same("none of this"), same("none weak"), same("none of several"), same("none at all"), answered("none of a list", "304").empty(),
				met("none of another").member("data.name", `"m"`), met("changed").member("data.timeout", "1000")),
		},
		{
			ID: "CB-ETAG-004", Text: "A tag without quotes MUST be 400 without a body.",
			Source: tags + "cowboy_rest", Judge: answers(answered("unquoted", "400").empty()),
		},
		{
			ID: "CB-ETAG-005", Text: "If-Match of another revision MUST be 412 without a body for GET, PATCH, POST and DELETE, and leave the document as it is.",
			Source: tags + "cowboy_rest", Judge: answers(
				unmet("if another"), unmet("patch if another"), unmet("post if another"), unmet("delete if another"), unmet("patch if the old one"),
				met("if this"), met("if any"), met("unchanged").member("revision", `"{rev}"`), met("last"), met("delete if any")),
		},
		{
			ID: "CB-ETAG-006", Text: "If-None-Match of the revision MUST be 412 for PATCH and POST.",
			Source: tags + "cowboy_rest", Judge: answers(unmet("patch none of this"), unmet("post none of this")),
		},
		{
			ID: "CB-ETAG-007", Text: "A PUT that creates MUST be 412 with any If-Match, and be carried out with If-None-Match *.",
			Source: tags + "cowboy_rest", Judge: answers(unmet("put if any"), answered("put none at all", "201")),
		},
		{
			ID: "CB-ETAG-008", Text: "A GET of a list MUST be 412 with any tag in If-Match.",
			Source: tags + "cowboy_rest", Judge: answers(unmet("if, of a list")),
		},
		{
			ID: "CB-ETAG-009", Text: "An update MUST NOT need a revision: the last writer wins.",
			Source: tags + "crossbar_doc:load_merge/3", Judge: answers(met("post without a revision"), met("post again"), met("last").member("data.name", `"last writer"`)),
		},
		{
			ID: "CB-ETAG-010", Text: "If-Modified-Since MUST be without effect.",
			Source: tags + "crossbar vectors etag of one hook 20", Judge: answers(met("since").member("data.name", `"m"`)),
		},
	}
}

func judgeListTags(j *suite.Judging) {
	answered("empty list", "200").without("etag").judge(j)
	var last string
	for _, step := range []string{"list", "list again"} {
		answer, ok := j.Status(step, "200")
		if !ok {
			continue
		}
		tag, _ := answer.Value("etag")
		digits := strings.Trim(tag, `"`)
		if len(tag) != 34 || len(digits) != 32 || strings.Trim(digits, "0123456789abcdef") != "" || tag == last {
			j.Differs("etag of "+step, []byte("32 new hex digits in quotes"), []byte(tag), answer)
		}
		last = tag
		answered(step, "200").member("revision", `"`+digits+`"`).judge(j)
	}
}
