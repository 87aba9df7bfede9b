package bus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// asked is the harness's queue for what switches are asked, told the one for commands to calls.
const (
	asked = "asked"
	told  = "told"
)

// node is the harness when it plays a node with a switch.
const node = "ecallmgr@certify.example.com"

// listenAsSwitch has the harness hear what a node with a switch hears of calls.
func listenAsSwitch(ctx context.Context, p *probe.Probe) error {
	if _, err := p.Listen(ctx, asked, "callevt", "call.status_req.#"); err != nil {
		return err
	}
	_, err := p.Listen(ctx, told, "metaflow", "#")
	return err
}

// during makes a request, and meanwhile plays the others whom it takes.
func during(ctx context.Context, p *probe.Probe, step string, r probe.Request, play func() error) error {
	done := make(chan error, 1)
	go func() {
		_, err := p.REST(ctx, step, r)
		done <- err
	}()
	err := play()
	return errors.Join(err, <-done)
}

// questions are those of a name, or of any, for which a member has a value.
func questions(v capture.View, queue, name, member, value string) []capture.Entry {
	return v.Where(func(e capture.Entry) bool {
		return e.Kind == capture.Delivered && e.Name == queue && (name == "" || text(e, "Event-Name") == name) &&
			(member == "" || text(e, member) == value)
	})
}

// text is a member of a message, whose name may have dots.
func text(e capture.Entry, member string) string {
	return gjson.GetBytes(e.Body, strings.ReplaceAll(member, ".", `\.`)).String()
}

// question is the n-th of a name for which a member has a value.
type question struct {
	name, member, value string
	n                   int
}

// next is the question that comes next of a name for which a member has a value.
func next(p *probe.Probe, name, member, value string) question {
	return question{name, member, value, len(questions(p.Seen(), asked, name, member, value)) + 1}
}

// reply answers a question where it says that it waits. What never comes is the judges' to find.
func reply(ctx context.Context, p *probe.Probe, q question, body func(msgID string) string) error {
	of := func(v capture.View) []capture.Entry { return questions(v, asked, q.name, q.member, q.value) }
	if !p.Await(ctx, q.name+" for "+q.value, p.Target.Patience.Delivery, func(v capture.View) bool { return len(of(v)) >= q.n }) {
		return nil
	}
	e := of(p.Seen())[q.n-1]
	return p.Publish(ctx, "answer "+q.name+" for "+q.value, "targeted", text(e, "Server-ID"), []byte(body(text(e, "Msg-ID"))))
}

// channel is the answer of a switch that has a channel of an account. more are further members
// of it as text.
func channel(callID, accountID string, more ...string) func(string) string {
	members := append([]string{
		fmt.Sprintf(`"Account-ID":%q`, accountID), fmt.Sprintf(`"Call-ID":%q`, callID), `"Call-Direction":"inbound"`, `"Answered":true`,
		`"Destination":"1002"`, `"From":"1001@acme.example.com"`, `"To":"1002@acme.example.com"`, `"Elapsed-Seconds":5`, `"Timestamp":63877472675`,
		`"Is-Loopback":false`, `"Is-On-Hold":false`, `"Channel-Authorized":true`, `"Presence-ID":"1001@acme.example.com"`, `"Username":"user_1"`,
		`"Custom-Channel-Vars":{"Account-ID":"` + accountID + `","Owner-ID":"9c0a"}`, `"Call-Interaction-ID":"63877472675-5f3a9c1e"`,
		`"Bridge-ID":"b1"`, `"Context":"context_2"`, `"Dialplan":"XML"`, `"Fetch-ID":"f1"`, `"Media-Node":"freeswitch@fs1"`, `"Precedence":5`,
		`"Profile":"sipinterface_1"`, `"Realm":"acme.example.com"`, `"Switch-URL":"sip:mod_sofia@10.0.0.1:11000"`,
	}, more...)
	return func(msgID string) string {
		return fmt.Sprintf(`{"Channels":{%q:{%s}},"Msg-ID":%q,"Node":%q,"Event-Name":"query_channels_resp","Event-Category":"call_event","App-Version":"5.0.0","App-Name":"ecallmgr"}`,
			callID, strings.Join(members, ","), msgID, node)
	}
}

// bridged says that a channel has another leg.
const bridged = `"Other-Leg-Call-ID":"other-leg-1"`

// channelPath is where REST has a channel.
func channelPath(accountID, callID string) string {
	return "/v2/accounts/" + accountID + "/channels/" + url.PathEscape(callID)
}

// channelRequest is a request for a channel.
type channelRequest struct{ step, method, callID, body string }

// command makes a request for a channel that the harness's switch has.
func command(ctx context.Context, p *probe.Probe, a probe.Account, c channelRequest, has func(string) string) error {
	r := probe.Request{Method: c.method, Path: channelPath(a.ID, c.callID), Token: a.Token, Body: c.body}
	q := next(p, "query_channels_req", "Call-ID", c.callID)
	return during(ctx, p, c.step, r, func() error { return reply(ctx, p, q, has) })
}

// commandTo is command for a call that judges count the questions and commands of by its id, and is given
// another each time that it is done.
func commandTo(p *probe.Probe, fact string, do func(callID string) error) error {
	return p.Again(fact, func() error {
		id := p.ID()
		p.Note(fact, id)
		return do(id)
	})
}

// made creates something and returns its id.
func made(ctx context.Context, p *probe.Probe, a probe.Account, step, path string, fields any) (string, error) {
	answer, err := p.MustREST(ctx, step, probe.Request{Method: http.MethodPut, Path: "/v2/accounts/" + a.ID + path, Token: a.Token, Body: probe.Data(fields)})
	id := answer.Data().Get("id").Str
	if id == "" {
		id = answer.Data().Get("_id").Str // of a fax, which is shown as it is stored
	}
	return id, err
}

// key is the routing key of a message.
func key(e capture.Entry) string {
	_, key, _ := strings.Cut(e.Head, " ")
	return key
}

// hookAddress is one that every guard lets pass, and that nothing is sent to: Kazoo refuses
// loopback addresses (webhooks.md 11).
const hookAddress = "http://hooks.example.org/h"

// noteSession notes the id of an account's one websocket, as REST lists it: a client is never told
// it, and behind a proxy it is not the client's own address (websockets.md 1.1).
func noteSession(ctx context.Context, p *probe.Probe, a probe.Account, fact string) (string, error) {
	r := probe.Request{Method: http.MethodGet, Path: "/v2/accounts/" + a.ID + "/websockets", Token: a.Token}
	listed, err := p.RESTUntil(ctx, "session of "+fact, r, p.Target.Patience.Delivery, probe.Lists)
	id := listed.Data().Get("0")
	if id.IsObject() {
		id = id.Get("websocket_session_id")
	}
	p.Note("session "+fact, id.Str)
	return id.Str, err
}

// judgeSession wants the id of the websocket "one" to be an address and a port, and the one that REST lists.
func judgeSession(j *suite.Judging, got string, entries ...capture.Entry) {
	if !sessionForm.MatchString(got) {
		j.Differs("websocket_session_id", []byte("<address>:<port>"), []byte(got), entries...)
	}
	j.Equal("websocket_session_id", j.Fact("session one"), got, entries...)
}

var sessionForm = regexp.MustCompile(`^[^ ]+:[0-9]+$`)

// fields are members of a document.
type fields map[string]any

// offers tells whether a feature of the target was used.
func offers(j *suite.Judging, feature string) bool { return slices.Contains(j.Facts.Features, feature) }
