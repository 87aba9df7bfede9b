package pivot_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pivot"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

// forgetful are apps that note which calls are over.
type forgetful struct{ forgotten []string }

func (*forgetful) Has(string) bool                               { return false }
func (*forgetful) Result(request.Request, string, []any)         {}
func (*forgetful) CDR(string, string, string, jobj.Object) error { return nil }
func (f *forgetful) Forget(callID string)                        { f.forgotten = append(f.forgotten, callID) }

// An app is told that a call is over once nothing more can be asked for it: 30 s after its last end.
func TestCallsThatAreOverAreForgotten(t *testing.T) {
	g := NewWithT(t)
	s := newStage(t, newApp(t, nil), newFlows(t), fidelity.Kazoo, pivot.Settings{})
	apps := &forgetful{}
	s.engine.Connected = apps
	for _, over := range []struct {
		second int
		callID string
	}{{0, "a"}, {0, "a"}, {1, "b"}, {20, "a"}, {31, "c"}, {32, "d"}, {50, "e"}, {51, "f"}} {
		s.line.After(time.Duration(over.second)*time.Second, func() {
			s.engine.Hear(pivot.EndsQueue, jobj.Object{{Key: "Event-Name", Value: "CHANNEL_DESTROY"}, {Key: "Call-ID", Value: over.callID}})
			apps.forgotten = append(apps.forgotten, fmt.Sprint(over.second))
		})
	}
	s.line.After(90*time.Second, func() { s.engine.Start(message("file:///v")) })
	g.Expect(s.line.Run(t.Context(), false)).To(Succeed())
	g.Expect(apps.forgotten).To(Equal([]string{"0", "0", "1", "20", "31", "b", "32", "50", "a", "51", "c", "d", "e", "f"}))
}

// A call whose end was missed is let go of, and its app told.
func TestACallWhoseEndWasMissedIsOver(t *testing.T) {
	g := NewWithT(t)
	s := newStage(t, newApp(t, []any{twimlReply(`<Pause length="3600"/>`)}), newFlows(t), fidelity.Kazoo, pivot.Settings{})
	s.idle = time.Hour
	apps := &forgetful{}
	s.engine.Connected = apps
	s.line.After(time.Minute, func() {
		s.engine.Over("another")
		g.Expect(s.engine.Running()).To(Equal(1))
		s.engine.Over("call-1@10.0.0.5")
		g.Expect(s.engine.Running()).To(BeZero())
	})
	s.play(message(s.app.here("http://"+recordedAddress+"/v")), nil)
	g.Expect(s.end).To(Equal("stopped"))
	g.Expect(sentences(s)).To(HaveSuffix("Pivot is done with the call: it is over, of which nothing was heard\n"))
}

// told are apps that note what their answers led to.
type told struct {
	forgetful

	results []string
}

func (*told) Has(string) bool { return true }
func (t *told) Result(_ request.Request, outcome string, problems []any) {
	t.results = append(t.results, outcome+" "+string(jobj.Append(nil, problems)))
}

// What is wrong with an answer is told in objects, whether it has a place in the answer or not.
func TestProblemsOfAnAnswerAreObjects(t *testing.T) {
	for name, c := range map[string]struct {
		answer jobj.Object
		told   string
	}{
		"a status":   {reply(500, "text/xml", "x"), `^failed \[{"message":"status 500: [^"]*"}\]$`},
		"a syntax":   {reply(200, "text/xml", "<Response>"), `^failed \[{"message":"[^"]*","line":1,"column":\d+}\]$`},
		"a mistake":  {twimlReply("<Sey>x</Sey>"), `^processing \[{"message":".*","line":1,"column":11}\]$`},
		"no mistake": {twimlReply("<Hangup/>"), `^processing \[\]$`},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			app := newApp(t, []any{c.answer})
			s := newStage(t, app, newFlows(t), fidelity.Kazoo, pivot.Settings{})
			apps := &told{}
			s.engine.Connected = apps
			s.play(message(app.here("http://"+recordedAddress+"/v")), nil)
			g.Expect(apps.results).To(HaveLen(1))
			g.Expect(apps.results[0]).To(MatchRegexp(c.told))
		})
	}
}

// What a Gather within a Gather says ends with the outer one.
func TestNothingOfAGatherIsHeardBesideTheNextDocument(t *testing.T) {
	g := NewWithT(t)
	app := newApp(t, []any{
		twimlReply(`<Gather numDigits="1" action="/g"><Gather><Say>one</Say><Say>two</Say></Gather></Gather>`),
		twimlReply(`<Say>next</Say><Pause length="5"/>`),
	})
	s := newStage(t, app, newFlows(t), fidelity.Kazoo, pivot.Settings{})
	s.idle, s.rules = time.Minute, rulesOf(t, "tts: press 1, noop")
	s.play(message(app.here("http://"+recordedAddress+"/v")), nil)
	g.Expect(app.asked).To(HaveLen(2))
	var spoken []string
	for _, one := range s.published {
		m, _ := one.(jobj.Object)
		for _, part := range list(m.Object("payload"), "Commands") {
			command, _ := part.(jobj.Object)
			if text := command.String("Text"); text != "" {
				spoken = append(spoken, text)
			}
		}
	}
	g.Expect(spoken).To(Equal([]string{"one", "next"}))
	g.Expect(s.end).To(Equal("stopped"))
}

// variable is a Variable of a document.
func variable(name, value string) string {
	return fmt.Sprintf("<Variable key=%q value=%q/>", name, value)
}

// What an app can have a call carry along is bounded, and so is the work for it.
func TestVariablesAreBounded(t *testing.T) {
	flows := newFlows(t)
	var many, each, longer strings.Builder
	for i := range 45_000 {
		many.WriteString(variable(fmt.Sprint("v", i), "1"))
	}
	for i := range 210 {
		each.WriteString("<Set>" + variable(fmt.Sprint("v", i), "1") + "</Set>")
	}
	for i := range 5 {
		longer.WriteString(variable(fmt.Sprint("v", i), strings.Repeat("x", 15_000)))
	}
	for name, c := range map[string]struct {
		answer   string
		set      int
		refused  bool
		sentence string
	}{
		"few": {"<Set>" + variable("a", "1") + variable("b", "2") + "</Set>", 2, false, ""},
		"too many": {
			"<Set>" + many.String() + "</Set>", 200, true,
			`variable "v200" and 44799 more are not set: a call may have 200 variables; Kazoo has no bound`,
		},
		"too many, in a Redirect":  {"<Redirect>" + many.String() + "/n</Redirect>", 200, true, `variable "v200" and 44799 more are not set`},
		"too many, a Set for each": {each.String(), 200, true, `variable "v200" is not set: a call may have 200 variables`},
		"too long": {
			"<Set>" + longer.String() + "</Set>", 4, true,
			`variable "v4" is not set: names and values of a call's variables may have 65536 bytes; Kazoo has no bound`,
		},
		"one that is too long": {"<Set>" + variable("v", strings.Repeat("x", 1<<20)) + "</Set>", 0, true, `variable "v" is not set: names and values`},
		"set, and set otherwise": {
			"<Set>" + longer.String() + "</Set><Set>" + variable("v0", "x") + "</Set><Set>" + variable("w", strings.Repeat("x", 14_000)) + "</Set>", 5, true,
			`variable "v4" is not set`,
		},
		"set, and taken back": {
			"<Set>" + longer.String() + `<Variable key="v0"/>` + variable("w", strings.Repeat("x", 14_000)) + "</Set>", 4, true, `variable "v4" is not set`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			app := newApp(t, []any{twimlReply(c.answer + "<Redirect>/n</Redirect>"), twimlReply("<Hangup/>")})
			s := newStage(t, app, flows, fidelity.Corrected, pivot.Settings{})
			s.play(message(app.here("http://"+recordedAddress+"/v")), nil)
			var last *request.Request
			for _, step := range s.steps {
				if step.Kind == pivot.Asked {
					last = step.Request
				}
			}
			form, err := url.ParseQuery(last.Body)
			g.Expect(err).NotTo(HaveOccurred())
			set := 0
			for key := range form {
				if strings.HasPrefix(key, "v") || len(key) == 1 {
					set++
				}
			}
			g.Expect(set).To(Equal(c.set))
			g.Expect(sentences(s)).To(ContainSubstring(c.sentence))
			g.Expect(strings.Contains(sentences(s), "Kazoo has no bound")).To(Equal(c.refused))
		})
	}
}

// However many a Dial names, so many are rung, and nobody's documents are read twice.
func TestEndpointsAreBounded(t *testing.T) {
	flows := newFlows(t)
	devices := func(n, different int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "<Device>many%d</Device>", i%different)
		}
		return "<Dial>" + b.String() + "</Dial>"
	}
	const told = "a Dial rings 100 at most"
	for name, c := range map[string]struct {
		answer     string
		read, rung int
		told       string // "" is nothing
	}{
		"so many":     {devices(100, 100), 100, 100, ""},
		"too many":    {devices(50_000, 50_000), 100, 100, told + ": 49900 more are passed over"},
		"one of them": {devices(90, 1), 1, 90, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			s := newStage(t, newApp(t, []any{twimlReply(c.answer)}), flows, fidelity.Kazoo, pivot.Settings{})
			for i := range 50_000 {
				id := fmt.Sprint("many", i)
				s.docs[id] = jobj.Object{{Key: "_id", Value: id}, {Key: "pvt_type", Value: "device"}}
			}
			s.play(message(s.app.here("http://"+recordedAddress+"/v")), nil)
			read := 0
			for _, ids := range s.fetched {
				for id := range strings.FieldsSeq(ids) {
					if strings.HasPrefix(id, "many") {
						read++
					}
				}
			}
			g.Expect(read).To(Equal(c.read))
			rung := 0
			for _, one := range s.published {
				m, _ := one.(jobj.Object)
				rung += len(list(m.Object("payload"), "Endpoints"))
			}
			g.Expect(rung).To(Equal(c.rung))
			g.Expect(strings.Count(sentences(s), told)).To(Equal(strings.Count(c.told, told)))
			g.Expect(sentences(s)).To(ContainSubstring(c.told))
		})
	}
}

// What most often is wrong with an answer is told with its repair.
func TestUsualMistakesAreToldWithTheirRepair(t *testing.T) {
	gzip := reply(200, "text/xml", "\x1f\x8b\x08")
	gzip = gzip.Set("headers", []any{[]any{"Content-Type", "text/xml"}, []any{"Content-Encoding", "gzip"}})
	for told, answer := range map[string]jobj.Object{
		"It begins as JSON does: send a callflow as application/json": reply(200, "text/xml", ` {"module":"hangup","data":{}}`),
		"It begins as XML does: send TwiML as text/xml":               reply(200, "application/json", "<Response/>"),
		"the answer has Content-Encoding gzip":                        gzip,
		"a comma stands before }: leave it out":                       reply(200, "application/json", `{"module":"hangup","data":{},}`),
		"texts and keys stand in double quotes":                       reply(200, "application/json", `{'module':"hangup"}`),
		"a colon is missing before it":                                reply(200, "application/json", `{"module" "hangup"}`),
		"there is a comma too many":                                   reply(200, "application/json", `{"module":"hangup",,"data":{}}`),
		"a comma stands before ]: leave it out":                       reply(200, "application/json", `{"module":"hangup","data":{"a":[1,]}}`),
		"a key stands in double quotes":                               reply(200, "application/json", `{module:"hangup"}`),
		"invalid character ']' looking for":                           reply(200, "application/json", `{"module":]}`),
		"invalid character '/' looking for":                           reply(200, "application/json", `{"module":"hangup", // c`),
		"a comma is missing before it":                                reply(200, "application/json", `{"module":"hangup" "data":{}}`),
		"the data of user names no id: there is nobody to ring":       reply(200, "application/json", `{"module":"user","data":{"user_id":"remy"}}`),
		"text in <Response> is not spoken: put it into a <Say>":       twimlReply("hello"),
		"text in <Gather> is not spoken: put it into a <Say>":         twimlReply("<Gather> Press <Say>one</Say></Gather>"),
	} {
		g := NewWithT(t)
		s := newStage(t, newApp(t, []any{answer}), newFlows(t), fidelity.Kazoo, pivot.Settings{})
		s.play(message(s.app.here("http://"+recordedAddress+"/v")), nil)
		g.Expect(sentences(s)).To(ContainSubstring(told))
	}
}

// What is refused for nothing but a limit of this program is not said to be wrong in Kazoo.
func TestALimitOfOursIsNotToldAsKazoos(t *testing.T) {
	var attributes strings.Builder
	for n := range 300 {
		fmt.Fprintf(&attributes, ` a%d=""`, n)
	}
	for name, c := range map[string]struct {
		answer jobj.Object
		told   string
	}{
		"elements":   {twimlReply(strings.Repeat("<Gather>", 100) + strings.Repeat("</Gather>", 100)), "the answer is not read: elements nest deeper than 64"},
		"attributes": {twimlReply("<Say" + attributes.String() + "/>"), "the answer is not read: <Say> has"},
		"a flow":     {reply(200, "application/json", strings.Repeat(`{"a":`, 3000)+"1"+strings.Repeat("}", 3000)), "the answer is not read: it nests deeper than 2048 levels"},
	} {
		g := NewWithT(t)
		s := newStage(t, newApp(t, []any{c.answer}), newFlows(t), fidelity.Kazoo, pivot.Settings{})
		s.play(message(s.app.here("http://"+recordedAddress+"/v")), nil)
		g.Expect(sentences(s)).To(And(ContainSubstring(c.told), Not(ContainSubstring("Kazoo says failed"))), name)
		failed := slices.IndexFunc(s.steps, func(step pivot.Step) bool { return step.Kind == pivot.Failed })
		g.Expect(failed).NotTo(Equal(-1), name)
		g.Expect(s.steps[failed].Kazoo).To(Equal("Kazoo has no such limit"), name)
	}
}
