package rest

import (
	"context"
	"fmt"
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

const channels = "/v2/accounts/{account}/channels"

// noChannels is about channels that are not there.
func noChannels() suite.Group {
	return suite.Group{
		Name: "rest/channels", Title: "Channels that are not there", Needs: []string{suite.Accounts},
		Do: exchange(
			put("user", users, `{"data":{"first_name":"U","last_name":"S"}}`).keep("user"), put("device", devices, `{"data":{"name":"d","sip":{"username":"dev","password":"secret"}}}`).keep("device"),
			get("list", channels), get("list nobody", channels).as(nobody), get("list above", "/v2/accounts/{parent}/channels"), get("system", "/v2/channels"), get("system superduper", "/v2/channels").as(parent),
			get("of a user", users+"/{user}/channels"), get("of a device", devices+"/{device}/channels"), get("of a callflow", callflows+"/{user}/channels"), get("of nobody known", users+"/"+nowhere+"/channels"),
			put("PUT", channels, `{"data":{}}`), post("POST", channels, `{"data":{}}`), patch("PATCH one", channels+"/abc", `{"data":{}}`), del("DELETE one", channels+"/abc"), get("deeper", channels+"/abc/def"),
			get("one nobody", channels+"/abc").as(nobody), get("quickcall nobody", devices+"/{device}/quickcall/1000").as(nobody), post("quickcall POST nobody", devices+"/{device}/quickcall/1000", `{"data":{}}`).as(nobody),
			get("quickcall of nothing", devices+"/"+nowhere+"/quickcall/1000"), get("quickcall of no endpoints", users+"/{user}/quickcall/1000"),
		),
		Requirements: channelRequirements(),
	}
}

func channelRequirements() []suite.Requirement {
	const lists, quick = "crossbar.md 6.1; cb_channels; crossbar vectors channels without a switch", "crossbar.md 8.1; cb_quickcall"
	return []suite.Requirement{
		{
			ID: "CB-CHAN-001", Text: "The channels of an account, a user or a device without calls MUST be an empty list, without paging for an account.",
			Source: lists, Judge: answers(
				answered("list", "200").data("[]").member("page_size", "").member("start_key", ""), answered("of a user", "200").data("[]"), answered("of a device", "200").data("[]")),
		},
		{
			ID: "CB-CHAN-002", Text: "The channels of what is no user, device or group MUST be 404 faulty request, and of a user that is not there 404 bad_identifier.",
			Source: lists, Judge: answers(
				answered("of a callflow", "404").json(`{"data":{},"error":"404","message":"faulty request","status":"error"}`), answered("of nobody known", "404").json(unknown(nowhere))),
		},
		{
			ID: "CB-CHAN-003", Text: "All channels of the system MUST be forbidden to who is no superduper admin, and channels be 401 without a token.",
			Source: lists, Judge: answers(answered("system", "403").json(forbidden), answered("list nobody", "401").json(notAuthenticated), answered("list above", "403").json(forbidden),
				answered("one nobody", "401").json(notAuthenticated)),
		},
		{
			ID: "CB-CHAN-004", Text: "A list of channels MUST allow GET alone, and a channel GET, POST and PUT.",
			Source: "crossbar.md 6; cb_channels", Judge: func(j *suite.Judging) {
				for _, step := range []string{"PUT", "POST", "PATCH one", "DELETE one"} {
					answered(step, "405").json(badMethod).judge(j)
				}
				answered("deeper", "404").json(notFound).judge(j)
				allows(j, "PUT", "GET", "OPTIONS")
				allows(j, "PATCH one", "GET", "OPTIONS", "POST", "PUT")
			},
		},
		{
			ID: "CB-CHAN-006", Text: "A quickcall MUST be 401 without a token, for GET as for POST.",
			Source: quick + "; crossbar.md 10; api_util:is_authentic/4", Judge: answers(answered("quickcall nobody", "401").json(notAuthenticated), answered("quickcall POST nobody", "401").json(notAuthenticated)),
		},
		{
			ID: "CB-CHAN-007", Text: "A quickcall of a user without endpoints MUST be 500 unspecified_fault, and of a device that is not there 404.",
			Source: quick, Judge: answers(
				answered("quickcall of no endpoints", "500").json(`{"data":{"message":"unspecified fault"},"error":"500","message":"unspecified_fault","status":"error"}`),
				answered("quickcall of nothing", "404").json(unknown(nowhere))),
		},
	}
}

// liveChannel is about what is said to a channel that is there: the harness answers for it, in
// place of a switch.
func liveChannel() suite.Group {
	return suite.Group{
		Name: "rest/commands", Title: "Commands to a channel", Needs: []string{suite.Accounts, suite.Bus, suite.Switch},
		Do: doLiveChannel, Requirements: commandRequirements(),
	}
}

func doLiveChannel(ctx context.Context, p *probe.Probe) error {
	t, err := begin(ctx, p)
	if err != nil {
		return err
	}
	queue, err := p.Listen(ctx, "queries", "callevt", "call.status_req.channels")
	if err != nil {
		return err
	}
	call := "rest-" + p.ID()
	t.know("call", call)
	t.know("queue", queue)
	one := channels + "/" + call
	for _, s := range []struct {
		step
		as string
	}{
		{get("one", one), bridged}, {post("hangup", one, `{"data":{"action":"hangup"}}`), bridged}, {post("break", one, `{"data":{"action":"break"}}`), bridged},
		{post("action in query", one+"?action=hangup", `{"data":{}}`), bridged}, {post("action in envelope", one, `{"action":"hangup","data":{}}`), bridged},
		{post("transfer", one, `{"data":{"action":"transfer","target":"1000"}}`), bridged}, {post("transfer unbridged", one, `{"data":{"action":"transfer","target":"1000"}}`), unbridged},
		{post("transfer nowhere", one, `{"data":{"action":"transfer"}}`), bridged}, {post("callflow", one, `{"data":{"action":"callflow","id":"x"}}`), bridged},
		{post("intercept", one, `{"data":{"action":"intercept","target_type":"user","target_id":"x"}}`), bridged}, {post("intercept no type", one, `{"data":{"action":"intercept"}}`), bridged},
		{post("intercept no id", one, `{"data":{"action":"intercept","target_type":"user"}}`), bridged}, {post("hold", one, `{"data":{"action":"hold"}}`), bridged}, {post("no action", one, `{"data":{}}`), bridged},
		{put("metaflow", one, `{"action":"metaflow","data":{"module":"hangup","data":{}}}`), bridged}, {put("metaflow without data", one, `{"action":"metaflow","data":{"module":"hangup"}}`), bridged},
		{put("metaflow in data", one, `{"data":{"action":"metaflow","module":"hangup","data":{}}}`), bridged}, {put("no metaflow", one, `{"data":{"module":"hangup"}}`), bridged},
		{put("unknown metaflow", one, `{"action":"metaflow","data":{"module":"nope","data":{}}}`), bridged}, {put("no module", one, `{"action":"metaflow","data":{"data":{"module":"hangup"}}}`), bridged},
		{get("unknown", one), nothing}, {post("unknown command", one, `{"data":{"action":"nonsense"}}`), nothing}, {put("unknown metaflow call", one, `{"action":"nonsense","data":{}}`), nothing},
		{get("another's", one), another}, {post("another's command", one, `{"data":{"action":"hangup"}}`), another},
	} {
		if err := t.answered(ctx, s.step, call, s.as); err != nil {
			return err
		}
	}
	return nil
}

// What the switch says of a call.
const (
	bridged   = "bridged"
	unbridged = "unbridged"
	another   = "of another account"
	nothing   = "nothing"
)

// answered makes a request, and answers the question that the target then asks of switches. It does so again
// where the target says that nobody has answered: it waits 2 s for that, whatever stands still meanwhile.
func (t *talk) answered(ctx context.Context, s step, call, as string) error {
	return t.p.Again(s.name, func() error { return t.answeredOnce(ctx, s, call, as) })
}

func (t *talk) answeredOnce(ctx context.Context, s step, call, as string) error {
	before := len(t.p.Seen().Deliveries("queries"))
	done := make(chan error, 1)
	go func() {
		_, err := t.do(ctx, s)
		done <- err
	}()
	var asked capture.Entry
	t.p.Await(ctx, "the question for "+s.name, t.p.Target.Patience.Reply, func(v capture.View) bool {
		for _, e := range v.Deliveries("queries")[before:] {
			if gjson.GetBytes(e.Body, "Call-ID").Str == call {
				asked = e
				return true
			}
		}
		return false
	})
	if asked.Body != nil {
		reply := fmt.Sprintf(`{"Channels":{%s},"Msg-ID":%q,"Event-Category":"call_event","Event-Name":"query_channels_resp","App-Name":"ecallmgr","App-Version":"4.0.0"}`,
			t.channel(call, as), gjson.GetBytes(asked.Body, "Msg-ID").Str)
		if err := t.p.Publish(ctx, "reply for "+s.name, "targeted", gjson.GetBytes(asked.Body, "Server-ID").Str, []byte(reply)); err != nil {
			return err
		}
	}
	return <-done
}

// channel is a call as a switch describes it.
func (t *talk) channel(call, as string) string {
	account, leg := t.own.ID, `"Other-Leg-Call-ID":"other-leg",`
	switch as {
	case nothing:
		return ""
	case another:
		account = nowhere
	case unbridged:
		leg = ""
	}
	return fmt.Sprintf(`%q:{"Call-ID":%q,%s"Account-ID":%q,"Custom-Channel-Vars":{"Account-ID":%q},"Answered":true,"Call-Direction":"inbound","Elapsed-Seconds":5,`+
		`"To":"1000@x","From":"2000@x","Media-Node":"freeswitch@certify"}`, call, call, leg, account, account)
}

func commandRequirements() []suite.Requirement {
	const commands, flows = "crossbar.md 6.3; cb_channels", "crossbar.md 6.4; cb_channels"
	wrong := func(step, field, message string) want {
		return answered(step, "400").json(invalid(`{"` + field + `":{"required":{"message":"` + message + `"}}}`))
	}
	noAction := func(step string) want {
		return answered(step, "400").json(`{"error":"400","message":"invalid data","status":"error"}`)
	}
	return []suite.Requirement{
		{
			ID: "CB-CHAN-008", Text: "A channel MUST be shown with the names of a single channel: call_id, other_leg_call_id, call_direction, elapsed_seconds.",
			Source: "crossbar.md 6.2; crossbar.md 10; cb_channels", Judge: answers(
				answered("one", "200").member("data.call_id", `"{call}"`).member("data.other_leg_call_id", `"other-leg"`).member("data.call_direction", `"inbound"`).
					member("data.elapsed_seconds", "5").member("data.answered", "true").member("data.media_node", "").member("data.uuid", "")),
		},
		{
			ID: "CB-CHAN-005", Text: "A channel that no switch has, or of another account, MUST be 404 bad identifier with its id in a list, whatever is to be done to it.",
			Source: "crossbar.md 6.2; crossbar.md 6.3; crossbar.md 3.3; cb_channels", Judge: func(j *suite.Judging) {
				for _, step := range []string{"unknown", "unknown command", "unknown metaflow call", "another's", "another's command"} {
					answered(step, "404").json(`{"data":["{call}"],"error":"404","message":"bad identifier","status":"error"}`).judge(j)
				}
			},
		},
		{
			ID: "CB-CHAN-009", Text: "A POST with one of the actions MUST be 200 with the action and initiated as a string.",
			Source: commands, Judge: answers(
				answered("hangup", "200").data(`"hangup initiated"`), answered("break", "200").data(`"break initiated"`), answered("transfer", "200").data(`"transfer initiated"`),
				answered("callflow", "200").data(`"callflow initiated"`), answered("intercept", "200").data(`"intercept initiated"`),
				answered("action in query", "200").data(`"hangup initiated"`), answered("action in envelope", "200").data(`"hangup initiated"`)),
		},
		{
			ID: "CB-CHAN-010", Text: "A transfer MUST have a bridged channel and a target.",
			Source: commands, Judge: answers(
				wrong("transfer unbridged", "other_leg_call_id", "Channel is not bridged"), wrong("transfer nowhere", "target", "No target destination specified")),
		},
		{
			ID: "CB-CHAN-011", Text: "An intercept MUST have a target_type and a target_id.",
			Source: commands, Judge: answers(
				wrong("intercept no type", "target_type", "No target type specified"), wrong("intercept no id", "target_id", "No target id specified")),
		},
		{
			ID: "CB-CHAN-012", Text: "A POST without an action, or with one of a metaflow alone as hold, MUST be 400 invalid data, without data.",
			Source: commands, Judge: answers(noAction("no action"), noAction("hold")),
		},
		{
			ID: "CB-CHAN-013", Text: "A PUT of a metaflow, named in the envelope or in data, MUST be 201 with metaflow sent, without Location.",
			Source: flows, Judge: answers(
				answered("metaflow", "201").data(`"metaflow sent"`).without("location"), answered("metaflow without data", "201").data(`"metaflow sent"`),
				answered("metaflow in data", "201").data(`"metaflow sent"`)),
		},
		{
			ID: "CB-CHAN-014", Text: "A PUT with another action or none MUST be 400 invalid data, without data.",
			Source: flows, Judge: answers(noAction("no metaflow")),
		},
		{
			ID: "CB-CHAN-015", Text: "A metaflow whose module has no schema MUST be 400, with schema not found and the module.",
			Source: flows, Judge: answers(answered("unknown metaflow", "400").json(invalid(
				`{"schema":{"schema":{"message":"schema not found","schema":"metaflows.nope"}},"module":{"error":{"message":"unable to find metaflow schema for module nope","value":"nope"}}}`))),
		},
		{
			ID: "CB-CHAN-016", Text: "A metaflow without a module MUST be refused, with 400 or 500.", Dialects: []string{suite.Kazoo5, suite.Kazoo4},
			Source: flows, Judge: func(j *suite.Judging) {
				if answer, found := j.Answer("no module"); !found || answer.Head != fmt.Sprint(http.StatusBadRequest) && answer.Head != fmt.Sprint(http.StatusInternalServerError) {
					j.Fail("a metaflow without a module was not refused", answer)
				}
			},
		},
	}
}
