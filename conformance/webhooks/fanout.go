package webhooks

import (
	"context"
	"fmt"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// fanOut is about the hooks of accounts above the event's.
func fanOut() suite.Group {
	return suite.Group{
		Name: "webhooks/fan-out", Title: "Hooks of ancestors", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus}, Do: doFanOut,
		Requirements: []suite.Requirement{
			{
				ID: "WH-FAN-001", Text: "An event MUST reach the hooks with include_subaccounts of every ancestor of its account, however far above.",
				Source: "webhooks.md 4.2; webhooks_util:find_webhooks/2",
				Judge: func(j *suite.Judging) {
					reached(j, "top-sub", "call_id", "of-top", "of-middle", "of-bottom", "of-sibling")
					reached(j, "middle-sub", "call_id", "of-middle", "of-bottom")
				},
			},
			{
				ID: "WH-FAN-002", Text: "An event of a sub-account MUST NOT reach an ancestor's hook without include_subaccounts, or with false.",
				Source: "webhooks.md 4.2; webhooks.md 2; webhooks_util:find_webhooks/3",
				Judge: func(j *suite.Judging) {
					reached(j, "top-plain", "call_id", "of-top")
					reached(j, "top-false", "call_id", "of-top")
				},
			},
			{
				ID: "WH-FAN-003", Text: "An event MUST NOT reach hooks of the descendants or of the siblings of its account, even with include_subaccounts.",
				Source: "webhooks.md 4.2; webhooks_util:find_webhooks/2",
				Judge: func(j *suite.Judging) {
					reached(j, "bottom-sub", "call_id", "of-bottom")
					reached(j, "sibling-sub", "call_id", "of-sibling")
				},
			},
			{
				ID: "WH-FAN-004", Text: "With include_subaccounts a hook MUST still be sent an event of its own account only once.",
				Source: "webhooks.md 4.2; webhooks_util:find_webhooks/3", Judge: gotCalls("bottom-sub", "of-bottom"),
			},
			{
				ID: "WH-FAN-005", Text: "The account_id in what an ancestor's hook is sent MUST be that of the event.",
				Source: "webhooks.md 4.2; webhooks_channel_util:base_hook_event/3",
				Judge:  func(j *suite.Judging) { ofBottom(j, "account_id", j.Fact("account bottom")) },
			},
			{
				ID: "WH-FAN-006", Text: "The header X-Account-ID of what an ancestor's hook is sent MUST be the owner of the hook, and X-Hook-ID that hook.",
				Source: "webhooks.md 4.2; webhooks.md 6.2; webhooks_util:fire_hook/2",
				Judge: func(j *suite.Judging) {
					for receiver, owner := range map[string]string{"top-sub": "own", "middle-sub": "middle"} {
						requests := j.Requests(receiver)
						if len(requests) == 0 {
							j.Failf("no request at %s", receiver)
						}
						for _, r := range requests {
							account := header(r, "x-account-id")
							j.Equal("X-Account-ID at "+receiver, j.Fact("account "+owner), account, r)
							id := header(r, "x-hook-id")
							j.Equal("X-Hook-ID at "+receiver, j.Fact("hook "+receiver), id, r)
						}
					}
				},
			},
			{
				ID: "WH-FAN-007", Text: "The reseller_id in what an ancestor's hook is sent MUST be the same as in what the hook of the event's account is sent.",
				Source: "webhooks.md 4.2; webhooks_channel_util:base_hook_event/3",
				Judge: func(j *suite.Judging) {
					own := j.Requests("bottom-sub")
					if len(own) == 0 {
						j.Fail("the hook of the event's account was sent nothing")
						return
					}
					ofBottom(j, "reseller_id", gjson.GetBytes(own[0].Body, "reseller_id").String())
				},
			},
			{
				ID: "WH-FAN-008", Text: "A failed attempt of an ancestor's hook MUST be listed with the attempts of the hook's owner and not with those of the event's account.",
				Source: "webhooks.md 4.2; webhooks.md 7.2; webhooks_util:save_attempt/2",
				Judge: func(j *suite.Judging) {
					if owners, answer, ok := data(j, "attempts of the owner"); ok {
						j.Equal("hook of the owner's attempts", j.Fact("hook middle-fails"), owners.Get("0.hook_id").String(), answer)
					}
					if events, answer, ok := data(j, "attempts of the event's account"); ok {
						j.Equal("attempts of the event's account", "[]", events.Raw, answer)
					}
				},
			},
			{
				ID: "WH-FAN-009", Text: "Parking, object, notifications, sms and mms events MUST reach hooks with include_subaccounts of ancestors as channel events do.",
				Source: "webhooks.md 4.2; webhooks.md 1; webhooks_util:find_webhooks/2",
				Judge: func(j *suite.Judging) {
					for receiver, id := range map[string]string{"top-parking": "parked", "top-object": "changed", "top-notice": "noticed", "top-sms": "texted", "top-mms": "pictured"} {
						if request, ok := j.Request(receiver); ok {
							j.Contains("the event at "+receiver, fmt.Sprintf("%q", id), string(request.Body), request)
							j.Contains("the event at "+receiver, j.Fact("account bottom"), string(request.Body), request)
						}
					}
				},
			},
			{
				ID: "WH-FAN-010", Text: "A hook for all with include_subaccounts MUST be sent the events of sub-accounts.",
				Source: "webhooks.md 4.1; webhooks.md 4.2; webhooks_util:match_account_webhooks/2",
				Judge:  func(j *suite.Judging) { absent(j, "top-all", "of-nobody", "of-bottom") },
			},
			{
				ID: "WH-FAN-011", Text: "An event of an account that does not exist MUST NOT reach any hook.",
				Source: "webhooks.md 3; webhooks_util:find_webhooks/2",
				Judge: func(j *suite.Judging) {
					absent(j, "top-all", "of-nobody", "of-bottom")
					reached(j, "top-sub", "call_id", "of-top", "of-middle", "of-bottom", "of-sibling")
				},
			},
			{
				ID: "WH-FAN-012", Text: "A receiver that does not answer MUST NOT delay the other hooks of the same event.", Ours: true, Needs: []string{suite.Lab},
				Source: "webhooks.md 1; webhooks.md 12; webhooks_util:fire_hooks/2",
				Judge: func(j *suite.Judging) {
					slow, ok := j.Request("slow")
					if !ok {
						return
					}
					answer, answered := j.Answering(slow.Seq)
					for _, receiver := range []string{"quick", "top-quick"} {
						if r, came := j.Request(receiver); came && answered && r.Seq > answer.Seq {
							j.Fail("the request at "+receiver+" came only when the slow receiver had answered", slow, r)
						}
					}
				},
			},
		},
	}
}

// ofBottom wants a member of the event of the bottom account to be the same at all ancestors.
func ofBottom(j *suite.Judging, member, want string) {
	if want == "" {
		j.Failf("what %s should be is not known", member)
	}
	for _, receiver := range []string{"top-sub", "middle-sub"} {
		found := false
		for _, r := range j.Requests(receiver) {
			if gjson.GetBytes(r.Body, "call_id").String() == "of-bottom" {
				found = true
				j.Equal(member+" at "+receiver, want, gjson.GetBytes(r.Body, member).String(), r)
			}
		}
		if !found {
			j.Failf("the event of the bottom account is not at %s", receiver)
		}
	}
}

// reachedOne wants a receiver to have been sent an event, among others.
func reachedOne(j *suite.Judging, receiver, callID string) {
	for _, r := range j.Requests(receiver) {
		if gjson.GetBytes(r.Body, "call_id").String() == callID {
			return
		}
	}
	j.Failf("the event %s is not at %s", callID, receiver)
}

func doFanOut(ctx context.Context, p *probe.Probe) error {
	top, err := p.Account(ctx)
	if err != nil {
		return err
	}
	tree := map[string]probe.Account{"top": top}
	for _, a := range []struct{ name, parent string }{{"middle", "top"}, {"bottom", "middle"}, {"sibling", "top"}} {
		if tree[a.name], err = p.NewAccount(ctx, a.name, tree[a.parent]); err != nil {
			return err
		}
	}
	sub := doc{"include_subaccounts": true}
	typed := doc{"include_subaccounts": true, "custom_data": doc{"type": "device", "action": "doc_edited"}}
	notices := doc{"include_subaccounts": true, "custom_data": doc{"type": "webhook_disabled"}}
	for account, hooks := range map[string][]hook{
		"top": {
			{name: "top-sub", event: "channel_create", fields: sub}, {name: "top-plain", event: "channel_create"},
			{name: "top-false", event: "channel_create", fields: doc{"include_subaccounts": false}}, {name: "top-all", event: "all", fields: sub},
			{name: "top-parking", event: "parking", fields: sub}, {name: "top-object", event: "object", fields: typed},
			{name: "top-notice", event: "notifications", fields: notices}, {name: "top-sms", event: "sms", fields: sub}, {name: "top-mms", event: "mms", fields: sub},
		},
		"middle": {
			{name: "middle-sub", event: "channel_create", fields: sub},
			{name: "middle-fails", event: "channel_answer", fields: sub, answers: []probe.Answer{{Status: 503}}},
		},
		"bottom": {
			{name: "bottom-sub", event: "channel_create", fields: sub},
		},
		"sibling": {{name: "sibling-sub", event: "channel_create", fields: sub}},
	} {
		if err := makeHooks(ctx, p, tree[account], hooks...); err != nil {
			return err
		}
	}
	bottom := tree["bottom"]
	if err := publish(
		ctx, p,
		call("CHANNEL_CREATE", "of-nobody", p.ID()), call("CHANNEL_CREATE", "of-sibling", tree["sibling"].ID), call("CHANNEL_CREATE", "of-middle", tree["middle"].ID),
		call("CHANNEL_CREATE", "of-top", top.ID), call("CHANNEL_ANSWER", "answered", bottom.ID), call("PARK_PARKED", "parked", bottom.ID),
		change("doc_edited", messages.Database(bottom.ID), "device", "changed", bottom.ID), disabledNotice("noticed", bottom.ID),
		text("sms", "texted", bottom.ID), text("mms", "pictured", bottom.ID), call("CHANNEL_CREATE", "of-bottom", bottom.ID),
	); err != nil {
		return err
	}
	expect(ctx, p, map[string]int{
		"top-sub": 4, "top-plain": 1, "top-false": 1, "top-all": 10, "top-parking": 1, "top-object": 1, "top-notice": 1, "top-sms": 1, "top-mms": 1,
		"middle-sub": 2, "middle-fails": 1, "bottom-sub": 1, "sibling-sub": 1,
	})
	if err := readAttempts(ctx, p, "attempts of the owner", tree["middle"], 1); err != nil {
		return err
	}
	if err := readAttempts(ctx, p, "attempts of the event's account", bottom, 0); err != nil || !p.Target.Has(suite.Lab) {
		return err
	}
	return doSlow(ctx, p, top, bottom)
}

// doSlow has one hook of an event wait for its answer while others are to be sent it. Kazoo
// would let them wait too.
func doSlow(ctx context.Context, p *probe.Probe, top, bottom probe.Account) error {
	release := make(chan struct{})
	defer close(release)
	if err := makeHooks(
		ctx, p, bottom, hook{name: "slow", event: "channel_destroy", answers: []probe.Answer{{Hold: release}}}, hook{name: "quick", event: "channel_destroy"},
	); err != nil {
		return err
	}
	if err := makeHooks(ctx, p, top, hook{name: "top-quick", event: "channel_destroy", fields: doc{"include_subaccounts": true}}); err != nil {
		return err
	}
	if err := publish(ctx, p, call("CHANNEL_DESTROY", "held", bottom.ID)); err != nil {
		return err
	}
	expect(ctx, p, map[string]int{"slow": 1, "quick": 1, "top-quick": 1})
	return nil
}
