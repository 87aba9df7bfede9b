package caller_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/simulator/caller"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

func parse(t *testing.T, text string) *caller.Script {
	t.Helper()
	s, err := caller.Parse("script.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestProblemsNameFieldLineAndFix(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"no title":            {"to: \"2000\"\n", `script.yaml:1:1: lacks "caller", as in caller: A caller chooses sales`},
		"unknown step":        {"caller: x\nsteps:\n  - pres: 1\n", `script.yaml:3:5: steps[0].pres: there is no "pres" here; did you mean press?`},
		"two steps":           {"caller: x\nsteps:\n  - press: 1\n    wait: 1s\n", `script.yaml:4:5: steps[0].wait: stands beside "press"; there can be one of them`},
		"keys":                {"caller: x\nsteps:\n  - press: one\n", `script.yaml:3:12: steps[0].press: "one" are no keys; there are the digits, * and #, as "12#"`},
		"no unit":             {"caller: x\nsteps:\n  - wait: 2\n", `script.yaml:3:11: steps[0].wait: "2" is no time span; write it with its unit: 200ms, 3s, 1m30s`},
		"pattern":             {"caller: x\nsteps:\n  - wait_for: /(/\n", `/(/ is no regular expression: missing closing )`},
		"nobody":              {"caller: x\ntelephones: {remy: busy}\nsteps:\n  - hangup: remi\n", `script.yaml:4:13: steps[0].hangup: "remi" is nobody in this script; did you mean remy? There is caller, remy`},
		"late dial":           {"caller: x\nsteps:\n  - press: 1\n  - dial: 2000\n", `script.yaml:4:5: steps[1].dial: the call has begun already`},
		"what cannot be":      {"caller: x\nsteps:\n  - dial: bob\n", `script.yaml:3:11: steps[0].dial: "bob" can be dialled nowhere; write an extension as "2000", or a number in E.164 as "+14155550100"`},
		"does":                {"caller: x\ntelephones: {remy: {does: busi}}\n", `cannot be "busi"; use answers, refuses, busy, ignores; did you mean busy?`},
		"reserved":            {"caller: x\ntelephones: {app: busy}\n", `"app" stands for somebody else already`},
		"hangs up":            {"caller: x\ntelephones: {remy: {does: busy, hangs_up: 2s}}\n", `telephones.remy.hangs_up: is for a telephone that answers`},
		"end of nothing":      {"caller: x\nsteps:\n  - wait_for: {silence: 2s, to_the_end: true}\n", `is for a prompt, which has an end`},
		"no time":             {"caller: x\nsteps:\n  - wait_for: {prompt: hi, within: 0s}\n", `script.yaml:3:36: steps[0].wait_for.within: is no time at all; leave it out for 30s`},
		"tab":                 {"caller: x\n\tfrom: \"1001\"\n", `script.yaml:2:1: this is no YAML: a tab stands where a line begins; indent by blanks`},
		"silence too long":    {"caller: x\nsteps:\n  - wait_for: {silence: 40s}\n", `40s of silence cannot come within 30s; give within more`},
		"number of what":      {"caller: x\nexpect:\n  - request: {params: {Digits: \">= x\"}}\n", `compares with no number`},
		"exactly with number": {"caller: x\nexpect:\n  - request: {number: 2, exactly: 1}\n", `one request, which number names, is there once`},
		"empty final":         {"caller: x\nexpect:\n  - final: {}\n", `says nothing of the end`},
	} {
		_, err := caller.Parse("script.yaml", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s:\n%v\ndoes not say\n%s", name, err, c.says)
		}
	}
}

func TestTheSchemaDescribesEveryField(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	schema, err := caller.Schema()
	g.Expect(err).NotTo(HaveOccurred())
	o, err := jobj.ParseObject(schema)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(o.Has("properties")).To(BeTrue())
	for _, name := range []string{"Telephone", "Step", "WaitFor", "Press", "Expectation", "Request", "Final"} {
		g.Expect(o.Object("$defs").Has(name)).To(BeTrue(), name)
	}
}

func TestTheScriptToBeginWithIsRight(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s := parse(t, caller.Starter())
	g.Expect(s.Acts).To(HaveLen(4))
	g.Expect(s.Expect).To(HaveLen(3))
	g.Expect(caller.Starter()).To(ContainSubstring(caller.SchemaName))
}

// call is a line on which a script is played, and what was done on it.
type call struct {
	line *timeline.Timeline
	*caller.Player
	did []string
}

func newCall(s *caller.Script) *call {
	c := &call{line: timeline.New(timeline.Config{Start: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), Wall: clock.System()})}
	did := func(format string, args ...any) {
		c.did = append(c.did, fmt.Sprintf("%s ", c.Since())+fmt.Sprintf(format, args...))
	}
	c.Player = caller.NewPlayer(caller.Config{Script: s, Line: c.line, Hands: caller.Hands{
		Press: func(key string) { did("press %s", key) },
		Speak: func(d time.Duration) { did("speak %s", d) },
		Hangup: func(who string) error {
			did("hang up %s", who)
			if who == caller.TheCaller {
				c.line.After(0, c.Ended)
			} else {
				c.Gone(who)
			}
			return nil
		},
		Take: func(name string) {
			did("take %s", name)
			c.Connected(name)
		},
		Refuse: func(name, cause string) {
			did("refuse %s %s", name, cause)
			c.Gone(name)
		},
		Tell: func(string) {},
	}})
	return c
}

// hears has a prompt begin and last.
func (c *call) hears(at time.Duration, text string, lasts time.Duration) {
	c.line.After(at, func() {
		ends := c.Hears(caller.Sound{Kind: "say", Text: text})
		c.line.After(lasts, func() { ends("") })
	})
}

func TestStepsComeInTheirTime(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	c := newCall(parse(t, `
caller: Steps
telephones: {remy: {does: answers, after: 3s}}
steps:
  - wait_for: press   ONE
  - press: {keys: "12#", every: 200ms}
  - wait_for: {prompt: "/thank.*you/", to_the_end: true}
  - speak: 2s
    after: 0s
  - wait_for: {connected: remy}
  - wait_for: {silence: 1s}
  - hangup: caller
    after: 1s
`))
	c.Begin()
	c.hears(time.Second, "Please press one for sales", 3*time.Second)
	c.hears(5*time.Second, "thank you", 2*time.Second)
	c.line.After(10*time.Second, func() { c.Rings("remy") })
	g.Expect(c.line.Run(t.Context(), false)).To(Succeed())
	g.Expect(c.did).To(Equal([]string{
		"1.5s press 1", "1.7s press 2", "1.9s press #", "7s speak 2s", "13s take remy", "15s hang up caller",
	}))
	g.Expect(c.Undone()).To(BeEmpty())
}

func TestTelephonesDoWhatTheScriptSays(t *testing.T) {
	t.Parallel()
	for does, want := range map[string]string{
		"{does: answers, after: 2s, hangs_up: 5s}": "2s take remy, 7s hang up remy, 5m0s hang up caller",
		"refuses":                  "4s refuse remy CALL_REJECTED, 5m0s hang up caller",
		"{does: busy, after: 10s}": "0s refuse remy USER_BUSY, 5m0s hang up caller",
		"ignores":                  "5m0s hang up caller",
	} {
		g := NewWithT(t)
		c := newCall(parse(t, "caller: x\ntelephones: {remy: "+does+"}\n"))
		c.Begin()
		c.Rings("remy")
		g.Expect(c.line.Run(t.Context(), false)).To(Succeed())
		g.Expect(strings.Join(c.did, ", ")).To(Equal(want), does)
	}
}

func TestWhatDoesNotComeIsToldWithTheLineAndWhatWasHeard(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	c := newCall(parse(t, "caller: x\nsteps:\n  - wait_for: {prompt: sales, within: 5s}\n  - press: \"1\"\n"))
	c.Begin()
	c.hears(time.Second, "Good morning", time.Second)
	g.Expect(c.line.Run(t.Context(), false)).To(Succeed())
	g.Expect(c.Undone()).To(Equal(`line 3, wait for "sales": did not come within 5s; last heard was "Good morning"`))
	g.Expect(c.did).To(Equal([]string{"5s hang up caller"}))
}

func TestACallThatEndsTooEarlyIsTold(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	c := newCall(parse(t, "caller: x\nsteps:\n  - wait: 5s\n  - press: \"1\"\n"))
	c.Begin()
	c.line.After(2*time.Second, c.Ended)
	g.Expect(c.line.Run(t.Context(), false)).To(Succeed())
	g.Expect(c.Undone()).To(HavePrefix("line 3, wait 5s: the call was over before"))
}

func TestExpectationsAreJudged(t *testing.T) {
	t.Parallel()
	evidence := &caller.Evidence{
		Requests: []caller.Asked{
			{Method: "GET", URL: "http://h/v?From=1001", Params: jobj.Object{{Key: "From", Value: "1001"}}, Status: "200"},
			{Method: "POST", URL: "http://h/choice", Params: jobj.Object{
				{Key: "Digits", Value: jobj.Object{{Key: "menu", Value: "1"}}}, {Key: "CallStatus", Value: "completed"},
			}, Status: "500"},
		},
		Heard:  []*caller.Heard{{Sound: caller.Sound{Text: "Press one"}}, {Sound: caller.Sound{Text: "Goodbye"}}},
		Went:   []string{"menu: 1", "hangup"},
		HungUp: "app", Cause: "NORMAL_CLEARING", Lasted: 12 * time.Second, Failed: "status 500",
	}
	for rule, report := range map[string]string{
		"request: 1": "",
		"request: 3": "there are 2 requests",
		"request: {number: 2, params: {Digits: {menu: 1}}, status: 500}":             "",
		"request: {number: 2, params: {Digits.menu: \"2\"}}":                         `params.Digits.menu: expected 2, is "1"`,
		"request: {params: {From: absent, Digits: \"*\"}}":                           "",
		"request: {params: {From: [1001, 1002]}, exactly: 1}":                        "",
		"request: {method: GET, exactly: 2}":                                         "there is 1 request of that kind, expected are at least 2; nearest is request 2:\n  method: expected GET, is \"POST\"",
		"request: {url: /other/}":                                                    "there are 2 requests, and none is such; nearest is request 1",
		"heard: [press ONE, goodbye]":                                                "",
		"heard: [goodbye, press one]":                                                `"press one" was heard too early, as number 1`,
		"heard: [welcome]":                                                           "\"welcome\" was not heard; in order it was\n  1. Press one\n  2. Goodbye",
		"not_heard: welcome":                                                         "",
		"not_heard: [welcome, good]":                                                 `"good" was heard`,
		"branches: [\"menu: 1\", hangup]":                                            "",
		"branches: [\"menu: 2\"]":                                                    `"menu: 2" was not gone to`,
		"final: {hung_up: app, cause: NORMAL_CLEARING, seconds: \"< 13\"}":           "",
		"final: {call_status: completed, outcome: failed}":                           "",
		"final: {hung_up: caller}":                                                   `hung_up: expected caller, is "app"`,
		"final: {outcome: completed}":                                                `outcome: expected completed, is "failed": status 500`,
		"final: {cause: \"!= NORMAL_CLEARING\", call_status: \"/^(busy|failed)$/\"}": "cause: expected != NORMAL_CLEARING",
	} {
		g := NewWithT(t)
		judged := caller.Judge(parse(t, "caller: x\nexpect:\n  - "+rule+"\n").Expect, evidence)
		g.Expect(judged).To(HaveLen(1), rule)
		g.Expect(judged[0].Line).To(Equal(3), rule)
		g.Expect(judged[0].Met).To(Equal(report == ""), "%s: %s", rule, judged[0].Report)
		g.Expect(judged[0].Report).To(ContainSubstring(report), rule)
	}
}
