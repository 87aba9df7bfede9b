package callflow_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/callflow"
)

// ask is what shows the digits that were collected: the request to a Pivot application.
const ask = `{"module":"pivot","data":{"voice_url":"http://app/v"}}`

// collected are the collections in the request to a Pivot application.
func (r *rig) collected() string {
	r.Helper()
	for _, m := range r.whole {
		if m.String("Event-Name") == "pivot_req" {
			value, has := m.Get("Call", "Key-Value-Store", "dtmf_collections")
			if !has {
				return "none"
			}
			return string(jobj.Append(nil, value))
		}
	}
	return "no request"
}

func TestCollectDTMF(t *testing.T) {
	t.Parallel()
	type press struct {
		after float64
		keys  string
	}
	for what, c := range map[string]struct {
		data    string
		presses []press
		before  string // a node before it
		compat  fidelity.Compat
		has     string
		took    time.Duration // until the request, from when the flow began
	}{
		"one digit":                     {``, []press{{2, "1"}}, "", "", `{"default":"1"}`, 0},
		"into a collection":             {`"max_digits":3,"collection_name":"pin"`, []press{{2, "123"}}, "", "", `{"pin":"123"}`, 0},
		"nothing":                       {`"timeout":3000,"collection_name":"pin"`, nil, "", "", `{"pin":""}`, at(3)},
		"no more":                       {`"max_digits":5`, []press{{2, "12"}}, "", "", `{"default":"12"}`, 0},
		"the terminator":                {`"max_digits":5`, []press{{2, "12#9"}}, "", "", `{"default":"12"}`, 0},
		"another terminator":            {`"max_digits":5,"terminator":"*"`, []press{{2, "1#2*"}}, "", "", `{"default":"1#2"}`, 0},
		"a list":                        {`"max_digits":5,"terminators":["*","9"]`, []press{{2, "1#9"}}, "", "", `{"default":"1#"}`, 0},
		"the terminator beats the list": {`"max_digits":2,"terminator":"#","terminators":["*"]`, []press{{2, "1*"}}, "", "", `{"default":"1*"}`, 0},
		"or the list":                   {`"max_digits":2,"terminator":"#","terminators":["*"]`, []press{{2, "1*"}}, "", fidelity.Corrected, `{"default":"1"}`, 0},
		"no terminator at all":          {`"max_digits":2,"terminators":["x"]`, []press{{2, "12"}}, "", "", `none`, 0},
		"other events do not prolong":   {`"timeout":3000`, []press{{4, "1"}}, "", "", `{"default":""}`, at(3)},
		"early ones count":              {`"max_digits":2`, []press{{0.5, "12"}}, `{"module":"tts","data":{"text":"Your account number"}}`, "", `{"default":"12"}`, 0},
		"early ones, and late ones":     {`"max_digits":3,"collection_name":"pin"`, []press{{0.5, "1"}, {5, "23"}}, `{"module":"tts","data":{"text":"Number","terminators":[]}}`, "", `{"pin":"123"}`, 0},
		"an early terminator does not end it": {
			`"max_digits":3`, []press{{0.5, "1#"}, {5, "23"}}, `{"module":"tts","data":{"text":"Your account number, please","terminators":[]}}`, "", `{"default":"123"}`, 0,
		},
		"flushed": {`"timeout":2000`, []press{{0.5, "1"}}, `{"module":"tts","data":{"text":"Number"},"children":{"_":{"module":"flush_dtmf","data":{}}}}`, "", `{"default":""}`, 0},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(config *callflow.Config) { config.Compat = c.compat })
			flow := then(node("collect_dtmf", c.data), ask)
			switch {
			case what == "flushed":
				flow = `{"module":"tts","data":{"text":"Number"},"children":{"_":{"module":"flush_dtmf","data":{},"children":{"_":` + flow + `}}}}`
			case c.before != "":
				flow = then(c.before, flow)
			}
			r.calls(flow)
			script := map[time.Duration]func(){at(60): r.hangUp}
			for _, p := range c.presses {
				script[at(p.after)] = r.press(p.keys)
			}
			r.run(script)
			r.Expect(r.collected()).To(Equal(c.has))
			if c.took > 0 {
				var began, asked time.Time
				for _, s := range r.steps {
					switch {
					case s.What == callflow.Entered && s.Module == "collect_dtmf":
						began = s.At
					case s.What == callflow.Entered && s.Module == "pivot":
						asked = s.At
					}
				}
				r.Expect(asked.Sub(began)).To(Equal(c.took))
			}
		})
	}
}

func TestHangingUpWhileDigitsAreWaitedForStoresNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.calls(then(node("collect_dtmf", ""), ask))
	r.run(map[time.Duration]func(){at(2): r.hangUp})
	r.Expect(r.collected()).To(Equal("no request"))
	r.Expect(r.engine.Calls()).To(BeZero())
}

func TestMenus(t *testing.T) {
	t.Parallel()
	const children = `"children":{"1":{"module":"tts","data":{"text":"One"}},"timeout":{"module":"tts","data":{"text":"Late"}},"_":` + bye + `}`
	menu := func(id, children string) string {
		return `{"module":"menu","data":{"id":"` + id + `"},` + children + `}`
	}
	const without = `"children":{"1":{"module":"tts","data":{"text":"One"}},"_":` + bye + `}`
	greeting := "queue[noop, play /" + account + "/greeting-1]"
	prompt := func(id string) string { return "queue[noop, play prompt://" + account + "/" + id + "/en-us]" }
	said := func(text string) string { return "answer\nqueue[noop, tts " + text + "]\nhangup now" }
	playAll(t, []played{
		{
			what: "a digit", flow: menu("main", children), script: pressing(1, "1#"),
			says: "answer\n" + greeting + "\n" + said("One"), hears: "play /" + account + "/greeting-1\ntts One", goes: "menu>1, spoken; there is no child to go to",
		},
		{
			what: "nothing", flow: menu("main", children),
			says: "answer\n" + greeting + "\n" + said("Late"), hears: "play /" + account + "/greeting-1\ntts Late", goes: "menu>timeout, spoken; there is no child to go to",
		},
		{
			what: "nothing, and no such child", flow: menu("main", without),
			says:  "answer\n" + greeting + "\n" + greeting + "\n" + prompt("menu-exit") + "\n" + said("Bye"),
			hears: "play /" + account + "/greeting-1\nplay /" + account + "/greeting-1\nplay prompt://" + account + "/menu-exit/en-us\ntts Bye",
			goes:  "menu>_, spoken; there is no child to go to",
		},
		{
			what: "nothing that is known, then a digit", flow: menu("main", children),
			script: func(r *rig) map[time.Duration]func() {
				return map[time.Duration]func(){at(1): r.press("77#"), at(9): r.press("1#")}
			},
			says:  "answer\n" + greeting + "\n" + prompt("menu-invalid_entry") + "\n" + greeting + "\n" + said("One"),
			hears: "play /" + account + "/greeting-1\nplay prompt://" + account + "/menu-invalid_entry/en-us\nplay /" + account + "/greeting-1\ntts One",
			goes:  "menu>1, spoken; there is no child to go to",
		},
		{
			what: "another callflow's number, after which the child is run", flow: menu("main", children), script: pressing(1, "300"),
			says:  "answer\n" + greeting + "\n" + prompt("menu-transferring_call") + "\nanswer\nqueue[noop, tts Support]\n" + said("Bye"),
			hears: "play /" + account + "/greeting-1\nplay prompt://" + account + "/menu-transferring_call/en-us\ntts Support\ntts Bye",
			goes:  "menu=>support, back, spoken; there is no child to go to",
		},
		{
			what: "that does not hunt, nor sound", flow: menu("deaf", without), script: pressing(1, "300#"),
			says: "answer\n" + prompt("menu-no_prompt") + "\n" + said("Bye"), hears: "play prompt://" + account + "/menu-no_prompt/en-us\ntts Bye",
			goes: "menu>_, spoken; there is no child to go to",
		},
	})
}

func TestBranches(t *testing.T) {
	t.Parallel()
	branch := func(data, key string) string {
		return `{"module":"branch_variable","data":{` + data + `},"children":{"` + key + `":` + bye + `,"_":{"module":"hangup","data":{}}}}`
	}
	set := func(rest string) string {
		return then(node("set_variable", `"variable":"call_priority","value":"red"`), rest)
	}
	const setSays = `set now {"Call-Priority":"red"}` + "\n"
	playAll(t, []played{
		{what: "a channel variable", flow: set(branch(`"variable":"Call-Priority"`, "red")), says: setSays + saysBye, hears: hearsBye, goes: "set_variable>_, branch_variable>red" + goesBye},
		{what: "none", flow: branch(`"variable":"colour"`, "red"), says: lines("hangup", "hangup now"), goes: "branch_variable>_, hangup"},
		{what: "the account's", flow: branch(`"variable":"plan","scope":"account"`, "gold"), says: saysBye, hears: hearsBye, goes: "branch_variable>gold" + goesBye},
		{what: "the account's, below", flow: branch(`"variable":"caller.tier","scope":"merged"`, "one"), says: saysBye, hears: hearsBye, goes: "branch_variable>one" + goesBye},
		{what: "the device's of a caller who has none", flow: branch(`"variable":"where","scope":"device"`, "office"), says: lines("hangup", "hangup now"), goes: "branch_variable>_, hangup"},
		{
			what: "a caller", flow: `{"module":"check_cid","data":{"regex":"^\\+1212"},"children":{"match":` + bye + `}}`,
			says: saysBye, hears: hearsBye, goes: "check_cid>match" + goesBye,
		},
		{
			what: "another caller", flow: `{"module":"check_cid","data":{"regex":"^\\+49"},"children":{"nomatch":` + bye + `}}`,
			says: saysBye, hears: hearsBye, goes: "check_cid>nomatch" + goesBye,
		},
		{
			what: "a callflow, and what is left", flow: then(node("callflow", `"id":"support"`), bye),
			says: "answer\nqueue[noop, tts Support]\n" + saysBye, hears: "tts Support\ntts Bye", goes: "callflow=>support, back" + goesBye,
		},
		{what: "no callflow", flow: then(node("callflow", `"id":"none"`), bye), says: saysBye, hears: hearsBye, goes: "callflow>_" + goesBye},
	})
}

func TestACallBranchesSoOftenOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.calls(node("callflow", `"id":"again"`))
	r.run(nil)
	r.Expect(r.trail()).To(Equal(strings.Repeat("callflow=>again, ", 50) + "the call has branched too often"))
	r.Expect(r.said).To(Equal([]string{"hangup now"}))
}

func TestNodesTakeTokensOfTheAccount(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *callflow.Config) { c.Unmetered = false })
	flow := node("noop", "")
	for range 30 {
		flow = then(node("noop", ""), flow)
	}
	r.calls(then(node("noop", ""), then(node("sleep", `"duration":1`), flow)))
	r.run(nil)
	r.Expect(r.trail()).To(Equal("noop>_, sleep>_, "+strings.Repeat("noop>_, ", 20)+"the account has no tokens left for another node"),
		"100 of which the first two are paid, and 10 of the second")
	r.Expect(r.said).To(Equal([]string{"hangup now"}))
}
