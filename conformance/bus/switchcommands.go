package bus

import (
	"context"
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// switchCommands is about a switch that obeys. An open Kazoo answers, and nothing happens.
func switchCommands() suite.Group {
	return suite.Group{
		Name: "bus/switch-commands", Title: "Calls that obey", Needs: []string{suite.Accounts, suite.Bus, suite.Switch, suite.Lab},
		Do: doSwitchCommands,
		Requirements: []suite.Requirement{
			{
				ID: "AM-SW-021", Text: "The metaflow hold MUST be told of as CHANNEL_HOLD of the leg, with Channel-Call-State HELD, and resume as CHANNEL_UNHOLD.", Ours: true,
				Source: "crossbar.md 7; amqp.md 10.4",
				Judge: func(j *suite.Judging) {
					if e, one := j.One("CHANNEL_HOLD", events(j.View, j.Fact("held"), "CHANNEL_HOLD")); one {
						j.Equal("Channel-Call-State", "HELD", text(e, "Channel-Call-State"), e)
					}
					if e, one := j.One("CHANNEL_UNHOLD", events(j.View, j.Fact("held"), "CHANNEL_UNHOLD")); one {
						j.Equal("Channel-Call-State", "ACTIVE", text(e, "Channel-Call-State"), e)
					}
				},
			},
			{
				ID: "AM-SW-022", Text: "A list of channels MUST have a channel that rings or talks, with its uuid, direction, destination and whether it is answered, and none that has ended.", Ours: true,
				Source: "crossbar.md 6.1; amqp.md 18.5",
				Judge: func(j *suite.Judging) {
					if a, ok := j.Status("list while talking", "200"); ok {
						own := gjson.GetBytes(a.Body, `data.#(uuid=="`+j.Fact("held")+`")`)
						j.Equal("direction", "outbound", own.Get("direction").Str, a)
						j.Equal("answered", "true", own.Get("answered").Raw, a)
						j.Equal("is_onhold", "false", own.Get("is_onhold").Raw, a)
					}
					if a, ok := j.Status("list at the end", "200"); ok {
						j.Equal("data", "[]", gjson.GetBytes(a.Body, "data").Raw, a)
					}
				},
			},
			{
				ID: "AM-SW-023", Text: "GET of a channel that talks MUST show it with its other leg.", Ours: true,
				Source: "crossbar.md 6.2; amqp.md 18.5",
				Judge: func(j *suite.Judging) {
					if a, ok := j.Status("show", "200"); ok {
						j.Equal("call_id", j.Fact("held"), gjson.GetBytes(a.Body, "data.call_id").Str, a)
						if gjson.GetBytes(a.Body, "data.other_leg_call_id").Str == "" {
							j.Fail("the channel has no other leg", a)
						}
					}
				},
			},
			{
				ID: "AM-SW-024", Text: "The metaflow hangup MUST end both legs of a call.", Ours: true,
				Source: "crossbar.md 6.6; crossbar.md 7",
				Judge: func(j *suite.Judging) {
					j.Status("hang up", "201")
					j.Count("CHANNEL_DESTROY", 1, events(j.View, j.Fact("held"), "CHANNEL_DESTROY"))
					for _, other := range partners(j.View, j.Fact("held")) {
						j.Count("CHANNEL_DESTROY of the other leg", 1, events(j.View, other, "CHANNEL_DESTROY"))
					}
				},
			},
			{
				ID: "DI-TALK-001", Text: "PUT of {\"data\":{\"action\":\"metaflow\",\"data\":{\"module\":\"hangup\"}}} on a channel, as the talk prints it, MUST be answered with 201 and end the call.", Ours: true,
				Source: "dialects.md 1; crossbar.md 6.4", Dialects: []string{suite.Talk},
				Judge: func(j *suite.Judging) {
					judgeSaid(j, "talk's", "201", "metaflow sent")
					j.Count("CHANNEL_DESTROY", 1, events(j.View, j.Fact("talked"), "CHANNEL_DESTROY"))
				},
			},
			{
				ID: "DI-V5-001", Text: "PUT of {\"data\":{\"action\":\"metaflow\",\"data\":{\"module\":\"hangup\"}}} on a channel MUST be refused, and the call go on.",
				Source: "dialects.md 1; crossbar.md 6.4; cb_channels:validate_action/3", Dialects: []string{suite.Kazoo5, suite.Kazoo4},
				Judge: func(j *suite.Judging) {
					if a, ok := j.Answer("talk's"); !ok || a.Head[0] == '2' {
						j.Fail("the metaflow was taken", a)
					}
					for _, e := range atLeastOne(j, events(j.View, j.Fact("talked"), "CHANNEL_DESTROY")) {
						if e.Seq < place(j, "hang up the talk's") {
							j.Fail("the call ended", e)
						}
					}
				},
			},
		},
	}
}

func doSwitchCommands(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	if err := listenToCalls(ctx, p, account); err != nil {
		return err
	}
	legs := map[string]string{}
	for _, name := range []string{"held", "talked"} {
		device, err := telephone(ctx, p, account, name)
		if err != nil {
			return err
		}
		if legs[name], err = rung(ctx, p, account, name, device, "+14155550190"); err != nil {
			return err
		}
	}
	r := &steps{ctx: ctx, p: p, account: account}
	talked := "/channels/" + legs["talked"]
	awaitEvent(ctx, p, legs["talked"], "CHANNEL_CREATE")
	r.command("talk's", http.MethodPut, talked, `{"data":{"action":"metaflow","data":{"module":"hangup"}}}`)
	held := "/channels/" + legs["held"]
	awaitEvent(ctx, p, legs["held"], "CHANNEL_BRIDGE")
	r.command("hold", http.MethodPut, held, `{"action":"metaflow","data":{"module":"hold","data":{}}}`)
	awaitEvent(ctx, p, legs["held"], "CHANNEL_HOLD")
	r.command("resume", http.MethodPut, held, `{"action":"metaflow","data":{"module":"resume"}}`)
	awaitEvent(ctx, p, legs["held"], "CHANNEL_UNHOLD")
	r.until("list while talking", "/channels", func(data gjson.Result) bool { return data.Get(`#(uuid=="` + legs["held"] + `")`).Exists() })
	r.command("show", http.MethodGet, held, "")
	r.command("hang up", http.MethodPut, held, `{"action":"metaflow","data":{"module":"hangup","data":{}}}`)
	awaitEvent(ctx, p, legs["held"], "CHANNEL_DESTROY")
	if p.Target.Dialect != suite.Talk {
		r.command("hang up the talk's", http.MethodPost, talked, `{"data":{"action":"hangup"}}`)
	}
	awaitEvent(ctx, p, legs["talked"], "CHANNEL_DESTROY")
	p.Settle(ctx)
	r.do("list at the end", http.MethodGet, "/channels", "")
	return r.err
}
