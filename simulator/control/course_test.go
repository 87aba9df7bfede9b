package control_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// course is what is said and done to a call, and what comes of it, in which order and when.
type course struct {
	does    []string // "1.5s press 1", or with no time: at once
	rings   func(d *desk, leg *pbx.Channel)
	untimed bool
	becomes string // one a line
}

func answers(d *desk, leg *pbx.Channel) {
	d.line.After(2*time.Second, func() { d.board.Answer(leg, nil) })
	d.line.After(9*time.Second, func() { d.board.Hangup(leg, "", nil) })
}

func refuses(d *desk, leg *pbx.Channel) {
	d.line.After(2*time.Second, func() { d.board.Refuse(leg, "USER_BUSY", false, nil) })
}

const (
	tts   = `{"Application-Name":"tts","Text":"Press one for sales now, two for all others.."` // 45 characters: 3 s
	queue = `{"Application-Name":"queue","Commands":[{"Application-Name":"noop","Msg-ID":"N1"},` + tts + `,"Terminators":["1","#"]}]}`
	offer = `resources offnet.resource.req.audio {"Event-Name":"offnet_req","Server-ID":"q1","Msg-ID":"m9","Timeout":20,"Outbound-Caller-ID-Number":"+18005551212",`
)

// courses are those of one leg: what it hears, says and is told.
func courses() map[string]course {
	return map[string]course{
		"a noop is done after the tts before it": {does: []string{"answer", queue}, becomes: `
			0.0 A CHANNEL_ANSWER
			0.0 A hears tts Press one for sales now, two for all others..
			3.0 A heard tts: done
			3.0 A done tts NONE
			3.0 A done noop N1`},
		"a key that is a terminator ends a sound": {does: []string{"answer", queue, "1s press 21"}, becomes: `
			0.0 A CHANNEL_ANSWER
			0.0 A hears tts Press one for sales now, two for all others..
			1.0 A DTMF 2
			1.3 A DTMF 1
			1.3 A heard tts: key1
			1.3 A done tts NONE
			1.3 A done noop N1`},
		"a short word takes half a second": {does: []string{"answer", `{"Application-Name":"tts","Text":"Hi"}`}, becomes: `
			0.0 A CHANNEL_ANSWER
			0.0 A hears tts Hi
			0.5 A heard tts: done
			0.5 A done tts NONE`},
		"what is played is heard before the answer, too": {does: []string{`{"Application-Name":"play","Media-Name":"http://x/y.mp3"}`}, becomes: `
			0.0 A CHANNEL_PROGRESS_MEDIA
			0.0 A hears play http://x/y.mp3
			3.0 A heard play: done
			3.0 A done play FILE PLAYED`},
		"media last as long as is known": {
			does: []string{"answer", `{"Application-Name":"play","Media-Name":"m","Loop-Count":2}`, `{"Application-Name":"play","Media-Name":"silence_stream://250"}`},
			becomes: `
			0.0 A CHANNEL_ANSWER
			0.0 A hears play m
			6.0 A heard play: done
			6.0 A done play FILE PLAYED
			6.0 A hears play silence_stream://250
			6.2 A heard play: done
			6.2 A done play FILE PLAYED`,
		},
		"an endless one goes on until it is told to stop": {
			does: []string{"answer", `{"Application-Name":"play","Media-Name":"m","Endless-Playback":true}`, `90s {"Application-Name":"playstop","Insert-At":"now"}`},
			becomes: `
			0.0 A CHANNEL_ANSWER
			0.0 A hears play m
			90.0 A heard play: break
			90.0 A done play FILE PLAYED
			90.0 A done playstop NONE`,
		},
		"tones are exact": {
			does: []string{"answer", `{"Application-Name":"tones","Tones":[{"Frequencies":["440"],"Duration-ON":"500","Duration-OFF":"100","Repeat":2}]}`},
			becomes: `
			0.0 A CHANNEL_ANSWER
			0.0 A hears tones 440 Hz 500 ms
			1.2 A heard tones: done
			1.2 A done tones NONE`,
		},
		"flush empties the queue and breaks what is heard": {
			does: []string{"answer", queue, `{"Application-Name":"play","Media-Name":"never"}`, `1s {"Application-Name":"noop","Msg-ID":"F","Insert-At":"flush"}`},
			becomes: `
			0.0 A CHANNEL_ANSWER
			0.0 A hears tts Press one for sales now, two for all others..
			1.0 A heard tts: break
			1.0 A done tts NONE
			1.0 A done noop F`,
		},
		"now is beside the queue, head before it": {
			does: []string{
				"answer", queue, `1s {"Application-Name":"noop","Msg-ID":"X","Insert-At":"now"}`,
				`1s {"Application-Name":"noop","Msg-ID":"H","Insert-At":"head"}`,
			},
			becomes: `
			0.0 A CHANNEL_ANSWER
			0.0 A hears tts Press one for sales now, two for all others..
			1.0 A done noop X
			3.0 A heard tts: done
			3.0 A done tts NONE
			3.0 A done noop H
			3.0 A done noop N1`,
		},
		"a noop takes applications out of the queue": {
			does: []string{
				"answer", `{"Application-Name":"play","Media-Name":"m"}`, queue,
				`1s {"Application-Name":"noop","Msg-ID":"X","Filter-Applications":["play","tts"]}`,
			},
			becomes: `
			0.0 A CHANNEL_ANSWER
			0.0 A hears play m
			1.0 A heard play: break
			1.0 A done play FILE PLAYED
			1.0 A done noop N1
			1.0 A done noop X`,
		},
		"what is queued is gone with the caller": {does: []string{"answer", queue, `{"Application-Name":"play","Media-Name":"m"}`, "1s hangup"}, becomes: `
			0.0 A CHANNEL_ANSWER
			0.0 A hears tts Press one for sales now, two for all others..
			1.0 A done tts NONE
			1.0 A CHANNEL_DESTROY NORMAL_CLEARING sip:200
			1.0 A heard tts: hangup`},
		"a queued hangup waits for its turn, one for now does not": {
			does: []string{"answer", queue, `{"Application-Name":"hangup"}`}, becomes: `
			0.0 A CHANNEL_ANSWER
			0.0 A hears tts Press one for sales now, two for all others..
			3.0 A heard tts: done
			3.0 A done tts NONE
			3.0 A done noop N1
			3.0 A CHANNEL_DESTROY NORMAL_CLEARING sip:200`,
		},
		"hangup for now": {does: []string{"answer", queue, `1s {"Application-Name":"hangup","Insert-At":"now"}`}, becomes: `
			0.0 A CHANNEL_ANSWER
			0.0 A hears tts Press one for sales now, two for all others..
			1.0 A done tts NONE
			1.0 A CHANNEL_DESTROY NORMAL_CLEARING sip:200
			1.0 A heard tts: hangup`},
		"a hangup before the answer": {does: []string{`{"Application-Name":"hangup","Insert-At":"now"}`}, becomes: `
			0.0 A CHANNEL_DESTROY NORMAL_CLEARING sip:480`},
		"a hangup for a reason": {does: []string{`{"Application-Name":"hangup","Hangup-Cause":"USER_BUSY"}`}, becomes: `
			0.0 A CHANNEL_DESTROY USER_BUSY sip:486`},
		"a record ends by its key": {
			does: []string{"answer", `{"Application-Name":"record","Media-Name":"m.mp3","Time-Limit":60,"Silence-Hits":5,"Terminators":["#","*"]}`, "speak 20s", "4s press 1#"},
			becomes: `
			0.0 A CHANNEL_ANSWER
			0.0 A RECORD_START
			4.0 A DTMF 1
			4.3 A DTMF #
			4.3 A RECORD_STOP 4333 ms key "#" silent false
			4.3 A done record NONE`,
		},
		"by silence after what was said": {
			does: []string{"answer", `{"Application-Name":"record","Media-Name":"m.mp3","Time-Limit":60,"Silence-Hits":5,"Terminators":[]}`, "1s speak 2s", "6s speak 1500ms"},
			becomes: `
			0.0 A CHANNEL_ANSWER
			0.0 A RECORD_START
			12.5 A RECORD_STOP 12500 ms key "" silent true
			12.5 A done record NONE`,
		},
		"by silence from the beginning": {does: []string{"answer", `{"Application-Name":"record","Media-Name":"m.mp3","Silence-Hits":5}`}, becomes: `
			0.0 A CHANNEL_ANSWER
			0.0 A RECORD_START
			5.0 A RECORD_STOP 5000 ms key "" silent true
			5.0 A done record NONE`},
		"by its length": {does: []string{"answer", "speak 1h", `{"Application-Name":"record","Media-Name":"m.mp3","Time-Limit":"10"}`}, becomes: `
			0.0 A CHANNEL_ANSWER
			0.0 A RECORD_START
			10.0 A RECORD_STOP 10000 ms key "" silent false
			10.0 A done record NONE`},
		"by the caller's end": {does: []string{"answer", `{"Application-Name":"record","Media-Name":"m.mp3","Time-Limit":60}`, "speak 9s", "3s hangup"}, becomes: `
			0.0 A CHANNEL_ANSWER
			0.0 A RECORD_START
			3.0 A RECORD_STOP 3000 ms key "" silent false
			3.0 A done record NONE
			3.0 A CHANNEL_DESTROY NORMAL_CLEARING sip:200`},
		"a call is recorded beside what is heard": {
			does: []string{
				"answer", queue, `1s {"Application-Name":"record_call","Record-Action":"start","Media-Name":"c.mp3","Time-Limit":"14400000","Insert-At":"now"}`,
				`2s {"Application-Name":"record_call","Record-Action":"stop","Insert-At":"now"}`,
			},
			becomes: `
			0.0 A CHANNEL_ANSWER
			0.0 A hears tts Press one for sales now, two for all others..
			1.0 A RECORD_START
			1.0 A done record_call NONE
			2.0 A RECORD_STOP 1000 ms key "" silent false
			2.0 A done record_call NONE
			3.0 A heard tts: done
			3.0 A done tts NONE
			3.0 A done noop N1`,
		},
		"a rejection, as Reject says it": {
			does: []string{`{"Application-Name":"queue","Commands":[{"Application-Name":"noop","Msg-ID":"N"},{"Application-Name":"respond","Response-Code":"486","Msg-ID":"N"}]}`},
			becomes: `
			0.0 A CHANNEL_DESTROY USER_BUSY sip:486`,
		},
		"a rejection with a prompt": {
			does: []string{`{"Application-Name":"queue","Commands":[{"Application-Name":"noop","Msg-ID":"N"},{"Application-Name":"respond","Response-Code":503},
				{"Application-Name":"play","Media-Name":"sorry"},{"Application-Name":"progress"}]}`},
			becomes: `
			0.0 A CHANNEL_PROGRESS_MEDIA
			0.0 A done progress NONE
			0.0 A hears play sorry
			3.0 A heard play: done
			3.0 A done play FILE PLAYED
			3.0 A CHANNEL_DESTROY NORMAL_TEMPORARY_FAILURE sip:503`,
		},
	}
}

func TestACallTakesItsCourse(t *testing.T) {
	t.Parallel()
	all := courses()
	maps.Copy(all, diallings())
	for what, c := range all {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, !c.untimed)
			if c.rings != nil {
				d.rings = func(leg *pbx.Channel) { c.rings(d, leg) }
			}
			for _, does := range c.does {
				first, rest, _ := strings.Cut(does, " ")
				after, err := time.ParseDuration(first)
				if err != nil {
					rest = does
				}
				d.at(after, rest)
			}
			d.plays(t)
			want := []string{}
			for line := range strings.Lines(strings.TrimSpace(c.becomes)) {
				want = append(want, strings.TrimSpace(line))
			}
			d.Expect(d.log).To(Equal(want))
		})
	}
}
