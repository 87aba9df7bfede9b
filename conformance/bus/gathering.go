package bus

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// gathering is about the answers of several nodes with switches. The harness says that it is
// one more of them, which every other question would wait for: nothing runs beside it.
func gathering() suite.Group {
	return suite.Group{
		Name: "bus/gathering", Title: "How answers of several nodes are gathered", Needs: []string{suite.Accounts, suite.Bus},
		Alone: true, Do: doGathering,
		Requirements: []suite.Requirement{
			{
				ID: "AM-ASK-011", Text: "The question about an account's channels MUST have Account-ID, Active-Only false and the request's id as Msg-ID.",
				Source: "crossbar.md 6.1; amqp.md 18.5; cb_channels:account_summary/1",
				Judge: func(j *suite.Judging) {
					asks := questions(j.View, asked, "query_account_channels_req", "Account-ID", j.Fact("account own"))
					if len(asks) == 0 {
						j.Fail("nothing was asked")
						return
					}
					// The step is done again where the node is not known yet, and others are asked of the account later.
					q := asks[0]
					for _, sent := range j.Named(capture.RestRequest, "channels") {
						if i := slices.IndexFunc(asks, func(e capture.Entry) bool { return e.Seq > sent.Seq }); i >= 0 {
							q = asks[i]
						}
					}
					if j.Equal("routing key", "call.status_req."+j.Fact("account own"), key(q), q) {
						j.Equal("Active-Only", "false", gjson.GetBytes(q.Body, "Active-Only").String(), q)
						if a, ok := j.Status("channels", "200"); ok {
							j.Equal("Msg-ID", gjson.GetBytes(a.Body, "request_id").Str, text(q, "Msg-ID"), q)
						}
					}
				},
			},
			{
				ID: "AM-ASK-012", Text: "A node that says on the exchange nodes that it runs ecallmgr MUST be waited for, and its channels be shown.",
				Source: "crossbar.md 6.1; amqp.md 5; kz_nodes:whapp_count/2; kz_amqp_worker:call_collect/2",
				Judge: func(j *suite.Judging) {
					if a, ok := j.Status("channels", "200"); ok {
						j.Equal("channels", `["one","two"]`, gjson.GetBytes(a.Body, "data.#.uuid").Raw, a)
					}
				},
			},
			{
				ID: "AM-ASK-013", Text: "A channel of which several answers tell MUST be shown once.",
				Source: "crossbar.md 6.1; cb_channels:merge_user_channels_jobjs/1",
				Judge: func(j *suite.Judging) {
					if a, ok := j.Status("channels", "200"); ok {
						j.Equal("how many of uuid one", "1", gjson.GetBytes(a.Body, `data.#(uuid=="one")#|#`).String(), a)
					}
				},
			},
			{
				ID: "AM-ASK-014", Text: "A channel in a list MUST be shown without what only switches need: account_id, bridge_id, context, dialplan, fetch_id, handling_locally, node, precedence, profile, realm, switch_nodename and switch_url.",
				Source: "crossbar.md 6.1; cb_channels:delete_keys/1",
				Judge: func(j *suite.Judging) {
					if a, ok := j.Status("channels", "200"); ok {
						j.EqualJSON("the channel", shownInList, []byte(gjson.GetBytes(a.Body, `data.#(uuid=="two")`).Raw), a)
					}
				},
			},
			{
				ID: "AM-ASK-015", Text: "A node that does not answer MUST be waited for 2 s, and the channels of the others be shown.",
				Source: "crossbar.md 6.1; amqp.md 5; kz_amqp_worker:default_timeout/0", Needs: []string{suite.Switch},
				Judge: func(j *suite.Judging) {
					a, ok := j.Status("silent", "200")
					asks := questions(j.View, asked, "query_account_channels_req", "Account-ID", j.Fact("account child"))
					if !ok || len(asks) == 0 {
						j.Fail("nothing was asked")
						return
					}
					j.Equal("data", "[]", gjson.GetBytes(a.Body, "data").Raw, a)
					// The harness learns of the question later than it was asked.
					if sent := j.Named(capture.RestRequest, "silent"); len(sent) > 0 && a.At-sent[0].At < 2*time.Second {
						j.Differs("time from the request to the answer", []byte("2s"), []byte((a.At - sent[0].At).String()), sent[0], a)
					}
					if took := a.At - asks[0].At; took > late {
						j.Differs("time until the answer", []byte("2s"), []byte(took.String()), asks[0], a)
					}
				},
			},
			{
				ID: "AM-ASK-016", Text: "A node that says that it runs ecallmgr no more MUST NOT be waited for.",
				Source: "crossbar.md 6.1; kz_nodes:whapp_count/2", Needs: []string{suite.Switch}, // without any left, all time may be waited out
				Judge: judgeGone,
			},
		},
	}
}

// judgeGone takes the shortest of several answers: a busy machine is late once.
func judgeGone(j *suite.Judging) {
	answers := j.Named(capture.RestAnswer, "gone")
	if len(answers) == 0 {
		j.Fail("nobody has answered")
		return
	}
	var shortest time.Duration
	for i, a := range answers {
		j.Equal("status", "200", a.Head, a)
		if took := a.At - j.Named(capture.RestRequest, "gone")[i].At; i == 0 || took < shortest {
			shortest = took
		}
	}
	if shortest > 1500*time.Millisecond {
		j.Differs("time until the answer", []byte("at once"), []byte(shortest.String()), answers...)
	}
}

// shownInList is what is left of listed.
const shownInList = `{"uuid":"two","answered":true,"direction":"inbound","destination":"1002","elapsed_s":5,"is_loopback":false,"other_leg":"one",
	"custom_channel_vars":{"Account-ID":"a"},"timestamp":63877472675,"username":"user_1"}`

// listed is a channel as a switch lists it.
func listed(uuid, accountID string) string {
	return fmt.Sprintf(`{"uuid":%q,"account_id":%q,"answered":true,"direction":"inbound","destination":"1002","elapsed_s":5,"is_loopback":false,"other_leg":"one",
		"custom_channel_vars":{"Account-ID":"a"},"timestamp":63877472675,"username":"user_1","bridge_id":"b1","context":"context_2","dialplan":"XML","fetch_id":"f1",
		"handling_locally":true,"node":"freeswitch@fs1","precedence":5,"profile":"sipinterface_1","realm":"acme.example.com","switch_nodename":"freeswitch@fs1",
		"switch_url":"sip:mod_sofia@10.0.0.1:11000"}`, uuid, accountID)
}

// advertise says on the exchange nodes what runs on the harness's node.
func advertise(ctx context.Context, p *probe.Probe, step, runs string) error {
	return p.Publish(ctx, step, "nodes", "", fmt.Appendf(nil,
		`{"WhApps":{%s},"Expires":10000,"Used-Memory":1,"Version":"5.0.0","Zone":"local","Node":%q,"Msg-ID":%q,"Event-Name":"advertise","Event-Category":"nodes","App-Version":"4.0.0","App-Name":"nodes"}`,
		runs, node, p.ID()))
}

func doGathering(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	child, err := p.NewAccount(ctx, "child", account)
	if err != nil {
		return err
	}
	if err := listenAsSwitch(ctx, p); err != nil {
		return err
	}
	defer func() {
		_ = advertise(context.WithoutCancel(ctx), p, "runs it no more", `"callflow":{"Startup":63877472675}`)
	}()
	list := func(a probe.Account) probe.Request {
		return probe.Request{Method: http.MethodGet, Path: "/v2/accounts/" + a.ID + "/channels", Token: a.Token}
	}
	// What a node says of itself is not answered, and the harness's answer comes too late where all stands still.
	const tries = 5
	for range tries {
		if err := advertise(ctx, p, "runs ecallmgr", `"ecallmgr":{"Startup":63877472675}`); err != nil {
			return err
		}
		p.Settle(ctx)
		q := next(p, "query_account_channels_req", "Account-ID", account.ID)
		if err := during(ctx, p, "channels", list(account), func() error {
			return reply(ctx, p, q, func(msgID string) string {
				return fmt.Sprintf(`{"Channels":[%s,%s,%s],"Msg-ID":%q,"Node":%q,"Event-Name":"query_account_channels_resp","Event-Category":"call_event","App-Version":"5.0.0","App-Name":"ecallmgr"}`,
					listed("one", account.ID), listed("one", account.ID), listed("two", account.ID), msgID, node)
			})
		}); err != nil {
			return err
		}
		if answer, _ := p.Seen().Answer("channels"); gjson.GetBytes(answer.Body, "data.0").Exists() { // an error has an object there
			break
		}
	}
	if _, err := p.REST(ctx, "silent", list(child)); err != nil {
		return err
	}
	if err := advertise(ctx, p, "runs callflow", `"callflow":{"Startup":63877472675}`); err != nil {
		return err
	}
	p.Settle(ctx)
	for range 3 {
		if _, err := p.REST(ctx, "gone", list(account)); err != nil {
			return err
		}
	}
	return nil
}
