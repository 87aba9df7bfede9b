package control_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// order is something that a leg of a call is told to do: by REST's POST, which makes an action of
// it, or by its PUT, which makes a flow.
type order struct {
	what   string
	leg    string // A, who called, or B, the telephone 1001 that answered
	module string
	data   string // JSON, in which a name in brackets is that of a thing of the rig
	before func(r *rig)
	// follows is what is told, in its order: whose it is, and what. Legs that come are C, D, E.
	follows string
	refused string // or what the log says of why not
}

// posted are the actions of POST /channels/{id} (cb_channels), those of its forks included.
func posted() []order {
	return []order{
		{
			what: "transfer", leg: "B", module: "transfer", data: `{"target":"1002","transfer-type":"blind"}`,
			follows: `B CHANNEL_TRANSFEROR, A CHANNEL_TRANSFEREE, A CHANNEL_UNBRIDGE, B CHANNEL_DESTROY, A route_req, A usurp_control, C CHANNEL_CREATE,
				C CHANNEL_PROGRESS, C CHANNEL_ANSWER, A CHANNEL_BRIDGE`,
		},
		{
			what: "transfer, attended", leg: "B", module: "transfer", data: `{"target":"1002","transfer-type":"attended"}`,
			follows: `B CHANNEL_HOLD, C CHANNEL_CREATE, C route_req, C usurp_control, D CHANNEL_CREATE, D CHANNEL_PROGRESS, D CHANNEL_ANSWER,
				C CHANNEL_ANSWER, C CHANNEL_BRIDGE, A CHANNEL_TRANSFEREE by konami, B CHANNEL_TRANSFEROR, A CHANNEL_TRANSFEREE,
				C CHANNEL_REPLACED by A, A CHANNEL_UNBRIDGE, C CHANNEL_UNBRIDGE, A CHANNEL_BRIDGE, B CHANNEL_DESTROY, C CHANNEL_DESTROY`,
		},
		{
			what: "transfer, attended, where nobody answers", leg: "B", module: "transfer", data: `{"target":"1002","transfer-type":"attended"}`,
			before: func(r *rig) { r.answers = false },
			follows: `B CHANNEL_HOLD, C CHANNEL_CREATE, C route_req, C usurp_control, D CHANNEL_CREATE, D CHANNEL_PROGRESS, C CHANNEL_DESTROY,
				D CHANNEL_DESTROY, B CHANNEL_UNHOLD`,
			refused: "nobody answered",
		},
		{what: "transfer to nobody", leg: "B", module: "transfer", data: `{"target":"9"}`, refused: "nobody has the number 9"},
		{what: "hangup", leg: "B", module: "hangup", data: `{}`, follows: `A CHANNEL_UNBRIDGE, B CHANNEL_DESTROY, A CHANNEL_DESTROY`},
		{what: "break", leg: "A", module: "break", data: `{}`, follows: `A CHANNEL_EXECUTE_COMPLETE of break`},
		{
			what: "callflow", leg: "A", module: "callflow", data: `{"captures":["1002"]}`,
			follows: `A CHANNEL_UNBRIDGE, B CHANNEL_DESTROY, C CHANNEL_CREATE, C CHANNEL_PROGRESS, C CHANNEL_ANSWER, A CHANNEL_BRIDGE`,
		},
		{what: "callflow of an id", leg: "A", module: "callflow", data: `{"id":"0123456789abcdef0123456789abcdef"}`, refused: "nobody has the number"},
		{
			what: "intercept", leg: "A", module: "intercept", data: `{"target_type":"device","target_id":"[device 1002]"}`,
			follows: `C CHANNEL_CREATE, C CHANNEL_PROGRESS, C CHANNEL_ANSWER, A CHANNEL_UNBRIDGE, A CHANNEL_INTERCEPTED by C, C CHANNEL_BRIDGE,
				B CHANNEL_DESTROY`,
		},
		{
			what: "intercept what is bridged", leg: "A", module: "intercept", refused: "unbridged_only",
			data: `{"target_type":"device","target_id":"[device 1002]","unbridged_only":true}`,
		},
		{what: "intercept for nobody", leg: "A", module: "intercept", data: `{"target_type":"user","target_id":"x"}`, refused: "no other telephone"},
		{
			what: "intercept where nobody answers", leg: "A", module: "intercept", data: `{"target_type":"user","target_id":"[owner of 1002]"}`,
			before:  func(r *rig) { r.answers = false },
			follows: `C CHANNEL_CREATE, C CHANNEL_PROGRESS, C CHANNEL_DESTROY`, refused: "nobody answered",
		},
		{
			what: "move", leg: "B", module: "move", data: `{"auto_answer":false,"can_call_self":true,"dial_strategy":"simultaneous"}`,
			follows: `C CHANNEL_CREATE, C CHANNEL_PROGRESS, C CHANNEL_ANSWER, B CHANNEL_REPLACED by C, A CHANNEL_UNBRIDGE, A CHANNEL_BRIDGE,
				B CHANNEL_DESTROY`,
		},
		{what: "move to nobody", leg: "A", module: "move", data: `{}`, refused: "no other telephone"},
		{
			what: "start_record", leg: "B", module: "record_call", data: `{"action":"start","record_on_bridge":"false","record_on_answer":"false"}`,
			follows: `B RECORD_START of record`,
		},
		{what: "stop_record", leg: "B", module: "record_call", data: `{"action":"stop"}`, before: recording, follows: `B RECORD_STOP of record`},
		{what: "stop_record of none", leg: "B", module: "record_call", data: `{"action":"stop"}`, refused: "not recorded"},
	}
}

// flows are the modules of PUT /channels/{id} that have a schema (konami, and what Kazoo sells beside
// it), and the actions of kapi_metaflow.
func flows() []order {
	all := slices.DeleteFunc(posted(), func(o order) bool { return strings.Contains(o.what, "_record") })
	for i := range all {
		all[i].what += ", as a flow"
	}
	return append(all, []order{
		{leg: "B", module: "hold", data: `{}`, follows: `B CHANNEL_HOLD`},
		{leg: "B", module: "resume", data: `{}`, before: held, follows: `B CHANNEL_UNHOLD`},
		{leg: "B", module: "hold_control", data: `{"action":"toggle"}`, follows: `B CHANNEL_HOLD`},
		{leg: "B", module: "hold_control", data: `{"action":"toggle"}`, before: held, follows: `B CHANNEL_UNHOLD`},
		{leg: "B", module: "hold_control", data: `{"action":"unhold"}`, refused: "not on hold"},
		{leg: "B", module: "play", data: `{"id":"m","leg":"both"}`, follows: `B CHANNEL_EXECUTE_COMPLETE of play`},
		{leg: "B", module: "say", data: `{"text":"12"}`, follows: `B CHANNEL_EXECUTE_COMPLETE of say`},
		{leg: "B", module: "tts", data: `{"text":"hi"}`, follows: `B CHANNEL_EXECUTE_COMPLETE of tts`},
		{leg: "B", module: "audio_level", data: `{"action":"start","level":2}`, follows: `B CHANNEL_EXECUTE_COMPLETE of audio_level`},
		{leg: "B", module: "sound_touch", data: `{"pitch":2}`, follows: `B CHANNEL_EXECUTE_COMPLETE of sound_touch`},
		{leg: "B", module: "record_call", data: `{"action":"toggle"}`, follows: `B RECORD_START of record`},
		{leg: "B", module: "record_call", data: `{"action":"mask"}`, before: recording, follows: ``},
		{leg: "B", module: "record_call", data: `{"action":"unmask"}`, refused: "not recorded"},
		{
			leg: "B", module: "park", data: `{"slot":"101"}`,
			follows: `B CHANNEL_TRANSFEROR, A CHANNEL_TRANSFEREE, A CHANNEL_UNBRIDGE, B CHANNEL_DESTROY, A route_req, A usurp_control, doc_created parked_call,
				A PARK_PARKED`,
		},
		{
			leg: "B", module: "unpark", data: `{"slot":"102"}`, before: parked,
			follows: `C CHANNEL_CREATE, C route_req, C usurp_control, D usurp_control, C CHANNEL_ANSWER, D CHANNEL_INTERCEPTED by C, C CHANNEL_BRIDGE, D PARK_RETRIEVED,
				doc_edited parked_call, C PARK_RETRIEVED`,
		},
		{leg: "B", module: "unpark", data: `{"slot":"103"}`, refused: "no call waits in slot 103"},
		{leg: "A", module: "unpark", data: `{"slot":"103"}`, refused: "no telephone's of the account"},
		{leg: "B", module: "pivot", data: `{"voice_url":"http://127.0.0.1/"}`, refused: "no module"},
		{leg: "B", module: "relate", data: `{"participant_id":1,"other_participant":2,"conference_id":"c"}`, refused: "no module"},
	}...)
}

func recording(r *rig) { r.Expect(r.board.StartRecording(r.b, "call.mp3")).To(Succeed()) }
func held(r *rig)      { r.Expect(r.b.Hold()).To(Succeed()) }

// parked puts another call into a slot.
func parked(r *rig) {
	waits, err := r.core.FromCarrier(r.office.Account, pbx.Party{Number: "+12125550166"}, "+14155550100", "d@203.0.113.20")
	r.Expect(err).NotTo(HaveOccurred())
	r.Expect(waits.Route("callflow", "")).To(Succeed())
	by, err := waits.Dial(r.office.Devices[1])
	r.Expect(err).NotTo(HaveOccurred())
	r.Expect(by.Answer()).To(Succeed())
	r.Expect(waits.Answer()).To(Succeed())
	r.Expect(waits.Bridge(by)).To(Succeed())
	done := make(chan error, 1)
	r.board.Park(by, "102", func(err error) { done <- err })
	r.ready = done
}

// drain forgets what has been told.
func (r *rig) drain() {
	for {
		select {
		case <-r.events:
		default:
			return
		}
	}
}

// listens names what is told next, until it is told.
type listens struct {
	*rig

	legs map[string]string
}

func (l *listens) leg(callID string) string {
	if l.legs[callID] == "" {
		l.legs[callID] = string(rune('A' + len(l.legs)))
	}
	return l.legs[callID]
}

func (l *listens) next() string {
	l.Helper()
	for {
		select {
		case e := <-l.events:
			name := e.String("Event-Name")
			switch {
			case name == "dialog_update", name == "report": // a record follows each end
				continue
			case name == "event":
				return e.String("Event")
			case strings.HasPrefix(name, "doc_"):
				return name + " " + e.String("Type")
			}
			told := l.leg(e.String("Call-ID")) + " " + name
			for _, field := range []string{"Replaced-By", "Intercepted-By"} {
				if by := e.String(field); by != "" {
					told += " by " + l.leg(by)
				}
			}
			switch app := e.String("Application-Name"); {
			case e.Has("Target-Call-ID"):
				told += " by konami"
			case app != "" && !strings.Contains(app, "::"):
				told += " of " + app
			}
			if e.String("Application-Name") == "bridge" {
				told += ": " + e.String("Application-Response")
			}
			return told
		case <-clock.System().After(20 * time.Second):
			l.Fatal("nothing is told")
		}
	}
}

// gives sends an order, as an action or as a flow.
func (r *rig) gives(o order, asFlow bool) {
	r.Helper()
	call := r.b.CallID()
	if o.leg == "A" {
		call = r.a.CallID()
	}
	text := strings.NewReplacer("[device 1002]", r.office.Devices[1].ID, "[owner of 1002]", r.office.Devices[1].OwnerID).Replace(o.data)
	data, err := jobj.ParseObject([]byte(text))
	r.Expect(err).NotTo(HaveOccurred())
	if asFlow {
		r.send(kapi.MetaflowFlow(), jobj.Object{
			{Key: "Call-ID", Value: call}, {Key: "Flow", Value: jobj.Object{{Key: "module", Value: o.module}, {Key: "data", Value: data}}},
		})
		return
	}
	r.send(kapi.MetaflowAction(), jobj.Object{{Key: "Call-ID", Value: call}, {Key: "Action", Value: o.module}, {Key: "Data", Value: data}})
}

// Whatever REST can ask of a call is done, or refused with a reason in the log: nothing is taken in
// silence.
func TestEveryOrderIsObeyedOrRefused(t *testing.T) {
	t.Parallel()
	for form, orders := range map[string][]order{"action": posted(), "flow": flows()} {
		for _, o := range orders {
			name := form + " " + strings.TrimSpace(o.module+" "+o.what+" "+o.data)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				r.do(func() {
					r.answers = true
					if o.before != nil {
						o.before(r)
					}
				})
				if r.ready != nil {
					r.Expect(<-r.ready).To(Succeed())
				}
				r.drain()
				l := &listens{r, map[string]string{r.a.CallID(): "A", r.b.CallID(): "B"}}
				r.gives(o, form == "flow")
				want := strings.FieldsFunc(o.follows, func(c rune) bool { return c == ',' })
				told := []string{}
				for i := range want {
					want[i] = strings.Join(strings.Fields(want[i]), " ")
					told = append(told, l.next())
				}
				r.Expect(told).To(Equal(want))
				if o.refused != "" {
					r.Eventually(r.log, 20*time.Second).Should(Receive(ContainSubstring(o.refused)))
				}
				if o.follows == "" { // and nothing more: the next is of what is asked next
					r.gives(order{leg: "A", module: "say", data: "{}"}, form == "flow")
					r.Expect(l.next()).To(Equal("A CHANNEL_EXECUTE_COMPLETE of say"))
				}
			})
		}
	}
}

// The lists are whole: each action that REST and kapi_metaflow know, and each module that has a
// schema in Kazoo.
func TestNoOrderIsLeftOut(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	rule := kapi.MetaflowAction().Rules[0]
	known := strings.Fields(`audio_level break callflow hangup hold hold_control intercept move pivot play record_call relate resume say
		sound_touch transfer tts`)
	for _, module := range slices.Concat(rule.OneOf, known) {
		g.Expect(slices.ContainsFunc(flows(), func(o order) bool { return o.module == module })).To(BeTrue(), module)
	}
	for action := range strings.FieldsSeq("transfer hangup break callflow intercept move start_record stop_record") {
		g.Expect(slices.ContainsFunc(posted(), func(o order) bool { return o.what == action })).To(BeTrue(), action)
	}
}

func TestAFlowGoesOnWithItsChild(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	flow, err := jobj.ParseObject([]byte(`{"module":"play","data":{},"children":{"_":{"module":"hold","data":{},
		"children":{"_":{"module":"resume","data":{},"children":{"_":{"module":"callflow","data":{"captures":["1002"]},
		"children":{"_":{"module":"hangup","data":{}}}}}}}}}}`))
	r.Expect(err).NotTo(HaveOccurred())
	l := &listens{r, map[string]string{r.a.CallID(): "A", r.b.CallID(): "B"}}
	r.send(kapi.MetaflowFlow(), jobj.Object{{Key: "Call-ID", Value: r.a.CallID()}, {Key: "Flow", Value: flow}})
	var told []string
	for range 7 {
		told = append(told, l.next())
	}
	r.Expect(told).To(Equal([]string{
		"A CHANNEL_EXECUTE_COMPLETE of play", "A CHANNEL_HOLD", "A CHANNEL_UNHOLD", "A CHANNEL_UNBRIDGE", "B CHANNEL_DESTROY",
		"C CHANNEL_CREATE", "C CHANNEL_PROGRESS",
	}), "a callflow ends it: nobody hangs up")
}
