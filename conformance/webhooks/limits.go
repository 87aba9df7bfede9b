package webhooks

import (
	"context"
	"fmt"
	"strconv"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/kazoolab/kazoolab/conformance/capture"
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
				ID: "WH-LIM-005", Text: "The notifications notify_update and skel, which are no events of hooks, MUST NOT fire.",
				Source: "webhooks.md 3.4; amqp.md 9.1; kapi_notifications:api_definitions/0", Judge: bad("notice-update", "notice-skel"),
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
				ID: "WH-LIM-008", Text: "A null that one hook's form text cannot have MUST NOT keep the event from another hook.", Ours: true, Needs: []string{suite.Lab},
				Source: "webhooks.md 12; webhooks.md 14; kz_http_util:json_to_querystring/1",
				Judge:  func(j *suite.Judging) { reachedOne(j, "creates", "with-null") },
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
	box := fmt.Sprintf(`"Account-ID":%q,"Max-Message-Count":5,"Message-Count":5`, own.ID)
	events := []event{
		notice("skel", "skel", "notice-skel", box),
		notice("notify_update", "notify_update", "notice-update", fmt.Sprintf(`"Account-ID":%q,"Status":"completed"`, own.ID)),
		{"no-json", "callevt", "call.CHANNEL_CREATE.x", []byte("\x00\xff not json")}, {"half-json", "callevt", "call.CHANNEL_CREATE.x", []byte(`{"Event-Category":"call_event","Event-Na`)},
		{"a list", "callevt", "call.CHANNEL_CREATE.x", []byte(`["CHANNEL_CREATE"]`)},
		call("CHANNEL_CREATE", "with-null", own.ID, `"From":null`), call("CHANNEL_CREATE", "behind", own.ID), call("CHANNEL_DESTROY", "last", own.ID),
	}
	if err := publish(ctx, p, events...); err != nil {
		return err
	}
	expect(ctx, p, map[string]int{"all": 3, "creates": 2, "form": 2})
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
