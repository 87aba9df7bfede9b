package pbx

import (
	"fmt"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/fixtures"
)

// Spec says what a call is about. Only AccountID is required; what is missing
// is drawn or left off the wire.
type Spec struct {
	AccountID    string // 32 hexadecimal digits
	AccountName  string // default: drawn
	AccountRealm string // default: made from the id
	ResellerID   string // default: absent
	OwnerID      string // of the user who is called; default: drawn
	Email        string // the user's; default: made from the name
	Type         string // of the document that changes; default: device
	Receiver     string // host and port of the receiver of a callflow's webhook
	CallID       string // of the inbound leg
	Dialled      string // E.164 number of the account
	CalleeName   string // who answers
	Extension    string // and where; default 1001
}

// Call is a call from the telephone network to one of an account's numbers,
// answered by a device. Its own leg is the inbound one, A; of leg B it knows
// what A's events say.
type Call struct {
	sw    *Switch
	spec  Spec
	event string // what has just happened
	phase phase  // and how far the call has come

	otherID                  string
	callerName, callerNumber string
	fromTag, toTag           string
	fetchID, interaction     string
	resourceID, callflowID   string
	deviceUser               string
	carrierPort, switchPort  int // RTP

	created, answered, ended, happened time.Time
}

// phase is how far a call has come.
type phase int

const (
	phaseEnded phase = iota // the zero value: most of what is said of a call is said after it
	phaseCreated
	phaseRinging
	phaseAnswered
	phaseBridged
	phaseTalking
)

const (
	// setup is how long the switch takes to announce a new channel.
	setup = 20 * time.Millisecond
	// ringing is when the device starts to ring, from the start of the call.
	ringing = time.Second
)

// NewCall draws a call in which the named event (see Events) happens now, so
// that what came before it lies in the past. The error is an *UnknownEventError.
func (s *Switch) NewCall(event string, spec Spec) (*Call, error) {
	phase, ok := map[string]phase{
		kapi.ChannelCreate:  phaseCreated,
		kapi.ChannelAnswer:  phaseAnswered,
		kapi.ChannelBridge:  phaseBridged,
		kapi.ChannelDestroy: phaseEnded,
	}[event]
	if !ok {
		return nil, &UnknownEventError{event}
	}
	return s.newCall(event, phase, spec), nil
}

func (s *Switch) newCall(event string, at phase, spec Spec) *Call {
	c := &Call{
		sw:           s,
		spec:         s.complete(spec),
		event:        event,
		phase:        at,
		otherID:      s.uuid4(),
		callerName:   strings.ToUpper(fixtures.NewPerson(s.ids).Name()),
		callerNumber: s.fictionalNumber("212"),
		fromTag:      "as" + s.ids.Hex(8),
		toTag:        s.switchTag(),
		fetchID:      s.uuid1(),
		resourceID:   s.ids.Hex(32),
		callflowID:   s.ids.Hex(32),
		deviceUser:   "user_" + s.ids.Hex(10),
		carrierPort:  16384 + 2*s.ids.IntN(8192),
		switchPort:   16384 + 2*s.ids.IntN(8192),
	}
	answered := ringing + s.between(2*time.Second, 8*time.Second)
	bridged := answered + s.between(20*time.Millisecond, 60*time.Millisecond)
	ended := answered + s.between(5*time.Second, time.Minute)
	c.happened = s.now()
	c.created = c.happened.Add(-map[phase]time.Duration{
		phaseCreated:  setup,
		phaseRinging:  ringing,
		phaseAnswered: answered,
		phaseBridged:  bridged,
		phaseTalking:  answered + 2*time.Second, // no call ends sooner than 5 s after the answer
		phaseEnded:    ended,
	}[at])
	c.answered, c.ended = c.created.Add(answered), c.created.Add(ended)
	c.interaction = s.interactionID(c.created)
	return c
}

// complete draws what the spec leaves open.
func (s *Switch) complete(spec Spec) Spec {
	// Each is drawn even when it is given, so that giving one does not change the others.
	for _, drawn := range []struct {
		field *string
		value string
	}{
		{&spec.CallID, s.carrierCallID()},
		{&spec.AccountRealm, fmt.Sprintf("%.6s.sip.example.com", spec.AccountID)},
		{&spec.Dialled, s.fictionalNumber("415")},
		{&spec.CalleeName, fixtures.NewPerson(s.ids).Name()},
		{&spec.Extension, "1001"},
	} {
		if *drawn.field == "" {
			*drawn.field = drawn.value
		}
	}
	return spec
}

// between draws a whole number of microseconds.
func (s *Switch) between(least, most time.Duration) time.Duration {
	return least + time.Duration(s.ids.IntN(int((most-least)/time.Microsecond)))*time.Microsecond
}

// inboundLeg is leg A at the time of the event.
func (c *Call) inboundLeg() leg {
	host := c.sw.host
	l := leg{
		callID:        c.spec.CallID,
		direction:     "inbound",
		created:       c.created,
		name:          "sofia/sipinterface_1/" + c.callerNumber + "@" + host.Carrier,
		state:         "INIT",
		callState:     "DOWN",
		answerState:   "ringing",
		callerName:    c.callerName,
		callerNumber:  c.callerNumber,
		calleeNumber:  c.spec.Dialled,
		destination:   c.spec.Dialled,
		presenceID:    c.callerNumber + "@" + host.Carrier,
		request:       c.spec.Dialled + "@" + host.Public,
		to:            c.spec.Dialled + "@" + host.Public,
		from:          c.callerNumber + "@" + host.Carrier,
		fromTag:       c.fromTag,
		vars:          c.identityVars(),
		interactionID: c.interaction,
	}
	if c.phase == phaseCreated {
		return l
	}
	l.state, l.callState, l.answerState = "EXECUTE", "ACTIVE", "answered"
	l.toTag = c.toTag
	l.fetchID = c.fetchID
	l.vars = append(l.vars, c.routeVars()...)
	if c.phase == phaseRinging {
		l.callState, l.answerState = "RINGING", "ringing"
		return l
	}
	if c.phase == phaseAnswered {
		return l
	}
	l.calleeName, l.calleeNumber = c.spec.CalleeName, c.spec.Extension
	l.partner = partner{
		callID:       c.otherID,
		callerName:   c.callerName,
		callerNumber: c.callerNumber,
		destination:  c.deviceUser,
		direction:    "outbound",
	}
	if c.phase == phaseBridged || c.phase == phaseTalking {
		return l
	}
	l.state, l.callState, l.answerState = "REPORTING", "HANGUP", "hangup"
	l.vars = append(l.vars, c.billingVars()...)
	// The partner is gone by now: the switch remembers no more than who it was.
	l.partner = partner{callID: c.otherID, direction: "outbound"}
	l.ending = ending{
		at:          c.ended,
		answered:    c.answered,
		ringing:     ringing,
		cause:       "NORMAL_CLEARING",
		code:        "sip:200",
		disposition: "SUCCESS",
		localSDP:    sdp("FreeSWITCH", host.Address, c.switchPort),
		remoteSDP:   sdp("-", host.Carrier, c.carrierPort),
	}
	return l
}

// identityVars are known when the call arrives, from the directory
// (kz_directory_resource).
func (c *Call) identityVars() jobj.Object {
	account := Account{ID: c.spec.AccountID, Realm: c.spec.AccountRealm, ResellerID: c.spec.ResellerID}
	return carrierVars(account, c.sw.host.Public, c.spec.Dialled, c.callerNumber, c.resourceID)
}

// routeVars come once an application has taken the call.
func (c *Call) routeVars() jobj.Object {
	return jobj.Object{
		{Key: "Ecallmgr-Node", Value: "ecallmgr@" + c.sw.host.Apps},
		{Key: "Application-Name", Value: "callflow"},
		{Key: "Application-Node", Value: "kazoo_apps@" + c.sw.host.Apps},
		{Key: "CallFlow-ID", Value: c.callflowID},
		{Key: "Channel-Authorized", Value: "true"},
		{Key: "Bridge-ID", Value: c.spec.CallID},
	}
}

// billingVars come with the end of the call.
func (c *Call) billingVars() jobj.Object {
	vars := jobj.Object{
		{Key: "Account-Billing", Value: "limits_enforced"},
		{Key: "Account-Trunk-Usage", Value: "1/0/20/0/0/0"},
	}
	if c.spec.ResellerID != "" {
		vars = append(vars, jobj.Member{Key: "Reseller-Billing", Value: "limits_enforced"})
	}
	return vars
}

func sdp(owner, address string, port int) string {
	return fmt.Sprintf("v=0\r\no=%s 1710230000 1710230002 IN IP4 %s\r\ns=%[1]s\r\nc=IN IP4 %[2]s\r\nt=0 0\r\n"+
		"m=audio %[3]d RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n", owner, address, port)
}
