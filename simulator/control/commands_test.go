package control_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// told is a dialplan command to leg A, the caller, and what follows.
type told struct {
	application string
	fields      string // JSON, beside the application's name
	before      func(r *rig)
	follows     string
	refused     string // or what is told of why not, on the bus
}

// ringing is another call, which nobody has answered, in place of A.
func ringing(r *rig) {
	var err error
	r.a, err = r.core.FromCarrier(r.office.Account, pbx.Party{Number: "+12125550177"}, "+14155550100", "r@203.0.113.20")
	r.Expect(err).NotTo(HaveOccurred())
	r.Expect(r.a.Route("callflow", "")).To(Succeed())
}

// alone is one that an application has answered.
func alone(r *rig) {
	ringing(r)
	r.Expect(r.a.Answer()).To(Succeed())
}

// beside is such a call beside one that rings for a telephone, t@203.0.113.20.
func beside(r *rig) {
	alone(r)
	other, err := r.core.FromCarrier(r.office.Account, pbx.Party{Number: "+12125550166"}, "+14155550100", "t@203.0.113.20")
	r.Expect(err).NotTo(HaveOccurred())
	r.Expect(other.Route("callflow", "")).To(Succeed())
	_, err = other.Dial(r.office.Devices[1])
	r.Expect(err).NotTo(HaveOccurred())
}

func somebodyAnswers(r *rig) { alone(r); r.answers = true }
func somebodyIsBusy(r *rig)  { alone(r); r.busy = true }

// commands are those of kapi_dialplan, each at least once.
func commands() []told {
	const telephone = `"Endpoints":[{"Invite-Format":"username","To-Username":"user_1002"}]`
	const complete = `A CHANNEL_EXECUTE_COMPLETE of `
	all := []told{
		{application: "answer", before: ringing, follows: `A CHANNEL_ANSWER, ` + complete + `answer`},
		{application: "answer", follows: complete + `answer`},
		{application: "progress", before: ringing, follows: `A CHANNEL_PROGRESS_MEDIA, ` + complete + `progress`},
		{application: "progress", refused: "progress"},
		{application: "ring", before: ringing, follows: `A CHANNEL_PROGRESS`},
		{application: "hangup", fields: `"Hangup-Cause":"CALL_REJECTED"`, follows: `A CHANNEL_UNBRIDGE, A CHANNEL_DESTROY, B CHANNEL_DESTROY`},
		{application: "hold", follows: `A CHANNEL_HOLD, ` + complete + `hold`},
		{application: "soft_hold", fields: `"Unhold-Key":"1"`, follows: `A CHANNEL_HOLD, ` + complete + `soft_hold`},
		{application: "hold_control", fields: `"Action":"toggle"`, follows: `A CHANNEL_HOLD, ` + complete + `hold_control`},
		{application: "hold", before: ringing, refused: "hold"},
		{application: "set", fields: `"Custom-Channel-Vars":{"X":"1"},"Custom-Call-Vars":{}`},
		{application: "park"},
		{application: "unbridge", follows: `A CHANNEL_UNBRIDGE, ` + complete + `unbridge`},
		{application: "unbridge", before: alone, refused: "unbridge"},
		{
			application: "bridge", fields: telephone, before: somebodyAnswers,
			follows: `C CHANNEL_CREATE, A LEG_CREATED, C CHANNEL_PROGRESS, C CHANNEL_ANSWER, A CHANNEL_BRIDGE`,
		},
		{
			application: "bridge", fields: telephone, before: somebodyIsBusy,
			follows: `C CHANNEL_CREATE, A LEG_CREATED, C CHANNEL_PROGRESS, C CHANNEL_DESTROY, ` + complete + `bridge: USER_BUSY, A CHANNEL_DESTROY`,
		},
		{
			application: "bridge", fields: telephone + `,"Timeout":5`, before: alone,
			follows: `C CHANNEL_CREATE, A LEG_CREATED, C CHANNEL_PROGRESS, C CHANNEL_DESTROY, ` + complete + `bridge: NO_ANSWER, A CHANNEL_DESTROY`,
		},
		{application: "bridge", fields: `"Endpoints":[]`, before: alone, follows: complete + `bridge: USER_NOT_REGISTERED, A CHANNEL_DESTROY`},
		{
			application: "bridge", fields: `"Endpoints":[{"Invite-Format":"username"}]`, before: alone,
			follows: complete + `bridge: USER_NOT_REGISTERED, A CHANNEL_DESTROY`,
		},
		{
			application: "bridge", fields: `"Endpoints":[{"Invite-Format":"e164","Route":"+12125550188"}]`, before: somebodyAnswers,
			follows: `C CHANNEL_CREATE, A LEG_CREATED, C CHANNEL_PROGRESS_MEDIA, C CHANNEL_ANSWER, A CHANNEL_BRIDGE`,
		},
		{
			application: "bridge", fields: `"Endpoints":[{"Invite-Format":"loopback","Route":"1002"}]`, before: somebodyAnswers,
			follows: `C CHANNEL_CREATE, A LEG_CREATED, D CHANNEL_CREATE, D route_req, D usurp_control, E CHANNEL_CREATE, E CHANNEL_PROGRESS, E CHANNEL_ANSWER,
				D CHANNEL_ANSWER, D CHANNEL_BRIDGE, C CHANNEL_ANSWER, A CHANNEL_BRIDGE`,
		},
		{
			application: "bridge", fields: `"Endpoints":[{"Invite-Format":"loopback","Route":"9"}]`, before: alone,
			follows: `C CHANNEL_CREATE, A LEG_CREATED, D CHANNEL_CREATE, D route_req, D usurp_control, D CHANNEL_DESTROY, C CHANNEL_DESTROY, ` +
				complete + `bridge: NO_ROUTE_DESTINATION, A CHANNEL_DESTROY`,
		},
		{
			application: "transfer", fields: `"Transfer-Type":"blind","Transfer-To":"1002"`,
			follows: `A CHANNEL_TRANSFEROR, B CHANNEL_TRANSFEREE, A CHANNEL_UNBRIDGE, A CHANNEL_DESTROY, B route_req, B usurp_control,
				C CHANNEL_CREATE, C CHANNEL_PROGRESS`,
		},
		{application: "transfer", fields: `"Transfer-Type":"blind","Transfer-To":"9"`, refused: "transfer"},
		{
			application: "call_pickup", fields: `"Target-Call-ID":"t@203.0.113.20"`, before: beside,
			follows: `C usurp_control, C CHANNEL_ANSWER, C CHANNEL_INTERCEPTED by A, A CHANNEL_BRIDGE, D CHANNEL_DESTROY, ` + complete + `call_pickup`,
		},
		{application: "call_pickup", fields: `"Target-Call-ID":"nobody's"`, before: alone, refused: "call_pickup"},
		{
			application: "connect_leg", fields: `"Target-Call-ID":"t@203.0.113.20","Publish-Usurp":false`, before: beside,
			follows: `C CHANNEL_ANSWER, C CHANNEL_INTERCEPTED by A, A CHANNEL_BRIDGE, D CHANNEL_DESTROY, ` + complete + `connect_leg`,
		},
		{application: "send_dtmf", fields: `"DTMFs":"12"`, follows: `A DTMF, A DTMF, ` + complete + `send_dtmf`},
		{application: "send_dtmf", fields: `"DTMFs":"12"`, before: ringing, refused: "send_dtmf"},
		{application: "record_call", fields: `"Record-Action":"start"`, follows: `A RECORD_START of record, ` + complete + `record_call`},
		{
			application: "record_call", fields: `"Record-Action":"stop"`, before: func(r *rig) { r.Expect(r.board.StartRecording(r.a, "x.mp3")).To(Succeed()) },
			follows: `A RECORD_STOP of record, ` + complete + `record_call`,
		},
		{application: "record_call", fields: `"Record-Action":"mask"`, refused: "record_call"},
		{application: "conference", fields: `"Conference-ID":"room1"`, before: alone, follows: `conference-create, add-member`},
		{
			application: "record", fields: `"Media-Name":"m.mp3","Silence-Hits":2,"Terminators":["#"]`, before: alone,
			follows: `A RECORD_START of record, A RECORD_STOP of record, ` + complete + `record`,
		},
		{
			application: "record", fields: `"Media-Name":"m.mp3"`, before: ringing,
			follows: `A CHANNEL_PROGRESS_MEDIA, A RECORD_START of record, A RECORD_STOP of record, ` + complete + `record`,
		},
		{application: "record", refused: "record"},
		{application: "play", fields: `"Media-Name":"m"`, before: ringing, follows: `A CHANNEL_PROGRESS_MEDIA, ` + complete + `play`},
		{application: "respond", fields: `"Response-Code":486`, before: ringing, follows: `A CHANNEL_DESTROY`},
		{application: "respond", fields: `"Response-Code":"180"`, before: ringing, follows: `A CHANNEL_PROGRESS, ` + complete + `respond`},
		{application: "respond", fields: `"Response-Code":183`, before: ringing, follows: `A CHANNEL_PROGRESS_MEDIA, ` + complete + `respond`},
		{application: "respond", fields: `"Response-Code":200`, before: ringing, follows: `A CHANNEL_ANSWER, ` + complete + `respond`},
		{application: "respond", fields: `"Response-Code":486`, before: alone, follows: complete + `respond`},
		{application: "respond", fields: `"Response-Code":"busy"`, before: ringing, refused: "respond"},
		{
			application: "queue", before: alone,
			fields: `"Commands":[{"Application-Name":"noop"},{"Application-Name":"queue","Commands":[{"Application-Name":"say"}]},
				{"Application-Name":"hold_control","Action":"unhold"},{"Application-Name":"send_dtmf","DTMFs":"12"},{},
				{"Application-Name":"play","Media-Name":"m"}]`,
			follows: complete + `play, A DTMF, A DTMF, ` + complete + `send_dtmf, ` + complete + `say, ` + complete + `noop`,
			refused: "hold_control", // which does not keep the others
		},
		{
			application: "queue", before: somebodyIsBusy,
			fields:  `"Commands":[{"Application-Name":"play"},{"Application-Name":"hangup"},{"Application-Name":"play"},{"Application-Name":"bridge",` + telephone + `}]`,
			follows: `C CHANNEL_CREATE, A LEG_CREATED, C CHANNEL_PROGRESS, C CHANNEL_DESTROY, ` + complete + `bridge: USER_BUSY, ` + complete + `play, A CHANNEL_DESTROY`,
		},
	}
	for name := range strings.FieldsSeq("noop play say tts tones play_and_collect_digits break playstop echo tone_detect") {
		all = append(all, told{application: name, follows: complete + name})
	}
	for name := range strings.FieldsSeq(`redirect eavesdrop receive_fax page store store_fax store_vm fetch execute_extension playseek
		privacy sleep set_terminators recv_dtmf fax_detection audio_level media_macro play_macro sound_touch event_actions`) {
		all = append(all, told{application: name, refused: name})
	}
	return all
}

func TestEveryCommandIsObeyedOrRefused(t *testing.T) {
	t.Parallel()
	for _, c := range commands() {
		t.Run(strings.TrimSpace(c.application+" "+c.fields), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			l := &listens{r, map[string]string{}}
			r.do(func() {
				if c.before != nil {
					c.before(r)
				}
				l.legs[r.a.CallID()], l.legs[r.b.CallID()] = "A", "B"
			})
			r.drain()
			r.command(c.application, r.object("{"+c.fields+"}")...)
			want := strings.FieldsFunc(c.follows, func(c rune) bool { return c == ',' })
			heard := []string{}
			for i := range want {
				want[i] = strings.Join(strings.Fields(want[i]), " ")
				heard = append(heard, l.next())
			}
			r.Expect(heard).To(Equal(want))
			if c.refused != "" {
				refused := r.reply()
				r.Expect(refused.String("Event-Category") + " " + refused.String("Error-Message")).To(
					Equal("error Could not execute dialplan action: " + c.refused))
				r.Expect(refused.String("Request", "Application-Name")).To(Equal(c.refused))
			}
			if c.follows == "" { // and nothing more: the next is of what is commanded next
				r.command("noop")
				r.Expect(l.next()).To(Equal("A CHANNEL_EXECUTE_COMPLETE of noop"))
			}
		})
	}
}

func TestNoCommandIsLeftOut(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for name := range strings.FieldsSeq(`answer progress echo unbridge playstop break hangup hold hold_control soft_hold park noop ring bridge transfer
		call_pickup connect_leg eavesdrop play play_and_collect_digits say tts record record_call conference set send_dtmf respond redirect
		receive_fax tone_detect queue page store store_fax store_vm fetch execute_extension playseek privacy sleep set_terminators recv_dtmf
		tones fax_detection audio_level media_macro play_macro sound_touch event_actions`) {
		g.Expect(slices.ContainsFunc(commands(), func(c told) bool { return c.application == name })).To(BeTrue(), name)
	}
}

func TestACommandForNoCallIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.command("answer", jobj.Member{Key: "Call-ID", Value: "nobody's"})
	r.Expect(r.reply().String("Error-Message")).To(Equal("Session nobody's not found for answer"))
}

func TestANoopRepeatsTheIdOfItsCommand(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.command("noop")
	r.Expect(r.until("CHANNEL_EXECUTE_COMPLETE").String("Application-Response")).To(Equal("m1"))
}

func TestAnApplicationGoesOnAfterItsBridge(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.do(func() { somebodyAnswers(r) })
	r.command("bridge", r.object(`{"Endpoints":[{"To-Username":"user_1002"}]}`)...)
	b := r.until("CHANNEL_BRIDGE").String("Bridge-B-Unique-ID")
	r.do(func() {
		leg, _ := r.core.Channel(b)
		r.board.Hangup(leg, "", nil)
	})
	over := r.until("CHANNEL_EXECUTE_COMPLETE")
	r.Expect(over.String("Call-ID")).To(Equal(r.a.CallID()))
	r.Expect(over.String("Application-Name") + " " + over.String("Application-Response") + " " + over.String("Disposition")).To(
		Equal("bridge NORMAL_CLEARING SUCCESS"))
	r.command("play")
	r.Expect(r.until("CHANNEL_EXECUTE_COMPLETE").String("Application-Name")).To(Equal("play"))
	r.command("hangup")
	r.Expect(r.until("CHANNEL_DESTROY").String("Call-ID")).To(Equal(r.a.CallID()))
}

func TestAConferenceIsOverWithTheCall(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.do(func() { alone(r) })
	r.command("conference", jobj.Member{Key: "Conference-ID", Value: "room1"})
	r.until("add-member")
	r.command("hangup")
	r.until("del-member")
	r.Expect(r.until("CHANNEL_EXECUTE_COMPLETE").String("Application-Name")).To(Equal("conference"))
	r.until("CHANNEL_DESTROY")
}

func TestVariablesThatAreSetAreTold(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.do(func() { alone(r) })
	r.drain()
	r.command("set", r.object(`{"Custom-Channel-Vars":{"Colour":"red","Count":3,"Fetch-ID":"mine","Privacy-Hide-Number":true},
		"Custom-Call-Vars":{"Campaign":"spring"},"Custom-Application-Vars":{"ticket":"42"}}`)...)
	r.command("bridge", r.object(`{"Endpoints":[{"To-Username":"user_1002"}]}`)...)
	leg := r.until("CHANNEL_CREATE").Object("Custom-Channel-Vars")
	r.Expect(leg.String("Campaign")+leg.String("Colour")).To(Equal("spring"), "a leg has what is the call's")
	r.command("noop")
	e := r.until("CHANNEL_EXECUTE_COMPLETE")
	vars := e.Object("Custom-Channel-Vars")
	r.Expect(vars.String("Colour") + " " + vars.String("Count") + " " + vars.String("Campaign")).To(Equal("red 3 spring"))
	r.Expect(vars.String("Fetch-ID")).NotTo(Equal("mine"), "which is the switch's own")
	r.Expect(e.String("Custom-Application-Vars", "ticket")).To(Equal("42"))
}

func TestAnAttendedTransferIsCommanded(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.do(func() { r.answers = true })
	r.command("transfer", r.object(`{"Call-ID":"`+r.b.CallID()+`","Transfer-Type":"attended","Transfer-To":"1002"}`)...)
	r.Expect(r.until("CHANNEL_HOLD").String("Call-ID")).To(Equal(r.b.CallID()))
	consult := r.until("CHANNEL_CREATE").String("Call-ID")
	target := r.until("CHANNEL_CREATE").String("Call-ID")
	r.until("CHANNEL_REPLACED")
	bridge := r.until("CHANNEL_BRIDGE")
	r.Expect(bridge.String("Call-ID") + " " + bridge.String("Bridge-B-Unique-ID")).To(Equal(r.a.CallID() + " " + target))
	for _, id := range []string{r.b.CallID(), consult} {
		end := r.until("CHANNEL_DESTROY")
		r.Expect(end.String("Call-ID") + " " + end.String("Hangup-Cause")).To(Equal(id + " ATTENDED_TRANSFER"))
	}
}

// seconds is when an event was.
func (r *rig) seconds(e jobj.Object) int {
	r.Helper()
	micros, err := strconv.Atoi(e.String("Msg-ID"))
	r.Expect(err).NotTo(HaveOccurred())
	return micros / 1_000_000
}

func TestABridgeRingsAsLongAsItsTimeout(t *testing.T) {
	t.Parallel()
	for timeout, most := range map[string]int{`,"Timeout":5`: 6, ``: 61} {
		r := newRig(t)
		r.do(func() { alone(r) })
		r.drain()
		r.command("bridge", r.object(`{"Endpoints":[{"To-Username":"user_1002"}]`+timeout+`}`)...)
		began := r.seconds(r.until("CHANNEL_CREATE"))
		over := r.until("CHANNEL_EXECUTE_COMPLETE")
		r.Expect(over.String("Disposition")).To(Equal("NO_ANSWER"))
		r.Expect(r.seconds(over) - began).To(And(BeNumerically(">=", most-2), BeNumerically("<=", most)))
	}
}
