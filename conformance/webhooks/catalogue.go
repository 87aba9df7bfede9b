package webhooks

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// catalogue is about what a target says of the hooks that it offers.
func catalogue() suite.Group {
	return suite.Group{
		Name: "webhooks/catalogue", Title: "The hooks on offer", Needs: []string{suite.Accounts}, Do: doCatalogue,
		Requirements: []suite.Requirement{
			{
				ID: "WH-DOC-001", Text: "The hooks on offer MUST be listed to anyone, without a token, by the ids of the reference and without skel and all.",
				Source: "webhooks.md 11; webhooks.md 2.3; cb_webhooks:summary_available/1",
				Judge: func(j *suite.Judging) {
					list, answer, ok := data(j, "offer")
					if !ok {
						return
					}
					var ids []string
					for _, hook := range list.Array() {
						ids = append(ids, hook.Get("id").String())
					}
					slices.Sort(ids)
					if j.Is(suite.Talk) { // the hooks of old stand beside them
						ids = slices.DeleteFunc(ids, func(id string) bool { return slices.Contains([]string{"callflow", "inbound_fax", "outbound_fax"}, id) })
					}
					j.Equal("ids", "channel_answer channel_bridge channel_create channel_destroy mms notifications object parking sms", strings.Join(ids, " "), answer)
				},
			},
			{
				ID: "WH-DOC-002", Text: "Each hook on offer MUST have the name and description of the reference.",
				Source: "webhooks.md 2.3; webhooks.md 3.7; webhooks_util:init_metadata/2",
				Judge: func(j *suite.Judging) {
					list, answer, ok := data(j, "offer")
					if !ok {
						return
					}
					for id, want := range descriptions() {
						hook := list.Get(`#(id=="` + id + `")`)
						j.Equal("name and description of "+id, want, hook.Get("name").String()+": "+hook.Get("description").String(), answer)
					}
				},
			},
			{
				ID: "WH-DOC-003", Text: "The hooks on offer MUST stand by name, descending.",
				Source: "webhooks.md 11; cb_webhooks:summary_available/1",
				Judge: func(j *suite.Judging) {
					list, answer, ok := data(j, "offer")
					if !ok {
						return
					}
					var names []string
					for _, hook := range list.Array() {
						names = append(names, hook.Get("name").String())
					}
					// The order of views takes no notice of case.
					sorted := slices.SortedFunc(slices.Values(names), func(a, b string) int { return strings.Compare(strings.ToLower(b), strings.ToLower(a)) })
					j.Equal("names", strings.Join(sorted, ", "), strings.Join(names, ", "), answer)
				},
			},
			{
				ID: "WH-DOC-004", Text: "The modifiers of the object hook MUST be type and action, as lists of words with a description.",
				Source: "webhooks.md 2.3; webhooks.md 3.7; amqp.md 11.3; webhooks_object:init/0",
				Judge: func(j *suite.Judging) {
					all := `"all",`
					if j.Is(suite.Kazoo4) {
						all = ""
					}
					if list, answer, ok := data(j, "offer"); ok {
						j.EqualJSON("modifiers", `{"type":{"type":"array","description":"A list of object types to handle","items":[`+all+types+`]},`+
							`"action":{"type":"array","description":"A list of object actions to handle","items":[`+all+actions+`]}}`,
							[]byte(list.Get(`#(id=="object").modifiers`).Raw), answer)
					}
				},
			},
			{
				ID: "WH-DOC-005", Text: "Only a superduper admin MUST be shown system_alert and webhook_disabled among the notifications on offer.",
				Source: "webhooks.md 11; cb_webhooks:summary_available/1", Needs: []string{suite.Admin},
				Judge: func(j *suite.Judging) {
					for step, shown := range map[string]bool{"offer": false, "offer to the account": false, "offer to the admin": true} {
						list, answer, ok := data(j, step)
						if !ok {
							continue
						}
						items := list.Get(`#(id=="notifications").modifiers.type.items`)
						if !items.Get("voicemail_new").Exists() {
							j.Fail("voicemail_new is not on offer", answer)
						}
						for _, name := range []string{"system_alert", "webhook_disabled"} {
							if items.Get(name).Exists() != shown {
								j.Fail(name+" in the "+step, answer)
							}
						}
					}
				},
			},
			{
				ID: "WH-DOC-006", Text: "Every notification on offer MUST have a friendly_name and a description.",
				Source: "webhooks.md 2.3; webhooks_notifications:init/0",
				Judge: func(j *suite.Judging) {
					list, answer, ok := data(j, "offer")
					if !ok {
						return
					}
					items := list.Get(`#(id=="notifications").modifiers.type.items`).Map()
					if len(items) < 30 {
						j.Fail("fewer than 30 notifications are on offer", answer)
					}
					for name, item := range items {
						if item.Get("friendly_name").String() == "" || item.Get("description").String() == "" {
							j.Fail("the notification "+name+" has no friendly_name or no description", answer)
						}
					}
				},
			},
			{
				ID: "WH-DOC-007", Text: "The hooks of which there are samples MUST be listed by their document ids, and a sample be answered as a list of payloads.",
				Source: "webhooks.md 11; cb_webhooks:validate_samples/2",
				Judge: func(j *suite.Judging) {
					want := "webhooks_channel_answer webhooks_channel_bridge webhooks_channel_create webhooks_channel_destroy webhooks_notifications webhooks_object webhooks_parking"
					if list, answer, ok := data(j, "samples"); ok {
						var ids []string
						for _, id := range list.Array() {
							ids = append(ids, id.String())
						}
						slices.Sort(ids)
						if j.Is(suite.Talk) {
							ids = slices.DeleteFunc(ids, func(id string) bool { return !strings.Contains(want, id) })
						}
						j.Equal("ids", want, strings.Join(ids, " "), answer)
					}
					if list, answer, ok := data(j, "sample"); ok {
						j.Equal("members of a change", `["doc_created","doc_deleted","doc_edited"]`, list.Get("#.action").Raw, answer)
					}
				},
			},
			{
				ID: "WH-DOC-008", Text: "A sample that does not exist, and one without webhooks_ before its name, MUST be answered with 404 and the name in a list.",
				Source: "webhooks.md 11; cb_webhooks:validate_samples/2",
				Judge: func(j *suite.Judging) {
					for step, name := range map[string]string{"sample unknown": "webhooks_nothing", "sample bare": "object"} {
						if answer, ok := j.Status(step, "404"); ok {
							j.Equal("data of "+step, `["`+name+`"]`, gjson.GetBytes(answer.Body, "data").Raw, answer)
						}
					}
				},
			},
			{
				ID: "WH-DOC-009", Text: "Without an account in the path, POST and DELETE of webhooks MUST be answered with 405, and PUT with 401 without a token and 403 with one.",
				Source: "webhooks.md 11; cb_webhooks:allowed_methods/0",
				Judge: func(j *suite.Judging) {
					for step, status := range map[string]string{"post bare": "405", "delete bare": "405", "put bare": "401", "put bare with token": "403"} {
						j.Status(step, status)
					}
				},
			},
		},
	}
}

func descriptions() map[string]string {
	return map[string]string{
		"channel_create":  "Channel Create: This webhook is triggered when a new channel is created",
		"channel_answer":  "Channel Answer: This webhook is triggered when a channel establishes two-way audio, such as a voicemail box or the called party answering",
		"channel_bridge":  "Channel Bridge: This webhook is triggered when two channels are bridged together, such as two users/devices connected together",
		"channel_destroy": "Channel Destroy: This webhook is triggered when a channel is destroyed, usually as a result of a hangup",
		"parking":         "Call Parking: Events when calls get parked/retrieved",
		"object":          "Object: Receive notifications when objects (like JSON document objects) in Kazoo are changed",
		"notifications":   "Notifications Webhook: Fire a webhook when a notification event is triggered in Kazoo",
		"sms":             "SMS: Receive notifications when sms is received",
		"mms":             "MMS: Receive notifications when mms is received",
	}
}

func doCatalogue(ctx context.Context, p *probe.Probe) error {
	own, err := p.Account(ctx)
	if err != nil {
		return err
	}
	for _, s := range []struct{ step, method, path, token, body string }{
		{"offer", http.MethodGet, "/v2/webhooks", "", ""}, {"offer to the account", http.MethodGet, "/v2/webhooks", own.Token, ""},
		{"offer to the admin", http.MethodGet, "/v2/webhooks", p.Target.Parent.Token, ""},
		{"samples", http.MethodGet, "/v2/webhooks/samples", "", ""}, {"sample", http.MethodGet, "/v2/webhooks/samples/webhooks_object", "", ""},
		{"sample unknown", http.MethodGet, "/v2/webhooks/samples/webhooks_nothing", "", ""}, {"sample bare", http.MethodGet, "/v2/webhooks/samples/object", "", ""},
		{"post bare", http.MethodPost, "/v2/webhooks", own.Token, `{"data":{}}`}, {"delete bare", http.MethodDelete, "/v2/webhooks", own.Token, ""},
		{"put bare", http.MethodPut, "/v2/webhooks", "", `{"data":{}}`}, {"put bare with token", http.MethodPut, "/v2/webhooks", own.Token, `{"data":{}}`},
	} {
		if _, err := p.REST(ctx, s.step, probe.Request{Method: s.method, Path: s.path, Token: s.token, Body: s.body}); err != nil {
			return err
		}
	}
	return nil
}
