package callflow_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// played is a flow, what people do meanwhile, and what comes of it.
type played struct {
	what    string
	flow    string
	script  func(r *rig) map[time.Duration]func()
	answers map[string]time.Duration
	refuses map[string]time.Duration
	says    string // what the application says, in short
	hears   string // what the caller hears
	goes    string // the way through the flow
}

// then is a node whose child _ is another one.
func then(node, child string) string {
	return strings.TrimSuffix(node, "}") + `,"children":{"_":` + child + `}}`
}

func node(module, data string) string { return `{"module":"` + module + `","data":{` + data + `}}` }

func lines(all ...string) string { return strings.Join(all, "\n") }

const (
	bye      = `{"module":"tts","data":{"text":"Bye"}}`
	saysBye  = "answer\nqueue[noop, tts Bye]\nhangup now"
	goesBye  = ", spoken; there is no child to go to"
	hearsBye = "tts Bye"
)

func at(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

func pressing(after float64, keys string) func(r *rig) map[time.Duration]func() {
	return func(r *rig) map[time.Duration]func() { return map[time.Duration]func(){at(after): r.press(keys)} }
}

func soundModules() []played {
	return []played{
		{what: "tts", flow: bye, says: saysBye, hears: hearsBye, goes: goesBye[2:]},
		{what: "tts without a text", flow: then(node("tts", ""), bye), says: saysBye, hears: hearsBye, goes: "tts>_" + goesBye},
		{
			what: "play: a document", flow: then(node("play", `"id":"m1"`), bye),
			says: "answer\nqueue[noop, play /" + account + "/m1]\n" + saysBye, hears: "play /" + account + "/m1\ntts Bye", goes: "play>_" + goesBye,
		},
		{
			what: "play: a URL, without an answer", flow: node("play", `"id":"http://m/x.wav","answer":false`),
			says: "queue[noop, play http://m/x.wav]\nhangup now", hears: "play http://m/x.wav", goes: "played; there is no child to go to",
		},
		{
			what: "play: a prompt", flow: node("play", `"id":"system_media/vm-goodbye"`),
			says:  "answer\nqueue[noop, play prompt://" + account + "/vm-goodbye/en-us]\nhangup now",
			hears: "play prompt://" + account + "/vm-goodbye/en-us", goes: "played; there is no child to go to",
		},
		{
			what: "language", flow: then(node("language", `"language":"fr-FR"`), node("play", `"id":"system_media/vm-goodbye"`)),
			says:  "answer\nqueue[noop, play prompt://" + account + "/vm-goodbye/fr-fr]\nhangup now",
			hears: "play prompt://" + account + "/vm-goodbye/fr-fr", goes: "language>_, played; there is no child to go to",
		},
		{what: "answer", flow: then(node("answer", ""), bye), says: "answer\n" + saysBye, hears: hearsBye, goes: "answer>_" + goesBye},
		{what: "sleep", flow: then(node("sleep", `"duration":3,"unit":"m"`), bye), says: saysBye, hears: hearsBye, goes: "sleep>_" + goesBye},
		{
			what: "sleep, and the caller hangs up", flow: then(node("sleep", `"duration":3,"unit":"h"`), bye),
			script: func(r *rig) map[time.Duration]func() { return map[time.Duration]func(){at(5): r.hangUp} },
			goes:   "the call was hung up: ORIGINATOR_CANCEL",
		},
		{what: "hangup", flow: then(node("hangup", ""), bye), says: lines("hangup", "hangup now"), goes: "hangup"},
		{
			what: "response", flow: node("response", `"code":503,"message":"No"`),
			says: "queue[noop, respond 503]\nhangup now", goes: "answered with 503",
		},
		{
			what: "response with media", flow: node("response", `"media":"m1"`),
			says:  "queue[noop, respond 486, play /" + account + "/m1, progress]\nhangup now",
			hears: "play /" + account + "/m1", goes: "answered with 486",
		},
		{
			what: "send_dtmf", flow: then(node("answer", ""), then(node("send_dtmf", `"digits":"12"`), bye)),
			says: "answer\nsend_dtmf 12\n" + saysBye, hears: hearsBye, goes: "answer>_, send_dtmf>_" + goesBye,
		},
		{what: "dead_air", flow: node("dead_air", ""), says: "answer", goes: ""},
		{what: "wait_for_hangup", flow: then(node("wait_for_hangup", ""), bye), goes: ""},
		{what: "noop", flow: then(node("noop", ""), bye), says: saysBye, hears: hearsBye, goes: "noop>_" + goesBye},
		{what: "an unknown module", flow: then(node("acdc_member", ""), bye), says: saysBye, hears: hearsBye, goes: "acdc_member>_" + goesBye},
		{
			what: "skip_module", flow: then(node("hangup", `"skip_module":true`), bye),
			says: saysBye, hears: hearsBye, goes: "hangup>_" + goesBye,
		},
	}
}

func (p played) play(t *testing.T) {
	t.Helper()
	r := newRig(t, nil)
	if p.answers != nil {
		r.answers = p.answers
	}
	if p.refuses != nil {
		r.refuses = p.refuses
	}
	r.calls(p.flow)
	var script map[time.Duration]func()
	if p.script != nil {
		script = p.script(r)
	}
	r.run(script)
	r.Expect(strings.Join(r.said, "\n")).To(Equal(p.says))
	r.Expect(strings.Join(r.heard, "\n")).To(Equal(p.hears))
	r.Expect(r.trail()).To(Equal(p.goes))
}

func playAll(t *testing.T, all []played) {
	t.Helper()
	for _, p := range all {
		t.Run(p.what, func(t *testing.T) {
			t.Parallel()
			p.play(t)
		})
	}
}

func TestModulesThatSound(t *testing.T) {
	t.Parallel()
	playAll(t, soundModules())
}
