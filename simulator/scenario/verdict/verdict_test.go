package verdict_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/receiver"
	"github.com/kazoolab/kazoolab/simulator/scenario"
	"github.com/kazoolab/kazoolab/simulator/scenario/verdict"
)

const world = `scenario: A test
accounts: {acme: {numbers: ["+14155550100"], users: {dana: Dana}}}
people: {pat: "+12125550199"}
receivers: {crm: "200"}
hooks: {calls: {hook: channel_create}}
sockets: {console: {subscribe: ["call.*.*"]}}
steps: [{call: {name: first, from: pat, to: dana}}]
expect:
  - `

func expected(t *testing.T, text string) scenario.Expected {
	t.Helper()
	plan, err := scenario.Parse("test.yaml", []byte(world+text))
	if err != nil {
		t.Fatalf("\n%v", err)
	}
	return plan.Expect[0]
}

func lookup(r scenario.Reference) (string, bool) {
	value, ok := map[scenario.Reference]string{
		{Name: "calls", Attribute: "id"}: "h-1", {Name: "first", Attribute: "call_id"}: "c-1", {Name: "pat", Attribute: "number"}: "+12125550199",
	}[r]
	return value, ok
}

// evidence is of three requests, of which the last is another hook's, and as many
// frames and messages.
func evidence(t *testing.T) *verdict.Evidence {
	t.Helper()
	e := verdict.NewEvidence()
	for n, body := range []string{
		"hook_event=channel_create&call_id=c-1&custom_channel_vars[Bridge-ID]=c-1&duration_seconds=12",
		"hook_event=channel_answer&call_id=c-1",
		"hook_event=channel_create&call_id=c-2",
	} {
		header := http.Header{"X-Hook-Id": {[]string{"h-1", "h-1", "h-2"}[n]}, "Content-Type": {"application/x-www-form-urlencoded"}}
		e.AtReceiver("crm", verdict.Webhook(time.Duration(n)*time.Second, receiver.Request{Method: "POST", Header: header, Body: []byte(body)}))
	}
	for n, name := range []string{"CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_DESTROY"} {
		at := time.Duration(n) * time.Second
		data := jobj.Object{{Key: "call_id", Value: "c-1"}, {Key: "n", Value: n}}
		e.AtSocket("console", verdict.Frame(at, jobj.Object{{Key: "action", Value: "event"}, {Key: "name", Value: name}, {Key: "data", Value: data}}))
		e.OnBus(verdict.Message(at, jobj.Object{{Key: "Event-Name", Value: name}, {Key: "Call-ID", Value: "c-1"}}))
	}
	return e
}

func TestWhatIsMet(t *testing.T) {
	g := NewWithT(t)
	for _, text := range []string{
		`webhooks: {hook: calls, exactly: 1, body: {hook_event: channel_create, call_id: "{first}"}}`,
		`webhooks: {receiver: crm, exactly: 2, body: {hook_event: channel_create}}`,
		`webhooks: {hook: calls, exactly: 1, body: {custom_channel_vars: {Bridge-ID: "{first}"}, duration_seconds: ">= 10"}}`,
		`webhooks: {hook: calls, at_least: 2, method: POST, headers: {content-type: /form/}}`,
		`webhooks: {hook: calls, in_order: [{hook_event: channel_create}, {hook_event: channel_answer}], nothing_else: true}`,
		`webhooks: {hook: calls, exactly: 0, body: {call_id: c-2}}`,
		`webhooks: {hook: calls, body: {hook_event: [channel_answer, channel_bridge]}, at_most: 1}`,
		`frames: {in_order: [{name: CHANNEL_CREATE, call_id: c-1}, {name: CHANNEL_DESTROY, n: 2}]}`,
		`frames: {frame: {data: {n: 1}}}`,
		`bus: {event: CHANNEL_ANSWER, exactly: 1, nothing_else: true}`,
	} {
		v := verdict.Judge(expected(t, text), evidence(t), lookup)
		g.Expect(v.Met).To(BeTrue(), "%s\n%s", text, v.Report)
		g.Expect(v.Report).To(BeEmpty())
	}
}

func TestWhatIsNotMetIsExplained(t *testing.T) {
	for _, c := range []struct {
		text     string
		hopeless bool
		says     string
	}{
		{`webhooks: {hook: calls, body: {hook_event: channel_create, call_id: c-3, callid: c-1}}`, false, `
expected at least 1 request of the hook calls at crm with hook_event=channel_create call_id=c-3 callid=c-1, but there was none of 2
  nearest is number 1: 0.0s  channel_create  call_id=c-1
    call_id: wanted c-3, got "c-1"
    callid: wanted c-1, got none; did you mean call_id?`},
		{`webhooks: {hook: calls, exactly: 1}`, true, `
expected exactly 1 request of the hook calls at crm, but there were 2:
    1  0.0s  channel_create  call_id=c-1
    2  1.0s  channel_answer  call_id=c-1`},
		{`webhooks: {hook: calls, body: {hook_event: channel_create}, nothing_else: true}`, true, `
expected nothing else of the hook calls at crm, but this came:
    2  1.0s  channel_answer  call_id=c-1`},
		{`frames: {in_order: [{name: CHANNEL_ANSWER}, {name: CHANNEL_CREATE}]}`, false, `
expected in order at console: number 2 of 2 with name=CHANNEL_CREATE was to come after number 1, 1.0s  CHANNEL_ANSWER  call_id=c-1; it came before, as number 1: 0.0s  CHANNEL_CREATE  call_id=c-1`},
		{`bus: {event: CHANNEL_BRIDGE}`, false, `
expected at least 1 CHANNEL_BRIDGE on the bus, but there was none; nothing came at all`},
		{`bus: {event: CHANNEL_CREATE, exactly: 0}`, true, `
expected no CHANNEL_CREATE on the bus, but there was 1:
    1  0.0s  CHANNEL_CREATE  Call-ID=c-1`},
	} {
		t.Run(c.text, func(t *testing.T) {
			g := NewWithT(t)
			v := verdict.Judge(expected(t, c.text), evidence(t), lookup)
			g.Expect(v.Met).To(BeFalse())
			g.Expect(v.Hopeless).To(Equal(c.hopeless))
			g.Expect(v.Report).To(Equal(strings.TrimPrefix(c.says, "\n")))
		})
	}
}

// An object or a list is there, as the JSON it is, and so is an empty one.
func TestWhatHasMembersIsThere(t *testing.T) {
	e := verdict.NewEvidence()
	object := []byte(`{"call_id":"c-1","vars":{"a":{"b":1}},"list":["x"],"none":{},"nobody":[]}`)
	fields, err := jobj.ParseObject(object)
	if err != nil {
		t.Fatal(err)
	}
	header := func(form string) http.Header {
		return http.Header{"X-Hook-Id": {"h-1"}, "Content-Type": {form}}
	}
	e.AtReceiver("crm", verdict.Webhook(0, receiver.Request{Method: "POST", Header: header("application/json"), Body: object}))
	e.AtSocket("console", verdict.Frame(0, jobj.Object{{Key: "action", Value: "event"}, {Key: "data", Value: fields}}))
	e.OnBus(verdict.Message(0, fields))
	judge := func(text string) verdict.Verdict { return verdict.Judge(expected(t, text), e, lookup) }
	for _, place := range []string{"webhooks: {hook: calls, body: ", "frames: {frame: ", "bus: {fields: "} {
		for _, path := range []string{"vars", "vars.a", "list", "none", "nobody"} {
			g := NewWithT(t)
			v := judge(place + "{" + path + ": absent}}")
			g.Expect(v.Met).To(BeFalse(), place+path)
			g.Expect(v.Report).To(ContainSubstring(path + ": wanted absent, got "))
			v = judge(place + "{" + path + `: "*"}}`)
			g.Expect(v.Met).To(BeTrue(), "%s%s: %s", place, path, v.Report)
		}
		for _, rest := range []string{`{"vars.c": absent}}`, `{va: absent}}`, `{vars: '= {"a":{"b":1}}'}}`, `{list: '["x"]'}}`, `{"list.0": x, "list.1": absent}}`, `{nobody: "= []"}}`} {
			v := judge(place + rest)
			NewWithT(t).Expect(v.Met).To(BeTrue(), "%s%s: %s", place, rest, v.Report)
		}
	}
	e = verdict.NewEvidence()
	e.AtReceiver("crm", verdict.Webhook(0, receiver.Request{Method: "POST", Header: header("application/x-www-form-urlencoded"), Body: []byte("vars[a][b]=1&call_id=c-1")}))
	for text, met := range map[string]bool{
		"{vars: absent}": false, "{vars.a: absent}": false, `{vars: "*", vars.a: "*"}`: true, "{vars.b: absent, call: absent}": true, "{vars.a.b: 1}": true,
	} {
		NewWithT(t).Expect(judge("webhooks: {hook: calls, body: "+text+"}").Met).To(Equal(met), text)
	}
}

// More may come while a request is unanswered, and until the retry of one that broke off.
func TestAReceiverIsBusyUntilNothingIsDue(t *testing.T) {
	g := NewWithT(t)
	e := verdict.NewEvidence()
	g.Expect(e.Busy("crm", 0)).To(BeZero())
	e.AtReceiver("crm", verdict.Webhook(time.Second, receiver.Request{}))
	e.AtReceiver("crm", verdict.Webhook(time.Second, receiver.Request{}))
	e.Answered("crm", 2*time.Second, true)
	g.Expect(e.Busy("crm", 2*time.Second)).To(Equal(verdict.Endless))
	g.Expect(e.Busy("other", 2*time.Second)).To(BeZero())
	changed := e.Changed()
	e.Answered("crm", 3*time.Second, false)
	g.Expect(changed).To(BeClosed())
	g.Expect(e.Busy("crm", 3*time.Second)).To(Equal(time.Second))
	g.Expect(e.Busy("crm", 5*time.Second)).To(BeZero())
	e.AtReceiver("crm", verdict.Webhook(0, receiver.Request{}))
	e.Forget()
	g.Expect(e.Busy("crm", 0)).To(Equal(verdict.Endless))
	e.Answered("crm", 0, false)
	g.Expect(e.Busy("crm", 0)).To(BeZero())
}

func TestChangedTellsThatMoreHasCome(t *testing.T) {
	g := NewWithT(t)
	e := verdict.NewEvidence()
	changed := e.Changed()
	g.Expect(changed).NotTo(BeClosed())
	e.OnBus(verdict.Message(0, nil))
	g.Expect(changed).To(BeClosed())
	g.Expect(e.Changed()).NotTo(BeClosed())
	e.Forget()
	g.Expect(verdict.Judge(expected(t, `bus: {exactly: 0}`), e, lookup).Met).To(BeTrue())
}

func TestClosedEvidenceKeepsNothing(t *testing.T) {
	g := NewWithT(t)
	e := evidence(t)
	e.Close()
	e.OnBus(verdict.Message(0, nil))
	e.AtReceiver("crm", verdict.Webhook(0, receiver.Request{Method: "POST"}))
	for _, nothing := range []string{`bus: {exactly: 0}`, `webhooks: {receiver: crm, exactly: 0}`} {
		g.Expect(verdict.Judge(expected(t, nothing), e, lookup).Met).To(BeTrue(), nothing)
	}
}
