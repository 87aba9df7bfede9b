package control_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// object reads JSON.
func (r *rig) object(text string) jobj.Object {
	r.Helper()
	o, err := jobj.ParseObject([]byte(text))
	r.Expect(err).NotTo(HaveOccurred())
	return o
}

// originates asks for a call to endpoints, which is to be connected with a route.
func (r *rig) originates(route, endpoints string) {
	r.Helper()
	r.send(kapi.OriginateRequest(), r.asking(r.object(`{"Application-Name":"transfer","Application-Data":{"Route":"`+route+`"},
		"Custom-Channel-Vars":{"Account-ID":"a1b2c3d4e5f60718293a4b5c6d7e8f90","Authorizing-Type":"clicktocall"},
		"Timeout":30,"Endpoints":`+endpoints+`}`)...))
}

func TestARequestedCallRingsAndIsConnected(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.do(func() { r.answers = true })
	r.originates("1001", `[{"Invite-Format":"username","To-Username":"user_1002","Outbound-Call-ID":"one-quickcall"}]`)
	r.Expect(r.until("CHANNEL_PROGRESS").String("Call-ID")).To(Equal("one-quickcall"))
	r.Expect(r.waits.Load()).To(BeEquivalentTo(1), "for the answer")
	bridge := r.until("CHANNEL_BRIDGE")
	r.Expect(bridge.String("Call-ID") + " " + bridge.String("Other-Leg-Destination-Number")).To(Equal("one-quickcall user_1001"))
	answer := r.reply()
	r.Expect(answer.String("Event-Name") + " " + answer.String("Call-ID")).To(Equal("originate_resp one-quickcall"))
	r.do(func() {})
	r.Expect(r.waits.Load()).To(BeZero())
}

func TestAClickConnectsTwoWhoAreNoTelephones(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.do(func() { r.answers = true })
	r.originates("+12125550188", `[{"Invite-Format":"loopback","Route":"1002","To-DID":"1002","Outbound-Call-ID":"c2c-1"}]`)
	l := &listens{r, map[string]string{"c2c-1": "A"}}
	var told []string
	for range 15 {
		told = append(told, l.next())
	}
	r.Expect(told).To(Equal([]string{
		"A CHANNEL_CREATE", "B CHANNEL_CREATE", "B route_req", "B usurp_control", "C CHANNEL_CREATE", "C CHANNEL_PROGRESS", "C CHANNEL_ANSWER",
		"B CHANNEL_ANSWER", "B CHANNEL_BRIDGE", "A CHANNEL_ANSWER", "A route_req", "A usurp_control", "D CHANNEL_CREATE",
		"D CHANNEL_PROGRESS_MEDIA", "D CHANNEL_ANSWER",
	}))
	bridge := r.until("CHANNEL_BRIDGE")
	vars := bridge.Object("Custom-Channel-Vars")
	r.Expect(bridge.String("Call-ID") + " " + bridge.String("Channel-Name")).To(Equal("c2c-1 loopback/1002-a"))
	r.Expect(bridge.String("Other-Leg-Destination-Number")).To(Equal("+12125550188"))
	r.Expect(vars.String("Authorizing-Type")).To(Equal("clicktocall"))
	r.Expect(bridge.Has("Channel-Loopback-Bowout")).To(BeFalse(), "it stays")
	r.Expect(r.reply().String("Call-ID")).To(Equal("c2c-1"))
	r.do(func() {
		leg, _ := r.core.Channel("c2c-1")
		r.board.Hangup(leg, "", nil)
	})
	for range 4 {
		r.until("CHANNEL_DESTROY")
	}
}

func TestARequestThatCannotBeMet(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		endpoints string
		busy      bool
		says      string
	}{
		"nobody is named":             {`[{"Invite-Format":"username","To-Realm":"acme.sip.example.com"}]`, false, "no endpoint could be called"},
		"a loop to nowhere":           {`[{"Invite-Format":"loopback"}]`, false, "no endpoint could be called"},
		"a loop to nobody":            {`[{"Invite-Format":"loopback","Route":"9"}]`, false, "NO_ROUTE_DESTINATION"},
		"a telephone that is busy":    {`[{"Invite-Format":"username","To-Username":"user_1002"}]`, true, "CALL_REJECTED"},
		"a loop to who does not ring": {`[{"Invite-Format":"loopback","Route":"1002"}]`, true, "USER_BUSY"},
		"nobody answers":              {`[{"Invite-Format":"username","To-Username":"user_1002"}]`, false, "NO_ANSWER"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.do(func() { r.busy = c.busy })
			r.originates("1001", c.endpoints)
			if strings.Contains(c.says, "CALL_REJECTED") { // nobody has dialled the leg, so it just ends
				leg := r.until("CHANNEL_PROGRESS").String("Call-ID")
				r.do(func() {
					ch, _ := r.core.Channel(leg)
					r.board.Hangup(ch, "CALL_REJECTED", nil)
				})
			}
			refused := r.reply()
			r.Expect(refused.String("Event-Category") + " " + refused.String("Error-Message")).To(Equal("error " + c.says))
		})
	}
}

func TestNoLegIsNobodys(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.send(kapi.OriginateRequest(), r.asking(r.object(`{"Application-Name":"transfer","Application-Data":{"Route":"1001"},
		"Endpoints":[{"Invite-Format":"username","To-Username":"somebody","To-Realm":"else.example.com"}]}`)...))
	leg := r.until("CHANNEL_CREATE")
	r.Expect(leg.String("Channel-Name")).To(Equal("sofia/sipinterface_1/somebody@else.example.com"))
	r.Expect(leg.String("From")).To(Equal("0000000000@else.example.com"))
	for _, m := range leg.Object("Custom-Channel-Vars") {
		r.Expect(m.Value).NotTo(BeEquivalentTo(""), m.Key)
	}
}
