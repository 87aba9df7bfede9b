package sockets

import (
	"context"
	"fmt"
	"net/http"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// trackingBus is about how REST learns of sockets: by asking all bridges.
func trackingBus() suite.Group {
	return suite.Group{
		Name: "sockets/tracking-bus", Title: "How sockets are asked for on the bus", Needs: []string{suite.Accounts, suite.Sockets, suite.Bus}, Do: doTrackingBus,
		Requirements: []suite.Requirement{
			{
				ID: "WS-REST-040", Text: "GET of an account's sockets MUST publish websockets.get on sysconf with Account-ID and the caller's account as Auth-Account-ID.", Source: "websockets.md 8.1; amqp.md 18.1; kapi_websockets:get_req/1",
				Judge: judgeQuestion,
			},
			{
				ID: "WS-REST-041", Text: "GET of one socket MUST publish websockets.get on sysconf with Account-ID and Socket-ID.", Source: "websockets.md 8.1; amqp.md 18.1; kapi_websockets:get_req/1",
				Judge: func(j *suite.Judging) { asked(j, "{own}", "192.0.2.1:1") },
			},
			{
				ID: "WS-REST-042", Text: "A bridge MUST answer get_req with a get_resp that has the Msg-ID of the question and the sockets of the account as a list in Data.", Source: "websockets.md 8.1; amqp.md 18.1; blackhole_tracking:handle_get_req/2",
				Judge: judgeList,
			},
			{
				ID: "WS-REST-043", Text: "A bridge that is asked for a Socket-ID that it has MUST have the socket itself in Data.", Source: "websockets.md 8.1; amqp.md 18.1; blackhole_tracking:handle_get_req/2",
				Judge: func(j *suite.Judging) {
					for _, m := range replies(j, "one") {
						if data := read(m).Get("Data"); data.IsObject() {
							j.Equal("the socket's id", sessionID(j), data.Get("websocket_session_id").Str, m)
							return
						}
					}
					j.Fail("no bridge has answered with the socket")
				},
			},
			{
				ID: "WS-REST-044", Text: "A bridge that is asked for a Socket-ID that it does not have MUST have an empty list in Data.", Source: "websockets.md 8.1; amqp.md 18.1; blackhole_tracking:handle_get_req/2",
				Judge: func(j *suite.Judging) {
					all := replies(j, "unknown")
					if len(all) == 0 {
						j.Fail("no bridge has answered")
					}
					for _, m := range all {
						j.Equal("Data", "[]", read(m).Get("Data").Raw, m)
					}
				},
			},
			{
				ID: "WS-REST-045", Text: "No answer of a bridge MUST have a token in it.", Source: "websockets.md 8; amqp.md 18.1; bh_context:to_json/1",
				Judge: func(j *suite.Judging) {
					all := append(replies(j, "list"), replies(j, "one")...)
					if len(all) == 0 {
						j.Fail("no bridge has answered")
					}
					for _, m := range all {
						if read(m).Get("Data.auth_token").Exists() || read(m).Get("Data.0.auth_token").Exists() {
							j.Fail("an answer has auth_token", m)
						}
					}
				},
			},
		},
	}
}

// asked wants a question for an account, and for a socket, on the bus.
func asked(j *suite.Judging, account, socket string) (capture.Entry, bool) {
	for _, m := range j.Deliveries("questions") {
		r := read(m)
		if r.Get("App-Name").Str != "certify" && r.Get("Account-ID").Str == fill(j, account) && r.Get("Socket-ID").String() == socket {
			return m, true
		}
	}
	j.Failf("no question for the account %s and the socket %q was published", fill(j, account), socket)
	return capture.Entry{}, false
}

// replies are what came of a question of our own.
func replies(j *suite.Judging, question string) []capture.Entry {
	var all []capture.Entry
	for _, m := range j.Deliveries("answers") {
		if read(m).Get("Msg-ID").Str == question {
			all = append(all, m)
		}
	}
	return all
}

func sessionID(j *suite.Judging) string { return j.Fact("session") }

func doTrackingBus(ctx context.Context, p *probe.Probe) error {
	account, s, err := opened(ctx, p)
	if err != nil {
		return err
	}
	if _, err := p.Listen(ctx, "questions", "sysconf", "websockets.get"); err != nil {
		return err
	}
	queue, err := p.Listen(ctx, "answers", "targeted", "")
	if err != nil {
		return err
	}
	if err := s.Subscribe(ctx, account, "call.CHANNEL_CREATE.*"); err != nil {
		return err
	}
	path := "/v2/accounts/" + account.ID + "/websockets"
	// Bridges are asked, which have 2 s to answer, whatever stands still meanwhile.
	list, err := p.RESTUntil(ctx, "list", probe.Request{Method: http.MethodGet, Path: path, Token: account.Token}, p.Target.Patience.Delivery, probe.Lists)
	if err != nil {
		return err
	}
	id := list.Data().Get("0")
	if id.IsObject() {
		id = id.Get("websocket_session_id")
	}
	p.Note("session", id.Str)
	if _, err := p.REST(ctx, "unknown", probe.Request{Method: http.MethodGet, Path: path + "/192.0.2.1:1", Token: account.Token}); err != nil {
		return err
	}
	question := func(name, more string) error {
		return p.Publish(ctx, name, "sysconf", "websockets.get", fmt.Appendf(nil,
			`{"Account-ID":%q,%s,"Event-Category":"websockets","Event-Name":"get_req","Server-ID":%q,"Msg-ID":%q,"App-Name":"certify","App-Version":"4.0.0"}`, account.ID, more, queue, name))
	}
	for _, q := range []struct{ name, more string }{
		{"list", `"Auth-Account-ID":"` + account.ID + `"`}, {"one", `"Socket-ID":` + quoted(id.Str)}, {"unknown", `"Socket-ID":"192.0.2.1:1"`},
	} {
		if err := question(q.name, q.more); err != nil {
			return err
		}
	}
	p.AwaitDeliveries(ctx, "answers", 3)
	p.Settle(ctx) // of several bridges each answers
	return nil
}

// judgeQuestion wants a question with the headers of the bus.
func judgeQuestion(j *suite.Judging) {
	if got, ok := asked(j, "{own}", ""); ok {
		m := read(got)
		j.Equal("Auth-Account-ID", fill(j, "{own}"), m.Get("Auth-Account-ID").String(), got)
		for path, expected := range map[string]string{"Event-Category": "websockets", "Event-Name": "get_req", "App-Name": "crossbar"} {
			j.Equal(path, expected, m.Get(path).Str, got)
		}
		if m.Get("Server-ID").Str == "" || m.Get("Msg-ID").Str == "" {
			j.Fail("it has no Server-ID or Msg-ID", got)
		}
	}
}

// judgeList looks for the socket in all answers.
func judgeList(j *suite.Judging) {
	found := false
	for _, m := range replies(j, "list") {
		r := read(m)
		j.Equal("Event-Category and Event-Name", "websockets get_resp", r.Get("Event-Category").Str+" "+r.Get("Event-Name").Str, m)
		if !r.Get("Data").IsArray() {
			j.Differs("Data", []byte("a list"), []byte(r.Get("Data").Raw), m)
		}
		for _, one := range r.Get("Data").Array() {
			if fmt.Sprint(set(one.Get("bindings"))) == "[call.CHANNEL_CREATE.*]" {
				found = true
				j.Equal("the socket's id", sessionID(j), one.Get("websocket_session_id").Str, m)
			}
		}
	}
	if !found {
		j.Fail("no bridge has answered with the socket")
	}
}
