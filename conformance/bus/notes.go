package bus

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// notes is about notifications that the target itself publishes when it switches a hook off.
func notes() suite.Group {
	return suite.Group{
		Name: "bus/notes", Title: "Notifications of the target", Needs: []string{suite.Accounts, suite.Bus, suite.Hooks, suite.Clock},
		Alone: true, Do: doNotes,
		Requirements: []suite.Requirement{
			{
				ID: "AM-NOTE-001", Text: "A hook that is switched off for its failures MUST be told of by one notification webhook_disabled with the key notifications.webhook.disabled.",
				Source: "amqp.md 12.2; amqp.md 12.3; webhooks_disabler:send_notification/2",
				Judge: func(j *suite.Judging) {
					if e, one := j.One("notifications", disablings(j)); one {
						j.Equal("exchange and key", "notifications notifications.webhook.disabled", e.Head, e)
						j.Equal("kind", "notification webhook_disabled", text(e, "Event-Category")+" "+text(e, "Event-Name"), e)
					}
				},
			},
			{
				ID: "AM-NOTE-002", Text: "The notification webhook_disabled MUST have Account-ID and Hook-ID, and be signed webhooks 4.0.0.",
				Source: "amqp.md 12.2; amqp.md 12.3; webhooks_disabler:send_notification/2",
				Judge: func(j *suite.Judging) {
					if e, one := j.One("notifications", disablings(j)); one {
						want := fmt.Sprintf(`{"Account-ID":%q,"Hook-ID":%q,"App-Name":"webhooks","App-Version":"4.0.0"}`, j.Fact("account own"), j.Fact("hook failing"))
						j.EqualJSON("members", want, members(e, "Account-ID", "Hook-ID", "App-Name", "App-Version"), e)
					}
				},
			},
			{
				ID: "AM-NOTE-003", Text: "A notification of the target SHOULD carry Server-ID and System-Log-ID, its Msg-ID, since it is sent to gather answers.",
				Source: "amqp.md 5; amqp.md 12.1; kapps_notify_publisher:call_collect/2",
				Judge: func(j *suite.Judging) {
					if e, one := j.One("notifications", disablings(j)); one {
						j.Equal("System-Log-ID", text(e, "Msg-ID"), text(e, "System-Log-ID"), e)
						if text(e, "Server-ID") == "" {
							j.Fail("the notification has no Server-ID", e)
						}
						if len(text(e, "Msg-ID")) != 16 {
							j.Differs("Msg-ID", []byte("16 hexadecimal digits"), []byte(text(e, "Msg-ID")), e)
						}
					}
				},
			},
			{
				ID: "AM-NOTE-004", Text: "A hook that is switched off MUST be told of as one doc_edited of its document.",
				Source: "amqp.md 12.3; crossbar.md 9.2; webhooks_disabler:disable_hook/2",
				Judge: func(j *suite.Judging) {
					j.Count("doc_edited of the hook", 1, named(j, "doc_edited", j.Fact("hook failing")))
				},
			},
			{
				ID: "AM-NOTE-005", Text: "The notification webhook_disabled MUST have the members of its definition in their fixed order.",
				Source: "amqp.md 4.2; amqp.md 12.2; kapi_notifications:webhook_disabled_definition/0",
				Judge: func(j *suite.Judging) {
					if e, one := j.One("notifications", disablings(j)); one {
						order := strings.NewReplacer("Server-ID ", "", "System-Log-ID ", "").Replace(lastMembers(e, 20))
						j.Equal("members", "Hook-ID Account-ID Node Msg-ID Event-Name Event-Category App-Version App-Name", order, e)
						judgeByBook(j, []capture.Entry{e}, "closed-fields", "required", "type", "order", "empty", "compact", "content-type", "timestamp", "headers")
					}
				},
			},
		},
	}
}

func disablings(j *suite.Judging) []capture.Entry {
	return j.Where(func(e capture.Entry) bool {
		return e.Kind == capture.Delivered && e.Name == "notes" && text(e, "Account-ID") == j.Fact("account own") && text(e, "Hook-ID") != ""
	})
}

// failing is more than a hook may fail in a minute.
const failing = 8

func doNotes(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	if _, err := p.Listen(ctx, "notes", "notifications", "#"); err != nil {
		return err
	}
	if _, err := p.Listen(ctx, "hooks", "configuration", "*.webhooks.#"); err != nil {
		return err
	}
	if _, err := p.Hook(ctx, "failing", account, "channel_create", map[string]any{"retries": 1}, probe.Answer{Status: http.StatusServiceUnavailable}); err != nil {
		return err
	}
	for n := range failing {
		id := fmt.Sprintf("failing-%d", n)
		if err := p.Publish(ctx, id, "callevt", messages.CallKey("CHANNEL_CREATE", id), messages.Call("CHANNEL_CREATE", id, account.ID)); err != nil {
			return err
		}
		if !p.AwaitRequests(ctx, "failing", n+1) {
			break // it is switched off already
		}
		if err := p.Dealt(ctx, "failing", account); err != nil {
			return err
		}
	}
	p.Settle(ctx)
	if err := p.Advance(ctx, 16*time.Second); err != nil { // the failures are looked at every quarter of a minute
		return err
	}
	p.Await(ctx, "the notification", p.Target.Patience.Disable, func(v capture.View) bool {
		return slices.ContainsFunc(v.Deliveries("notes"), func(e capture.Entry) bool {
			return gjson.GetBytes(e.Body, "Account-ID").Str == account.ID && gjson.GetBytes(e.Body, "Hook-ID").Str != ""
		})
	})
	p.Settle(ctx)
	return nil
}
