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
	d.log = append(d.log, strings.TrimSpace(at+fmt.Sprintf(format, what...)))
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
		d.note("%s LEG_CREATED (%s)", d.leg(f.String("Call-ID")), d.leg(f.String("Other-Leg-Call-ID")))
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
