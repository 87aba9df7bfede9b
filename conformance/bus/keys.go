package bus

import (
	"context"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// keys is about what stands in the routing keys of what the target publishes.
func keys() suite.Group {
	return suite.Group{
		Name: "bus/keys", Title: "Routing keys of what is published", Needs: []string{suite.Accounts, suite.Bus},
		Do: doKeys,
		Requirements: []suite.Requirement{
			{
				ID: "AM-KEY-001", Text: "A Call-ID in a routing key MUST be encoded byte by byte: letters, digits, - ~ _ as they are, a space as +, all else as % and two upper-case hexadecimal digits.",
				Source: "amqp.md 2; kz_amqp_util:encode/1",
				Judge: func(j *suite.Judging) {
					for _, c := range encodings() {
						judgeCommandKey(j, j.Fact("prefix")+c.id, "metaflow.action."+j.Fact("prefix")+c.encoded+".hangup")
					}
				},
			},
			{
				ID: "AM-KEY-002", Text: "A Call-ID that is nothing but * or # MUST stand in a routing key as it is.",
				Source: "amqp.md 2; kz_amqp_util:encode/1",
				Judge: func(j *suite.Judging) {
					judgeCommandKey(j, "*", "metaflow.action.*.hangup")
					judgeCommandKey(j, "#", "metaflow.action.#.hangup")
				},
			},
			{
				ID: "AM-KEY-003", Text: "The key of a document's change MUST be doc_<action>, the database and the type as they are, and the encoded id of the document.",
				Source: "amqp.md 2; amqp.md 11.1; kzs_publish:publish/3",
				Judge: func(j *suite.Judging) {
					for _, c := range encodings() {
						id := j.Fact("prefix") + c.id
						if e, one := j.One("changes of the menu "+id, changesOf(j.View, id)); one {
							j.Equal("routing key", "doc_created."+messages.Database(j.Fact("account own"))+".menu."+j.Fact("prefix")+c.encoded, key(e), e)
						}
					}
				},
			},
			{
				ID: "AM-KEY-004", Text: "The key of a database's change MUST end with the name of the database encoded once more, %2F as %252F.",
				Source: "amqp.md 2; amqp.md 11.4; kzs_publish:publish_db/2",
				Judge: func(j *suite.Judging) {
					name := messages.Database(j.Fact("account child"))
					for _, e := range changesOf(j.View, name) {
						j.Equal("routing key", "db_created."+name+".database."+strings.ReplaceAll(name, "%", "%25"), key(e), e)
						return
					}
					j.Fail("no message tells of the database of a new account")
				},
			},
			{
				ID: "AM-KEY-005", Text: "A question about the channels of devices MUST be routed by the first user name, a colon and the realm, encoded as one word.",
				Source: "amqp.md 2; crossbar.md 6.1; kapi_call:publish_query_user_channels_req/1",
				Judge: func(j *suite.Judging) {
					asks := questions(j.View, asked, "query_user_channels_req", "Realm", j.Fact("realm"))
					if e, one := j.One("questions about a device's channels", asks); one {
						j.Equal("routing key", "call.status_req."+j.Fact("prefix")+"dev%3A"+strings.ReplaceAll(j.Fact("realm"), ".", "%2E"), key(e), e)
					}
				},
			},
			{
				ID: "AM-KEY-006", Text: "A question about one channel MUST be routed by the literal word channels.",
				Source: "amqp.md 18.5; kapi_call:publish_query_channels_req/1",
				Judge: func(j *suite.Judging) {
					asks := questions(j.View, asked, "query_channels_req", "Call-ID", j.Fact("prefix")+"routing.key")
					j.Count("questions about a channel", max(1, len(j.Named(capture.RestRequest, "hang up routing.key"))), asks) // one that was given up is asked again
					for _, e := range asks {
						j.Equal("routing key", "call.status_req.channels", key(e), e)
					}
				},
			},
			{
				ID: "AM-KEY-007", Text: "A question about the channels of an account MUST be routed by the account's id.",
				Source: "amqp.md 18.5; kapi_call:publish_query_account_channels_req/1",
				Judge: func(j *suite.Judging) {
					asks := questions(j.View, asked, "query_account_channels_req", "Account-ID", j.Fact("account own"))
					if len(asks) == 0 && !offers(j, suite.Switch) {
						j.NotShown("a target that knows of no switch asks nobody")
						return
					}
					if e, one := j.One("questions about the account's channels", asks); one {
						j.Equal("routing key", "call.status_req."+j.Fact("account own"), key(e), e)
					}
				},
			},
		},
	}
}

// encoding is an id, and how it stands in a key.
type encoding struct{ id, encoded string }

// encodings are of the published tests and of recordings.
func encodings() []encoding {
	return []encoding{
		{"routing.key", "routing%2Ekey"},
		{"test&.192. 168. 5. 5#", "test%26%2E192%2E+168%2E+5%2E+5%23"},
		{"7d1f@203.0.113.20:5060", "7d1f%40203%2E0%2E113%2E20%3A5060"},
		{"a+b/c", "a%2Bb%2Fc"},
		{"aZ09-~_", "aZ09-~_"},
		{"ñ*97", "%C3%B1%2A97"},
		{"%2E", "%252E"},
		{"a'b(c)|^;,", "a%27b%28c%29%7C%5E%3B%2C"},
	}
}

// changesOf are the changes of a document or a database that the harness was told of.
func changesOf(v capture.View, id string) []capture.Entry {
	return v.Where(func(e capture.Entry) bool {
		return e.Kind == capture.Delivered && gjson.GetBytes(e.Body, "Event-Category").Str == "configuration" && text(e, "ID") == id
	})
}

func judgeCommandKey(j *suite.Judging, callID, expected string) {
	commands := questions(j.View, told, "action", "Call-ID", callID)
	if e, one := j.One("commands to the call "+callID, commands); one {
		j.Equal("routing key", expected, key(e), e)
	}
}

func doKeys(ctx context.Context, p *probe.Probe) error {
	prefix := "k" + p.ID()[:8]
	p.Note("prefix", prefix)
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	p.Note("realm", account.Realm)
	if err := listenAsSwitch(ctx, p); err != nil {
		return err
	}
	if _, err := p.Listen(ctx, "changes", "configuration", "*."+messages.Database(account.ID)+".#", "db_created.*.database.#"); err != nil {
		return err
	}
	hangUp := func(id, callID string) error {
		step := "hang up " + id
		return p.Again(step, func() error {
			return command(ctx, p, account, channelRequest{step, http.MethodPost, callID, `{"data":{"action":"hangup"}}`}, channel(callID, account.ID))
		})
	}
	for _, c := range encodings() {
		if err := hangUp(c.id, prefix+c.id); err != nil {
			return err
		}
		if _, err := made(ctx, p, account, "make menu "+c.id, "/menus", fields{"id": prefix + c.id, "name": "keys"}); err != nil {
			return err
		}
	}
	for _, id := range []string{"*", "#"} {
		if err := hangUp(id, id); err != nil {
			return err
		}
	}
	device, err := made(ctx, p, account, "make device", "/devices", fields{"name": "keys", "sip": fields{"username": prefix + "dev", "password": "secret123"}})
	if err != nil {
		return err
	}
	for _, path := range []string{"/devices/" + device + "/channels", "/channels"} {
		if _, err := p.REST(ctx, "list "+path, probe.Request{Method: http.MethodGet, Path: "/v2/accounts/" + account.ID + path, Token: account.Token}); err != nil {
			return err
		}
	}
	child, err := p.NewAccount(ctx, "child", account)
	if err != nil {
		return err
	}
	p.Await(ctx, "what tells of the child's database", p.Target.Patience.Delivery, func(v capture.View) bool { return len(changesOf(v, messages.Database(child.ID))) > 0 })
	p.Settle(ctx)
	return nil
}
