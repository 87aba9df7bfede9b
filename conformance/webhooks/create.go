package webhooks

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// address is one that every guard lets pass, and that nothing is sent to: no event of these
// accounts happens.
const address = "http://hooks.example.org/h"

// create is about which documents a PUT takes, and what it makes of them.
func create() suite.Group {
	return suite.Group{
		Name: "webhooks/create", Title: "Creating hooks by REST", Needs: []string{suite.Accounts}, Do: doCreate,
		Requirements: []suite.Requirement{
			{
				ID: "WH-REST-001", Text: "A hook created with name, uri and hook alone MUST be answered with 201 and the document with its defaults.",
				Source: "webhooks.md 11; webhooks.md 2; cb_webhooks:create/1",
				Judge: func(j *suite.Judging) {
					if answer, ok := j.Status("minimal", "201"); ok {
						j.EqualJSON("data", `{"name":"n","uri":"`+address+`","hook":"channel_answer","enabled":true,"format":"form-data","http_verb":"post",`+
							`"include_internal_legs":true,"retries":2,"id":"`+gjson.GetBytes(answer.Body, "data.id").String()+`"}`, []byte(gjson.GetBytes(answer.Body, "data").Raw), answer)
					}
				},
			},
			{
				ID: "WH-REST-002", Text: "The id of a hook that is created without one MUST be 32 hexadecimal digits.",
				Source: "webhooks.md 2; cb_webhooks:create/1",
				Judge: func(j *suite.Judging) {
					if answer, ok := j.Status("minimal", "201"); ok {
						if id := gjson.GetBytes(answer.Body, "data.id").Str; len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "" {
							j.Fail("the id is "+id, answer)
						}
					}
				},
			},
			{
				ID: "WH-REST-003", Text: "What a hook's document says, unknown members included, MUST be kept and not be overwritten by defaults.",
				Source: "webhooks.md 11; webhooks.md 2; cb_webhooks:create/1",
				Judge: func(j *suite.Judging) {
					if answer, ok := j.Status("full", "201"); ok {
						j.EqualJSON("data", strings.TrimSuffix(full, "}")+`,"id":"`+gjson.GetBytes(answer.Body, "data.id").String()+`"}`, []byte(gjson.GetBytes(answer.Body, "data").Raw), answer)
					}
				},
			},
			{
				ID: "WH-REST-004", Text: "A hook without name, uri or hook MUST be refused with 400 and the rule required for each.",
				Source: "webhooks.md 11; webhooks.md 2; crossbar.md 3.2; cb_webhooks:validate_webhook/2",
				Judge: func(j *suite.Judging) {
					refusal(j, "empty", `{"hook":{"required":{"message":"Field is required but missing","value":"hook"}},`+
						`"name":{"required":{"message":"Field is required but missing","value":"name"}},"uri":{"required":{"message":"Field is required but missing","value":"uri"}}}`)
				},
			},
			{
				ID: "WH-REST-005", Text: "A hook name that is not offered, or not in lower case, MUST be refused by the rule enum with the offered names, sorted.",
				Source: "webhooks.md 11; webhooks.md 2; cb_webhooks:maybe_revise_schema/2",
				Judge: func(j *suite.Judging) {
					names := `["all","channel_answer","channel_bridge","channel_create","channel_destroy","mms","notifications","object","parking","sms"]`
					if j.Is(suite.Talk) { // the hooks of old stand beside them
						names = `["all","callflow","channel_answer","channel_bridge","channel_create","channel_destroy","inbound_fax","mms","notifications","object","outbound_fax","parking","sms"]`
					}
					for _, name := range []string{"bogus", "CHANNEL_ANSWER"} {
						refusal(j, "hook "+name, `{"hook":{"enum":{"message":"Value not found in enumerated list of values","target":`+names+`,"value":"`+name+`"}}}`)
					}
				},
			},
			{
				ID: "WH-REST-006", Text: "A format other than form-data and json, or a http_verb other than get, post and put, MUST be refused by the rule enum.",
				Source: "webhooks.md 2; webhooks.md 11",
				Judge: func(j *suite.Judging) {
					for _, word := range []string{"JSON", "xml", ""} {
						refusal(j, "format "+word, `{"format":{"enum":{"message":"Value not found in enumerated list of values","target":["form-data","json"],"value":"`+word+`"}}}`)
					}
					for _, word := range []string{"POST", "patch"} {
						refusal(j, "verb "+word, `{"http_verb":{"enum":{"message":"Value not found in enumerated list of values","target":["get","post","put"],"value":"`+word+`"}}}`)
					}
				},
			},
			{
				ID: "WH-REST-007", Text: "The retries 0 to 4 MUST be taken, as numbers and as text of numbers, and be stored as integers, rounded.",
				Source: "webhooks.md 11; webhooks.md 2",
				Judge: func(j *suite.Judging) {
					for given, stored := range retriesTaken() {
						if answer, ok := j.Status("retries "+given, "201"); ok {
							j.Equal("retries stored of "+given, stored, gjson.GetBytes(answer.Body, "data.retries").Raw, answer)
						}
					}
				},
			},
			{
				ID: "WH-REST-008", Text: "Retries below 0 or above 4 MUST be refused by the rules minimum and maximum.",
				Source: "webhooks.md 2; webhooks.md 11",
				Judge: func(j *suite.Judging) {
					refusal(j, "retries 5", `{"retries":{"maximum":{"message":"Value must be at most 4","target":4,"value":5}}}`)
					refusal(j, "retries -1", `{"retries":{"minimum":{"message":"Value must be at least 0","target":0,"value":-1}}}`)
				},
			},
			{
				ID: "WH-REST-009", Text: "The booleans of a hook MUST take true, false and their texts in lower case, and be stored as booleans.",
				Source: "webhooks.md 11; webhooks.md 2",
				Judge: func(j *suite.Judging) {
					for _, field := range booleans() {
						for _, word := range []string{"true", "false"} {
							if answer, ok := j.Status(field+" text "+word, "201"); ok {
								j.Equal(field+" stored", word, gjson.GetBytes(answer.Body, "data."+field).Raw, answer)
							}
						}
					}
				},
			},
			{
				ID: "WH-REST-010", Text: "Any other value of a hook's booleans MUST be refused by the rule type.",
				Source: "webhooks.md 11; webhooks.md 2",
				Judge: func(j *suite.Judging) {
					for _, field := range booleans() {
						for _, value := range noBooleans() {
							refusal(j, field+" "+value, `{"`+field+`":{"type":{"message":"Value did not match type(s): boolean","target":"boolean","value":`+value+`}}}`)
						}
					}
				},
			},
			{
				ID: "WH-REST-011", Text: "Values of custom_data that are no strings MUST be refused by the rule type under the path custom_data.<key>, a dot in the key written %2E.",
				Source: "webhooks.md 11; webhooks.md 2",
				Judge: func(j *suite.Judging) {
					refusal(j, "custom number", `{"custom_data.a":{"type":{"message":"Value did not match type(s): string","target":"string","value":5}}}`)
					refusal(j, "custom null", `{"custom_data.a":{"type":{"message":"Value did not match type(s): string","target":"string","value":null}}}`)
					refusal(j, "custom dotted", `{"custom_data.a%2Eb":{"type":{"message":"Value did not match type(s): string","target":"string","value":5}}}`)
				},
			},
			{
				ID: "WH-REST-012", Text: "A name MUST be taken if it is empty and if it is long.",
				Source: "webhooks.md 11",
				Judge: func(j *suite.Judging) {
					j.Status("name empty", "201")
					j.Status("name long", "201")
				},
			},
			{
				ID: "WH-REST-013", Text: "An id given in a PUT MUST be used as it is, and one that is taken, or was, be answered with 409.",
				Source: "webhooks.md 11; crossbar.md 3.3",
				Judge: func(j *suite.Judging) {
					if answer, ok := j.Status("with id", "201"); ok {
						j.Equal("id", j.Fact("chosen id"), gjson.GetBytes(answer.Body, "data.id").Str, answer)
					}
					j.Status("with id again", "409")
					j.Status("with id of the deleted", "409")
				},
			},
			{
				ID: "WH-REST-014", Text: "An object hook without type and action in custom_data, and a notifications hook without type, MUST be refused as missing required modifier.",
				Source: "webhooks.md 11; cb_webhooks:check_modifiers/4",
				Judge: func(j *suite.Judging) {
					at := modifierPath(j)
					refusal(j, "object bare", `{"`+at+`type":{"required":{"message":"missing required modifier"}},"`+at+`action":{"required":{"message":"missing required modifier"}}}`)
					refusal(j, "object half", `{"`+at+`action":{"required":{"message":"missing required modifier"}}}`)
					refusal(j, "notifications bare", `{"`+at+`type":{"required":{"message":"missing required modifier"}}}`)
				},
			},
			{
				ID: "WH-REST-015", Text: "A type or action in custom_data that is not offered MUST be refused by the rule enum, with cause and the offered values.",
				Source: "webhooks.md 11; amqp.md 11.3; cb_webhooks:check_modifiers/4",
				Judge: func(j *suite.Judging) {
					types, actions := `["all",`+types+`]`, `["all",`+actions+`]`
					if j.Is(suite.Kazoo4) {
						types, actions = "["+strings.TrimPrefix(types, `["all",`), "["+strings.TrimPrefix(actions, `["all",`)
					}
					at := modifierPath(j)
					refusal(j, "object odd", `{"`+at+`type":{"enum":{"message":"value not found in enumerated list of values","cause":"nope","target":`+types+`}},`+
						`"`+at+`action":{"enum":{"message":"value not found in enumerated list of values","cause":"doc_copied","target":`+actions+`}}}`)
				},
			},
			{
				ID: "WH-REST-016", Text: "A hook for all MUST need no type or action in custom_data.",
				Source: "webhooks.md 11; cb_webhooks:check_modifiers/4", Judge: func(j *suite.Judging) { j.Status("all bare", "201") },
			},
			{
				ID: "WH-REST-017", Text: "A uri that is no string MUST be refused.",
				Source: "webhooks.md 11; kz_json_schema_extensions:url_validation/2",
				Judge: func(j *suite.Judging) {
					for _, value := range noAddresses() {
						answer, found := j.Answer("uri " + value)
						if !found || !slices.Contains([]string{"400", "500"}, answer.Head) {
							j.Fail("a uri "+value+" is not refused", answer)
						}
					}
				},
			},
		},
	}
}

// types and actions are what object hooks offer besides all.
const (
	types   = `"account","callflow","device","faxbox","media","user","vmbox","fax","mailbox_message","call_recording"`
	actions = `"doc_created","doc_edited","doc_deleted"`
)

// modifierPath is what stands before a modifier's name in errors.
func modifierPath(j *suite.Judging) string {
	if j.Is(suite.Kazoo4) {
		return ""
	}
	return "custom_data."
}

func retriesTaken() map[string]string {
	return map[string]string{"0": "0", "4": "4", `"3"`: "3", `"3.0"`: "3", "3.0": "3", "2.5": "3", "1.4": "1"}
}

func booleans() []string { return []string{"enabled", "include_subaccounts", "include_internal_legs"} }

func noBooleans() []string { return []string{`"TRUE"`, `"yes"`, `"1"`, "1", "0", "null"} }

func noAddresses() []string { return []string{"null", "5", "true", "[]", "{}"} }

// full is a document that says everything.
const full = `{"name":"h","uri":"` + address + `","hook":"channel_answer","custom_data":{"a":"1","b":"2"},"retries":4,"format":"json","http_verb":"put",` +
	`"include_subaccounts":true,"include_internal_legs":false,"enabled":false,"group":"g","extra":{"x":[1,null,"ü"]}}`

// refusal wants a step to have been refused by validation, with exactly these errors.
func refusal(j *suite.Judging, step, errors string) {
	if answer, ok := j.Status(step, "400"); ok {
		j.EqualJSON("errors of "+step, errors, []byte(gjson.GetBytes(answer.Body, "data").Raw), answer)
	}
}

// put makes hooks of documents that are given as text: a step for each.
func put(ctx context.Context, p *probe.Probe, account probe.Account, documents map[string]string) error {
	for _, step := range slices.Sorted(maps.Keys(documents)) {
		if _, err := p.REST(ctx, step, probe.Request{
			Method: http.MethodPut, Path: ofAccount(account), Token: account.Token, Body: `{"data":` + documents[step] + `}`,
		}); err != nil {
			return err
		}
	}
	return nil
}

// document is a good one but for one member.
func document(name, value string) string {
	members := []string{`"name":"h"`, `"uri":"` + address + `"`, `"hook":"channel_answer"`}
	for i, m := range members {
		if strings.HasPrefix(m, `"`+name+`":`) {
			members[i] = `"` + name + `":` + value
			return "{" + strings.Join(members, ",") + "}"
		}
	}
	return "{" + strings.Join(append(members, `"`+name+`":`+value), ",") + "}"
}

func doCreate(ctx context.Context, p *probe.Probe) error {
	own, err := p.Account(ctx)
	if err != nil {
		return err
	}
	documents := map[string]string{
		"minimal": document("name", `"n"`), "full": full, "empty": "{}",
		"hook bogus": document("hook", `"bogus"`), "hook CHANNEL_ANSWER": document("hook", `"CHANNEL_ANSWER"`),
		"format JSON": document("format", `"JSON"`), "format xml": document("format", `"xml"`), "format ": document("format", `""`),
		"verb POST": document("http_verb", `"POST"`), "verb patch": document("http_verb", `"patch"`),
		"retries 5": document("retries", "5"), "retries -1": document("retries", "-1"),
		"custom number": document("custom_data", `{"a":5}`), "custom null": document("custom_data", `{"a":null}`), "custom dotted": document("custom_data", `{"a.b":5}`),
		"name empty": document("name", `""`), "name long": document("name", `"`+strings.Repeat("n", 3000)+`"`),
		"object bare": document("hook", `"object"`), "notifications bare": document("hook", `"notifications"`), "all bare": document("hook", `"all"`),
		"object half": strings.Replace(document("custom_data", `{"type":"user"}`), "channel_answer", "object", 1),
		"object odd":  strings.Replace(document("custom_data", `{"type":"nope","action":"doc_copied"}`), "channel_answer", "object", 1),
	}
	for given := range retriesTaken() {
		documents["retries "+given] = document("retries", given)
	}
	for _, field := range booleans() {
		for _, value := range noBooleans() {
			documents[field+" "+value] = document(field, value)
		}
		for _, word := range []string{"true", "false"} {
			documents[field+" text "+word] = document(field, fmt.Sprintf("%q", word))
		}
	}
	for _, value := range noAddresses() {
		documents["uri "+value] = document("uri", value)
	}
	if err := put(ctx, p, own, documents); err != nil {
		return err
	}
	id := p.ID()
	p.Note("chosen id", id)
	chosen := document("id", fmt.Sprintf("%q", id))
	for _, step := range []string{"with id", "with id again"} {
		if err := put(ctx, p, own, map[string]string{step: chosen}); err != nil {
			return err
		}
	}
	if _, err := p.REST(ctx, "delete it", probe.Request{Method: http.MethodDelete, Path: ofAccount(own) + "/" + id, Token: own.Token}); err != nil {
		return err
	}
	return put(ctx, p, own, map[string]string{"with id of the deleted": chosen})
}
