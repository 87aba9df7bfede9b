package webhooks

import (
	"context"
	"net/http"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// live is about when a hook's document comes into force.
func live() suite.Group {
	return suite.Group{
		Name: "webhooks/live", Title: "When a hook is in force", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus}, Do: doLive,
		Requirements: []suite.Requirement{
			{
				ID: "WH-LIVE-001", Text: "A hook that is created MUST be sent the events that follow.",
				Source: "webhooks.md 2.2; webhooks_listener:handle_config/3", Judge: gotCalls("steady", "one", "two", "three", "four"),
			},
			{
				ID: "WH-LIVE-002", Text: "A hook whose enabled is set to false MUST NOT be sent the events that follow.",
				Source: "webhooks.md 2.2; webhooks_listener:handle_config/3", Judge: gotCalls("switched", "one", "three", "four"),
			},
			{
				ID: "WH-LIVE-003", Text: "A hook whose enabled is set to true again MUST be sent the events that follow.",
				Source: "webhooks.md 2.2; webhooks.md 8; webhooks_listener:handle_config/3",
				Judge:  func(j *suite.Judging) { reachedOne(j, "switched", "three") },
			},
			{
				ID: "WH-LIVE-004", Text: "A hook that is deleted MUST NOT be sent the events that follow.",
				Source: "webhooks.md 2.2; webhooks_listener:handle_config/3", Judge: gotCalls("deleted", "one"),
			},
			{
				ID: "WH-LIVE-005", Text: "A hook whose hook is changed MUST be sent events of the new name and none of the old.",
				Source: "webhooks.md 2.2; webhooks_listener:handle_config/3", Judge: gotCalls("renamed", "one", "answered"),
			},
			{
				ID: "WH-LIVE-006", Text: "A hook whose uri is changed MUST be sent its events at the new address and no more at the old.",
				Source: "webhooks.md 2.2; webhooks_listener:handle_config/3",
				Judge: func(j *suite.Judging) {
					reached(j, "moved", "call_id", "one")
					reached(j, "moved-to", "call_id", "two", "three", "four")
				},
			},
			{
				ID: "WH-LIVE-007", Text: "An account with enabled false MUST go on firing its hooks.",
				Source: "webhooks.md 2.2", Needs: []string{suite.Admin}, Judge: func(j *suite.Judging) { reachedOne(j, "steady", "four") },
			},
			{
				ID: "WH-LIVE-008", Text: "A hook that is created with enabled false MUST NOT be sent events.", Ours: true, Needs: []string{suite.Lab},
				Source: "webhooks.md 2.2; webhooks.md 14; webhooks_listener:handle_config/3",
				Judge:  gotCalls("born-off", "three", "four"),
			},
			{
				ID: "WH-LIVE-010", Text: "A hook of an account that is deleted MUST NOT be sent the account's events that follow.",
				Source: "webhooks.md 2.2; webhooks.md 3; webhooks_listener:maybe_remove_account_hooks/3", Judge: gotCalls("orphaned", "before"),
			},
		},
	}
}

func doLive(ctx context.Context, p *probe.Probe) error {
	own, err := p.Account(ctx)
	if err != nil {
		return err
	}
	var hooks []hook
	for _, name := range []string{"steady", "switched", "deleted", "renamed", "moved"} {
		hooks = append(hooks, hook{name: name, event: "channel_create"})
	}
	hooks = append(hooks, hook{name: "born-off", event: "channel_create", fields: doc{"enabled": false}})
	if err := makeHooks(ctx, p, own, hooks...); err != nil {
		return err
	}
	if err := publish(ctx, p, calls(own.ID, "one")...); err != nil {
		return err
	}
	expect(ctx, p, map[string]int{"steady": 1, "switched": 1, "deleted": 1, "renamed": 1, "moved": 1})
	id := func(name string) string { return p.Seen().Fact("hook " + name) }
	for _, c := range []struct {
		hook   string
		fields doc
	}{{"switched", doc{"enabled": false}}, {"renamed", doc{"hook": "channel_answer"}}, {"moved", doc{"uri": p.Receiver("moved-to")}}} {
		if err := patch(ctx, p, own, id(c.hook), "change "+c.hook, c.fields); err != nil {
			return err
		}
	}
	if _, err := p.MustREST(ctx, "delete", probe.Request{Method: http.MethodDelete, Path: ofAccount(own) + "/" + id("deleted"), Token: own.Token}); err != nil {
		return err
	}
	p.Applied(ctx)
	if err := publish(ctx, p, append(calls(own.ID, "two"), call("CHANNEL_ANSWER", "answered", own.ID))...); err != nil {
		return err
	}
	expect(ctx, p, map[string]int{"steady": 2, "renamed": 2, "moved-to": 1})
	for _, name := range []string{"switched", "born-off"} {
		if err := patch(ctx, p, own, id(name), "switch on "+name, doc{"enabled": true}); err != nil {
			return err
		}
	}
	if err := publish(ctx, p, calls(own.ID, "three")...); err != nil {
		return err
	}
	expect(ctx, p, map[string]int{"steady": 3, "switched": 2, "moved-to": 2, "born-off": 1})
	if err := doAccountGone(ctx, p); err != nil {
		return err
	}
	return doAccountOff(ctx, p, own)
}

// doAccountGone deletes an account that has a hook, and has a late event of it come.
func doAccountGone(ctx context.Context, p *probe.Probe) error {
	gone, err := p.NewAccount(ctx, "gone", p.Target.Parent)
	if err != nil {
		return err
	}
	if err := makeHooks(ctx, p, gone, hook{name: "orphaned", event: "channel_create"}); err != nil {
		return err
	}
	if err := publish(ctx, p, calls(gone.ID, "before")...); err != nil {
		return err
	}
	expect(ctx, p, map[string]int{"orphaned": 1})
	if _, err := p.MustREST(ctx, "delete the account", probe.Request{
		Method: http.MethodDelete, Path: "/v2/accounts/" + gone.ID, Token: p.Target.Parent.Token,
	}); err != nil {
		return err
	}
	p.Applied(ctx)
	return publish(ctx, p, calls(gone.ID, "after")...)
}

// doAccountOff switches an account off, which does nothing to its hooks.
func doAccountOff(ctx context.Context, p *probe.Probe, own probe.Account) error {
	if p.Target.Has(suite.Admin) {
		if _, err := p.MustREST(ctx, "switch the account off", probe.Request{
			Method: http.MethodPatch, Path: "/v2/accounts/" + own.ID, Token: p.Target.Parent.Token, Body: probe.Data(doc{"enabled": false}),
		}); err != nil {
			return err
		}
		p.Applied(ctx)
	}
	if err := publish(ctx, p, calls(own.ID, "four")...); err != nil {
		return err
	}
	expect(ctx, p, map[string]int{"steady": 4, "switched": 3, "moved-to": 3, "born-off": 2})
	return nil
}
