package pivot

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/messages"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
)

// The harness's queues: told is a call's Control-Queue, answered its Controller-Queue; pivoted hears
// its CHANNEL_PIVOT, dialled and met what is asked of carriers and conferences.
const (
	told     = "told"
	answered = "answered"
	pivoted  = "pivoted"
	dialled  = "dialled"
	met      = "met"
)

// stage is the harness as the callflow and the switch of a group's calls.
type stage struct {
	ctx                 context.Context //nolint:containedctx // of one group's Do
	p                   *probe.Probe
	account             probe.Account
	control, controller string
	err                 error
}

// set makes an account and the queues of its calls.
func set(ctx context.Context, p *probe.Probe) *stage {
	s := &stage{ctx: ctx, p: p}
	if s.account, s.err = p.Account(ctx); s.err != nil {
		return s
	}
	if s.control, s.err = p.Listen(ctx, told, "callctl", ""); s.err != nil {
		return s
	}
	s.controller, s.err = p.Listen(ctx, answered, "targeted", "")
	return s
}

// call is one that a callflow hands to Pivot.
type call struct {
	name    string // of its receiver; its id is the fact "call <name>"
	path    string // behind the receiver's, where the app is
	request string // members of pivot_req, as `"HTTP-Method":"post"`
	more    []string
	answers []probe.Answer
}

// leg is a call that goes on. One that has not done what was waited for is waited for no more.
type leg struct {
	*stage
	name, id string
	lost     bool
}

// begin hands a call to Pivot, for an app at a receiver.
func (s *stage) begin(c call) *leg {
	if s.err != nil {
		return &leg{stage: s, name: c.name, lost: true}
	}
	return s.lead(s.p.Receiver(c.name, c.answers...)+c.path, c)
}

// lead hands a call to Pivot, for the app at a URL.
func (s *stage) lead(uri string, c call) *leg {
	l := &leg{stage: s, name: c.name, id: s.p.ID() + "@192.0.2.10", lost: s.err != nil}
	if l.lost {
		return l
	}
	s.p.Note("call "+c.name, l.id)
	if _, s.err = s.p.Listen(s.ctx, pivoted, "callevt", "call.CHANNEL_PIVOT."+encoded(l.id)); s.err != nil {
		return l
	}
	l.ask(uri, c)
	return l
}

// ask publishes the pivot_req of a call for an app.
func (l *leg) ask(uri string, c call) {
	members := []string{
		fmt.Sprintf(`"Call-ID":%q`, l.id), fmt.Sprintf(`"Account-ID":%q`, l.account.ID), fmt.Sprintf(`"Account-DB":%q`, messages.Database(l.account.ID)),
		fmt.Sprintf(`"Control-Queue":%q`, l.control), fmt.Sprintf(`"Controller-Queue":%q`, l.controller),
		`"Call-Direction":"inbound"`, `"Resource-Type":"audio"`, `"Language":"en-us"`,
		`"From":"1001@acme.example.com"`, `"To":"2000@acme.example.com"`, `"Request":"2000@acme.example.com"`,
		`"Caller-ID-Name":"Alice Doe"`, `"Caller-ID-Number":"1001"`,
	}
	for _, m := range c.more {
		name, _, _ := strings.Cut(m, ":")
		members = append(slices.DeleteFunc(members, func(have string) bool { return strings.HasPrefix(have, name+":") }), m)
	}
	request := ""
	if c.request != "" {
		request = c.request + ","
	}
	body := fmt.Sprintf(`{"Call":{%s},"Voice-URI":%q,%s"Event-Category":"dialplan","Event-Name":"pivot_req","Msg-ID":%q,"App-Name":"callflow","App-Version":"4.0.0"}`,
		strings.Join(members, ","), uri, request, l.p.ID())
	l.err = l.p.Publish(l.ctx, "ask for "+l.name, "callmgr", "pivot.req.acme%2Eexample%2Ecom", []byte(body))
}

// encoded is a call's id as keys have it.
func encoded(id string) string { return strings.NewReplacer("@", "%40", ".", "%2E").Replace(id) }

// await waits until there are n of something of the call, as long as a delivery may take.
func (l *leg) await(what string, n int, of func(capture.View) []capture.Entry) *leg {
	if l.lost || l.err != nil {
		return l
	}
	l.lost = !l.p.Await(l.ctx, fmt.Sprintf("%d %s of %s", n, what, l.name), l.p.Target.Patience.Delivery, func(v capture.View) bool { return len(of(v)) >= n })
	return l
}

func (l *leg) commands(n int) *leg {
	return l.await("commands", n, func(v capture.View) []capture.Entry { return of(v, told, l.id) })
}

func (l *leg) replies(n int) *leg {
	return l.await("replies", n, func(v capture.View) []capture.Entry { return of(v, answered, l.id) })
}

func (l *leg) flow() *leg {
	return l.await("flows", 1, func(v capture.View) []capture.Entry { return of(v, pivoted, l.id) })
}

func (l *leg) requests(n int) *leg {
	return l.await("requests", n, func(v capture.View) []capture.Entry { return v.Requests(l.name) })
}

// event tells of the call. more are members as text.
func (l *leg) event(name string, more ...string) *leg {
	if l.lost || l.err != nil {
		return l
	}
	return l.say(name, more...)
}

func (l *leg) say(name string, more ...string) *leg {
	members := append([]string{`"Event-Category":"call_event"`, fmt.Sprintf(`"Event-Name":%q`, name), fmt.Sprintf(`"Call-ID":%q`, l.id)}, more...)
	members = append(members, fmt.Sprintf(`"Msg-ID":%q`, l.p.ID()), `"App-Name":"ecallmgr"`, `"App-Version":"4.0.0"`)
	l.err = l.p.Publish(l.ctx, name+" of "+l.name, "callevt", "call."+name+"."+encoded(l.id), []byte("{"+strings.Join(members, ",")+"}"))
	return l
}

// played tells that what the latest queue of commands has was played to its end.
func (l *leg) played() *leg {
	queues := slices.DeleteFunc(of(l.p.Seen(), told, l.id), func(e capture.Entry) bool { return text(e, "Application-Name") != "queue" })
	if len(queues) == 0 {
		return l
	}
	noop := gjson.GetBytes(queues[len(queues)-1].Body, `Commands.#(Application-Name=="noop").Msg-ID`).Str
	return l.event("CHANNEL_EXECUTE_COMPLETE", `"Application-Name":"noop"`, fmt.Sprintf(`"Application-Response":%q`, noop))
}

// press has the caller press keys, one after the other.
func (l *leg) press(digits string) *leg {
	for _, d := range digits {
		l.event("DTMF", fmt.Sprintf(`"DTMF-Digit":%q`, string(d)), `"DTMF-Duration":"2000"`)
	}
	return l
}

// hangup ends the call, so that whoever waits for something of it waits no more.
func (l *leg) hangup() {
	if l.err == nil {
		l.say("CHANNEL_DESTROY", `"Hangup-Cause":"NORMAL_CLEARING"`)
	}
}

// settle waits for what must not come, and returns what was wrong.
func (s *stage) settle() error {
	if s.err == nil {
		s.p.Settle(s.ctx)
	}
	return s.err
}

// of are the messages in a queue about a call.
func of(v capture.View, queue, callID string) []capture.Entry {
	return v.Where(func(e capture.Entry) bool {
		return e.Kind == capture.Delivered && e.Name == queue && (text(e, "Call-ID") == callID || gjson.GetBytes(e.Body, "Call.Call-ID").Str == callID)
	})
}

// text is a member of a message.
func text(e capture.Entry, member string) string { return gjson.GetBytes(e.Body, member).String() }

// twiml is an answer in TwiML, as children of Response.
func twiml(verbs string) probe.Answer {
	return body("text/xml", `<?xml version="1.0" encoding="UTF-8"?><Response>`+verbs+`</Response>`)
}

// done is an answer that ends the call, and has nothing done before.
func done() probe.Answer { return twiml("\n") }

// body is an answer with a type; none without one.
func body(contentType, text string) probe.Answer {
	a := probe.Answer{Body: text}
	if contentType != "" {
		a.Header = []capture.Field{{Name: "Content-Type", Value: contentType}}
	}
	return a
}

// sequence lists the names of a call's commands in order; what a queue holds stands in brackets.
func sequence(entries []capture.Entry) string {
	var names []string
	for _, e := range entries {
		name := text(e, "Application-Name")
		if name == "queue" {
			var inner []string
			for _, c := range gjson.GetBytes(e.Body, "Commands.#.Application-Name").Array() {
				inner = append(inner, c.Str)
			}
			name += "[" + strings.Join(inner, " ") + "]"
		}
		names = append(names, name)
	}
	return strings.Join(names, ",")
}

// judgeSequence wants the commands to a call to be these.
func judgeSequence(j *suite.Judging, name, expected string) []capture.Entry {
	seen := of(j.View, told, idOf(j, "call", name))
	j.Equal("commands to the call "+name, expected, sequence(seen), seen...)
	return seen
}

// idOf is the id of a call, or of a request; one that never was has one that nothing has.
func idOf(j *suite.Judging, kind, name string) string {
	return cmp.Or(j.Fact(kind+" "+name), "no "+kind)
}

// judgeCommand wants the first command of a name to have these members of its own, besides those of
// every command.
func judgeCommand(j *suite.Judging, name, command, expected string) {
	seen := of(j.View, told, idOf(j, "call", name))
	for _, e := range seen {
		if text(e, "Application-Name") == command {
			j.EqualJSON(command+" to the call "+name, expected, ownMembers(e), e)
			return
		}
	}
	j.Fail("the call "+name+" was not told to "+command, seen...)
}

// ownMembers is a command without what every command has.
func ownMembers(e capture.Entry) []byte {
	var o map[string]any
	if json.Unmarshal(e.Body, &o) != nil {
		return e.Body
	}
	for _, member := range []string{
		"Call-ID", "Application-Name", "Server-ID", "Node", "Msg-ID", "Event-Name", "Event-Category", "App-Version", "App-Name",
	} {
		delete(o, member)
	}
	inner, _ := o["Commands"].([]any)
	for _, c := range inner {
		if c, is := c.(map[string]any); is {
			delete(c, "Call-ID")
			delete(c, "Msg-ID")
		}
	}
	own, err := json.Marshal(o)
	if err != nil {
		return e.Body
	}
	return own
}

// judgeReplies wants the callflow to have been told these, in order, and no more.
func judgeReplies(j *suite.Judging, name, expected string) {
	seen := of(j.View, answered, idOf(j, "call", name))
	var names []string
	for _, e := range seen {
		names = append(names, text(e, "Event-Name"))
	}
	j.Equal("replies about the call "+name, expected, strings.Join(names, " "), seen...)
}

// request is the n-th request of a call's app, from 0.
func request(j *suite.Judging, name string, n int) (capture.Entry, bool) {
	seen := j.Requests(name)
	if len(seen) <= n {
		j.Differs("requests at the app of "+name+": how many", fmt.Appendf(nil, "%d or more", n+1), fmt.Append(nil, len(seen)), seen...)
		return capture.Entry{}, false
	}
	return seen[n], true
}

// judgeLine wants the n-th request of a call's app to have this request line. {path} is where the app
// is, {call} the call's id as forms have it, {account} the account's.
func judgeLine(j *suite.Judging, name string, n int, expected string) {
	if e, has := request(j, name, n); has {
		j.Equal(fmt.Sprintf("line of request %d of %s", n+1, name), filled(j, name, expected)+" HTTP/1.1", e.Head, e)
	}
}

// judgeBody is judgeLine for the body.
func judgeBody(j *suite.Judging, name string, n int, expected string) {
	if e, has := request(j, name, n); has {
		j.Equal(fmt.Sprintf("body of request %d of %s", n+1, name), filled(j, name, expected), string(e.Body), e)
	}
}

func filled(j *suite.Judging, name, expected string) string {
	id := idOf(j, "call", name)
	return strings.NewReplacer(
		"{path}", j.Fact("path "+name), "{account}", j.Fact("account own"), "{call}", strings.ReplaceAll(id, "@", "%40"), "{bare call}", id, "{base}", baseTwiML,
	).Replace(strings.ReplaceAll(expected, "{base}", baseTwiML))
}

// baseTwiML is what stands in every request of the format twiml.
const baseTwiML = "CallerNumber=1001&CallerName=Alice+Doe&Direction=inbound&ApiVersion=2010-04-01&ToRealm=acme.example.com&To=2000" +
	"&FromRealm=acme.example.com&From=1001&AccountSid={account}&CallSid={call}"

// shortest and longest are what a second lasts. What begins it may be seen late on a busy machine, so that the
// shortest counts from what the harness did before (since).
const (
	shortest = 900 * time.Millisecond
	longest  = 20 * time.Second
)

// since is the time from the harness's first message of a name until something came; 0 without one.
func since(j *suite.Judging, step string, came capture.Entry) time.Duration {
	for _, sent := range j.Named(capture.Published, step) {
		return came.At - sent.At
	}
	return 0
}

// postTwiML asks for the format twiml by POST.
const postTwiML = `"HTTP-Method":"post","Request-Format":"twiml"`

// values are the members of a form.
func values(form string) map[string]string {
	all := map[string]string{}
	parsed, err := url.ParseQuery(form)
	if err != nil {
		return all
	}
	for name, list := range parsed {
		all[name] = list[0]
	}
	return all
}
