package webhooks

import (
	"context"

	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// filter is about type and action in custom_data, the databases of object hooks, and
// internal legs.
func filter() suite.Group {
	objects := func(receiver string, want ...string) func(*suite.Judging) {
		return func(j *suite.Judging) { reached(j, receiver, "id", want...) }
	}
	return suite.Group{
		Name: "webhooks/filter", Title: "Filters of a hook's own kind", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus}, Do: doFilter,
		Requirements: []suite.Requirement{
			{
				ID: "WH-FILT-001", Text: "An object hook MUST be sent only changes whose action and type are both those of its custom_data.",
				Source: "webhooks.md 4.3; webhooks_object:match_action_type/4", Judge: objects("device-edited", "edited-device", "last-device"),
			},
			{
				ID: "WH-FILT-002", Text: "In custom_data of an object hook the type all MUST stand for every type.", Dialects: []string{suite.Talk, suite.Kazoo5},
				Source: "webhooks.md 4.3; webhooks_object:match_action_type/4", Judge: func(j *suite.Judging) {
					reached(j, "any-created", "id", "created-user", "in-month", j.Fact("account own"))
				},
			},
			{
				ID: "WH-FILT-003", Text: "In custom_data of an object hook the action all MUST stand for every action.", Dialects: []string{suite.Talk, suite.Kazoo5},
				Source: "webhooks.md 4.3; webhooks_object:match_action_type/4", Judge: objects("user-any", "created-user", "deleted-user", "edited-user"),
			},
			{
				ID: "WH-FILT-004", Text: "The account of a change MUST be that of an account database or monthly database in Database, and in the database accounts the document itself, whatever Account-ID says.",
				Source: "webhooks.md 3.3; amqp.md 11.1; webhooks_object:find_account_id/3",
				Judge: func(j *suite.Judging) {
					reached(j, "fax-created", "id", "in-month")
					request, ok := j.One("changes in accounts", j.Requests("account-created"))
					if ok {
						j.Contains("the change in accounts", j.Fact("account own"), string(request.Body), request)
					}
				},
			},
			{
				ID: "WH-FILT-005", Text: "A change in another database than an account's or accounts MUST NOT fire, even with an Account-ID.",
				Source: "webhooks.md 3.3; amqp.md 11.1; webhooks_object:find_account_id/3",
				Judge: func(j *suite.Judging) {
					absent(j, "all", "in-system", "last-device")
					absent(j, "all", "in-year", "last-device")
				},
			},
			{
				ID: "WH-FILT-006", Text: "A notifications hook MUST be sent only notifications whose Event-Name is the type of its custom_data.",
				Source: "webhooks.md 4.3; webhooks_notifications:match_action_type/2",
				Judge:  func(j *suite.Judging) { reached(j, "full", "msg_id", "box-full") },
			},
			{
				ID: "WH-FILT-007", Text: "In custom_data of a notifications hook the type all MUST stand for every notification.", Dialects: []string{suite.Talk, suite.Kazoo5},
				Source: "webhooks.md 4.3; webhooks_notifications:match_action_type/2",
				Judge:  func(j *suite.Judging) { reached(j, "any-notice", "msg_id", "box-full", "disabled") },
			},
			{
				ID: "WH-FILT-008", Text: "A hook for all MUST be sent object and notifications events whatever type and action its custom_data has.",
				Source: "webhooks.md 4.3; webhooks.md 4.1; webhooks_util:match_account_webhooks/2",
				Judge: func(j *suite.Judging) {
					requests := j.Requests("all-typed")
					for _, id := range []string{"edited-device", "created-user", "box-full", "plain"} {
						found := false
						for _, r := range requests {
							found = found || holds(r, id)
						}
						if !found {
							j.Fail("the event "+id+" is not at a hook for all with type and action", requests...)
						}
					}
				},
			},
			{
				ID: "WH-FILT-009", Text: "Hooks of other kinds than object and notifications MUST be sent their events whatever type and action their custom_data has.",
				Source: "webhooks.md 4.3; webhooks_util:fire_hook/2",
				Judge: func(j *suite.Judging) {
					reached(j, "typed-channel", "call_id", "plain", "loopback-named", "loopback-flagged", "half-named", "last-call")
				},
			},
			{
				ID: "WH-FILT-010", Text: "With include_internal_legs false a channel hook MUST NOT be sent events whose Channel-Is-Loopback is true or whose Channel-Name begins with loopback/.",
				Source: "webhooks.md 3.1; webhooks.md 4.4; webhooks_channel_util:is_fireable_hook/2",
				Judge:  gotCalls("external", "plain", "half-named", "last-call"),
			},
			{
				ID: "WH-FILT-011", Text: "With include_internal_legs true, and without it, a channel hook MUST be sent events of internal legs.",
				Source: "webhooks.md 3.1; webhooks.md 2; webhooks_channel_util:is_fireable_hook/2",
				Judge: func(j *suite.Judging) {
					for _, receiver := range []string{"internal", "default-legs"} {
						reached(j, receiver, "call_id", "plain", "loopback-named", "loopback-flagged", "half-named", "last-call")
					}
				},
			},
			{
				ID: "WH-FILT-012", Text: "For a hook for all, include_internal_legs false MUST keep internal legs away as for a channel hook.",
				Source: "webhooks.md 4.1; webhooks_channel_util:is_fireable_hook/2",
				Judge: func(j *suite.Judging) {
					absent(j, "all-external", "loopback-flagged", "last-call")
					absent(j, "all-external", "loopback-named", "last-call")
				},
			},
			{
				ID: "WH-FILT-013", Text: "A member type at the top of a hook's document MUST NOT choose among events.",
				Source: "webhooks.md 2; webhooks_object:match_action_type/4", Judge: objects("top-typed", "edited-device", "last-device"),
			},
			{
				ID: "WH-FILT-014", Text: "In custom_data of an object hook type and action MUST both have to fit: one alone is not enough.",
				Source: "webhooks.md 4.3; webhooks_object:match_action_type/4", Judge: objects("user-deleted", "deleted-user"),
			},
		},
	}
}

func doFilter(ctx context.Context, p *probe.Probe) error {
	own, err := p.Account(ctx)
	if err != nil {
		return err
	}
	custom := func(kind, action string) doc { return doc{"custom_data": doc{"type": kind, "action": action}} }
	noticed := func(kind string) doc { return doc{"custom_data": doc{"type": kind}} }
	top := custom("device", "doc_edited")
	top["type"], top["action"] = "user", "doc_created"
	hooks := []hook{
		{name: "device-edited", event: "object", fields: custom("device", "doc_edited")},
		{name: "user-deleted", event: "object", fields: custom("user", "doc_deleted")},
		{name: "fax-created", event: "object", fields: custom("fax", "doc_created")},
		{name: "account-created", event: "object", fields: custom("account", "doc_created")},
		{name: "top-typed", event: "object", fields: top},
		{name: "full", event: "notifications", fields: noticed("voicemail_full")},
		{name: "all", event: "all"}, {name: "all-typed", event: "all", fields: custom("user", "doc_deleted")},
		{name: "typed-channel", event: "channel_create", fields: custom("user", "doc_deleted")},
		{name: "external", event: "channel_create", fields: doc{"include_internal_legs": false}},
		{name: "all-external", event: "all", fields: doc{"include_internal_legs": false}},
		{name: "internal", event: "channel_create", fields: doc{"include_internal_legs": true}},
		{name: "default-legs", event: "channel_create"},
	}
	counts := map[string]int{
		"device-edited": 2, "user-deleted": 1, "fax-created": 1, "account-created": 1, "top-typed": 2, "full": 1, "all": 15, "all-typed": 15, "typed-channel": 5,
		"external": 3, "all-external": 13, "internal": 5, "default-legs": 5,
	}
	if p.Target.Dialect != suite.Kazoo4 {
		hooks = append(
			hooks,
			hook{name: "any-created", event: "object", fields: custom("all", "doc_created")},
			hook{name: "user-any", event: "object", fields: custom("user", "all")},
			hook{name: "any-notice", event: "notifications", fields: noticed("all")},
		)
		counts["any-created"], counts["user-any"], counts["any-notice"] = 3, 3, 2
	}
	if err := makeHooks(ctx, p, own, hooks...); err != nil {
		return err
	}
	db := messages.Database(own.ID)
	if err := publish(
		ctx, p,
		change("doc_edited", "system_config", "device", "in-system", own.ID), change("doc_edited", db+"-2024", "device", "in-year", own.ID),
		change("doc_edited", db, "device", "edited-device", own.ID), change("doc_created", db, "user", "created-user", own.ID),
		change("doc_deleted", db, "user", "deleted-user", own.ID), change("doc_edited", db, "user", "edited-user", own.ID),
		change("doc_deleted", db, "device", "deleted-device", own.ID), change("doc_created", db+"-202403", "fax", "in-month", p.ID()),
		inAccounts(own.ID, p.ID()),
		fullNotice("box-full", own.ID), disabledNotice("disabled", own.ID),
		call("CHANNEL_CREATE", "plain", own.ID), call("CHANNEL_CREATE", "half-named", own.ID, `"Channel-Name":"sofia/sipinterface_1/loopback/x"`),
		call("CHANNEL_CREATE", "loopback-named", own.ID, `"Channel-Name":"loopback/1002-a"`),
		call("CHANNEL_CREATE", "loopback-flagged", own.ID, `"Channel-Is-Loopback":true`),
		change("doc_edited", db, "device", "last-device", own.ID), call("CHANNEL_CREATE", "last-call", own.ID),
	); err != nil {
		return err
	}
	expect(ctx, p, counts)
	return nil
}

// inAccounts is the change of an account's document in the database accounts.
func inAccounts(accountID, claimed string) event {
	e := change("doc_created", "accounts", "account", accountID, claimed)
	e.step = "in accounts"
	return e
}
