package pbx

import (
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// leg is what the switch knows of one channel at one moment. It is a value:
// events are composed from a copy taken at their time.
type leg struct {
	callID    string
	direction string // inbound or outbound, as the switch sees it
	created   time.Time
	name      string // Channel-Name

	state       string // Channel-State
	callState   string // Channel-Call-State
	answerState string // Channel-Answer-State

	callerName, callerNumber string
	calleeName, calleeNumber string
	destination              string // Caller-Destination-Number
	presenceID               string
	request, to, from        string // user@host
	fromTag, toTag           string
	userAgent                string
	originationID            string // Origination-Call-ID, "" for most
	loopback                 loopback

	// vars are the variables set on the channel, in the order they came;
	// fetchID and interactionID belong to them but are printed behind.
	vars          jobj.Object
	appVars       jobj.Object // of applications
	fetchID       string
	interactionID string
	referredTo    string // sip:user@realm, after a REFER
	referredBy    string // as the header has it

	partner partner
	ending  ending
}

// loopback is what one end of a pair of legs knows that the switch has with itself.
type loopback struct {
	end   string // A or B, "" for an ordinary leg
	other string // Call-ID of the other end
	stays bool   // when both ends are connected
}

// partner is the other leg, as far as it is known.
type partner struct {
	callID                   string
	callerName, callerNumber string
	destination, direction   string
	past                     bool // they are parted
}

// ending is known once the leg has hung up.
type ending struct {
	at, answered time.Time // answered is zero for a call nobody took
	ringing      time.Duration
	cause, code  string // Hangup-Cause and Hangup-Code
	disposition  string
	localSDP     string
	remoteSDP    string
}

// applicationVars is the field of that name, which is there when there are any.
func (l leg) applicationVars() jobj.Object {
	if len(l.appVars) == 0 {
		return nil
	}
	return jobj.Object{{Key: "Custom-Application-Vars", Value: l.appVars}}
}

// customChannelVars prints the variables the way the switch builds them: what is
// set on the channel first, then the fixed tail.
func (l leg) customChannelVars() jobj.Object {
	vars := append(jobj.Object{}, l.vars...)
	if l.fetchID != "" {
		vars = append(vars, jobj.Member{Key: "Fetch-ID", Value: l.fetchID})
	}
	if l.referredTo != "" {
		vars = append(vars, jobj.Member{Key: "Referred-To", Value: l.referredTo}, jobj.Member{Key: "Referred-By", Value: l.referredBy})
	}
	return append(vars, jobj.Object{
		{Key: "Call-Interaction-ID", Value: l.interactionID},
		{Key: "Call-Interaction-Is-Root", Value: true},
		{Key: "Presence-ID", Value: l.presenceID},
		{Key: "Privacy-Hide-Number", Value: false},
		{Key: "Privacy-Hide-Name", Value: false},
	}...)
}
