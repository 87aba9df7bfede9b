package bus

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// queries is about one channel as it is asked for and shown.
func queries() suite.Group {
	return suite.Group{
		Name: "bus/queries", Title: "Questions about a channel", Needs: []string{suite.Accounts, suite.Bus},
		Do: doQueries,
		Requirements: []suite.Requirement{
			{
				ID: "AM-ASK-001", Text: "The question about one channel MUST have Call-ID, Fields all and Active-Only true, and nothing more of its own.",
				Source: "crossbar.md 6.2; amqp.md 18.5; cb_channels:read/2",
				Judge: func(j *suite.Judging) {
					if q, ok := askedFor(j, "shown"); ok {
						j.Equal("members", "Fields Call-ID Active-Only Server-ID Node System-Log-ID Msg-ID Event-Name Event-Category App-Version App-Name", lastMembers(q, 30), q)
						j.EqualJSON("its own", fmt.Sprintf(`{"Call-ID":%q,"Fields":"all","Active-Only":true}`, j.Fact("shown")), members(q, "Call-ID", "Fields", "Active-Only"), q)
					}
				},
			},
			{
				ID: "AM-ASK-002", Text: "A channel MUST be shown with the names of its members in lower case and with _ for -, those inside its variables, too.",
				Source: "crossbar.md 6.2; cb_channels:normalize_channel/1", Judge: judgeShown,
			},
			{
				ID: "AM-ASK-003", Text: "A channel MUST be shown without account_id, bridge_id, context, dialplan, fetch_id, media_node, precedence, profile, realm and switch_url.",
				Source: "crossbar.md 6.1; crossbar.md 6.2; cb_channels:delete_keys/1",
				Judge: func(j *suite.Judging) {
					if a, ok := j.Status("shown", "200"); ok {
						j.Equal("uuid", j.Fact("shown"), gjson.GetBytes(a.Body, "data.call_id").Str, a)
						for name := range strings.FieldsSeq("account_id bridge_id context dialplan fetch_id media_node precedence profile realm switch_url node") {
							if v := gjson.GetBytes(a.Body, "data."+name); v.Exists() {
								j.Differs(name, []byte("not shown"), []byte(v.Raw), a)
							}
						}
					}
				},
			},
			{
				ID: "AM-ASK-004", Text: "A channel of another account MUST be answered with 404, the message bad identifier and data with nothing but its Call-ID.",
				Source: "crossbar.md 6.2; cb_channels:read/2",
				Judge: func(j *suite.Judging) {
					if a, ok := j.Status("foreign", "404"); ok {
						j.Equal("message", "bad identifier", gjson.GetBytes(a.Body, "message").Str, a)
						j.EqualJSON("data", fmt.Sprintf("[%q]", j.Fact("foreign")), []byte(gjson.GetBytes(a.Body, "data").Raw), a)
					}
				},
			},
			{
				ID: "AM-ASK-005", Text: "The channels of a user without devices MUST be an empty list, and nobody be asked.",
				Source: "crossbar.md 6.1; cb_channels:user_summary/2",
				Judge: func(j *suite.Judging) {
					if a, ok := j.Status("no devices", "200"); ok {
						j.Equal("data", "[]", gjson.GetBytes(a.Body, "data").Raw, a)
					}
					asks := questions(j.View, asked, "query_user_channels_req", "Realm", j.Fact("realm"))
					want := 1
					if !offers(j, suite.Switch) {
						want = len(asks) // a target that knows of no switch asks nobody
					}
					j.Count("questions, of which that for a user with devices is one", want, asks)
				},
			},
			{
				ID: "AM-ASK-006", Text: "The question about a user's channels MUST have Realm, the user names of all devices of the user as Usernames, Active-Only false and the request's id as Msg-ID.",
				Source: "crossbar.md 6.1; amqp.md 18.5; cb_channels:get_channels/3", Needs: []string{suite.Switch},
				Judge: func(j *suite.Judging) {
					a, answered := j.Status("two devices", "200")
					if q, one := j.One("questions about a user's channels", questions(j.View, asked, "query_user_channels_req", "Realm", j.Fact("realm"))); one && answered {
						names := map[string]bool{}
						for _, name := range gjson.GetBytes(q.Body, "Usernames").Array() {
							names[name.Str] = true
						}
						if len(names) != 2 || !names[j.Fact("name")+"a"] || !names[j.Fact("name")+"b"] {
							j.Differs("Usernames", []byte(j.Fact("name")+"a and "+j.Fact("name")+"b"), []byte(gjson.GetBytes(q.Body, "Usernames").Raw), q)
						}
						j.Equal("Active-Only", "false", gjson.GetBytes(q.Body, "Active-Only").String(), q)
						j.Equal("Msg-ID", gjson.GetBytes(a.Body, "request_id").Str, text(q, "Msg-ID"), q)
					}
				},
			},
			{
				ID: "AM-ASK-007", Text: "Channels of anything but accounts, users, devices and groups MUST be answered with 404 and the message faulty request.",
				Source: "crossbar.md 6.1; cb_channels:validate_channels/1",
				Judge: func(j *suite.Judging) {
					if a, ok := j.Status("of a menu", "404"); ok {
						j.Equal("message", "faulty request", gjson.GetBytes(a.Body, "message").Str, a)
					}
				},
			},
		},
	}
}

func judgeShown(j *suite.Judging) {
	a, ok := j.Status("shown", "200")
	if !ok {
		return
	}
	want := strings.NewReplacer("{call}", j.Fact("shown"), "{account}", j.Fact("account own")).Replace(`{"call_id":"{call}","call_direction":"inbound","answered":true,
		"destination":"1002","from":"1001@acme.example.com","to":"1002@acme.example.com","elapsed_seconds":5,"timestamp":63877472675,"is_loopback":false,
		"is_on_hold":false,"channel_authorized":true,"presence_id":"1001@acme.example.com","username":"user_1","call_interaction_id":"63877472675-5f3a9c1e",
		"other_leg_call_id":"other-leg-1"}`)
	data := gjson.GetBytes(a.Body, "data")
	gjson.Parse(want).ForEach(func(name, value gjson.Result) bool {
		j.Equal(name.Str, value.Raw, data.Get(name.Str).Raw, a)
		return true
	})
	j.Equal("the call's own variable", "9c0a", data.Get("custom_channel_vars.owner_id").Str, a)
}

func doQueries(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	p.Note("realm", account.Realm)
	if err := listenAsSwitch(ctx, p); err != nil {
		return err
	}
	for name, owner := range map[string]string{"shown": account.ID, "foreign": strings.Repeat("0", 32)} {
		if err := commandTo(p, name, func(id string) error {
			return command(ctx, p, account, channelRequest{name, http.MethodGet, id, ""}, channel(id, owner, bridged))
		}); err != nil {
			return err
		}
	}
	r := &steps{ctx: ctx, p: p, account: account}
	name := "q" + p.ID()[:8]
	p.Note("name", name)
	r.make("bare", "/users", fields{"first_name": "No", "last_name": "Device"})
	r.make("user", "/users", fields{"first_name": "Two", "last_name": "Devices"})
	r.make("menu", "/menus", fields{"name": "queries"})
	of := func(fact string) string { return p.Seen().Fact(fact) }
	for _, end := range []string{"a", "b"} {
		r.make("device "+end, "/devices", fields{"name": end, "owner_id": of("user"), "sip": fields{"username": name + end, "password": "secret123"}})
	}
	r.do("no devices", http.MethodGet, "/users/"+of("bare")+"/channels", "")
	r.do("two devices", http.MethodGet, "/users/"+of("user")+"/channels", "")
	r.do("of a menu", http.MethodGet, "/menus/"+of("menu")+"/channels", "")
	p.Settle(ctx)
	return r.err
}
