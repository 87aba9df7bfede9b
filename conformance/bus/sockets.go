package bus

import (
	"context"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// replies is the harness's queue for answers to what it asks.
const replies = "replies"

// socketAnswers is about how the target answers who asks for its websockets.
func socketAnswers() suite.Group {
	return suite.Group{
		Name: "bus/sockets", Title: "Answers to the question for websockets", Needs: []string{suite.Accounts, suite.Bus, suite.Sockets},
		Do: doSocketAnswers,
		Requirements: []suite.Requirement{
			{
				ID: "AM-REQ-011", Text: "The question for an account's websockets MUST be answered on the exchange targeted with the Server-ID as the key, with the question's Msg-ID, and with nothing but Data beside what every message has.",
				Source: "amqp.md 5; amqp.md 18.1; blackhole_tracking:handle_get_req_data/2", Judge: judgeSocketAnswer,
			},
			{
				ID: "AM-REQ-012", Text: "Data MUST be the list of the account's websockets, each with bindings, websocket_session_id, timestamp, destination and source, in this order and without its token.",
				Source: "amqp.md 18.1; bh_context:to_json/1", Judge: judgeSocketData,
			},
			{
				ID: "AM-REQ-013", Text: "With a Socket-ID Data MUST be that one websocket as an object, or an empty list when there is none.",
				Source: "amqp.md 18.1; blackhole_tracking:handle_get_req_data/2",
				Judge: func(j *suite.Judging) {
					if e, one := answerTo(j, "one"); one {
						judgeSession(j, gjson.GetBytes(e.Body, "Data.websocket_session_id").Str, e)
					}
					if e, one := answerTo(j, "no-such"); one {
						j.Equal("Data for a socket that is not there", "[]", gjson.GetBytes(e.Body, "Data").Raw, e)
					}
				},
			},
			{
				ID: "AM-REQ-014", Text: "For an account without websockets Data MUST be an empty list.",
				Source: "amqp.md 18.1; blackhole_tracking:handle_get_req_data/2",
				Judge: func(j *suite.Judging) {
					if e, one := answerTo(j, "nobody"); one {
						j.Equal("Data", "[]", gjson.GetBytes(e.Body, "Data").Raw, e)
					}
				},
			},
			{
				ID: "AM-REQ-015", Text: "A Server-ID that begins pid:// MUST be answered with the part behind its last / as the key, and the part between in the header Deliver-To-PID.",
				Source: "amqp.md 5; kz_amqp_util:targeted_publish/3; kapi:decode_pid/1",
				Judge:  func(j *suite.Judging) { judgeSplit(j, "pid", "<0.123.0>") },
			},
			{
				ID: "AM-REQ-016", Text: "A Server-ID that begins consumer:// MUST be answered with the part behind its last / as the key, without that header.",
				Source: "amqp.md 5; amqp.md 7; kz_amqp_util:targeted_publish/3",
				Judge:  func(j *suite.Judging) { judgeSplit(j, "consumer", "") },
			},
			{
				ID: "AM-REQ-017", Text: "A question for websockets without Account-ID MUST NOT be answered.",
				Source: "amqp.md 4.3; amqp.md 18.1; kapi_websockets:get_req_v/1",
				Judge: func(j *suite.Judging) {
					answerTo(j, "last")
					j.Count("answers to a question without Account-ID", 0, answersTo(j, "accountless"))
				},
			},
			{
				ID: "AM-REQ-018", Text: "The websockets of Auth-Account-ID, whose token the socket came with, MUST be among the answer's.",
				Source: "amqp.md 18.1; blackhole_tracking:handle_get_req_data/2",
				Judge: func(j *suite.Judging) {
					if e, one := answerTo(j, "auth"); one {
						judgeSession(j, gjson.GetBytes(e.Body, "Data.0.websocket_session_id").Str, e)
					}
				},
			},
		},
	}
}

func answersTo(j *suite.Judging, question string) []capture.Entry {
	return j.Where(func(e capture.Entry) bool {
		return e.Kind == capture.Delivered && e.Name == replies && text(e, "Msg-ID") == j.Fact("id "+question) && j.Fact("id "+question) != ""
	})
}

// answerTo wants one answer to a question. Several bridges of a deployment all answer; one
// of them has the socket.
func answerTo(j *suite.Judging, question string) (capture.Entry, bool) {
	all := answersTo(j, question)
	for _, e := range all {
		if gjson.GetBytes(e.Body, "Data.#").Int() > 0 || gjson.GetBytes(e.Body, "Data").IsObject() {
			return e, true
		}
	}
	if len(all) == 0 {
		j.Fail("the question " + question + " has no answer")
		return capture.Entry{}, false
	}
	return all[0], true
}

func judgeSocketAnswer(j *suite.Judging) {
	e, one := answerTo(j, "all")
	if !one {
		return
	}
	j.Equal("exchange and key", "targeted "+j.Fact("queue"), e.Head, e)
	j.EqualJSON("what is not Data", fmt.Sprintf(`{"Msg-ID":%q,"Event-Name":"get_resp","Event-Category":"websockets","App-Version":"4.0.0","App-Name":"blackhole"}`, j.Fact("id all")),
		members(e, "Msg-ID", "Event-Name", "Event-Category", "App-Version", "App-Name"), e)
	gjson.ParseBytes(e.Body).ForEach(func(name, _ gjson.Result) bool {
		if !strings.Contains(" Data Node Msg-ID Event-Name Event-Category App-Version App-Name ", " "+name.Str+" ") {
			j.Fail("the answer has "+name.Str, e)
		}
		return true
	})
	if !strings.Contains(text(e, "Node"), "@") {
		j.Differs("Node", []byte("name@host"), []byte(text(e, "Node")), e)
	}
	got, _ := e.Value("content-type")
	j.Equal("content type", "application/json", got, e)
}

func judgeSocketData(j *suite.Judging) {
	e, one := answerTo(j, "all")
	if !one {
		return
	}
	socket := gjson.GetBytes(e.Body, "Data.0")
	var names []string
	socket.ForEach(func(name, _ gjson.Result) bool {
		// What a deployment adds for its own nodes does not count.
		if strings.Contains(" bindings websocket_session_id timestamp name metadata destination source auth_token auth_account_id req_id ", " "+name.Str+" ") {
			names = append(names, name.Str)
		}
		return true
	})
	j.Equal("how many sockets", "1", gjson.GetBytes(e.Body, "Data.#").String(), e)
	j.Equal("members of a socket", "bindings websocket_session_id timestamp destination source", strings.Join(names, " "), e)
	j.Equal("bindings", `["call.CHANNEL_CREATE.*"]`, socket.Get("bindings").Raw, e)
	judgeSession(j, socket.Get("websocket_session_id").Str, e)
	id := j.Fact("session one")
	host := id[:max(strings.LastIndex(id, ":"), 0)]
	j.Equal("source", host, socket.Get("source").Str, e)
	if at := socket.Get("timestamp").Int(); at < 63_600_000_000 || at > 66_300_000_000 {
		j.Differs("timestamp", []byte("Gregorian seconds"), []byte(socket.Get("timestamp").Raw), e)
	}
}

func judgeSplit(j *suite.Judging, question, process string) {
	if e, one := answerTo(j, question); one {
		j.Equal("exchange and key", "targeted "+j.Fact("queue"), e.Head, e)
		got, _ := e.Value("header Deliver-To-PID")
		j.Equal("header Deliver-To-PID", process, got, e)
	}
}

func doSocketAnswers(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	queue, err := p.Listen(ctx, replies, "targeted", "")
	if err != nil {
		return err
	}
	p.Note("queue", queue)
	socket, err := p.MustDial(ctx, "one")
	if err != nil {
		return err
	}
	if err := socket.Subscribe(ctx, account, "call.CHANNEL_CREATE.*"); err != nil {
		return err
	}
	address, err := noteSession(ctx, p, account, "one")
	if err != nil {
		return err
	}
	nobody := strings.Repeat("0", 16) + p.ID()[:16]
	for _, q := range []struct{ name, server, fields string }{
		{"all", queue, fmt.Sprintf(`"Account-ID":%q`, account.ID)},
		{"one", queue, fmt.Sprintf(`"Account-ID":%q,"Socket-ID":%q`, account.ID, address)},
		{"no-such", queue, fmt.Sprintf(`"Account-ID":%q,"Socket-ID":"192.0.2.1:1"`, account.ID)},
		{"nobody", queue, fmt.Sprintf(`"Account-ID":%q`, nobody)},
		{"pid", "pid://<0.123.0>/" + queue, fmt.Sprintf(`"Account-ID":%q`, account.ID)},
		{"consumer", "consumer://<0.123.0>/" + queue, fmt.Sprintf(`"Account-ID":%q`, account.ID)},
		{"accountless", queue, fmt.Sprintf(`"Auth-Account-ID":%q`, account.ID)},
		{"auth", queue, fmt.Sprintf(`"Account-ID":%q,"Auth-Account-ID":%q`, nobody, account.ID)},
		{"last", queue, fmt.Sprintf(`"Account-ID":%q`, account.ID)},
	} {
		id := p.ID()
		p.Note("id "+q.name, id)
		body := fmt.Sprintf(`{%s,"Server-ID":%q,"Msg-ID":%q,"Event-Name":"get_req","Event-Category":"websockets","App-Version":"4.0.0","App-Name":"crossbar"}`, q.fields, q.server, id)
		if err := p.Publish(ctx, q.name, "sysconf", "websockets.get", []byte(body)); err != nil {
			return err
		}
	}
	p.AwaitDeliveries(ctx, replies, 8)
	p.Settle(ctx)
	return nil
}
