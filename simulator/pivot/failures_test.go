package pivot_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pivot"
)

// reply is one answer of an app.
func reply(status int, contentType, body string, more ...jobj.Member) jobj.Object {
	return append(jobj.Object{
		{Key: "status", Value: jsonInt(status)}, {Key: "headers", Value: []any{[]any{"Content-Type", contentType}}}, {Key: "body", Value: body},
	}, more...)
}

func twimlReply(body string) jobj.Object {
	return reply(200, "text/xml", "<Response>"+body+"</Response>")
}

// message is a pivot_req of a test.
func message(uri string, more ...jobj.Member) jobj.Object {
	return append(jobj.Object{
		{Key: "Call", Value: testCall()}, {Key: "Voice-URI", Value: uri}, {Key: "HTTP-Method", Value: "post"}, {Key: "Request-Format", Value: "twiml"},
		{Key: "Event-Name", Value: "pivot_req"},
	}, more...)
}

// sentences are the texts of a run's steps.
func sentences(s *stage) string {
	var b strings.Builder
	for _, step := range s.steps {
		b.WriteString(step.Text + "\n")
	}
	return b.String()
}

// Whatever an app does wrong, the call has the documented end, on its first request and on a later one, and a
// sentence says why.
func TestWhatAnAppDoesWrong(t *testing.T) {
	flows := newFlows(t)
	dropped := jobj.Object{{Key: "drop", Value: true}}
	slow := reply(200, "text/xml", "<Response/>", jobj.Member{Key: "delay_ms", Value: jsonInt(6000)})
	loop := reply(302, "text/plain", "")
	loop[1].Value = []any{[]any{"Location", "http://" + recordedAddress + "/again"}}
	for name, c := range map[string]struct {
		answers  []any
		first    string // what is said on the first request
		later    string
		sentence string
	}{
		"it drops the connection": {[]any{dropped}, "failed", "failed hangup", "closed the connection without an answer"},
		"it takes too long":       {[]any{slow}, "failed", "failed hangup", "longer than it may"},
		"status 500":              {[]any{reply(500, "text/xml", "x")}, "failed", "failed hangup", "status 500: only 200 and 206 count"},
		"status 600":              {[]any{reply(600, "text/xml", "x")}, "failed", "failed hangup", "status 600: only 200 and 206 count"},
		"status 404":              {[]any{reply(404, "text/html", "x")}, "failed", "failed hangup", "status 404"},
		"a page of HTML":          {[]any{reply(200, "text/html", "<html><br></html>")}, "failed hangup", "failed hangup", "</html> does not end <br>"},
		"TwiML that is cut":       {[]any{reply(200, "text/xml", "<Response><Say>hi</Say>")}, "failed hangup", "failed hangup", "<Response> has no </Response>"},
		"JSON that is cut":        {[]any{reply(200, "application/json", `{"module":`)}, "failed hangup", "failed hangup", "the answer is no JSON"},
		"no UTF-8":                {[]any{reply(200, "text/xml", "<Response>\xfc</Response>")}, "failed", "failed hangup", "not UTF-8"},
		"nothing":                 {[]any{reply(200, "text/xml", "")}, "hangup", "hangup", "an empty answer is the end"},
		"an empty document":       {[]any{reply(200, "text/xml", "<Response/>")}, "processing hangup", "processing hangup", "an empty Response is the end"},
		"an entity": {
			[]any{reply(200, "text/xml", `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><Response><Say>&x;</Say></Response>`)},
			"failed hangup", "failed hangup", "nothing is read from the disk",
		},
		"10 MB": {
			[]any{reply(200, "text/xml", "<Response><Say>"+strings.Repeat("x", 10<<20)+"</Say></Response>")},
			"failed", "failed hangup", "more than 2097152 bytes",
		},
		"redirects without end": {[]any{loop, loop, loop, loop, loop, loop, loop, loop}, "failed", "failed hangup", "more than 5 redirects"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			run := func(answers []any) (*stage, string) {
				app := newApp(t, answers)
				s := newStage(t, app, flows, fidelity.Kazoo, pivot.Settings{})
				s.idle = time.Minute
				s.play(message(app.here("http://"+recordedAddress+"/v")), nil)
				o := &outcome{}
				for _, one := range s.published {
					m, _ := one.(jobj.Object)
					o.messages = append(o.messages, m)
				}
				return s, strings.Join(said(o, 0), " ")
			}
			s, got := run(c.answers)
			g.Expect(got).To(Equal(c.first))
			g.Expect(sentences(s)).To(ContainSubstring(c.sentence))
			g.Expect(s.end).To(Equal("stopped"))
			s, got = run(append([]any{twimlReply("<Redirect>/later</Redirect>")}, c.answers...))
			g.Expect(got).To(Equal("processing answer " + c.later))
			g.Expect(sentences(s)).To(ContainSubstring(c.sentence))
			g.Expect(s.end).To(Equal("stopped"))
		})
	}
}

// An app cannot keep a call asking for ever.
func TestACallAsksSoManyTimes(t *testing.T) {
	flows := newFlows(t)
	g := NewWithT(t)
	var answers []any
	for range 20 {
		answers = append(answers, twimlReply("<Redirect>/v</Redirect>"))
	}
	app := newApp(t, answers)
	s := newStage(t, app, flows, fidelity.Kazoo, pivot.Settings{})
	s.engine.Requests = 10
	s.play(message(app.here("http://"+recordedAddress)), nil)
	g.Expect(app.asked).To(HaveLen(10))
	g.Expect(sentences(s)).To(ContainSubstring("has made 10 requests: that is a loop"))
	g.Expect(s.end).To(Equal("stopped"))
	g.Expect(s.engine.Running()).To(BeZero())
}

// Nothing in an answer reaches another account's documents or conferences.
func TestACallStaysInItsAccount(t *testing.T) {
	flows := newFlows(t)
	g := NewWithT(t)
	app := newApp(t, []any{twimlReply(`<Dial><Device>theirs</Device><User>4c9f0a7be13a4d0a8f5a2f7e5c1d9b60/x</User></Dial>`)})
	s := newStage(t, app, flows, fidelity.Kazoo, pivot.Settings{})
	asked := accounts{}
	s.engine.Documents = asked
	s.play(message(app.here("http://"+recordedAddress+"/v")), nil)
	g.Expect(asked).To(HaveLen(1))
	g.Expect(asked).To(HaveKey("5ccb3a1e90d2f74c86ba0f2de1b7c394"))
	g.Expect(sentences(s)).To(ContainSubstring(`the account has no device "theirs"`))
}

// accounts notes whose documents are asked for, and has none.
type accounts map[string]bool

func (a accounts) Documents(accountID string, _ []string, then func(map[string]jobj.Object)) {
	a[accountID] = true
	then(nil)
}

func TestMessagesThatAreNone(t *testing.T) {
	flows := newFlows(t)
	for name, c := range map[string]struct {
		message  jobj.Object
		said     string
		sentence string
	}{
		"no call":            {jobj.Object{{Key: "Voice-URI", Value: "http://h/v"}}, "", "no Call with a Call-ID"},
		"no control queue":   {message("http://h/v").Set("Call", testCall().Delete("Control-Queue")), "", "no Control-Queue"},
		"no voice url":       {message("http://h/v").Delete("Voice-URI"), "failed", "Voice-URI is missing"},
		"a number for a URL": {message("http://h/v").Set("Voice-URI", jsonInt(5)), "failed", "Voice-URI is to be a text"},
		"a text for a time":  {message("http://h/v", jobj.Member{Key: "Request-Timeout", Value: "5000"}), "failed", "Request-Timeout is to be a whole number"},
		"a strange debug":    {message("http://h/v", jobj.Member{Key: "Debug", Value: "yes"}), "failed", "Debug is to be true or false"},
		"headers as a text":  {message("http://h/v").Set("Call", testCall().Set("Custom-SIP-Headers", "x")), "failed", "Custom-SIP-Headers of the Call is to be an object"},
		"a store as a list":  {message("http://h/v").Set("Call", testCall().Set("Key-Value-Store", []any{"x"})), "failed", "Key-Value-Store of the Call is to be an object"},
		"variables as null":  {message("http://h/v").Set("Call", stored("user_vars", nil)), "failed", "Key-Value-Store.user_vars of the Call is to be an object"},
		"a count as a text":  {message("http://h/v").Set("Call", stored("pivot_counter", "1")), "failed", "Key-Value-Store.pivot_counter of the Call is to be a number"},
		"a URL of no web":    {message("file:///etc/passwd"), "failed", `"file:///etc/passwd" is not asked`},
		"a URL of no host":   {message("http:///v"), "failed", "is not asked"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			s := newStage(t, newApp(t, nil), flows, fidelity.Kazoo, pivot.Settings{})
			s.play(c.message, nil)
			o := &outcome{}
			for _, one := range s.published {
				m, _ := one.(jobj.Object)
				o.messages = append(o.messages, m)
			}
			g.Expect(strings.Join(said(o, 0), " ")).To(Equal(c.said))
			g.Expect(sentences(s)).To(ContainSubstring(c.sentence))
			g.Expect(s.engine.Running()).To(BeZero())
		})
	}
}

// stored is a call whose Key-Value-Store holds one member.
func stored(key string, value any) jobj.Object {
	return testCall().Set("Key-Value-Store", jobj.Object{{Key: key, Value: value}})
}

func TestACallThatIsGoneIsNotBegun(t *testing.T) {
	flows := newFlows(t)
	g := NewWithT(t)
	app := newApp(t, nil)
	s := newStage(t, app, flows, fidelity.Kazoo, pivot.Settings{})
	gone := jobj.Object{{Key: "Event-Name", Value: "CHANNEL_DESTROY"}, {Key: "Call-ID", Value: "call-1@10.0.0.5"}}
	s.engine.Listen()
	g.Expect(s.bindings).To(HaveLen(2))
	s.line.After(0, func() { s.engine.Hear(pivot.EndsQueue, gone) })
	s.play(message(app.here("http://"+recordedAddress+"/v")), nil)
	g.Expect(s.published).To(BeEmpty())
	g.Expect(sentences(s)).To(ContainSubstring("hung up before Pivot began"))
}

// What the reference keeps of a body that is no UTF-8, and the declared charset otherwise.
func TestCharsetsWhenCorrected(t *testing.T) {
	flows := newFlows(t)
	for name, c := range map[string]struct{ contentType, body, said string }{
		"Latin-1":       {"text/xml; charset=ISO-8859-1", "<Response><Say>Gr\xfc\xdfe</Say></Response>", "Grüße"},
		"UTF-16":        {`text/xml; charset="utf-16"`, utf16("\ufeff<Response><Say>王</Say></Response>"), "王"},
		"none declared": {"text/xml", "<Response><Say>\xfc</Say></Response>", ""},
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp(t, []any{reply(200, c.contentType, c.body)})
			s := newStage(t, app, flows, fidelity.Corrected, pivot.Settings{})
			s.play(message(app.here("http://"+recordedAddress+"/v")), nil)
			got := string(jobj.Append(nil, s.published))
			if want := string(jobj.Append(nil, jobj.Member{Key: "Text", Value: c.said}.Value)); c.said != "" && !strings.Contains(got, want) {
				t.Errorf("%s is not said: %s", want, got)
			}
			if c.said == "" && !strings.Contains(got, `"failed"`) {
				t.Errorf("it does not fail: %s", got)
			}
		})
	}
}

func utf16(text string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteByte(byte(r >> 8))
		b.WriteByte(byte(r))
	}
	return b.String()
}

// The CDR, and what any leg's end does to it.
func TestCDRsInBothModes(t *testing.T) {
	flows := newFlows(t)
	run := func(compat fidelity.Compat) (*stage, *app) {
		app := newApp(t, []any{twimlReply("<Pause length=\"1\"/>"), reply(200, "text/plain", "ok"), reply(200, "text/plain", "ok")})
		s := newStage(t, app, flows, compat, pivot.Settings{})
		s.idle = time.Minute
		s.rules = rulesOf(t, "hangup: hangup NORMAL_CLEARING")
		other := jobj.Object{
			{Key: "Event-Category", Value: "call_event"}, {Key: "Event-Name", Value: "CHANNEL_DESTROY"}, {Key: "Call-ID", Value: "other"},
			{Key: "Hangup-Cause", Value: "USER_BUSY"},
		}
		script := []any{jobj.Object{{Key: "after_ms", Value: jsonInt(500)}, {Key: "events", Value: []any{other}}}}
		s.play(message(app.here("http://"+recordedAddress+"/v"), jobj.Member{Key: "CDR-URI", Value: app.here("http://" + recordedAddress + "/cdr")}), script)
		return s, app
	}
	g := NewWithT(t)
	s, app := run(fidelity.Kazoo)
	g.Expect(bodies(app)).To(Equal([]string{"Hangup-Cause=USER_BUSY", "Hangup-Cause=NORMAL_CLEARING"}))
	g.Expect(sentences(s)).To(ContainSubstring("another leg of the call has ended"))
	_, app = run(fidelity.Corrected)
	g.Expect(bodies(app)).To(Equal([]string{"Call-ID=call-1%4010.0.0.5&Account-ID=5ccb3a1e90d2f74c86ba0f2de1b7c394&Hangup-Cause=NORMAL_CLEARING"}))
}

func bodies(a *app) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []string
	for _, one := range a.asked[1:] {
		asked, _ := one.(jobj.Object)
		out = append(out, asked.String("body"))
	}
	return out
}

// What is told and logged of an app has no password of its address.
func TestNoFailureTellsAPassword(t *testing.T) {
	flows := newFlows(t)
	for name, c := range map[string]struct{ uri, told string }{
		"one that drops":         {"http://user:secret@" + recordedAddress + "/v", "no answer from http://"},
		"one that nobody asks":   {"ftp://user:secret@host/v", `"ftp://host/v" is not asked`},
		"one that names no host": {"http://user:secret@/v", `"http:///v" is not asked`},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			app := newApp(t, []any{jobj.Object{{Key: "drop", Value: true}}})
			s := newStage(t, app, flows, fidelity.Kazoo, pivot.Settings{})
			s.play(message(app.here(c.uri)), nil)
			g.Expect(sentences(s)).To(ContainSubstring(c.told))
			for _, step := range s.steps {
				g.Expect(step.Text+" "+step.URI).NotTo(ContainSubstring("secret"), string(step.Kind))
			}
		})
	}
}
