package pbx

import (
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// What the switch writes of a scene, as it writes it of a call that is played: the bases of
// kinds.

// text is a place's value, "" for one that is none.
func (sc *scene) text(place string) string {
	text, _ := sc.values[place].(string)
	return text
}

// leg is all that the switch says of a leg.
func (sc *scene) leg() jobj.Object {
	return sc.call.sw.compose(sc.call.event, sc.call.inboundLeg(), sc.call.happened)
}

// record is what is left of the leg when it has ended.
func (sc *scene) record() jobj.Object { return sc.call.inboundLeg().recorded(sc.leg()) }

// head is which leg, when, and its variables.
func (sc *scene) head() jobj.Object {
	return jobj.Object{
		{Key: "Msg-ID", Value: micros(sc.call.happened)},
		{Key: "Timestamp", Value: kapi.GregorianCeil(sc.call.happened)},
		{Key: "Call-ID", Value: sc.call.spec.CallID},
		{Key: "Channel-Created-Time", Value: micros(sc.call.created)},
		{Key: "Custom-Channel-Vars", Value: sc.call.inboundLeg().customChannelVars()},
	}
}

// route is the question who takes the call.
func (sc *scene) route() jobj.Object {
	l := sc.call.inboundLeg()
	l.fetchID = sc.call.fetchID
	return sc.call.sw.routeRequest(l, sc.call.sw.host.Carrier)
}

// parked is the call in a slot, without its variables.
func (sc *scene) parked() jobj.Object { return sc.call.inboundLeg().inSlot("101") }

// message is what the caller has left in a voicemail box.
func (sc *scene) message() jobj.Object {
	const length = 14580 * time.Millisecond
	a := Account{ID: sc.call.spec.AccountID, Realm: sc.call.spec.AccountRealm}
	return sc.call.inboundLeg().message(a, sc.text("vmbox_id"), sc.text("message_id"), length, sc.call.happened)
}

// missed is the call had nobody taken it.
func (sc *scene) missed() jobj.Object {
	rung := *sc.call
	rung.phase = phaseRinging
	l := rung.inboundLeg()
	l.state, l.callState, l.answerState = "REPORTING", "HANGUP", isGone
	l.ending = ending{
		at: rung.happened, ringing: ringing,
		cause: "ORIGINATOR_CANCEL", code: "sip:487", disposition: "ORIGINATOR_CANCEL",
		remoteSDP: sdp("-", rung.sw.host.Carrier, rung.carrierPort),
	}
	return l.missed(rung.spec.AccountID, []string{rung.spec.Email}, rung.sw.lastWords(l), rung.happened)
}

// registration is the telephone at its registrar.
func (sc *scene) registration() jobj.Object {
	spec := sc.call.spec
	d := Device{ID: sc.text("device_id"), Username: sc.call.deviceUser}
	return registration(Account{ID: spec.AccountID, Realm: spec.AccountRealm}, d, sc.text("hex32"), sc.call.sw.host.Phone,
		sc.text("phone_port"), sc.call.happened)
}

// lamp is the voicemail box with a message that nobody has heard.
func (sc *scene) lamp() jobj.Object {
	return lamp(sc.call.spec.Extension+"@"+sc.call.spec.AccountRealm, 1, 3)
}

// fax is a fax of the scene's box, sent or received, of that id.
func (sc *scene) fax(outgoing bool, job, stored string) *Fax {
	spec := sc.call.spec
	return &Fax{
		account: Account{ID: spec.AccountID}, outgoing: outgoing, job: sc.text(job), stored: sc.text(stored), far: sc.call.callerNumber,
		box: FaxBox{ID: sc.text("faxbox_id"), Name: spec.AccountName, Number: spec.Dialled, OwnerID: spec.OwnerID, Email: spec.Email},
	}
}

// faxGoing and faxComing are a fax on its way, faxSent and faxReceived one that was.
func (sc *scene) faxGoing() jobj.Object  { return sc.fax(true, "fax_job", "sent_fax_id").state() }
func (sc *scene) faxComing() jobj.Object { return sc.fax(false, "fax_id", "fax_id").state() }

func (sc *scene) faxSent() jobj.Object {
	return sc.fax(true, "fax_job", "sent_fax_id").sent(sc.call.happened)
}

func (sc *scene) faxReceived() jobj.Object {
	return sc.fax(false, "fax_id", "fax_id").received(sc.call.sw.host, sc.call.happened)
}
