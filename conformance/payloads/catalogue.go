package payloads

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// catalogue is about what a target says of its hooks and of what they send.
func catalogue() suite.Group {
	const source = "webhooks.md 3.7; webhooks.md 2.3; webhooks_util:init_metadata/2"
	return suite.Group{
		Name: "payloads/catalogue", Title: "The catalogue of hooks and samples of payloads",
		Do: doCatalogue,
		Requirements: []suite.Requirement{
			{
				ID: "WH-META-001", Text: "The catalogue MUST be told without a token, and list the nine hooks by their names without webhooks_, ordered by title from the last.",
				Source: "webhooks.md 11; webhooks.md 2.3; cb_webhooks", Dialects: []string{suite.Kazoo5, suite.Kazoo4},
				Judge: func(j *suite.Judging) {
					if answer, ok := j.Status("catalogue", "200"); ok {
						j.Equal("ids", "sms object notifications mms channel_destroy channel_create channel_bridge channel_answer parking", ids(answer.Body, "data.#.id"), answer)
					}
				},
			},
			{
				ID: "WH-META-002", Text: "Each hook MUST have the title and the description of the reference.",
				Source: source, Judge: judgeTexts,
			},
			{
				ID: "WH-META-003", Text: "No hooks but object and notifications MUST have modifiers.",
				Source: source,
				Judge: func(j *suite.Judging) {
					if answer, ok := j.Status("catalogue", "200"); ok {
						got := strings.Fields(ids(answer.Body, "data.#(modifiers)#.id"))
						slices.Sort(got)
						j.Equal("hooks with modifiers", "notifications object", strings.Join(got, " "), answer)
					}
				},
			},
			{
				ID: "WH-META-004", Text: "The modifiers of object MUST be lists of types and actions, all and those that documents have.", Dialects: []string{suite.Talk, suite.Kazoo5},
				Source: source, Judge: modifiersAre(`"all",`),
			},
			{
				ID: "WH-META-005", Text: "The modifiers of object MUST be lists of types and actions that documents have, without all.", Dialects: []string{suite.Kazoo4},
				Source: source + "; webhooks.md 13", Judge: modifiersAre(``),
			},
			{
				ID: "WH-META-006", Text: "The modifier type of notifications MUST name kinds with a friendly_name and a description each, all among them.",
				Source: source, Judge: judgeKinds,
			},
			{
				ID: "WH-META-008", Text: "The samples MUST be told without a token, and of the hooks of 5.0 be those of the channel hooks, notifications, object and parking, by their names with webhooks_.",
				Source: "webhooks.md 11; cb_webhooks",
				Judge:  judgeSampled,
			},
			{
				ID: "WH-META-009", Text: "The samples of a hook MUST be a list of payloads such as it sends.",
				Source: "webhooks.md 11; cb_webhooks", Judge: judgeSamples,
			},
			{
				ID: "WH-META-010", Text: "Samples of a name that there is not, or of a hook without webhooks_ before its name, MUST be answered with 404, bad identifier and the name.",
				Source: "webhooks.md 11; cb_webhooks",
				Judge: func(j *suite.Judging) {
					for _, name := range []string{"webhooks_nothing", "nothing", "channel_create", "object"} {
						if answer, ok := j.Status("samples of "+name, "404"); ok {
							j.Equal("message", "bad identifier", gjson.GetBytes(answer.Body, "message").Str, answer)
							j.EqualJSON("data", `["`+name+`"]`, []byte(gjson.GetBytes(answer.Body, "data").Raw), answer)
						}
					}
				},
			},
			{
				ID: "WH-META-011", Text: "Without a token samples/sms and samples/notifications MUST be answered with 401: these words are endpoints of their own.",
				Source: "webhooks.md 11; cb_webhooks",
				Judge: func(j *suite.Judging) {
					j.Status("samples of sms", "401")
					j.Status("samples of notifications", "401")
				},
			},
			{
				ID: "WH-META-012", Text: "The catalogue MUST list the fax hooks and callflow of the talk among the nine of 5.0, all ordered by title from the last.", Dialects: []string{suite.Talk},
				Source: "dialects.md 1; webhooks.md 13", Needs: []string{suite.Lab}, Ours: true,
				Judge: func(j *suite.Judging) {
					if answer, ok := j.Status("catalogue", "200"); ok {
						j.Equal("ids", "sms outbound_fax object notifications mms inbound_fax channel_destroy channel_create channel_bridge channel_answer callflow parking", ids(answer.Body, "data.#.id"), answer)
					}
				},
			},
		},
	}
}

func doCatalogue(ctx context.Context, p *probe.Probe) error {
	steps := map[string]string{"catalogue": "", "samples": "/samples"}
	for _, name := range []string{
		"webhooks_object", "webhooks_channel_create", "webhooks_channel_destroy", "webhooks_parking", "webhooks_notifications",
		"webhooks_nothing", "nothing", "channel_create", "object", "sms", "notifications",
	} {
		steps["samples of "+name] = "/samples/" + name
	}
	for step, path := range steps {
		if _, err := p.REST(ctx, step, probe.Request{Method: http.MethodGet, Path: "/v2/webhooks" + path}); err != nil {
			return err
		}
	}
	return nil
}

// ids joins the strings at a path.
func ids(body []byte, path string) string {
	var words []string
	for _, v := range gjson.GetBytes(body, path).Array() {
		words = append(words, v.Str)
	}
	return strings.Join(words, " ")
}

func judgeTexts(j *suite.Judging) {
	answer, ok := j.Status("catalogue", "200")
	if !ok {
		return
	}
	for _, want := range [][3]string{
		{"channel_create", "Channel Create", "This webhook is triggered when a new channel is created"},
		{
			"channel_answer", "Channel Answer",
			"This webhook is triggered when a channel establishes two-way audio, such as a voicemail box or the called party answering",
		},
		{
			"channel_bridge", "Channel Bridge",
			"This webhook is triggered when two channels are bridged together, such as two users/devices connected together",
		},
		{"channel_destroy", "Channel Destroy", "This webhook is triggered when a channel is destroyed, usually as a result of a hangup"},
		{"parking", "Call Parking", "Events when calls get parked/retrieved"},
		{"object", "Object", "Receive notifications when objects (like JSON document objects) in Kazoo are changed"},
		{"notifications", "Notifications Webhook", "Fire a webhook when a notification event is triggered in Kazoo"},
		{"sms", "SMS", "Receive notifications when sms is received"},
		{"mms", "MMS", "Receive notifications when mms is received"},
	} {
		hook := gjson.GetBytes(answer.Body, `data.#(id=="`+want[0]+`")`)
		j.Equal("title of "+want[0], want[1], hook.Get("name").Str, answer)
		j.Equal("description of "+want[0], want[2], hook.Get("description").Str, answer)
	}
}

func modifiersAre(all string) func(*suite.Judging) {
	return func(j *suite.Judging) {
		if answer, ok := j.Status("catalogue", "200"); ok {
			j.EqualJSON("modifiers of object", `{
				"type":{"type":"array","description":"A list of object types to handle",
					"items":[`+all+`"account","callflow","device","faxbox","media","user","vmbox","fax","mailbox_message","call_recording"]},
				"action":{"type":"array","description":"A list of object actions to handle","items":[`+all+`"doc_created","doc_edited","doc_deleted"]}}`,
				[]byte(gjson.GetBytes(answer.Body, `data.#(id=="object").modifiers`).Raw), answer)
		}
	}
}

func judgeKinds(j *suite.Judging) {
	answer, ok := j.Status("catalogue", "200")
	if !ok {
		return
	}
	modifier := gjson.GetBytes(answer.Body, `data.#(id=="notifications").modifiers.type`)
	j.Equal("type", "object", modifier.Get("type").Str, answer)
	j.EqualJSON("item all", `{"friendly_name":"All","description":"This event is triggered for any notification events"}`, []byte(modifier.Get("items.all").Raw), answer)
	modifier.Get("items").ForEach(func(kind, item gjson.Result) bool {
		if item.Get("friendly_name").Str == "" || item.Get("description").Str == "" {
			j.Fail("the item "+kind.Str+" lacks friendly_name or description", answer)
		}
		return true
	})
	if n := len(modifier.Get("items").Map()); n < 30 {
		j.Differs("number of items", []byte("30 or more"), strconv.AppendInt(nil, int64(n), 10), answer)
	}
	for _, kind := range []string{"voicemail_new", "voicemail_saved", "voicemail_full", "missed_call", "inbound_fax", "outbound_fax_error", "port_request", "register", "new_user"} {
		if !modifier.Get("items." + kind).Exists() {
			j.Fail("the item "+kind+" is missing", answer)
		}
	}
}

// judgeSampled wants the names of the hooks of which there are samples. The talk's own hooks
// may be among them.
func judgeSampled(j *suite.Judging) {
	answer, ok := j.Status("samples", "200")
	if !ok {
		return
	}
	names := strings.Fields(ids(answer.Body, "data"))
	if j.Is(suite.Talk) {
		names = slices.DeleteFunc(names, func(name string) bool {
			return slices.Contains([]string{"webhooks_callflow", "webhooks_inbound_fax", "webhooks_outbound_fax"}, name)
		})
	}
	j.Equal("names", "webhooks_channel_answer webhooks_channel_bridge webhooks_channel_create webhooks_channel_destroy webhooks_notifications webhooks_object webhooks_parking",
		strings.Join(names, " "), answer)
}

// judgeSamples looks at what every payload of a hook has. The reference's samples of channel
// hooks were written by hand, with members that no hook sends.
func judgeSamples(j *suite.Judging) {
	for hook, keys := range map[string][]string{
		"webhooks_object":         {"id", "account_id", "action", "type"},
		"webhooks_channel_create": {"account_id", "call_direction", "call_id", "custom_channel_vars", "hook_event"},
		"webhooks_channel_destroy": {
			"account_id", "call_id", "hook_event", "hangup_cause", "hangup_code", "duration_seconds", "ringing_seconds", "billing_seconds",
		},
		"webhooks_parking":       {"account_id", "call_id", "event_name", "parking_slot"},
		"webhooks_notifications": {"event_category", "event_name"},
	} {
		answer, ok := j.Status("samples of "+hook, "200")
		if !ok {
			continue
		}
		samples := gjson.GetBytes(answer.Body, "data").Array()
		if len(samples) == 0 {
			j.Fail("there are no samples of "+hook, answer)
		}
		for _, sample := range samples {
			for _, key := range keys {
				if !sample.Get(key).Exists() {
					j.Fail("a sample of "+hook+" lacks "+key, answer)
				}
			}
		}
	}
}
