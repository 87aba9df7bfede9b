package bus

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/websocket"
	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// monsterSocket watches calls as Monster UI does.
func monsterSocket() suite.Group {
	return suite.Group{
		Name: "bus/monster-socket", Title: "Monster UI's socket", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus},
		Do:           doMonsterSocket,
		Requirements: slices.Concat(monsterSubscribes(), monsterLeaves()),
	}
}

// monsterSubscribes is how the page begins to watch.
func monsterSubscribes() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "UI-SOCK-001", Text: "A socket MUST be opened without token, subprotocol and query, and nothing be sent before the first command.",
			Source: "monster-ui.md 2; websockets.md 1",
			Judge: func(j *suite.Judging) {
				if len(j.Named(capture.SocketOpen, "page")) == 0 {
					j.Fail("the socket was not opened")
					return
				}
				first := j.Named(capture.SocketSent, "page")
				frames := j.Frames("page")
				if len(first) == 0 || len(frames) == 0 {
					j.Fail("the socket was of no use")
					return
				}
				for _, f := range frames {
					if f.Seq < first[0].Seq {
						j.Fail("a greeting", f)
					}
				}
			},
		},
		{
			ID: "UI-SOCK-002", Text: "A subscribe MUST be answered with action reply, the request_id as it was sent, status success and the binding in the array data.subscribed.",
			Source: "monster-ui.md 2; bh_subscribe:subscribe/2",
			Judge: func(j *suite.Judging) {
				if e, ok := probe.Reply(j.View, "page", j.Fact("subscribe")); ok {
					j.Equal("status", "success", gjson.GetBytes(e.Body, "status").Str, e)
					j.EqualJSON("data.subscribed", `["call.CHANNEL_CREATE.*"]`, []byte(gjson.GetBytes(e.Body, "data.subscribed").Raw), e)
					return
				}
				j.Fail("there is no reply")
			},
		},
		{
			ID: "UI-SOCK-003", Text: "The subscribed_key of an event MUST be the binding as it was sent.",
			Source: "monster-ui.md 2; blackhole_data_emitter:event/4",
			Judge: func(j *suite.Judging) {
				if e, one := j.One("events on the page's socket", probe.Told(j.View, "page")); one {
					j.Equal("subscribed_key", "call.CHANNEL_CREATE.*", gjson.GetBytes(e.Body, "subscribed_key").Str, e)
				}
			},
		},
		{
			ID: "UI-SOCK-004", Text: "The data of an event MUST have event_name, to, caller_id_name, timestamp and custom_channel_vars with names in lower case.",
			Source: "monster-ui.md 2; kz_json:normalize/1",
			Judge: func(j *suite.Judging) {
				if e, one := j.One("events on the page's socket", probe.Told(j.View, "page")); one {
					for name, want := range map[string]string{
						"event_name": "CHANNEL_CREATE", "to": "1002@acme.example.com", "caller_id_name": "Ann & Co", "timestamp": "63877472675",
						"custom_channel_vars.account_id": j.Fact("account own"),
					} {
						j.Equal(name, want, gjson.GetBytes(e.Body, "data."+name).String(), e)
					}
				}
			},
		},
	}
}

// monsterLeaves is how it is refused, and how it ends.
func monsterLeaves() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "UI-SOCK-005", Text: "A bad token MUST be answered with an item of the array data.errors that begins failed to authenticate token, and the same socket take a good one.",
			Source: "monster-ui.md 2; bh_authenticate_handler:maybe_auth/2",
			Judge: func(j *suite.Judging) {
				if e, ok := probe.Reply(j.View, "page", j.Fact("bad token")); ok {
					j.Equal("status", "error", gjson.GetBytes(e.Body, "status").Str, e)
					if first := gjson.GetBytes(e.Body, "data.errors.0").Str; !strings.HasPrefix(first, "failed to authenticate token") {
						j.Differs("data.errors", []byte("failed to authenticate token…"), []byte(gjson.GetBytes(e.Body, "data.errors").Raw), e)
					}
				} else {
					j.Fail("there is no reply")
				}
				if e, ok := probe.Reply(j.View, "page", j.Fact("subscribe")); !ok || gjson.GetBytes(e.Body, "status").Str != "success" {
					j.Fail("the good token was not taken")
				}
			},
		},
		{
			ID: "UI-SOCK-006", Text: "An unsubscribe MUST be answered with the binding in the array data.unsubscribed, and end the events.",
			Source: "monster-ui.md 2; bh_unsubscribe:unsubscribe/2",
			Judge: func(j *suite.Judging) {
				if e, ok := probe.Reply(j.View, "page", j.Fact("unsubscribe")); ok {
					j.Equal("status", "success", gjson.GetBytes(e.Body, "status").Str, e)
					j.EqualJSON("data.unsubscribed", `["call.CHANNEL_CREATE.*"]`, []byte(gjson.GetBytes(e.Body, "data.unsubscribed").Raw), e)
				} else {
					j.Fail("there is no reply")
				}
				j.Count("events on the page's socket", 1, probe.Told(j.View, "page"))
				j.Count("events on the other page's, which stayed", 2, probe.Told(j.View, "stays"))
			},
		},
		{
			ID: "UI-SOCK-007", Text: "After a close with code 1001 the socket MUST be gone, and a new one be served the same way.",
			Source: "monster-ui.md 2; blackhole_socket_callback:close/1",
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("sockets", "200"); ok {
					if gjson.GetBytes(a.Body, "data.#").Int() == 0 {
						j.Fail("the new socket is not listed", a)
					}
					if gone := j.Fact("session page"); gone == "" || strings.Contains(string(a.Body), `"`+gone+`"`) {
						j.Fail("the closed socket is listed, or was not before", a)
					}
				}
				j.Count("events on the new socket", 1, probe.Told(j.View, "again"))
			},
		},
	}
}

func doMonsterSocket(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	page := http.Header{"Origin": {"http://monster.example.com"}}
	open := func(name string) (*probe.Socket, error) {
		s, err := p.Dial(ctx, name, page)
		if err == nil && s == nil {
			err = fmt.Errorf("socket %s: the upgrade was refused", name)
		}
		return s, err
	}
	say := func(s *probe.Socket, fact, action, token string) {
		id := p.ID()
		p.Note(fact, id)
		s.Command(ctx, id, fmt.Sprintf(`{"action":%q,"auth_token":%q,"request_id":%q,"data":{"account_id":%q,"binding":"call.CHANNEL_CREATE.*"}}`, action, token, id, account.ID))
	}
	call := func(id string) error {
		return p.Publish(ctx, id, "callevt", messages.CallKey("CHANNEL_CREATE", id), messages.Call("CHANNEL_CREATE", id, account.ID, fmt.Sprintf(`"Msg-ID":%q`, id)))
	}
	// A Kazoo replies to a subscribe before the broker has the binding.
	tune := func(s *probe.Socket) error {
		return p.Tune(ctx, s, "callevt", messages.CallKey("CHANNEL_CREATE", "warm-up"), func(id string) []byte {
			return messages.Call("CHANNEL_CREATE", "warm-up", account.ID, fmt.Sprintf(`"Msg-ID":%q`, id))
		})
	}
	first, err := open("page")
	if err != nil {
		return err
	}
	p.Settle(ctx) // a greeting would come now
	stays, err := open("stays")
	if err != nil {
		return err
	}
	say(first, "bad token", "subscribe", "a.b.c")
	say(first, "subscribe", "subscribe", account.Token)
	if _, err := noteSession(ctx, p, account, "page"); err != nil {
		return err
	}
	say(stays, "subscribe the other", "subscribe", account.Token)
	for _, s := range []*probe.Socket{first, stays} {
		if err := tune(s); err != nil {
			return err
		}
	}
	if err := call("one"); err != nil {
		return err
	}
	p.AwaitEvent(ctx, "page", "one")
	say(first, "unsubscribe", "unsubscribe", account.Token)
	if err := call("two"); err != nil {
		return err
	}
	p.AwaitEvent(ctx, "stays", "two")
	first.SendFrame(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, ""))
	first.Ended(ctx)
	stays.Cut()
	again, err := open("again")
	if err != nil {
		return err
	}
	say(again, "subscribe again", "subscribe", account.Token)
	if err := tune(again); err != nil {
		return err
	}
	if err := call("three"); err != nil {
		return err
	}
	p.AwaitEvent(ctx, "again", "three")
	p.Settle(ctx)
	// Bridges are asked, which have 2 s to answer, whatever stands still meanwhile.
	_, err = p.RESTUntil(ctx, "sockets", probe.Request{Method: http.MethodGet, Path: "/v2/accounts/" + account.ID + "/websockets", Token: account.Token}, p.Target.Patience.Delivery,
		func(got probe.Response) bool {
			return probe.Lists(got) && !strings.Contains(string(got.Body), `"`+p.Seen().Fact("session page")+`"`)
		})
	return err
}
