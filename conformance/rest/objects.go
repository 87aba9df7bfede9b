package rest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// objectKind is a kind of document: what is sent, what is stored of it, and what a list shows.
type objectKind struct{ path, sent, stored, row, missing string }

// kinds are the documents of an account. What is stored and shown is less the id.
func kinds() []objectKind {
	return []objectKind{
		{
			"menus", `{"name":"M"}`,
			`{"name":"M","allow_record_from_offnet":false,"hunt":true,"max_extension_length":4,"media":{},"retries":3,"suppress_media":false}`,
			`{"name":"M","flags":[]}`, "name",
		},
		{
			"devices", `{"name":"D"}`,
			`{"name":"D","call_restriction":{},"contact_list":{},"enabled":true,"exclude_from_queues":false,"music_on_hold":{},"mwi_unsolicited_updates":true,` +
				`"register_overwrite_notify":false,"ringtones":{},"sip":{"expire_seconds":300,"invite_format":"contact","method":"password"},"suppress_unregister_notifications":false}`,
			`{"name":"D","mac_address":"","enabled":true,"device_type":"sip_device","flags":[]}`, "name",
		},
		{
			"callflows", `{"numbers":["200"],"flow":{"module":"user","data":{}}}`,
			`{"numbers":["200"],"flow":{"module":"user","data":{"delay":0,"strategy":"simultaneous","timeout":20}},"patterns":[]}`,
			`{"numbers":["200"],"patterns":[],"featurecode":false,"modules":["user"],"flags":[]}`, "",
		},
		{
			"conferences", `{}`,
			`{"conference_numbers":[],"member":{"join_deaf":false,"join_muted":true,"numbers":[],"pins":[]},` +
				`"moderator":{"join_deaf":false,"join_muted":false,"numbers":[],"pins":[]},"play_name":false}`, "", "",
		},
		{"groups", `{"name":"G","endpoints":{}}`, `{"name":"G","endpoints":{},"music_on_hold":{}}`, `{"name":"G","features":[],"endpoints":0,"flags":[]}`, "name"},
		{"media", `{"name":"S"}`, "", "", "name"},
		{"directories", `{"name":"Y"}`, "", `{"name":"Y","flags":[]}`, "name"},
		{"faxboxes", `{"name":"F"}`, "", "", "name"},
		{"temporal_rules", `{"name":"T","cycle":"daily"}`, "", "", "name"},
		{"vmboxes", `{"name":"V","mailbox":"400"}`, "", `{"name":"V","mailbox":"400","messages":0,"flags":[]}`, "name,mailbox"},
		{"users", `{"first_name":"U","last_name":"S"}`, "", "", "first_name,last_name"},
	}
}

// live is what is added to a document when it is read.
func (k objectKind) live() string {
	switch k.path {
	case "callflows":
		return `,"metadata":{}`
	case "conferences":
		return `,"_read_only":{"members":0,"moderators":0,"duration":0,"is_locked":false,"participants":[]}`
	}
	return ""
}

// objects is about what every kind of document has in common.
func objects() suite.Group {
	return suite.Group{
		Name: "rest/objects", Title: "Documents of an account", Needs: []string{suite.Accounts},
		Do: doObjects, Requirements: slices.Concat(kindRequirements(), lifeRequirements()),
	}
}

func doObjects(ctx context.Context, p *probe.Probe) error {
	t, err := begin(ctx, p)
	if err != nil {
		return err
	}
	for _, k := range kinds() {
		path := "/v2/accounts/{account}/" + k.path
		if err := t.all(ctx, get("none of "+k.path, path), put("make of "+k.path, path, `{"data":`+k.sent+`}`).keep(k.path), get("list of "+k.path, path), get("read of "+k.path, path+"/{"+k.path+"}"),
			put("empty of "+k.path, path, `{"data":{}}`), get("unknown of "+k.path, path+"/"+nowhere), post("POST of "+k.path, path, `{"data":{}}`), del("DELETE of "+k.path, path),
		); err != nil {
			return err
		}
	}
	return t.all(ctx,
		post("replace", menus+"/{menus}", `{"data":{"name":"M2","record_pin":"123","own":{"a":1,"b":2}}}`), patch("merge", menus+"/{menus}", `{"data":{"own":{"b":3,"c":4},"record_pin":null}}`),
		get("merged", menus+"/{menus}"), post("replace again", menus+"/{menus}", `{"data":{"name":"M3"}}`), patch("patch of media", "/v2/accounts/{account}/media/{media}", `{"data":{"name":"x"}}`),
		put("taken", menus, `{"data":{"name":"M4","id":"{devices}"}}`), get("device as menu", menus+"/{devices}"), get("menu as user", users+"/{menus}"),
		post("replace nothing", menus+"/"+nowhere, `{"data":{"name":"x"}}`), del("delete nothing", menus+"/"+nowhere),
		put("nested device", users+"/{users}/devices", `{"data":{"name":"N","owner_id":"{users}"}}`).keep("nested"), get("nested list", users+"/{users}/devices"), get("nested read", devices+"/{nested}"),
		del("delete", menus+"/{menus}"), get("deleted", menus+"/{menus}"), del("delete again", menus+"/{menus}"), get("list after", menus),
		put("make to destroy", menus, `{"data":{"name":"M5","id":"hard-{account}"}}`), del("destroy", menus+"/hard-{account}?should_soft_delete=false"),
		put("make again", menus, `{"data":{"name":"M6","id":"hard-{account}"}}`),
		put("menu b", menus, `{"data":{"name":"A","id":"b-{account}"}}`), put("menu a", menus, `{"data":{"name":"Z","id":"a-{account}"}}`), get("order of ids", menus),
		put("user ab", users, `{"data":{"first_name":"A","last_name":"B"}}`), put("user za", users, `{"data":{"first_name":"Z","last_name":"A"}}`), get("order of users", users),
	)
}

const storing = "crossbar.md 9; crossbar_doc"

func kindRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-OBJ-001", Text: "A document that is created MUST be answered with its public fields, the defaults of its schema among them, and its id.",
			Source: storing + "; crossbar vectors", Judge: func(j *suite.Judging) {
				for _, k := range kinds() {
					if k.stored == "" {
						answered("make of "+k.path, "201").judge(j)
						continue
					}
					whole := strings.TrimSuffix(k.stored, "}") + `,"id":"{` + k.path + `}"}`
					answered("make of "+k.path, "201").data(whole).judge(j)
					answered("read of "+k.path, "200").data(strings.TrimSuffix(whole, "}") + k.live() + "}").judge(j)
				}
			},
		},
		{
			ID: "CB-OBJ-002", Text: "Defaults of media, directories, faxboxes, temporal rules, voicemail boxes and users MUST be stored as their schemas have them.",
			Source: storing, Judge: answers(
				answered("read of media", "200").member("data.streamable", "true").member("data.language", `"en-us"`).member("data.media_source", `"upload"`),
				answered("read of directories", "200").member("data.confirm_match", "true").member("data.min_dtmf", "3").member("data.max_dtmf", "0").member("data.sort_by", `"last_name"`).member("data.users", "[]"),
				answered("read of faxboxes", "200").member("data.caller_name", `"Kazoo Fax Printer"`).member("data.fax_header", `"Kazoo Fax Printer"`).member("data.retries", "1").
					member("data.attempts", "0").member("data.smtp_permission_list", "[]"),
				answered("read of temporal_rules", "200").member("data.interval", "1").member("data.start_date", "62586115200"),
				answered("read of vmboxes", "200").member("data.require_pin", "false").member("data.check_if_owner", "true").member("data.is_setup", "false").member("data.media_extension", `"mp3"`).
					member("data.seek_duration_ms", "10000"),
				answered("read of users", "200").member("data.enabled", "true").member("data.priv_level", `"user"`).member("data.verified", "false").member("data.vm_to_email_enabled", "true").
					member("data.require_password_update", "false").member("data.call_restriction", "{}").member("data.ringtones", "{}")),
		},
		{
			ID: "CB-OBJ-003", Text: "A row of a list MUST have the members of its kind's view and no others.",
			Source: storing + "; crossbar vectors", Judge: func(j *suite.Judging) {
				for _, k := range kinds() {
					if k.row != "" {
						answered("list of "+k.path, "200").data(`[{"id":"{`+k.path+`}",`+strings.TrimPrefix(k.row, "{")+`]`).member("page_size", "1").judge(j)
					}
				}
				answered("list of users", "200").member("data.0.features", `["vm_to_email"]`).member("data.0.priv_level", `"user"`).member("data.0.first_name", `"U"`).
					member("data.0.enabled", "").judge(j)
				answered("list of media", "200").member("data.0.name", `"S"`).member("data.0.media_source", `"upload"`).member("data.0.language", `"en-us"`).member("data.0.is_prompt", "false").judge(j)
				answered("list of faxboxes", "200").member("data.0.name", `"F"`).judge(j)
				answered("list of temporal_rules", "200").member("data.0.name", `"T"`).judge(j)
			},
		},
		{
			ID: "CB-OBJ-004", Text: "A list of a kind of which there is none MUST be an empty list.",
			Source: storing, Judge: func(j *suite.Judging) {
				for _, k := range kinds() {
					answered("none of "+k.path, "200").data("[]").without("etag").judge(j)
				}
			},
		},
		{
			ID: "CB-OBJ-005", Text: "A document without the fields that its kind requires MUST be 400, required.",
			Source: storing, Judge: func(j *suite.Judging) {
				for _, k := range kinds() {
					var wanted []string
					for field := range strings.SplitSeq(k.missing, ",") {
						wanted = append(wanted, required(field))
					}
					switch k.path {
					case "temporal_rules":
						wanted = append(wanted, required("cycle"))
					case "callflows", "conferences":
						continue
					}
					answered("empty of "+k.path, "400").json(invalid("{" + strings.Join(wanted, ",") + "}")).judge(j)
				}
				answered("empty of callflows", "400").json(invalid(`{"numbers":{"required":{"message":"Callflows must be assigned at least one number or pattern"}}}`)).judge(j)
				answered("empty of conferences", "201").judge(j)
			},
		},
		{
			ID: "CB-OBJ-006", Text: "A collection MUST allow GET and PUT alone, and media no PATCH.",
			Source: storing, Judge: func(j *suite.Judging) {
				for _, k := range kinds() {
					answered("POST of "+k.path, "405").json(badMethod).judge(j)
					answered("DELETE of "+k.path, "405").json(badMethod).judge(j)
				}
				answered("patch of media", "405").json(badMethod).judge(j)
			},
		},
		{
			ID: "CB-OBJ-007", Text: "An id that no document of the kind has, or that of a document of another kind, MUST be 404 bad_identifier with the id as cause.",
			Source: storing, Judge: func(j *suite.Judging) {
				for _, k := range kinds() {
					if k.path != "conferences" { // the reference answers 200 to any id there, which is a fault
						answered("unknown of "+k.path, "404").json(unknown(nowhere)).judge(j)
					}
				}
				for step, id := range byName(map[string]string{"device as menu": "{devices}", "menu as user": "{menus}", "replace nothing": nowhere, "delete nothing": nowhere}) {
					answered(step, "404").json(unknown(id)).judge(j)
				}
			},
		},
	}
}

func lifeRequirements() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "CB-OBJ-008", Text: "A POST MUST replace all public fields: those that it leaves out vanish, and defaults return.",
			Source: storing + ":load_merge/3", Judge: answers(
				answered("replace", "200").member("data.own", `{"a":1,"b":2}`).member("data.record_pin", `"123"`).member("data.retries", "3"),
				answered("replace again", "200").data(`{"name":"M3","allow_record_from_offnet":false,"hunt":true,"max_extension_length":4,"media":{},"retries":3,"suppress_media":false,"id":"{menus}"}`)),
		},
		{
			ID: "CB-OBJ-009", Text: "A PATCH MUST merge deeply, and take away what is null.",
			Source: storing + ":patch_and_validate/3", Judge: answers(
				answered("merge", "200").member("data.own", `{"a":1,"b":3,"c":4}`).member("data.record_pin", "").member("data.name", `"M2"`),
				answered("merged", "200").member("data.own", `{"a":1,"b":3,"c":4}`).member("data.record_pin", "")),
		},
		{
			ID: "CB-OBJ-010", Text: "A DELETE MUST be answered with the document and _read_only.deleted true, after which it is gone, for a second DELETE too.",
			Source: storing + ":delete/2", Judge: answers(
				answered("delete", "200").member("data._read_only", `{"deleted":true}`).member("data.name", `"M3"`), answered("deleted", "404").json(unknown("{menus}")),
				answered("delete again", "404").json(unknown("{menus}")), answered("list after", "200").data("[]")),
		},
		{
			ID: "CB-OBJ-011", Text: "A PUT with an id that is in use, by a document of whatever kind, MUST be 409 datastore_conflict.",
			Source: storing, Judge: answers(answered("taken", "409").member("message", `"datastore_conflict"`).member("data.message", `"conflicting documents"`)),
		},
		{
			ID: "CB-OBJ-012", Text: "With should_soft_delete=false a document MUST be deleted for good, so that its id is free.",
			Source: storing + ":delete/2", Judge: answers(answered("destroy", "200").member("data._read_only.deleted", "true"), answered("make again", "201").member("data.name", `"M6"`)),
		},
		{
			ID: "CB-OBJ-013", Text: "Beneath a user devices MUST be created with that path as their Location, and those be listed that have the user as owner_id.",
			Source: storing, Judge: answers(
				answered("nested device", "201").head("location", "/v2/accounts/{account}/users/{users}/devices/{nested}"),
				answered("nested list", "200").member("data.#.id", `["{nested}"]`), answered("nested read", "200").member("data.name", `"N"`)),
		},
		{
			ID: "CB-OBJ-014", Text: "Lists MUST be in the descending order of ids, users of last and first name.",
			Source: "crossbar.md 4; crossbar.md 9; crossbar_view:direction/2", Judge: func(j *suite.Judging) {
				answered("order of ids", "200").member("data.#.id", fmt.Sprintf("[%q,%q,%q]", "hard-{account}", "b-{account}", "a-{account}")).judge(j)
				answered("order of users", "200").member("data.#.last_name", `["S","B","A"]`).judge(j)
			},
		},
	}
}
