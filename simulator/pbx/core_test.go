package pbx_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"pgregory.net/rapid"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// stage is a core whose events are kept.
type stage struct {
	*pbx.Core

	line   *timeline.Timeline
	events []jobj.Object // as they are on the wire
}

func newStage(t rapid.TB, seed string) *stage {
	t.Helper()
	st := &stage{line: timeline.New(timeline.Config{Start: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), Wall: clock.System()})}
	sw := pbx.New(pbx.Config{Clock: st.line, IDs: ids.Seeded(seed)})
	st.Core = pbx.NewCore(sw, st.line, func(e pbx.Event) {
		if unknown := e.Unknown(); len(unknown) > 0 {
			t.Errorf("%s: fields that never reach the wire: %v", e.Name(), unknown)
		}
		m, err := e.Message()
		if err != nil {
			t.Fatal(err)
		}
		body, err := jobj.ParseObject(m.Body)
		if err != nil {
			t.Fatal(err)
		}
		st.events = append(st.events, body)
	})
	return st
}

// tb is a test, or one case of a property.
type tb interface {
	rapid.TB
	Context() context.Context
}

// pass lets time pass.
func (st *stage) pass(t tb, d time.Duration) {
	t.Helper()
	st.line.After(d, func() {})
	if err := st.line.Run(t.Context(), false); err != nil {
		t.Fatal(err)
	}
}

// told is the events' names with whose they are.
func (st *stage) told(names map[string]string) []string {
	var told []string
	for _, e := range st.events {
		told = append(told, names[e.String("Call-ID")]+" "+e.String("Event-Name"))
	}
	return told
}

func acme() pbx.Account {
	return pbx.Account{ID: account, Realm: "acme.sip.example.com", ResellerID: reseller}
}

func desk(n int) pbx.Device {
	return pbx.Device{
		ID: fmt.Sprintf("5e1f0e2d3c4b5a69788796a5b4c3d2e%d", n), Username: fmt.Sprintf("user_desk%d", n),
		OwnerID: "9c0a1b2c3d4e5f60718293a4b5c6d7e8", Name: "Dana Desk", Extension: fmt.Sprintf("100%d", n),
	}
}

func must(t rapid.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The sequence of a call that two telephones ring for, step by step.
func TestACallFromTheTelephoneNetworkRingsTwoTelephones(t *testing.T) {
	g := NewWithT(t)
	st := newStage(t, "fork")
	a, err := st.FromCarrier(acme(), pbx.Party{Name: "PAT EXAMPLE", Number: "+12125550199"}, "+14155550100", "7d1f@203.0.113.20")
	must(t, err)
	st.pass(t, 100*time.Millisecond)
	must(t, a.Route("callflow", "1f2e3d4c5b6a798897a6b5c4d3e2f10f"))
	winner, err := a.Dial(desk(1))
	must(t, err)
	loser, err := a.Dial(desk(2))
	must(t, err)
	st.pass(t, 400*time.Millisecond)
	must(t, winner.Progress(false))
	must(t, loser.Progress(true))
	st.pass(t, 7*time.Second)
	must(t, winner.Answer())
	must(t, a.Answer())
	must(t, a.Bridge(winner))
	must(t, loser.Hangup("LOSE_RACE"))
	st.pass(t, 33500*time.Millisecond)
	must(t, a.Hangup("NORMAL_CLEARING"))
	must(t, winner.Hangup("NORMAL_CLEARING"))
	g.Expect(st.Channels()).To(BeZero())

	names := map[string]string{a.CallID(): "A", winner.CallID(): "B1", loser.CallID(): "B2"}
	g.Expect(st.told(names)).To(Equal([]string{
		"A CHANNEL_CREATE", "A route_req", "A usurp_control", "B1 CHANNEL_CREATE", "B2 CHANNEL_CREATE",
		"B1 CHANNEL_PROGRESS", "B2 CHANNEL_PROGRESS_MEDIA", "B1 CHANNEL_ANSWER", "A CHANNEL_ANSWER", "A CHANNEL_BRIDGE",
		"B2 CHANNEL_DESTROY", "B2 report", "A CHANNEL_UNBRIDGE", "A CHANNEL_DESTROY", "A report", "B1 CHANNEL_DESTROY", "B1 report",
	}))
	bridge, end := st.events[9], st.events[13]
	g.Expect(bridge.String("Bridge-B-Unique-ID")).To(Equal(winner.CallID()))
	g.Expect(bridge.Has("Request")).To(BeFalse(), "nor To, nor From")
	g.Expect(bridge.String("Callee-ID-Name")).To(Equal("Dana Desk"))
	g.Expect(end.Int("Duration-Seconds")).To(BeEquivalentTo(41))
	g.Expect(end.Int("Billing-Seconds")).To(BeEquivalentTo(34), "rounded up")
	g.Expect(end.String("Custom-Channel-Vars", "Account-Billing")).To(Equal("limits_enforced"))
	lost := st.events[10]
	g.Expect(lost.String("Hangup-Code")).To(Equal("sip:487"))
	g.Expect(lost.Int("Billing-Seconds")).To(BeZero())
	for _, e := range st.events {
		if e.String("Event-Category") == kapi.CategoryCallEvent && e.String("Event-Name") != "usurp_control" {
			g.Expect(e.String("Custom-Channel-Vars", "Call-Interaction-ID")).To(Equal(bridge.String("Custom-Channel-Vars", "Call-Interaction-ID")))
		}
	}
	checkLegs(t, st.events)
}

func TestWhatAChannelCannotDoIsSaid(t *testing.T) {
	g := NewWithT(t)
	st := newStage(t, "states")
	a, err := st.FromDevice(acme(), desk(1), "1002", "c1")
	must(t, err)
	_, err = st.FromDevice(acme(), desk(1), "1002", "c1")
	g.Expect(err).To(MatchError("the Call-ID is that of another call"))
	g.Expect(a.Hold()).To(MatchError("cannot hold call c1: it is ringing"))
	g.Expect(a.Unhold()).To(MatchError("cannot unhold call c1: it is not on hold"))
	g.Expect(a.Unbridge()).To(MatchError("cannot unbridge call c1: it is not bridged"))
	b, err := a.DialNumber("+12125550188")
	must(t, err)
	g.Expect(a.Bridge(b)).To(MatchError("cannot bridge call c1: it is ringing"))
	must(t, a.Answer())
	g.Expect(a.Answer()).To(MatchError("cannot answer call c1: it is answered"))
	must(t, a.Hangup("NORMAL_CLEARING"))
	g.Expect(a.Hangup("NORMAL_CLEARING")).To(MatchError("cannot hang up call c1: it is over"))
	g.Expect(b.Progress(false)).To(Succeed(), "whoever placed it has to end it")
}

// checkLegs holds what is true of the events of any call (amqp.md 22).
func checkLegs(t rapid.TB, events []jobj.Object) {
	t.Helper()
	type record struct {
		seen         []string
		at           int64
		created      string
		vars         jobj.Object
		answered, up bool
		bridged      bool
		reported     bool
	}
	legs := map[string]*record{}
	for _, e := range events {
		name, id := e.String("Event-Name"), e.String("Call-ID")
		if name == "route_req" || name == "usurp_control" {
			continue
		}
		r := legs[id]
		if name == "report" {
			if r == nil || r.up || r.reported {
				t.Fatalf("%s: a record after %v", id, r.seen)
			}
			r.reported = true
			continue
		}
		switch {
		case r == nil && name != kapi.ChannelCreate:
			t.Fatalf("%s begins with %s", id, name)
		case r == nil:
			r = &record{up: true, created: e.String("Channel-Created-Time")}
			legs[id] = r
		case name == kapi.ChannelCreate || !r.up:
			t.Fatalf("%s: %s after %v", id, name, r.seen)
		}
		r.seen = append(r.seen, name)
		var at, created int64
		_, _ = fmt.Sscan(e.String("Msg-ID"), &at)
		_, _ = fmt.Sscan(r.created, &created)
		if at <= r.at || at < created || e.String("Channel-Created-Time") != r.created {
			t.Fatalf("%s: %s at %d after %d, created %d", id, name, at, r.at, created)
		}
		r.at = at
		if want := int64(math.Ceil(float64(at)/1e6)) + 62167219200; e.Int("Timestamp") != want {
			t.Fatalf("%s: Timestamp %d, want %d", name, e.Int("Timestamp"), want)
		}
		vars := e.Object("Custom-Channel-Vars")
		for _, m := range r.vars {
			if !vars.Has(m.Key) {
				t.Fatalf("%s: %s has lost %s", id, name, m.Key)
			}
		}
		r.vars = vars
		if vars.String("Account-ID") != account || e.String("Presence-ID") != vars.String("Presence-ID") && name != "DTMF" {
			t.Fatalf("%s: %s has the variables %s", id, name, jobj.Append(nil, vars))
		}
		switch name {
		case kapi.ChannelAnswer:
			if r.answered {
				t.Fatalf("%s answered twice", id)
			}
			r.answered = true
		case kapi.ChannelBridge:
			b := legs[e.String("Bridge-B-Unique-ID")]
			if b == nil || !b.up || !b.answered || !r.answered || r.bridged || e.String("Other-Leg-Call-ID") != e.String("Bridge-B-Unique-ID") {
				t.Fatalf("%s: no such bridge %s", id, jobj.Append(nil, e))
			}
			r.bridged = true
		case kapi.ChannelUnbridge:
			if !r.bridged {
				t.Fatalf("%s: unbridged without a bridge", id)
			}
			r.bridged = false
		case kapi.ChannelDestroy:
			r.up = false
			duration, billed, rang := e.Int("Duration-Seconds"), e.Int("Billing-Seconds"), e.Int("Ringing-Seconds")
			if r.bridged || billed > duration+1 || rang > duration || !r.answered && billed != 0 || e.String("Hangup-Cause") == "" {
				t.Fatalf("%s: ends as %s", id, jobj.Append(nil, e))
			}
		}
	}
}

// Whatever is done to calls in whatever order, their events make sense.
func TestEventsMakeSenseWhateverIsDone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st := newStage(t, rapid.String().Draw(t, "seed"))
		var all []*pbx.Channel
		any2 := func(name string) *pbx.Channel { return rapid.SampledFrom(all).Draw(t, name) }
		begin := func(t *rapid.T) {
			ch, err := st.FromCarrier(acme(), pbx.Party{Number: "+12125550199"}, "+14155550100", "")
			must(t, err)
			all = append(all, ch)
		}
		begin(t)
		placed := func(ch *pbx.Channel, err error) {
			if err == nil {
				all = append(all, ch)
			}
		}
		causes := []string{"NORMAL_CLEARING", "USER_BUSY", "LOSE_RACE", "ATTENDED_TRANSFER"}
		t.Repeat(map[string]func(*rapid.T){
			"begin":  begin,
			"device": func(_ *rapid.T) { placed(st.FromDevice(acme(), desk(1), "1002", "")) },
			"pass":   func(t *rapid.T) { st.pass(t, time.Duration(rapid.IntRange(0, 1e10).Draw(t, "ns"))) },
			"route":  func(_ *rapid.T) { _ = any2("which").Route("callflow", "") },
			"dial":   func(_ *rapid.T) { placed(any2("which").Dial(desk(2))) },
			"number": func(_ *rapid.T) { placed(any2("which").DialNumber("+12125550188")) },
			"ring":   func(t *rapid.T) { _ = any2("which").Progress(rapid.Bool().Draw(t, "early")) },
			"answer": func(_ *rapid.T) { _ = any2("which").Answer() },
			"bridge": func(_ *rapid.T) {
				if a, b := any2("a"), any2("b"); a != b {
					_ = a.Bridge(b)
				}
			},
			"unbridge": func(_ *rapid.T) { _ = any2("which").Unbridge() },
			"hold":     func(_ *rapid.T) { _ = any2("which").Hold() },
			"unhold":   func(_ *rapid.T) { _ = any2("which").Unhold() },
			"press":    func(_ *rapid.T) { _ = any2("which").Press("5", 250*time.Millisecond) },
			"hangup":   func(t *rapid.T) { _ = any2("which").Hangup(rapid.SampledFrom(causes).Draw(t, "cause")) },
		})
		checkLegs(t, st.events)
		for _, ch := range all {
			if !ch.Gone() {
				must(t, ch.Hangup("NORMAL_CLEARING"))
			}
		}
		checkLegs(t, st.events)
		ends := slices.DeleteFunc(st.told(nil), func(told string) bool { return !strings.HasSuffix(told, kapi.ChannelDestroy) })
		if len(ends) != len(all) || st.Channels() != 0 {
			t.Fatalf("%d of %d channels ended, %d are left", len(ends), len(all), st.Channels())
		}
	})
}
