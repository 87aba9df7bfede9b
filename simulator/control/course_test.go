package control_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/control"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// desk is a switch without a broker, whose time passes as fast as it can, and one call that
// somebody commands.
type desk struct {
	*WithT

	line    *timeline.Timeline
	core    *pbx.Core
	board   *switchboard.Board
	control *control.Control
	a       *pbx.Channel
	began   time.Time
	legs    map[string]string
	timed   bool
	log     []string
	rings   func(leg *pbx.Channel)
	stores  []control.Upload
}

// Write takes a line of the switch's log.
func (d *desk) Write(line []byte) (int, error) { return len(line), nil }

const caller = "a@203.0.113.20"

func newDesk(t *testing.T, timed bool) *desk {
	t.Helper()
	d := &desk{WithT: NewWithT(t), timed: timed, legs: map[string]string{caller: "A"}}
	d.line = timeline.New(timeline.Config{Start: time.Date(2024, 3, 12, 14, 0, 0, 0, time.UTC), Wall: clock.System()})
	random := ids.Seeded("desk")
	d.core = pbx.NewCore(pbx.New(pbx.Config{Clock: d.line, IDs: random}), d.line, d.event)
	acme := office.Office{Account: pbx.Account{ID: "a1b2c3d4e5f60718293a4b5c6d7e8f90", Realm: "acme.sip.example.com"}, Numbers: []string{"+14155550100"}}
	for _, extension := range []string{"1001", "1002"} {
		acme.Devices = append(acme.Devices, pbx.Device{ID: "device" + extension, OwnerID: "user" + extension, Username: "u" + extension, Extension: extension})
	}
	d.board = switchboard.New(switchboard.Config{
		Core: d.core, Line: d.line, IDs: random, Offices: []office.Office{acme}, Heard: d.heard,
		Fail: func(err error) { t.Error(err) },
		Rings: func(leg *pbx.Channel) {
			if d.rings != nil {
				d.rings(leg)
			}
		},
	})
	d.control = control.New(t.Context(), control.Config{
		Core: d.core, Board: d.board, Line: d.line, Offices: []office.Office{acme}, IDs: random, Node: "ecallmgr@test",
		Send: d.sent, Log: slog.New(slog.NewTextHandler(d, nil)), Led: func(string) bool { return true },
		Length: func(media string) (time.Duration, bool) { return 7 * time.Second, media == "known" },
		Store: func(u control.Upload, then func(error)) {
			d.stores = append(d.stores, u)
			d.line.After(time.Second, func() { then(nil) })
		},
	})
	var err error
	d.a, err = d.core.FromCarrier(acme.Account, pbx.Party{Name: "Ann", Number: "+12125550199"}, "+14155550100", caller)
	d.Expect(err).NotTo(HaveOccurred())
	d.Expect(d.a.Route("callflow", "")).To(Succeed())
	d.began, d.log = d.line.Now(), nil
	return d
}

func (d *desk) note(format string, what ...any) {
	at := ""
	if d.timed {
		at = fmt.Sprintf("%.1f ", d.line.Now().Sub(d.began).Seconds())
	}
	d.log = append(d.log, at+fmt.Sprintf(format, what...))
}

func (d *desk) event(e pbx.Event) {
	f := e.Fields()
	switch name := e.Name(); name {
	case "dialog_update", "report", "route_req", "usurp_control":
	case "event":
		d.note("%s", f.String("Event"))
	case "CHANNEL_EXECUTE_COMPLETE":
		d.note("%s done %s %s", d.leg(f.String("Call-ID")), f.String("Application-Name"), f.String("Application-Response"))
	case "RECORD_STOP":
		length, _ := f.Get("Length")
		silent, _ := f.Get("Silence-Terminated")
		d.note("%s RECORD_STOP %v ms key %q silent %v", d.leg(f.String("Call-ID")), length, f.String("Terminator"), silent)
	case "DTMF":
		d.note("%s DTMF %s", d.leg(f.String("Call-ID")), f.String("DTMF-Digit"))
	case "LEG_CREATED":
		d.note("%s LEG_CREATED %s", d.leg(f.String("Call-ID")), d.leg(f.String("Other-Leg-Call-ID")))
	case "CHANNEL_DESTROY":
		d.note("%s CHANNEL_DESTROY %s %s", d.leg(f.String("Call-ID")), f.String("Hangup-Cause"), f.String("Hangup-Code"))
	default:
		d.note("%s %s", d.leg(f.String("Call-ID")), name)
	}
}

func (d *desk) leg(id string) string {
	if d.legs[id] == "" {
		d.legs[id] = string(rune('A' + len(d.legs)))
	}
	return d.legs[id]
}

func (d *desk) heard(ch *pbx.Channel, s switchboard.Sound) {
	if s.Began {
		d.note("%s hears %s %s", d.leg(ch.CallID()), s.Kind, s.Text+s.Media)
		return
	}
	d.note("%s heard %s: %s%s", d.leg(ch.CallID()), s.Kind, s.Ended, s.Key)
}

func (d *desk) sent(m bus.Message) {
	o, err := jobj.ParseObject(m.Body)
	d.Expect(err).NotTo(HaveOccurred())
	if m.Exchange == kapi.ExchangeTargeted {
		d.note("-> %s %s %s %s", m.Key, o.String("Event-Name"), o.String("Response-Message"), o.String("Response-Code"))
		return
	}
	d.note("refused: %s", o.String("Error-Message"))
}

// says is a message to the switch: an exchange, a key and JSON, or a command's JSON alone.
func (d *desk) says(text string) {
	exchange, key := kapi.ExchangeCallControl, control.CommandQueue
	if head, body, ok := strings.Cut(text, " {"); ok && !strings.HasPrefix(text, "{") {
		exchange, key, _ = strings.Cut(head, " ")
		text = "{" + body
	}
	o, err := jobj.ParseObject([]byte(text))
	d.Expect(err).NotTo(HaveOccurred(), text)
	if !o.Has("Call-ID") {
		o = o.Set("Call-ID", caller)
	}
	d.Expect(d.control.Hear(exchange, key, o)).To(BeTrue(), text)
}

// at is what somebody does some time after the call began: "press 12#", "speak 3s", "hangup",
// or a message.
func (d *desk) at(after time.Duration, does string) {
	d.line.After(after, func() {
		word, rest, _ := strings.Cut(does, " ")
		switch word {
		case "press":
			d.board.Press(d.a, rest, d.board.Excuse)
		case "speak":
			length, err := time.ParseDuration(rest)
			d.Expect(err).NotTo(HaveOccurred())
			d.board.Speak(d.a, length)
		case "hangup":
			d.board.Hangup(d.a, "", nil)
		case "answer":
			d.Expect(d.board.Take(d.a)).To(Succeed())
		default:
			d.says(does)
		}
	})
}

func (d *desk) plays(t *testing.T) {
	t.Helper()
	d.Expect(d.line.Run(t.Context(), false)).To(Succeed())
}

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
			does: []string{"answer", `{"Application-Name":"play","Media-Name":"known","Loop-Count":2}`, `{"Application-Name":"play","Media-Name":"silence_stream://250"}`},
			becomes: `
			0.0 A CHANNEL_ANSWER
			0.0 A hears play known
			14.0 A heard play: done
			14.0 A done play FILE PLAYED
			14.0 A hears play silence_stream://250
			14.2 A heard play: done
			14.2 A done play FILE PLAYED`,
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
		"the carrier's leg is answered": {does: []string{"answer", offer + `"To-DID":"+14155550188"}`}, rings: answers, untimed: true, becomes: `
			A CHANNEL_ANSWER
			B CHANNEL_CREATE
			A LEG_CREATED B
			B CHANNEL_PROGRESS_MEDIA
			B CHANNEL_ANSWER
			A CHANNEL_BRIDGE
			A CHANNEL_UNBRIDGE
			B CHANNEL_DESTROY NORMAL_CLEARING sip:200
			A done bridge NORMAL_CLEARING
			-> q1 offnet_resp SUCCESS sip:200`},
		"the carrier's leg is busy, and the caller stays": {
			does: []string{"answer", offer + `"To-DID":"+14155550188"}`, queue}, rings: refuses, untimed: true, becomes: `
			A CHANNEL_ANSWER
			B CHANNEL_CREATE
			A LEG_CREATED B
			B CHANNEL_PROGRESS_MEDIA
			B CHANNEL_DESTROY USER_BUSY sip:486
			A done bridge USER_BUSY
			-> q1 offnet_resp USER_BUSY sip:486
			A hears tts Press one for sales now, two for all others..
			A heard tts: done
			A done tts NONE
			A done noop N1`,
		},
		"nobody answers at the carrier's": {does: []string{offer + `"To-DID":"+14155550188"}`}, untimed: true, becomes: `
			B CHANNEL_CREATE
			A LEG_CREATED B
			B CHANNEL_PROGRESS_MEDIA
			B CHANNEL_DESTROY NO_ANSWER sip:480
			A done bridge NO_ANSWER
			-> q1 offnet_resp NO_ANSWER sip:480`},
		"the caller gives up while it rings": {does: []string{"answer", offer + `"To-DID":"+14155550188"}`, "3s hangup"}, untimed: true, becomes: `
			A CHANNEL_ANSWER
			B CHANNEL_CREATE
			A LEG_CREATED B
			B CHANNEL_PROGRESS_MEDIA
			A CHANNEL_DESTROY NORMAL_CLEARING sip:200
			B CHANNEL_DESTROY ORIGINATOR_CANCEL sip:487`},
		"there is no way to a number": {does: []string{"answer", offer + `"To-DID":"1001"}`}, becomes: `
			0.0 A CHANNEL_ANSWER
			0.0 -> q1 offnet_resp NO_ROUTE_DESTINATION sip:404`},
		"an endpoint by its id": {
			does: []string{`{"Application-Name":"bridge","Timeout":20,"Endpoints":[{"Invite-Format":"endpoint","Endpoint-ID":"user1002"}]}`}, rings: refuses, untimed: true,
			becomes: `
			B CHANNEL_CREATE
			A LEG_CREATED B
			B CHANNEL_PROGRESS
			B CHANNEL_DESTROY USER_BUSY sip:486
			A done bridge USER_BUSY`,
		},
		"a SIP address": {
			does: []string{`{"Application-Name":"bridge","Timeout":20,"Endpoints":[{"Invite-Format":"route","Route":"sip:bob@example.net","To-DID":"bob"}]}`}, rings: answers, untimed: true,
			becomes: `
			B CHANNEL_CREATE
			A LEG_CREATED B
			B CHANNEL_PROGRESS
			B CHANNEL_ANSWER
			A CHANNEL_ANSWER
			A CHANNEL_BRIDGE
			A CHANNEL_UNBRIDGE
			B CHANNEL_DESTROY NORMAL_CLEARING sip:200
			A done bridge NORMAL_CLEARING`,
		},
		"a conference, and out of it by park": {
			does: []string{
				`conference conference.discovery {"Event-Name":"discovery_req","Conference-ID":"room","Moderator":true,"Call":{"Call-ID":"a@203.0.113.20"},
					"Conference-Doc":{"name":"room","id":"room","moderator":{"join_muted":true}}}`,
				"5s press 1", `9s {"Application-Name":"park","Insert-At":"now"}`, `10s {"Application-Name":"noop","Msg-ID":"N"}`,
			}, untimed: true,
			becomes: `
			A CHANNEL_ANSWER
			conference-create
			add-member
			del-member
			conference-destroy
			A done conference NONE
			A done noop N`,
		},
		"a conference, and out of it by the caller's end": {
			does: []string{
				`conference conference.discovery {"Event-Name":"discovery_req","Conference-ID":"room","Call":{"Call-ID":"a@203.0.113.20"}}`,
				"2s " + queue, "9s hangup",
			}, untimed: true,
			becomes: `
			A CHANNEL_ANSWER
			conference-create
			add-member
			del-member
			conference-destroy
			A done conference NONE
			A CHANNEL_DESTROY NORMAL_CLEARING sip:200`,
		},
	}
}

func TestACallTakesItsCourse(t *testing.T) {
	t.Parallel()
	for what, c := range courses() {
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
