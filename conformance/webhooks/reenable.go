package webhooks

import (
	"context"
	"fmt"
	"net/http"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// reenable is about switching on again what was switched off for its failures.
func reenable() suite.Group {
	const on = `true `
	return suite.Group{
		Name: "webhooks/re-enable", Title: "Switching hooks on again", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus, suite.Clock}, Alone: true, Do: doReenable,
		Requirements: []suite.Requirement{
			{
				ID: "WH-DIS-101", Text: "Re-enabling an account's hooks MUST switch on every hook that was switched off for its failures, and take its disable_reason away.",
				Source: "webhooks.md 8; webhooks.md 11; webhooks_maintenance:enable_account_hooks/1",
				Judge: func(j *suite.Judging) {
					hookState(j, "list off", "failing", `false "too many failed attempts"`)
					hookState(j, "list on", "failing", on)
					reachedOne(j, "failing", "again")
				},
			},
			{
				ID: "WH-DIS-102", Text: "Re-enabling an account's hooks MUST NOT switch on a hook that was switched off by hand.",
				Source: "webhooks.md 8; webhooks.md 11; webhooks_maintenance:enable_account_hooks/1",
				Judge: func(j *suite.Judging) {
					hookState(j, "list on", "failing", on)
					hookState(j, "list on", "by-hand", "false ")
					j.Count("requests at the hook that was switched off by hand", 0, j.Requests("by-hand"))
				},
			},
			{
				ID: "WH-DIS-103", Text: "Re-enabling an account's hooks MUST leave those of its sub-accounts off, unless descendants stands in the path.",
				Source: "webhooks.md 8; webhooks_maintenance:enable_descendant_hooks/1",
				Judge: func(j *suite.Judging) {
					hookState(j, "list below off", "below", `false "too many failed attempts"`)
					hookState(j, "list below on", "below", on)
				},
			},
			{
				ID: "WH-DIS-104", Text: "A hook that was switched on again MUST have no failures from before.",
				Source: "webhooks.md 8; webhooks_listener:handle_config/3",
				Judge: func(j *suite.Judging) {
					hookState(j, "list after five", "failing", on)
					reachedOne(j, "failing", "still")
				},
			},
			{
				ID: "WH-DIS-105", Text: "A PATCH of a hook with enabled true MUST switch it on again, and its disable_reason not be listed any more.",
				Source: "webhooks.md 8; webhooks.md 11; cb_webhooks:maybe_reenable/1",
				Judge: func(j *suite.Judging) {
					hookState(j, "list off", "patched", `false "too many failed attempts"`)
					hookState(j, "list patched", "patched", on)
					reachedOne(j, "patched", "answered")
				},
			},
			{
				ID: "WH-DIS-106", Text: "A PATCH of a hook that was switched off for its failures, without enabled, MUST leave it off, with its disable_reason.",
				Source: "webhooks.md 11; webhooks.md 8; cb_webhooks:maybe_reenable/1",
				Judge:  func(j *suite.Judging) { hookState(j, "list renamed", "patched", `false "too many failed attempts"`) },
			},
			{
				ID: "WH-DIS-107", Text: "A POST of a hook's document without enabled MUST switch it on again.",
				Source: "webhooks.md 8; cb_webhooks:maybe_reenable/1",
				Judge: func(j *suite.Judging) {
					hookState(j, "list off", "posted", `false "too many failed attempts"`)
					hookState(j, "list patched", "posted", on)
				},
			},
			{
				ID: "WH-DIS-108", Text: "Each hook that is switched on again by its account MUST be told as doc_edited of its document.",
				Source: "webhooks.md 11; amqp.md 11.6",
				Judge: func(j *suite.Judging) {
					asked, listed := j.Named(capture.RestRequest, "re-enable"), j.Named(capture.RestRequest, "list after five")
					if len(asked) == 0 || len(listed) == 0 {
						j.Fail("the hook was not switched on again")
						return
					}
					// Not what comes later: a sixth failure switches it off again.
					j.Count("doc_edited of the hook from then on", 1, j.Where(func(e capture.Entry) bool {
						return e.Kind == capture.Delivered && e.Name == "changes" && e.Head == "configuration doc_edited.webhooks.webhook."+j.Fact("hook failing") &&
							e.Seq > asked[0].Seq && e.Seq < listed[0].Seq
					}))
				},
			},
		},
	}
}

// hookState wants a list to show a hook's enabled and disable_reason so.
func hookState(j *suite.Judging, step, name, want string) {
	if list, answer, ok := data(j, step); ok {
		row := list.Get(fmt.Sprintf("#(id==%q)", j.Fact("hook "+name)))
		j.Equal("enabled and disable_reason of "+name+" in "+step, want, row.Get("enabled").Raw+" "+row.Get("disable_reason").Raw, answer)
	}
}

func doReenable(ctx context.Context, p *probe.Probe) error {
	own, err := p.Account(ctx)
	if err != nil {
		return err
	}
	below, err := p.NewAccount(ctx, "below", own)
	if err != nil {
		return err
	}
	if err := listenDisabled(ctx, p); err != nil {
		return err
	}
	if _, err := p.Listen(ctx, "changes", "configuration", "doc_edited.webhooks.webhook.*"); err != nil {
		return err
	}
	busy := []probe.Answer{{Status: 503}}
	if err := makeHooks(
		ctx, p, own, hook{name: "failing", event: "channel_create", answers: busy}, hook{name: "patched", event: "channel_answer", answers: busy},
		hook{name: "posted", event: "channel_bridge", answers: busy}, hook{name: "by-hand", event: "channel_create", answers: busy},
	); err != nil {
		return err
	}
	if err := makeHooks(ctx, p, below, hook{name: "below", event: "channel_create", answers: busy}); err != nil {
		return err
	}
	id := func(name string) string { return p.Seen().Fact("hook " + name) }
	if err := patch(ctx, p, own, id("by-hand"), "by hand", doc{"enabled": false}); err != nil {
		return err
	}
	for _, f := range []failing{
		{own, "failing", "CHANNEL_CREATE", 6, 1}, {own, "patched", "CHANNEL_ANSWER", 6, 1}, {own, "posted", "CHANNEL_BRIDGE", 6, 1}, {below, "below", "CHANNEL_CREATE", 6, 1},
	} {
		if err := fail(ctx, p, f); err != nil {
			return err
		}
	}
	if err := nextCheck(ctx, p, 4); err != nil {
		return err
	}
	one := func(name string) string { return ofAccount(own) + "/" + id(name) }
	if err := steps(
		ctx, p, own, step{"list off", http.MethodGet, ofAccount(own), ""},
		step{"rename", http.MethodPatch, one("patched"), `{"data":{"name":"renamed"}}`}, step{"list renamed", http.MethodGet, ofAccount(own), ""},
		step{"enable", http.MethodPatch, one("patched"), `{"data":{"enabled":true}}`},
		step{"post", http.MethodPost, one("posted"), `{"data":{"name":"posted","uri":"` + address + `","hook":"channel_bridge"}}`},
		step{"list patched", http.MethodGet, ofAccount(own), ""},
		step{"re-enable", http.MethodPatch, ofAccount(own), `{"data":{"re-enable":true}}`},
	); err != nil {
		return err
	}
	p.Applied(ctx)
	if err := steps(ctx, p, own, step{"list on", http.MethodGet, ofAccount(own), ""}, step{"list below off", http.MethodGet, ofAccount(below), ""}); err != nil {
		return err
	}
	if err := publish(ctx, p, call("CHANNEL_CREATE", "again", own.ID), call("CHANNEL_ANSWER", "answered", own.ID)); err != nil {
		return err
	}
	expect(ctx, p, map[string]int{"failing": 7, "patched": 7})
	if err := fail(ctx, p, failing{own, "failing", "CHANNEL_CREATE", 4, 1}); err != nil {
		return err
	}
	if err := nextCheck(ctx, p, 4); err != nil {
		return err
	}
	if err := steps(
		ctx, p, own, step{"list after five", http.MethodGet, ofAccount(own), ""},
		step{"re-enable below", http.MethodPatch, "/v2/accounts/" + own.ID + "/descendants/webhooks", `{"data":{"re-enable":true}}`},
	); err != nil {
		return err
	}
	p.Applied(ctx)
	if err := steps(ctx, p, own, step{"list below on", http.MethodGet, ofAccount(below), ""}); err != nil {
		return err
	}
	if err := publish(ctx, p, call("CHANNEL_CREATE", "still", own.ID)); err != nil {
		return err
	}
	expect(ctx, p, map[string]int{"failing": 12})
	return nil
}
