package webhooks

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// disable is about hooks that fail too often. It is alone because it puts the time of the
// whole target forward.
func disable() suite.Group {
	return suite.Group{
		Name: "webhooks/disable", Title: "Hooks that fail too often", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus, suite.Clock}, Alone: true, Do: doDisable,
		Requirements: []suite.Requirement{
			{
				ID: "WH-DIS-001", Text: "A hook with six failures within 60 s MUST be switched off at the next check, which is within 15 s.",
				Source: "webhooks.md 8; webhooks.md 10; webhooks_disabler:check_failed_attempts/0",
				Judge: func(j *suite.Judging) {
					j.Count("notices of the hook with six failures, before the time was put forward again", 1, disabledNotices(firstCheck(j), j.Fact("hook six")))
				},
			},
			{
				ID: "WH-DIS-002", Text: "A hook with five failures within 60 s MUST stay in force.",
				Source: "webhooks.md 8; webhooks_disabler:check_failed_attempts/0",
				Judge: func(j *suite.Judging) {
					j.Count("notices of the hook with five failures", 0, disabledNotices(firstCheck(j), j.Fact("hook adding")))
					reachedOne(j, "adding", "late-answer")
				},
			},
			{
				ID: "WH-DIS-003", Text: "A hook that was switched off MUST be listed with enabled false and the disable_reason too many failed attempts.",
				Source: "webhooks.md 8; webhooks.md 11; webhooks_disabler:disable_hook/2",
				Judge: func(j *suite.Judging) {
					list, answer, ok := data(j, "list")
					if !ok {
						return
					}
					row := list.Get(fmt.Sprintf("#(id==%q)", j.Fact("hook six")))
					j.Equal("enabled and disable_reason", `false "too many failed attempts"`, row.Get("enabled").Raw+" "+row.Get("disable_reason").Raw, answer)
					row = list.Get(fmt.Sprintf("#(id==%q)", j.Fact("hook adding")))
					j.Equal("enabled and disable_reason of one with five failures", "true ", row.Get("enabled").Raw+" "+row.Get("disable_reason").Raw, answer)
				},
			},
			{
				ID: "WH-DIS-004", Text: "A single read of a hook that was switched off MUST show enabled false and disable_reason beside what the hook was.",
				Source: "webhooks.md 2; webhooks.md 8; webhooks_disabler:disable_hook/2",
				Judge: func(j *suite.Judging) {
					created, made := j.Status("create hook six", "201")
					got, answer, ok := data(j, "get six")
					if !made || !ok {
						return
					}
					gjson.GetBytes(created.Body, "data").ForEach(func(key, value gjson.Result) bool {
						if key.Str != "enabled" {
							j.Equal(key.Str, value.Raw, got.Get(key.Str).Raw, answer)
						}
						return true
					})
					j.Equal("enabled and disable_reason", `false "too many failed attempts"`, got.Get("enabled").Raw+" "+got.Get("disable_reason").Raw, answer)
				},
			},
			{
				ID: "WH-DIS-005", Text: "A hook that was switched off MUST NOT be sent the events that follow.",
				Source: "webhooks.md 8; webhooks.md 2.2",
				Judge: func(j *suite.Judging) {
					j.Count("requests at the hook with six failures", 6, j.Requests("six"))
					reachedOne(j, "healthy", "late-create")
				},
			},
			{
				ID: "WH-DIS-008", Text: "Failures at different times MUST count together as long as none is older than 60 s.",
				Source: "webhooks.md 8; webhooks_disabler:check_failed_attempts/0",
				Judge: func(j *suite.Judging) {
					j.Count("notices of the hook with five failures and one 16 s later", 1, disabledNotices(j.View, j.Fact("hook adding")))
				},
			},
			{
				ID: "WH-DIS-009", Text: "Failures older than 60 s MUST NOT count.",
				Source: "webhooks.md 8; webhooks.md 10; webhooks_disabler:check_failed_attempts/0",
				Judge: func(j *suite.Judging) {
					j.Count("notices of the hook with five failures and one more than 60 s later", 0, disabledNotices(j.View, j.Fact("hook aged")))
					reachedOne(j, "aged", "alive-bridge")
				},
			},
			{
				ID: "WH-DIS-010", Text: "Each try without an answer MUST count as a failure.",
				Source: "webhooks.md 8; webhooks.md 7.1; webhooks_util:retry_hook/3",
				Judge: func(j *suite.Judging) {
					j.Count("tries", 6, j.Requests("tries"))
					j.Count("notices of the hook with two events of three tries", 1, disabledNotices(j.View, j.Fact("hook tries")))
				},
			},
			{
				ID: "WH-DIS-011", Text: "A change of a hook's document MUST make its failures forgotten.",
				Source: "webhooks.md 2.2; webhooks_listener:handle_config/3",
				Judge: func(j *suite.Judging) {
					j.Count("notices of the hook that was changed after five failures", 0, disabledNotices(j.View, j.Fact("hook edited")))
					reachedOne(j, "edited", "alive-park")
				},
			},
			{
				ID: "WH-DIS-012", Text: "The attempt_failure_count of the owner's webhooks configuration MUST decide how many failures are too many.",
				Source: "webhooks.md 8; webhooks.md 10; kapps_account_config:get_global/4",
				Judge: func(j *suite.Judging) {
					j.Status("configure low", "200")
					j.Count("notices of the hook with two failures where two are too many", 1, disabledNotices(j.View, j.Fact("hook low")))
				},
			},
			{
				ID: "WH-DIS-013", Text: "The attempt_failure_expiry_ms of the owner's webhooks configuration MUST decide how old a failure may be.",
				Source: "webhooks.md 8; webhooks.md 10; kapps_account_config:get_global/4",
				Judge: func(j *suite.Judging) {
					j.Status("configure brief", "200")
					j.Count("notices of the hook with five failures and one 32 s later where 20 s count", 0, disabledNotices(j.View, j.Fact("hook brief")))
					reachedOne(j, "brief", "alive-brief")
				},
			},
			{
				ID: "WH-DIS-014", Text: "A hook that does not fail MUST NOT be switched off with its neighbours.",
				Source: "webhooks.md 8; webhooks_disabler:check_failed_attempts/0", Judge: func(j *suite.Judging) { reachedOne(j, "healthy", "late-create") },
			},
		},
	}
}

// disabledNotices are the notifications that a hook was switched off.
func disabledNotices(v capture.View, hookID string) []capture.Entry {
	return v.Where(func(e capture.Entry) bool {
		return e.Kind == capture.Delivered && e.Name == "notices" && hookID != "" && gjson.GetBytes(e.Body, "Hook-ID").Str == hookID
	})
}

// firstCheck is what was seen until the time was put forward a second time.
func firstCheck(j *suite.Judging) capture.View {
	var before capture.View
	moves := 0
	for _, e := range j.Entries {
		if e.Kind == capture.Note && e.Name == "time put forward" {
			moves++
		}
		if moves == 2 {
			break
		}
		before.Entries = append(before.Entries, e)
	}
	if moves == 0 {
		j.Failf("the time was not put forward")
	}
	return before
}

// failing is an account's hook that fails with so many events of a name, each of which has tries.
type failing struct {
	account         probe.Account
	receiver, event string
	events, tries   int
}

// fail has a hook fail. Kazoo takes two failures in the same millisecond for one, so the next comes
// when the one before it has been dealt with.
func fail(ctx context.Context, p *probe.Probe, f failing) error {
	if err := p.Dealt(ctx, f.receiver, f.account); err != nil {
		return err
	}
	for range f.events {
		had := len(p.Seen().Requests(f.receiver))
		if err := publish(ctx, p, call(f.event, fmt.Sprintf("%s-%d", f.receiver, had), f.account.ID)); err != nil {
			return err
		}
		p.AwaitRequests(ctx, f.receiver, had+f.tries)
		if err := p.Dealt(ctx, f.receiver, f.account); err != nil {
			return err
		}
	}
	return nil
}

// nextCheck lets failures be taken down, puts the time forward by more than what lies between
// two checks, and waits for the notices of hooks that should be switched off by then.
func nextCheck(ctx context.Context, p *probe.Probe, notices int) error {
	p.Settle(ctx)
	if err := p.Advance(ctx, 16*time.Second); err != nil {
		return err
	}
	p.Await(ctx, strconv.Itoa(notices)+" notices", p.Target.Patience.Disable, func(v capture.View) bool { return len(v.Deliveries("notices")) >= notices })
	p.Settle(ctx)
	return nil
}

func configure(ctx context.Context, p *probe.Probe, name string, fields doc) (probe.Account, error) {
	account, err := p.NewAccount(ctx, name, p.Target.Parent)
	if err != nil {
		return account, err
	}
	_, err = p.REST(ctx, "configure "+name, probe.Request{
		Method: http.MethodPost, Path: "/v2/accounts/" + account.ID + "/configs/webhooks", Token: p.Target.Parent.Token, Body: probe.Data(fields),
	})
	return account, err
}

// listenDisabled hears of what is switched off in these accounts.
func listenDisabled(ctx context.Context, p *probe.Probe) error {
	_, err := p.Listen(ctx, "notices", "notifications", "notifications.webhook.disabled")
	return err
}

func doDisable(ctx context.Context, p *probe.Probe) error {
	own, err := p.Account(ctx)
	if err != nil {
		return err
	}
	low, err := configure(ctx, p, "low", doc{"attempt_failure_count": 2})
	if err != nil {
		return err
	}
	brief, err := configure(ctx, p, "brief", doc{"attempt_failure_expiry_ms": 20000})
	if err != nil {
		return err
	}
	if err := listenDisabled(ctx, p); err != nil {
		return err
	}
	busy, drop := []probe.Answer{{Status: 503}}, []probe.Answer{{Drop: true}}
	for _, of := range []struct {
		account probe.Account
		hooks   []hook
	}{
		{own, []hook{
			{name: "six", event: "channel_create", answers: busy}, {name: "adding", event: "channel_answer", answers: busy},
			{name: "aged", event: "channel_bridge", answers: busy}, {name: "edited", event: "parking", answers: busy},
			{name: "tries", event: "channel_destroy", fields: doc{"retries": 3}, answers: drop}, {name: "healthy", event: "channel_create"},
		}},
		{low, []hook{{name: "low", event: "channel_create", answers: busy}}}, {brief, []hook{{name: "brief", event: "channel_create", answers: busy}}},
	} {
		if err := makeHooks(ctx, p, of.account, of.hooks...); err != nil {
			return err
		}
	}
	if err := failAtFirst(ctx, p, own, low, brief); err != nil {
		return err
	}
	if err := nextCheck(ctx, p, 3); err != nil {
		return err
	}
	for step, path := range map[string]string{"list": "", "get six": "/" + p.Seen().Fact("hook six")} {
		if _, err := p.REST(ctx, step, probe.Request{Method: http.MethodGet, Path: ofAccount(own) + path, Token: own.Token}); err != nil {
			return err
		}
	}
	return failLater(ctx, p, own, brief)
}

// failAtFirst has everything fail that fails before the first check. Hooks whose failures must
// still count much later come last.
func failAtFirst(ctx context.Context, p *probe.Probe, own, low, brief probe.Account) error {
	if err := fail(ctx, p, failing{own, "edited", "PARK_PARKED", 5, 1}); err != nil {
		return err
	}
	if err := patch(ctx, p, own, p.Seen().Fact("hook edited"), "change edited", doc{"name": "edited"}); err != nil {
		return err
	}
	for _, f := range []failing{
		{own, "edited", "PARK_PARKED", 5, 1}, {own, "aged", "CHANNEL_BRIDGE", 5, 1}, {own, "tries", "CHANNEL_DESTROY", 2, 3},
		{brief, "brief", "CHANNEL_CREATE", 5, 1}, {low, "low", "CHANNEL_CREATE", 2, 1}, {own, "six", "CHANNEL_CREATE", 6, 1}, {own, "adding", "CHANNEL_ANSWER", 5, 1},
	} {
		if err := fail(ctx, p, f); err != nil {
			return err
		}
	}
	return nil
}

func failLater(ctx context.Context, p *probe.Probe, own, brief probe.Account) error {
	if err := publish(ctx, p, call("CHANNEL_CREATE", "late-create", own.ID), call("CHANNEL_ANSWER", "late-answer", own.ID)); err != nil {
		return err
	}
	p.AwaitRequests(ctx, "adding", 6)
	if err := p.Dealt(ctx, "adding", own); err != nil {
		return err
	}
	if err := nextCheck(ctx, p, 4); err != nil {
		return err
	}
	if err := fail(ctx, p, failing{brief, "brief", "CHANNEL_CREATE", 1, 1}); err != nil {
		return err
	}
	for range 2 {
		if err := nextCheck(ctx, p, 4); err != nil {
			return err
		}
	}
	if err := fail(ctx, p, failing{own, "aged", "CHANNEL_BRIDGE", 1, 1}); err != nil {
		return err
	}
	if err := nextCheck(ctx, p, 4); err != nil {
		return err
	}
	if err := publish(ctx, p, call("CHANNEL_BRIDGE", "alive-bridge", own.ID), call("PARK_PARKED", "alive-park", own.ID), call("CHANNEL_CREATE", "alive-brief", brief.ID)); err != nil {
		return err
	}
	expect(ctx, p, map[string]int{"aged": 7, "edited": 11, "brief": 7, "tries": 6})
	return nil
}
