package pbx

import (
	"cmp"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// DialURI places a leg to a SIP address that is none of the account's telephones.
func (ch *Channel) DialURI(user, host string) (*Channel, error) {
	b, err := ch.place()
	if err != nil {
		return nil, err
	}
	address := user + "@" + host
	b.name = "sofia/sipinterface_1/" + address
	b.calleeNumber, b.destination, b.presenceID = user, user, address
	b.request, b.to, b.from = address, address, b.callerNumber+"@"+b.account.Realm
	b.vars = append(b.account.vars(), jobj.Member{Key: "SIP-Invite-Domain", Value: host})
	b.join(ch)
	return b, ch.core.announce(b)
}

// place draws an outbound leg for a call.
func (ch *Channel) place() (*Channel, error) {
	if err := ch.must("dial from", isRinging, isEarly, isAnswered); err != nil {
		return nil, err
	}
	if ch.direction == "outbound" && !ch.Answered() {
		return nil, &StateError{ch.callID, "dial from", "called itself, and rings"}
	}
	c := ch.core
	b := c.begin(ch.account, c.uuid4(), "outbound")
	b.dialler = ch
	b.interactionID = ch.interactionID
	b.callerName, b.callerNumber = cmp.Or(ch.shown.Name, ch.callerName), cmp.Or(ch.shown.Number, ch.callerNumber)
	b.fromTag = c.switchTag()
	b.partner = ch.asPartner()
	if ch.answerState == isRinging {
		ch.callState = "RINGING"
	}
	return b, nil
}

// join sets what a leg has of the one that it was placed for.
func (ch *Channel) join(a *Channel) {
	ch.set("Bridge-ID", a.vars.String("Bridge-ID"))
	ch.set("Ecallmgr-Node", "ecallmgr@"+ch.core.host.Apps)
	ch.set("Inception", a.vars.String("Inception"))
	for _, m := range a.exported {
		ch.set(m.Key, text(m.Value))
	}
}

// asPartner is what the other leg knows of this one.
func (ch *Channel) asPartner() partner {
	return partner{
		callID: ch.callID, callerName: ch.callerName, callerNumber: ch.callerNumber,
		destination: ch.destination, direction: ch.direction,
	}
}
