package webhooks

import (
	"context"
	"fmt"
	"strings"

	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// match is about which hooks of its account an event reaches.
func match() suite.Group {
	return suite.Group{
		Name: "webhooks/match", Title: "Which hooks an event reaches", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus}, Do: doMatch,
		Requirements: []suite.Requirement{
			{
				ID: "WH-MATCH-001", Text: "A hook for one channel event MUST be sent that event, once, and no other channel event.",
				Source: "webhooks.md 4.1; webhooks_util:match_account_webhooks/2",
				Judge: func(j *suite.Judging) {
					for _, name := range []string{"create", "answer", "bridge", "destroy"} {
						reached(j, name, "call_id", name, "last-"+name)
					}
				},
			},
			{
				ID: "WH-MATCH-002", Text: "A hook for all MUST be sent every kind of event that a hook can name, once.",
				Source: "webhooks.md 4.1; webhooks.md 2.1; webhooks_util:match_account_webhooks/2",
				Judge: func(j *suite.Judging) {
					got := map[string]int{}
					requests := j.Requests("all")
					for _, r := range requests {
						for _, id := range everything() {
							if strings.Contains(string(r.Body), fmt.Sprintf("%q", id)) {
								got[id]++
							}
						}
					}
					for _, id := range everything() {
						j.Equal("requests with the event "+id, "1", fmt.Sprint(got[id]), requests...)
					}
				},
			},
			{
				ID: "WH-MATCH-003", Text: "A parking hook MUST be sent PARK_PARKED, PARK_RETRIEVED and PARK_ABANDONED, and no channel event.",
				Source: "webhooks.md 3; webhooks.md 3.2; webhooks_parking:handle/2",
				Judge: func(j *suite.Judging) {
					reached(j, "parking", "event_name", "PARK_PARKED", "PARK_RETRIEVED", "PARK_ABANDONED", "PARK_PARKED")
				},
			},
			{
				ID: "WH-MATCH-004", Text: "A notifications hook MUST be sent the notifications of its account that are of its type, once, and nothing else.",
				Source: "webhooks.md 3.4; webhooks_notifications:handle_event/2",
				Judge:  func(j *suite.Judging) { reached(j, "notices", "msg_id", "disabled", "last-notice") },
			},
			{
				ID: "WH-MATCH-005", Text: "A sms hook MUST be sent inbound texts and a mms hook inbound multimedia messages, and neither those of the other.",
				Source: "webhooks.md 3.5; webhooks_sms:format_event/2",
				Judge: func(j *suite.Judging) {
					reached(j, "sms", "id", "one-sms", "last-sms")
					reached(j, "mms", "id", "one-mms", "last-mms")
				},
			},
			{
				ID: "WH-MATCH-007", Text: "An event MUST NOT reach a hook of an account that is not the event's.",
				Source: "webhooks.md 4.1; webhooks_util:match_account_webhooks/2", Judge: gotCalls("other", "its-own"),
			},
			{
				ID: "WH-MATCH-010", Text: "The account of a parking event MUST be its Custom-Channel-Vars.Account-ID, whatever Account-ID stands at the top.",
				Source: "webhooks.md 3; webhooks.md 3.2; webhooks_parking:handle/2",
				Judge: func(j *suite.Judging) {
					reached(j, "parking", "call_id", "parked", "retrieved", "abandoned", "last-parking")
					reached(j, "other-parking", "call_id", "parked-elsewhere")
				},
			},
			{
				ID: "WH-MATCH-011", Text: "Two hooks of one account with the same uri MUST each be sent the event.",
				Source: "webhooks.md 4.1; webhooks_util:fire_hooks/2",
				Judge: func(j *suite.Judging) {
					requests := j.Requests("shared")
					if !j.Count("requests of two hooks with one uri", 4, requests) {
						return
					}
					byHook := map[string]int{}
					for _, r := range requests {
						id := header(r, "x-hook-id")
						byHook[id]++
					}
					for _, name := range []string{"shared", "shared too"} {
						j.Equal("requests of the hook "+name, "2", fmt.Sprint(byHook[j.Fact("hook "+name)]), requests...)
					}
				},
			},
		},
	}
}

// everything is every kind of event, each by an id of its own.
func everything() []string {
	return []string{"create", "answer", "bridge", "destroy", "parked", "retrieved", "abandoned", "changed", "disabled", "alert", "one-sms", "one-mms"}
}

// absent wants a receiver to have been sent one event and not another.
func absent(j *suite.Judging, receiver, unwanted, control string) {
	seen := false
	for _, r := range j.Requests(receiver) {
		if strings.Contains(string(r.Body), fmt.Sprintf("%q", unwanted)) {
			j.Fail("the event "+unwanted+" at "+receiver, r)
		}
		seen = seen || strings.Contains(string(r.Body), fmt.Sprintf("%q", control))
	}
	if !seen {
		j.Failf("the event %s, which is published last, is not at %s", control, receiver)
	}
}

func doMatch(ctx context.Context, p *probe.Probe) error {
	own, err := p.Account(ctx)
	if err != nil {
		return err
	}
	other, err := p.NewAccount(ctx, "other", p.Target.Parent)
	if err != nil {
		return err
	}
	if err := makeHooks(
		ctx, p, own,
		hook{name: "create", event: "channel_create"}, hook{name: "answer", event: "channel_answer"}, hook{name: "bridge", event: "channel_bridge"},
		hook{name: "destroy", event: "channel_destroy"}, hook{name: "parking", event: "parking"},
		hook{name: "notices", event: "notifications", fields: doc{"custom_data": doc{"type": "webhook_disabled"}}},
		hook{name: "sms", event: "sms"}, hook{name: "mms", event: "mms"}, hook{name: "all", event: "all"}, hook{name: "shared", event: "channel_create"},
	); err != nil {
		return err
	}
	if _, err := p.HookTo(ctx, "shared too", own, "channel_create", p.Target.Advertise+p.Seen().Fact("path shared"), nil); err != nil {
		return err
	}
	if err := makeHooks(ctx, p, other, hook{name: "other", event: "channel_create"}, hook{name: "other-parking", event: "parking"}); err != nil {
		return err
	}
	if err := publish(
		ctx, p,
		call("CHANNEL_DISCONNECTED", "disconnected", own.ID),
		call("CHANNEL_CREATE", "create", own.ID), call("CHANNEL_ANSWER", "answer", own.ID), call("CHANNEL_BRIDGE", "bridge", own.ID),
		call("CHANNEL_DESTROY", "destroy", own.ID, `"Hangup-Cause":"NORMAL_CLEARING"`),
		call("PARK_PARKED", "parked", own.ID, `"Account-ID":"`+other.ID+`"`), call("PARK_RETRIEVED", "retrieved", own.ID), call("PARK_ABANDONED", "abandoned", own.ID),
		call("PARK_PARKED", "parked-elsewhere", other.ID, `"Account-ID":"`+own.ID+`"`),
		change("doc_edited", messages.Database(own.ID), "device", "changed", own.ID),
		disabledNotice("disabled", own.ID),
		notice("system_alert", "system.alert", "alert", fmt.Sprintf(`"Subject":"System Alert: x","Message":"x","Details":{"Account-ID":%q}`, own.ID)),
		text("sms", "one-sms", own.ID), text("mms", "one-mms", own.ID),
		call("CHANNEL_CREATE", "its-own", other.ID),
		call("CHANNEL_ANSWER", "last-answer", own.ID), call("CHANNEL_BRIDGE", "last-bridge", own.ID), call("CHANNEL_DESTROY", "last-destroy", own.ID),
		call("PARK_PARKED", "last-parking", own.ID), disabledNotice("last-notice", own.ID), text("sms", "last-sms", own.ID), text("mms", "last-mms", own.ID),
		call("CHANNEL_CREATE", "last-create", own.ID),
	); err != nil {
		return err
	}
	expect(ctx, p, map[string]int{
		"create": 2, "answer": 2, "bridge": 2, "destroy": 2, "parking": 4, "notices": 2, "sms": 2, "mms": 2, "all": 20, "shared": 4, "other": 1, "other-parking": 1,
	})
	return nil
}
