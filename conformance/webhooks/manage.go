package webhooks

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// manage is about the hooks that there are: lists, reads, changes and deletions.
func manage() suite.Group {
	return suite.Group{
		Name: "webhooks/manage", Title: "Reading and changing hooks by REST", Needs: []string{suite.Accounts}, Do: doManage,
		Requirements: []suite.Requirement{
			{
				ID: "WH-REST-201", Text: "The list of an account's hooks MUST have id, hook, name, uri, enabled and, where there is one, group of each, and nothing else.",
				Source: "webhooks.md 11; cb_webhooks:summary/1",
				Judge: func(j *suite.Judging) {
					list, answer, ok := data(j, "list")
					if !ok {
						return
					}
					for name, want := range map[string]string{
						"one": `{"id":"{id}","hook":"channel_answer","name":"certify one","uri":"{uri}","enabled":true}`,
						"two": `{"id":"{id}","hook":"all","name":"certify two","uri":"{uri}","enabled":false,"group":"g"}`,
					} {
						want = strings.NewReplacer("{id}", j.Fact("hook "+name), "{uri}", address).Replace(want)
						j.EqualJSON("the hook "+name, want, []byte(list.Get(fmt.Sprintf("#(id==%q)", j.Fact("hook "+name))).Raw), answer)
					}
				},
			},
			{
				ID: "WH-REST-202", Text: "The list of an account's hooks MUST stand by id, descending, and have the disabled ones.",
				Source: "webhooks.md 11; crossbar.md 4; cb_webhooks:summary/1",
				Judge: func(j *suite.Judging) {
					if list, answer, ok := data(j, "list"); ok {
						a, b := j.Fact("hook one"), j.Fact("hook two")
						j.Equal("ids", fmt.Sprintf("[%q,%q]", max(a, b), min(a, b)), list.Get("#.id").Raw, answer)
					}
				},
			},
			{
				ID: "WH-REST-203", Text: "A single hook MUST be answered as it was when it was created.",
				Source: "webhooks.md 11; cb_webhooks:read/2",
				Judge: func(j *suite.Judging) {
					created, ok := j.Status("create hook one", "201")
					if got, answer, read := data(j, "get"); ok && read {
						j.EqualJSON("the hook", gjson.GetBytes(created.Body, "data").Raw, []byte(got.Raw), answer)
					}
				},
			},
			{
				ID: "WH-REST-204", Text: "A POST MUST replace the whole document: what it leaves out is gone or has its default.",
				Source: "webhooks.md 11; cb_webhooks:update/2", Judge: judgeStored("replace", `"name":"h","uri":"{uri}","hook":"channel_answer","retries":1`),
			},
			{
				ID: "WH-REST-205", Text: "A PATCH MUST change the members that it names, objects whole, and no others.",
				Source: "webhooks.md 11; cb_webhooks:patch/2",
				Judge:  judgeStored("patch", `"name":"h","uri":"{uri}","hook":"channel_answer","retries":1,"custom_data":{"b":"2"}`),
			},
			{
				ID: "WH-REST-206", Text: "A PATCH with null MUST remove a member, and be refused where the member is required.",
				Source: "webhooks.md 11; cb_webhooks:patch/2",
				Judge: func(j *suite.Judging) {
					judgeStored("patch null", `"name":"h","uri":"{uri}","hook":"channel_answer","retries":1`)(j)
					refusal(j, "patch name null", `{"name":{"required":{"message":"Field is required but missing","value":"name"}}}`)
				},
			},
			{
				ID: "WH-REST-207", Text: "A PATCH MUST be held to the rules of a whole document.",
				Source: "webhooks.md 11; cb_webhooks:validate_patch/3",
				Judge: func(j *suite.Judging) {
					refusal(j, "patch retries", `{"retries":{"maximum":{"message":"Value must be at most 4","target":4,"value":9}}}`)
					at := modifierPath(j)
					refusal(j, "patch hook", `{"`+at+`type":{"required":{"message":"missing required modifier"}},"`+at+`action":{"required":{"message":"missing required modifier"}}}`)
				},
			},
			{
				ID: "WH-REST-208", Text: "The id and private members in a PATCH MUST NOT change anything.",
				Source: "webhooks.md 11; crossbar.md 2.1; cb_webhooks:patch/2",
				Judge:  judgeStored("patch private", `"name":"h","uri":"{uri}","hook":"channel_answer","retries":1`),
			},
			{
				ID: "WH-REST-209", Text: "A deletion MUST be answered with 200 and the document, marked _read_only.deleted.",
				Source: "webhooks.md 11; crossbar.md 3.4; cb_webhooks:delete/2",
				Judge: func(j *suite.Judging) {
					if got, answer, ok := data(j, "delete"); ok {
						j.Equal("id and _read_only", j.Fact("hook one")+` {"deleted":true}`, got.Get("id").Str+" "+got.Get("_read_only").Raw, answer)
					}
				},
			},
			{
				ID: "WH-REST-210", Text: "A hook that was deleted, or never was, MUST be answered with 404 and the id as cause, and not be listed.",
				Source: "webhooks.md 11; crossbar.md 3.3; cb_webhooks:read/2",
				Judge: func(j *suite.Judging) {
					for step, id := range map[string]string{"get deleted": j.Fact("hook one"), "delete deleted": j.Fact("hook one"), "get unknown": j.Fact("unknown id")} {
						if answer, ok := j.Status(step, "404"); ok {
							j.Equal("cause of "+step, id, gjson.GetBytes(answer.Body, "data.cause").Str, answer)
						}
					}
					if list, answer, ok := data(j, "list after"); ok {
						j.Equal("ids", fmt.Sprintf("[%q]", j.Fact("hook two")), list.Get("#.id").Raw, answer)
					}
				},
			},
			{
				ID: "WH-REST-211", Text: "A PUT on a single hook MUST be answered with 405.",
				Source: "webhooks.md 11; cb_webhooks:allowed_methods/1", Judge: func(j *suite.Judging) { j.Status("put on one", "405") },
			},
			{
				ID: "WH-REST-212", Text: "A PATCH of the collection with re-enable true, as boolean or text, in data or in the query, MUST be answered with 200 and hooks updated, also when there is nothing to do.",
				Source: "webhooks.md 11; webhooks.md 8; cb_webhooks:maybe_update_hooks/2",
				Judge: func(j *suite.Judging) {
					for _, step := range []string{"re-enable true", "re-enable text", "re-enable query", "re-enable descendants"} {
						if got, answer, ok := data(j, step); ok {
							j.Equal("data of "+step, `"hooks updated"`, got.Raw, answer)
						}
					}
				},
			},
			{
				ID: "WH-REST-213", Text: "A PATCH of the collection without re-enable MUST be refused by the rule required, and with another value by the rule enum.",
				Source: "webhooks.md 11; cb_webhooks:validate_collection_patch/2",
				Judge: func(j *suite.Judging) {
					refusal(j, "re-enable missing", `{"re-enable":{"required":{"message":"re-enable is required to patch collections"}}}`)
					for _, step := range []string{"re-enable false", "re-enable null"} {
						refusal(j, step, `{"re-enable":{"enum":{"message":"value not found in enumerated list of values","target":[true]}}}`)
					}
				},
			},
			{
				ID: "WH-REST-214", Text: "A hook MUST NOT be read, changed or deleted by the path of another account.", Ours: true, Needs: []string{suite.Lab},
				Source: "webhooks.md 11; cb_webhooks:read/2",
				Judge: func(j *suite.Judging) {
					for _, step := range []string{"get elsewhere", "patch elsewhere", "delete elsewhere"} {
						j.Status(step, "404")
					}
				},
			},
		},
	}
}

// judgeStored wants a step's answer, and what is read after it, to be a document with the usual
// defaults.
func judgeStored(step, members string) func(*suite.Judging) {
	return func(j *suite.Judging) {
		want := strings.NewReplacer("{uri}", address).Replace(
			`{` + members + `,"enabled":true,"format":"form-data","http_verb":"post","include_internal_legs":true,"id":"` + j.Fact("hook one") + `"}`,
		)
		for _, s := range []string{step, step + " read"} {
			if got, answer, ok := data(j, s); ok {
				j.EqualJSON("answer to "+s, want, []byte(got.Raw), answer)
			}
		}
	}
}

func doManage(ctx context.Context, p *probe.Probe) error {
	own, err := p.Account(ctx)
	if err != nil {
		return err
	}
	other, err := p.NewAccount(ctx, "other", p.Target.Parent)
	if err != nil {
		return err
	}
	first, err := p.HookTo(ctx, "one", own, "channel_answer", address, doc{"custom_data": doc{"a": "1"}, "retries": 4, "format": "json"})
	if err != nil {
		return err
	}
	if _, err := p.HookTo(ctx, "two", own, "all", address, doc{"enabled": false, "group": "g"}); err != nil {
		return err
	}
	foreign, err := p.HookTo(ctx, "foreign", other, "channel_answer", address, nil)
	if err != nil {
		return err
	}
	unknown := p.ID()
	p.Note("unknown id", unknown)
	hooks, one := ofAccount(own), ofAccount(own)+"/"+first.ID
	elsewhere := hooks + "/" + foreign.ID
	return steps(
		ctx, p, own, []step{
			{"list", http.MethodGet, hooks, ""}, {"get", http.MethodGet, one, ""}, {"get unknown", http.MethodGet, hooks + "/" + unknown, ""},
			{"replace", http.MethodPost, one, `{"data":{"name":"h","uri":"` + address + `","hook":"channel_answer","retries":1}}`}, {"replace read", http.MethodGet, one, ""},
			{"patch more", http.MethodPatch, one, `{"data":{"custom_data":{"a":"1"}}}`},
			{"patch", http.MethodPatch, one, `{"data":{"custom_data":{"b":"2"}}}`}, {"patch read", http.MethodGet, one, ""},
			{"patch null", http.MethodPatch, one, `{"data":{"custom_data":null}}`}, {"patch null read", http.MethodGet, one, ""},
			{"patch name null", http.MethodPatch, one, `{"data":{"name":null}}`},
			{"patch retries", http.MethodPatch, one, `{"data":{"retries":9}}`}, {"patch hook", http.MethodPatch, one, `{"data":{"hook":"object"}}`},
			{"patch private", http.MethodPatch, one, `{"data":{"id":"` + unknown + `","_id":"x","pvt_type":"x","pvt_account_id":"` + other.ID + `"}}`},
			{"patch private read", http.MethodGet, one, ""},
			{"put on one", http.MethodPut, one, `{"data":` + document("name", `"h"`) + `}`},
			{"get elsewhere", http.MethodGet, elsewhere, ""}, {"patch elsewhere", http.MethodPatch, elsewhere, `{"data":{"name":"taken"}}`},
			{"delete elsewhere", http.MethodDelete, elsewhere, ""},
			{"re-enable true", http.MethodPatch, hooks, `{"data":{"re-enable":true}}`}, {"re-enable text", http.MethodPatch, hooks, `{"data":{"re-enable":"true"}}`},
			{"re-enable query", http.MethodPatch, hooks + "?re-enable=true", `{"data":{}}`},
			{"re-enable descendants", http.MethodPatch, "/v2/accounts/" + own.ID + "/descendants/webhooks", `{"data":{"re-enable":true}}`},
			{"re-enable missing", http.MethodPatch, hooks, `{"data":{}}`},
			{"re-enable false", http.MethodPatch, hooks, `{"data":{"re-enable":false}}`}, {"re-enable null", http.MethodPatch, hooks, `{"data":{"re-enable":null}}`},
			{"delete", http.MethodDelete, one, ""}, {"get deleted", http.MethodGet, one, ""}, {"delete deleted", http.MethodDelete, one, ""}, {"list after", http.MethodGet, hooks, ""},
		}...)
}
