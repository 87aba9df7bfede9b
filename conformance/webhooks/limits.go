package webhooks

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// limits is about messages that are not as they should be, and about many of them.
func limits() suite.Group {
	bad := func(ids ...string) func(*suite.Judging) {
		return func(j *suite.Judging) {
			for _, id := range ids {
				absent(j, "all", id, "last")
			}
		}
	}
	return suite.Group{
		Name: "webhooks/limits", Title: "What is not an event, and many events", Needs: []string{suite.Accounts, suite.Hooks, suite.Bus}, Do: doLimits,
		Requirements: []suite.Requirement{
			{
				ID: "WH-LIM-001", Text: "A parking message without Call-ID, or without Msg-ID, MUST NOT fire.",
				Source: "webhooks.md 12; webhooks.md 3.2; kapi_call:event_v/1", Judge: bad("park-no-call", "park-no-msg"),
			},
			{
				ID: "WH-LIM-002", Text: "A document change without ID, or without Database, MUST NOT fire.",
				Source: "webhooks.md 12; amqp.md 11.2; kapi_conf:doc_update_v/1", Judge: bad("change-no-id", "change-no-db"),
			},
			{
				ID: "WH-LIM-003", Text: "A sms or mms without Body, with a Route-Type that there is not, or with a numeric From, MUST NOT fire.",
				Source: "webhooks.md 12; kapi_im:inbound_v/1", Judge: bad("sms-no-body", "sms-odd-route", "sms-numeric-from", "mms-no-body"),
			},
			{
				ID: "WH-LIM-004", Text: "A notification of an unknown name, or without a field that its definition requires, MUST NOT fire.",
				Source: "webhooks.md 12; webhooks.md 3.4", Judge: bad("notice-unknown", "notice-no-box"),
			},
			{
				ID: "WH-LIM-005", Text: "The notifications voicemail_deleted, notify_update and skel MUST NOT fire.",
				Source: "webhooks.md 3.4; amqp.md 9.1; kapi_notifications:api_definitions/0", Judge: bad("notice-deleted", "notice-update", "notice-skel"),
			},
			{
				ID: "WH-LIM-006", Text: "Bytes that are no JSON MUST be passed over, and the events behind them be handled.",
				Source: "webhooks.md 12", Judge: func(j *suite.Judging) {
					for _, step := range []string{"no-json", "half-json", "a list"} {
						if len(j.Named(capture.Published, step)) == 0 {
							j.Failf("%s was not published", step)
						}
					}
					reachedOne(j, "creates", "behind")
				},
			},
			{
				ID: "WH-LIM-007", Text: "A channel event MUST fire though it has nothing but its names and an account.",
				Source: "webhooks.md 3; webhooks_channel_util:handle_event/2", Judge: func(j *suite.Judging) { reachedOne(j, "creates", "bare") },
			},
			{
				ID: "WH-LIM-008", Text: "A null where form text cannot have one MUST NOT keep the event from its hooks.", Ours: true, Needs: []string{suite.Lab},
				Source: "webhooks.md 12; webhooks.md 14; kz_http_util:json_to_querystring/1",
				Judge: func(j *suite.Judging) {
					found := false
					for _, r := range j.Requests("form") {
						found = found || strings.Contains(string(r.Body), "call_id=with-null")
					}
					if !found {
						j.Fail("the event is not at the hook with form text", j.Requests("form")...)
					}
					reachedOne(j, "creates", "with-null")
				},
			},
			{
				ID: "WH-LIM-009", Text: "A burst of 300 events MUST reach a hook whole, each once.", Ours: true, Needs: []string{suite.Lab},
				Source: "webhooks.md 12; webhooks.md 1",
				Judge: func(j *suite.Judging) {
					want := make([]string, 0, burst)
					for i := range burst {
						want = append(want, "burst-"+strconv.Itoa(i))
					}
					reached(j, "burst", "call_id", want...)
				},
			},
		},
	}
}

// burst is three times what the reference's queue holds.
const burst = 300

func doLimits(ctx context.Context, p *probe.Probe) error {
	own, err := p.Account(ctx)
	if err != nil {
		return err
	}
	if err := makeHooks(
		ctx, p, own, hook{name: "all", event: "all"}, hook{name: "creates", event: "channel_create"}, hook{name: "burst", event: "channel_bridge"},
		hook{name: "form", event: "channel_create", fields: doc{"format": "form-data"}},
	); err != nil {
		return err
	}
	db := messages.Database(own.ID)
	without := func(e event, step, member string) event {
		before, after, _ := strings.Cut(string(e.body), member)
		e.step, e.body = step, []byte(before+after)
		return e
	}
	box := fmt.Sprintf(`"Account-ID":%q,"Max-Message-Count":5,"Message-Count":5`, own.ID)
	left := fmt.Sprintf(`"Account-ID":%q,"From-Realm":"a","From-User":"b","Reason":"dtmf","To-Realm":"c","To-User":"d","Voicemail-Box":"e","Voicemail-ID":"f","Voicemail-Timestamp":"63877472740"`, own.ID)
	sms := func(kind, id, members string) event { return text(kind, id, own.ID, members) }
	events := []event{
		without(call("PARK_PARKED", "park-no-call", own.ID, `"Presence-ID":"park-no-call"`), "park-no-call", `"Call-ID":"park-no-call",`),
		without(call("PARK_PARKED", "park-no-msg", own.ID), "park-no-msg", `"Msg-ID":"5d0c8e7f6a5b4c3d",`),
		without(change("doc_edited", db, "change-no-id", "x", own.ID), "change-no-id", `"ID":"x",`),
		without(change("doc_edited", db, "device", "change-no-db", own.ID), "change-no-db", `"Database":"`+db+`",`),
		sms("sms", "sms-no-body", `"From":"+12125550199","To":"+14155550100","Route-Type":"offnet"`),
		sms("sms", "sms-odd-route", `"From":"+12125550199","To":"+14155550100","Body":"x","Route-Type":"upnet"`),
		sms("sms", "sms-numeric-from", `"From":12125550199,"To":"+14155550100","Body":"x","Route-Type":"offnet"`),
		sms("mms", "mms-no-body", `"From":"+12125550199","To":"+14155550100","Route-Type":"offnet"`),
		notice("voicemail_lost", "voicemail.new", "notice-unknown", box), notice("voicemail_full", "voicemail.full", "notice-no-box", box),
		notice("voicemail_deleted", "voicemail.deleted", "notice-deleted", left), notice("skel", "skel", "notice-skel", box),
		notice("notify_update", "notify_update", "notice-update", fmt.Sprintf(`"Account-ID":%q,"Status":"completed"`, own.ID)),
		{"no-json", "callevt", "call.CHANNEL_CREATE.x", []byte("\x00\xff not json")}, {"half-json", "callevt", "call.CHANNEL_CREATE.x", []byte(`{"Event-Category":"call_event","Event-Na`)},
		{"a list", "callevt", "call.CHANNEL_CREATE.x", []byte(`["CHANNEL_CREATE"]`)},
		{"bare", "callevt", "call.CHANNEL_CREATE.bare", fmt.Appendf(nil, `{"Event-Category":"call_event","Event-Name":"CHANNEL_CREATE","Call-ID":"bare","Custom-Channel-Vars":{"Account-ID":%q}}`, own.ID)},
		call("CHANNEL_CREATE", "with-null", own.ID, `"From":null`), call("CHANNEL_CREATE", "behind", own.ID), call("CHANNEL_DESTROY", "last", own.ID),
	}
	if err := publish(ctx, p, events...); err != nil {
		return err
	}
	expect(ctx, p, map[string]int{"all": 4, "creates": 3, "form": 3})
	if !p.Target.Has(suite.Lab) {
		return nil
	}
	return doBurst(ctx, p, own)
}

// doBurst has the events wait in the broker for nothing but each other.
func doBurst(ctx context.Context, p *probe.Probe, own probe.Account) error {
	for i := range burst {
		e := call("CHANNEL_BRIDGE", "burst-"+strconv.Itoa(i), own.ID)
		if err := p.PublishAs(ctx, e.step, e.exchange, e.key, amqp.Publishing{ContentType: "application/json", Body: e.body}); err != nil {
			return err
		}
	}
	expect(ctx, p, map[string]int{"burst": burst})
	return nil
}
