package bus

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// requests is about how the target asks, and what it takes for an answer.
func requests() suite.Group {
	return suite.Group{
		Name: "bus/requests", Title: "How questions are asked and answered", Needs: []string{suite.Accounts, suite.Bus},
		Do:           doRequests,
		Requirements: slices.Concat(asking(), answering()),
	}
}

// asking is how questions are asked and given up.
func asking() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "AM-REQ-001", Text: "A question MUST carry a Server-ID, the plain name of the queue to which answers go, and a Msg-ID.",
			Source: "amqp.md 5; kz_amqp_worker:send_request/4",
			Judge: func(j *suite.Judging) {
				if q, one := askedFor(j, "answered"); one {
					if id := text(q, "Server-ID"); id == "" || regexp.MustCompile(`^[a-z]+://`).MatchString(id) {
						j.Differs("Server-ID", []byte("the name of a queue"), []byte(id), q)
					}
					if text(q, "Msg-ID") == "" {
						j.Fail("the question has no Msg-ID", q)
					}
				}
			},
		},
		{
			ID: "AM-REQ-002", Text: "The System-Log-ID of a question MUST be its Call-ID where it has one, else its Msg-ID.",
			Source: "amqp.md 5; kz_amqp_worker:send_request/4",
			Judge: func(j *suite.Judging) {
				if q, one := askedFor(j, "answered"); one {
					j.Equal("System-Log-ID of a question about a call", text(q, "Call-ID"), text(q, "System-Log-ID"), q)
				}
				if q, one := j.One("questions for websockets", socketQuestions(j)); one {
					j.Equal("System-Log-ID of a question for websockets", text(q, "Msg-ID"), text(q, "System-Log-ID"), q)
				}
			},
		},
		{
			ID: "AM-REQ-003", Text: "An answer that comes on the exchange targeted with the Server-ID as its key and the question's Msg-ID MUST be taken.",
			Source: "amqp.md 5; kz_amqp_worker:handle_resp/2",
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("answered", "200"); ok {
					j.Equal("destination", "1002", gjson.GetBytes(a.Body, "data.destination").Str, a)
				}
			},
		},
		{
			ID: "AM-REQ-004", Text: "A question that nobody answers MUST be given up after 2 s, with 503, the message datastore timeout and empty data.",
			Source: "amqp.md 5; crossbar.md 6.2; kz_amqp_worker:default_timeout/0", Judge: judgeSilence,
		},
	}
}

// answering is what is taken for an answer.
func answering() []suite.Requirement {
	return []suite.Requirement{
		{
			ID: "AM-REQ-005", Text: "An answer with another Msg-ID than the question's SHOULD NOT be taken for its answer.",
			Source: "amqp.md 4.4; amqp.md 5; kz_amqp_worker:handle_info/2",
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("confused", "200"); ok {
					j.Equal("destination", "1002", gjson.GetBytes(a.Body, "data.destination").Str, a)
				}
			},
		},
		{
			ID: "AM-REQ-006", Text: "A command to a call MUST go out without Server-ID and System-Log-ID, since nobody is to answer it.",
			Source: "amqp.md 5; amqp.md 18.2; kz_amqp_worker:cast/2",
			Judge: func(j *suite.Judging) {
				if c, one := j.One("commands to the call", questions(j.View, told, "action", "Call-ID", j.Fact("answered"))); one {
					for _, name := range []string{"Server-ID", "System-Log-ID", "Server-Queue-ID"} {
						if v := gjson.GetBytes(c.Body, name); v.Exists() {
							j.Differs(name+" of a command", []byte("none"), []byte(v.Raw), c)
						}
					}
				}
			},
		},
		{
			ID: "AM-REQ-007", Text: "A body that is no JSON SHOULD be passed over as an answer, and the next one be taken.", Ours: true, Needs: []string{suite.Lab},
			Source: "amqp.md 3; amqp.md 5",
			Judge: func(j *suite.Judging) {
				if a, ok := j.Status("garbled", "200"); ok {
					j.Equal("destination", "1002", gjson.GetBytes(a.Body, "data.destination").Str, a)
				}
			},
		},
		{
			ID: "AM-REQ-008", Text: "The question for the websockets of an account MUST name the account and that of the caller, the one for a socket the account and the socket.",
			Source: "amqp.md 18.1; cb_websockets:get_websockets/1; kapi_websockets:get_req/1",
			Judge: func(j *suite.Judging) {
				own := j.Fact("account own")
				if q, one := j.One("questions for websockets", socketQuestions(j)); one {
					j.EqualJSON("the question for an account's", fmt.Sprintf(`{"Account-ID":%q,"Auth-Account-ID":%q}`, own, own), members(q, "Account-ID", "Auth-Account-ID", "Socket-ID"), q)
					j.Equal("routing key", "sysconf websockets.get", q.Head, q)
				}
				found := j.Where(func(e capture.Entry) bool {
					return e.Kind == capture.Delivered && text(e, "Socket-ID") == "192.0.2.1:4711" && text(e, "Account-ID") == own
				})
				if q, one := j.One("questions for one websocket", found); one {
					j.EqualJSON("the question for one", fmt.Sprintf(`{"Account-ID":%q,"Socket-ID":"192.0.2.1:4711"}`, own), members(q, "Account-ID", "Auth-Account-ID", "Socket-ID"), q)
				}
			},
		},
	}
}

// askedFor is the first question about a call that was noted.
func askedFor(j *suite.Judging, fact string) (capture.Entry, bool) {
	all := questions(j.View, asked, "query_channels_req", "Call-ID", j.Fact(fact))
	if j.Fact(fact) == "" || len(all) == 0 {
		j.Fail("there is no question about the call " + fact)
		return capture.Entry{}, false
	}
	return all[0], true
}

func socketQuestions(j *suite.Judging) []capture.Entry {
	return j.Where(func(e capture.Entry) bool {
		return e.Kind == capture.Delivered && e.Name == "sockets" && text(e, "Account-ID") == j.Fact("account own") && text(e, "Socket-ID") == ""
	})
}

// members is a message with only the named members.
func members(e capture.Entry, names ...string) []byte {
	body := "{"
	for _, name := range names {
		if v := gjson.GetBytes(e.Body, name); v.Exists() {
			if len(body) > 1 {
				body += ","
			}
			body += fmt.Sprintf("%q:%s", name, v.Raw)
		}
	}
	return []byte(body + "}")
}

// late is what the end of 2 s may be at the latest: targets on busy machines stood still for 3 s.
const late = 7 * time.Second

func judgeSilence(j *suite.Judging) {
	a, ok := j.Status("silent", "503")
	if !ok {
		return
	}
	j.Equal("message", "datastore timeout", gjson.GetBytes(a.Body, "message").Str, a)
	j.Equal("data", "{}", gjson.GetBytes(a.Body, "data").Raw, a)
	q, found := askedFor(j, "silent")
	sent := j.Named(capture.RestRequest, "silent")
	if !found || len(sent) == 0 {
		return
	}
	// The harness learns of the question later than it was asked, and of that by a busy machine.
	if least, took := a.At-sent[0].At, a.At-q.At; least < 2*time.Second || took > late {
		j.Differs("time until the answer", []byte("2s"), []byte(took.String()), q, a)
	}
}

func doRequests(ctx context.Context, p *probe.Probe) error {
	account, err := p.Account(ctx)
	if err != nil {
		return err
	}
	if err := listenAsSwitch(ctx, p); err != nil {
		return err
	}
	if _, err := p.Listen(ctx, "sockets", "sysconf", "websockets.#"); err != nil {
		return err
	}
	silent := p.ID()
	p.Note("silent", silent)
	return during(ctx, p, "silent", probe.Request{Method: http.MethodGet, Path: channelPath(account.ID, silent), Token: account.Token}, func() error {
		// shown asks for a channel, of which the switch says one thing after the other.
		shown := func(name string, says func(callID string) []func(msgID string) string) error {
			return commandTo(p, name, func(id string) error {
				q := next(p, "query_channels_req", "Call-ID", id)
				return during(ctx, p, name, probe.Request{Method: http.MethodGet, Path: channelPath(account.ID, id), Token: account.Token}, func() error {
					for _, said := range says(id) {
						if err := reply(ctx, p, q, said); err != nil {
							return err
						}
					}
					return nil
				})
			})
		}
		right := func(id string) func(string) string { return channel(id, account.ID) }
		if err := shown("answered", func(id string) []func(string) string { return []func(string) string{right(id)} }); err != nil {
			return err
		}
		if err := shown("confused", func(id string) []func(string) string {
			wrong := channel(id, account.ID, `"Destination":"wrong"`)
			return []func(string) string{func(string) string { return wrong("another") }, right(id)}
		}); err != nil {
			return err
		}
		if p.Target.Has(suite.Lab) {
			if err := shown("garbled", func(id string) []func(string) string {
				return []func(string) string{func(string) string { return `{"Channels":` }, right(id)}
			}); err != nil {
				return err
			}
		}
		id := p.Seen().Fact("answered")
		if err := p.Again("hang up", func() error {
			return command(ctx, p, account, channelRequest{"hang up", http.MethodPost, id, `{"data":{"action":"hangup"}}`}, right(id))
		}); err != nil {
			return err
		}
		for _, path := range []string{"", "/192.0.2.1:4711"} {
			if _, err := p.REST(ctx, "websockets"+path, probe.Request{Method: http.MethodGet, Path: "/v2/accounts/" + account.ID + "/websockets" + path, Token: account.Token}); err != nil {
				return err
			}
		}
		p.Settle(ctx)
		return nil
	})
}
