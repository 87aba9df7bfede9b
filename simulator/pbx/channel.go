package pbx

import (
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Channel is one leg of a call, for as long as that lasts.
type Channel struct {
	leg

	core    *Core
	number  int // of all that have begun
	account Account
	device  *Device    // nil for one of the telephone network's
	dialler *Channel   // whose call this leg was placed for; nil for one that came in
	placed  []*Channel // the legs that were placed for this one
	peer    *Channel   // the one it is bridged with
	caller  bool       // of the two, the one that called, on which the bridge is told
	member  *Member    // in a conference; nil while it is in none
	taped   []*Recording
	tapes   map[string]time.Duration // recordings that are over, by their path

	progressed bool
	gone       bool
	// alert is whom the callflow tells if nobody takes the call, and taken whether somebody
	// has: a person, or a voicemail box with a message in it.
	alert []string
	taken bool
	// failed is why the last bridge did not come about. The switch remembers it to the
	// leg's end, whatever else the leg did meanwhile.
	failed     string
	failedCode string
	ports      [2]int // RTP, here and there

	over     func()      // told when a bridge is over; nil where no application waits for that
	outcome  string      // of the last bridge
	running  string      // the application that it is in; see Runs
	shown    Party       // to whom is called for it; see Shows
	exported jobj.Object // variables that legs which are placed for it have, too
}

// Names of states in the words of Channel-Answer-State.
const (
	isRinging  = "ringing"
	isEarly    = "early"
	isAnswered = "answered"
	isGone     = "hangup"
)

// CallID names the channel.
func (ch *Channel) CallID() string { return ch.callID }

// Account is whose call it is.
func (ch *Channel) Account() Account { return ch.account }

// Device is the telephone at its end; nil in the telephone network.
func (ch *Channel) Device() *Device { return ch.device }

// Peer is the channel it is bridged with; nil while it is with none.
func (ch *Channel) Peer() *Channel { return ch.peer }

// Answered tells whether it has been answered.
func (ch *Channel) Answered() bool { return ch.answerState == isAnswered }

// Gone tells whether it has ended.
func (ch *Channel) Gone() bool { return ch.gone }

// Held tells whether it is on hold.
func (ch *Channel) Held() bool { return ch.callState == "HELD" }

// FromCarrier begins a call that the telephone network sends to a number of the
// account. callID is "" for one of the switch's choice.
func (c *Core) FromCarrier(a Account, from Party, number, callID string) (*Channel, error) {
	if callID == "" {
		callID = c.carrierCallID()
	}
	host := c.host
	ch := c.begin(a, callID, "inbound")
	ch.name = "sofia/sipinterface_1/" + from.Number + "@" + host.Carrier
	ch.callerName, ch.callerNumber = from.Name, from.Number
	ch.calleeNumber, ch.destination = number, number
	ch.presenceID = from.Number + "@" + host.Carrier
	ch.request, ch.to, ch.from = number+"@"+host.Public, number+"@"+host.Public, from.Number+"@"+host.Carrier
	ch.fromTag = "as" + c.ids.Hex(8)
	ch.vars = carrierVars(a, host.Public, number, from.Number, c.ids.Hex(32))
	return ch, c.announce(ch)
}

// FromDevice begins a call that a telephone of the account makes.
func (c *Core) FromDevice(a Account, d Device, dialled, callID string) (*Channel, error) {
	if callID == "" {
		callID = c.ids.Hex(20)
	}
	ch := c.begin(a, callID, "inbound")
	ch.device = &d
	ch.name = "sofia/sipinterface_1/" + d.Username + "@" + a.Realm
	ch.callerName, ch.callerNumber = d.Name, d.Extension
	ch.calleeNumber, ch.destination = dialled, dialled
	ch.presenceID = d.Extension + "@" + a.Realm
	ch.request, ch.to, ch.from = dialled+"@"+a.Realm, dialled+"@"+a.Realm, d.Username+"@"+a.Realm
	ch.fromTag = c.ids.Hex(8)
	ch.userAgent = d.agent()
	ch.vars = c.deviceVars(a, d)
	return ch, c.announce(ch)
}

// begin draws what any channel has. It is not the core's until it is announced.
func (c *Core) begin(a Account, callID, direction string) *Channel {
	created := c.now().Add(-setup)
	return &Channel{
		core: c, account: a,
		leg: leg{
			callID: callID, direction: direction, created: created,
			state: "INIT", callState: "DOWN", answerState: isRinging,
			interactionID: c.interactionID(created),
		},
		ports: [2]int{16384 + 2*c.ids.IntN(8192), 16384 + 2*c.ids.IntN(8192)},
	}
}

func (c *Core) announce(ch *Channel) error {
	if c.channels[ch.callID] != nil {
		return errTaken
	}
	c.begun++
	ch.number = c.begun
	c.channels[ch.callID] = ch
	if ch.dialler != nil {
		ch.dialler.placed = append(ch.dialler.placed, ch)
	}
	c.event(kapi.ChannelCreate, ch)
	if a := ch.dialler; a != nil && a.Led() { // whoever leads it is told (ecallmgr_call_control)
		c.event(kapi.LegCreated, a, jobj.Member{Key: "Other-Leg-Call-ID", Value: ch.callID})
	}
	return nil
}

// set sets a channel variable; those that are there keep their place.
func (ch *Channel) set(name, value string) {
	if value != "" {
		ch.vars = ch.vars.Set(name, value)
	}
}

// must says that a channel is in one of the states, or why it is not.
func (ch *Channel) must(doing string, states ...string) error {
	if slices.Contains(states, ch.answerState) {
		return nil
	}
	state := ch.answerState
	if ch.gone {
		state = "over"
	}
	return &StateError{ch.callID, doing, state}
}

// Dial places a leg to a telephone.
func (ch *Channel) Dial(d Device) (*Channel, error) {
	b, err := ch.place()
	if err != nil {
		return nil, err
	}
	realm := b.account.Realm
	b.device = &d
	b.name = "sofia/sipinterface_1/" + d.Username + "@" + realm
	b.calleeName, b.calleeNumber = d.Name, d.Extension
	b.destination = d.Username
	b.presenceID = d.Extension + "@" + realm
	b.request, b.to, b.from = d.Username+"@"+realm, d.Username+"@"+realm, b.callerNumber+"@"+realm
	b.vars = ch.core.deviceVars(b.account, d)
	b.join(ch)
	return b, ch.core.announce(b)
}

// Place calls a telephone that nobody has dialled: so does a quickcall. It shows a caller
// of its own.
func (c *Core) Place(a Account, d Device, callID string, shown Party) (*Channel, error) {
	if callID == "" {
		callID = c.uuid4()
	}
	shown = shown.orNobody()
	b := c.begin(a, callID, "outbound")
	b.device = &d
	b.name = "sofia/sipinterface_1/" + d.Username + "@" + a.Realm
	b.callerName, b.callerNumber = shown.Name, shown.Number
	b.calleeName, b.calleeNumber = d.Name, d.Extension
	b.destination, b.presenceID = d.Username, d.Extension+"@"+a.Realm
	b.request, b.to, b.from = d.Username+"@"+a.Realm, d.Username+"@"+a.Realm, shown.Number+"@"+a.Realm
	b.fromTag = c.switchTag()
	b.vars = c.deviceVars(a, d)
	b.set("Ecallmgr-Node", "ecallmgr@"+c.host.Apps)
	return b, c.announce(b)
}

// DialNumber places a leg to the telephone network.
func (ch *Channel) DialNumber(number string) (*Channel, error) {
	b, err := ch.place()
	if err != nil {
		return nil, err
	}
	host, dialled := ch.core.host, number
	number = e164(dialled)
	b.callerNumber = b.account.outside(b.callerNumber)
	b.name = "sofia/sipinterface_1/" + number + "@" + host.Carrier
	b.calleeNumber, b.destination = number, number
	b.presenceID = number + "@" + host.Carrier
	b.request, b.to, b.from = number+"@"+host.Carrier, number+"@"+host.Carrier, b.callerNumber+"@"+host.Public
	b.vars = ch.core.termination(b, ch, dialled)
	b.join(ch)
	return b, ch.core.announce(b)
}

// Progress has the far end ring; early with sound that the caller hears.
func (ch *Channel) Progress(early bool) error {
	if err := ch.must("ring", isRinging, isEarly); err != nil {
		return err
	}
	name := kapi.ChannelProgress
	ch.state, ch.callState, ch.answerState = "CONSUME_MEDIA", "RINGING", isRinging
	if early {
		name, ch.callState, ch.answerState = kapi.ChannelProgressMedia, "EARLY", isEarly
	}
	if ch.direction == "inbound" {
		ch.state = "EXECUTE"
	}
	ch.rings()
	ch.core.event(name, ch)
	return nil
}

// rings notes that the far end has been heard of.
func (ch *Channel) rings() {
	if ch.progressed {
		return
	}
	ch.progressed = true
	ch.ending.ringing = ch.core.now().Sub(ch.created)
	if ch.toTag == "" {
		ch.toTag = ch.core.ids.Hex(8)
	}
	if ch.device != nil {
		ch.userAgent = ch.device.agent()
	}
}

// Answer takes the call.
func (ch *Channel) Answer() error {
	if err := ch.must("answer", isRinging, isEarly); err != nil {
		return err
	}
	ch.rings()
	ch.state, ch.callState, ch.answerState = "EXECUTE", "ACTIVE", isAnswered
	if ch.direction == "outbound" {
		ch.state = "CONSUME_MEDIA"
	}
	ch.ending.answered = ch.core.next()
	if ch.ending.disposition == "" {
		ch.ending.disposition = "ANSWER"
	}
	ch.core.event(kapi.ChannelAnswer, ch)
	return nil
}

// Bridge connects the caller with another leg; both must have been answered.
func (ch *Channel) Bridge(b *Channel) error {
	for _, one := range []*Channel{ch, b} {
		if err := one.must("bridge", isAnswered); err != nil {
			return err
		}
		switch {
		case one.peer != nil:
			return &StateError{one.callID, "bridge", "bridged with " + one.peer.callID}
		case one.member != nil:
			return &StateError{one.callID, "bridge", "in a conference"}
		}
	}
	ch.peer, b.peer, ch.caller = b, ch, true
	ch.taken, b.taken = true, true
	ch.partner, b.partner = b.asPartner(), ch.asPartner()
	ch.calleeName, ch.calleeNumber = b.farName(), b.farNumber()
	if b.direction == "outbound" {
		b.state = "EXCHANGE_MEDIA"
	}
	ch.failed, ch.failedCode = "", ""
	ch.ending.disposition = "SUCCESS"
	ch.core.event(kapi.ChannelBridge, ch)
	if ch.core.connected != nil {
		ch.core.connected(ch, b)
	}
	return nil
}

// farName and farNumber are who is at the channel's end.
func (ch *Channel) farName() string {
	if ch.direction == "inbound" {
		return ch.callerName
	}
	return ch.calleeName
}

func (ch *Channel) farNumber() string {
	if ch.direction == "inbound" {
		return ch.callerNumber
	}
	return ch.calleeNumber
}

// Unbridge parts the channel from its peer. Both stay up.
func (ch *Channel) Unbridge() error {
	if ch.peer == nil {
		return &StateError{ch.callID, "unbridge", "not bridged"}
	}
	a, b := ch, ch.peer
	if !a.caller {
		a, b = b, a
	}
	a.core.event(kapi.ChannelUnbridge, a,
		jobj.Member{Key: "Bridge-B-Unique-ID", Value: b.callID},
		jobj.Member{Key: "Application-Response", Value: "SUCCESS"},
		jobj.Member{Key: "Disposition", Value: "SUCCESS"})
	a.peer, b.peer, a.caller = nil, nil, false
	// The switch remembers no more than who it was.
	a.partner = partner{callID: b.callID, direction: b.direction, past: true}
	b.partner = partner{callID: a.callID, direction: a.direction, past: true}
	if b.direction == "outbound" {
		b.state = "CONSUME_MEDIA"
	}
	return nil
}

// Hold puts the far end on hold, and Unhold takes it back.
func (ch *Channel) Hold() error {
	if err := ch.must("hold", isAnswered); err != nil {
		return err
	}
	if ch.Held() {
		return &StateError{ch.callID, "hold", "on hold"}
	}
	ch.callState = "HELD"
	ch.core.event(kapi.ChannelHold, ch)
	return nil
}

// Unhold ends a hold.
func (ch *Channel) Unhold() error {
	if !ch.Held() {
		return &StateError{ch.callID, "unhold", "not on hold"}
	}
	ch.callState = "ACTIVE"
	ch.core.event(kapi.ChannelUnhold, ch)
	return nil
}

// Press has a digit heard. The switch counts its length in samples, 8,000 a second.
func (ch *Channel) Press(digit string, length time.Duration) error {
	if err := ch.must("press a digit on", isEarly, isAnswered); err != nil {
		return err
	}
	if ch.member != nil { // the conference takes it
		return nil
	}
	ch.core.brief("DTMF", ch,
		jobj.Member{Key: "DTMF-Digit", Value: digit},
		jobj.Member{Key: "DTMF-Duration", Value: length.Milliseconds() * 8})
	return nil
}

// Hangup ends the leg. One that is bridged is parted first; its peer stays up.
func (ch *Channel) Hangup(cause string) error {
	if err := ch.hangUp(cause); err != nil {
		return err
	}
	ch.core.over(cause, ch)
	return nil
}

// hangUp is Hangup, of which nobody is told yet.
func (ch *Channel) hangUp(cause string) error {
	if err := ch.must("hang up", isRinging, isEarly, isAnswered); err != nil {
		return err
	}
	for len(ch.taped) > 0 {
		if err := ch.taped[0].Stop("", false); err != nil {
			return err
		}
	}
	if ch.peer != nil {
		if err := ch.Unbridge(); err != nil {
			return err
		}
	}
	if ch.member != nil {
		if err := ch.member.Leave(); err != nil {
			return err
		}
	}
	if ch.running != "" {
		if err := ch.Executed(ch.running, ""); err != nil {
			return err
		}
	}
	c := ch.core
	answered := ch.Answered()
	own := ch.loopback.end != "" // there is no wire, hence nothing to agree on
	heard := !own && (answered || ch.answerState == isEarly)
	ch.gone = true
	ch.state, ch.callState, ch.answerState = "REPORTING", "HANGUP", isGone
	ch.endVars()
	ch.ending.at = c.next()
	ch.ending.cause, ch.ending.code = cause, HangupCode(cause)
	if !answered && cause == "NORMAL_CLEARING" && ch.direction == "inbound" && !own {
		ch.ending.code = "sip:480" // its INVITE has to be answered somehow
	}
	if ch.failed != "" {
		ch.ending.cause, ch.ending.code = ch.failed, ch.failedCode
	}
	if !answered && ch.ending.disposition == "" {
		ch.ending.disposition = cause
	}
	if heard {
		ch.ending.localSDP = sdp("FreeSWITCH", c.host.Address, ch.ports[0])
	}
	if heard || !own && ch.direction == "inbound" {
		ch.ending.remoteSDP = sdp("-", ch.farAddress(), ch.ports[1])
	}
	c.record(ch, c.event(kapi.ChannelDestroy, ch))
	delete(c.channels, ch.callID)
	return nil
}

func (ch *Channel) farAddress() string {
	if ch.device != nil {
		return ch.core.host.Phone
	}
	return ch.core.host.Carrier
}

// agent is what the telephone calls itself.
func (d Device) agent() string {
	if d.UserAgent != "" {
		return d.UserAgent
	}
	return "PolycomVVX-VVX_310-UA/5.3.1.15347"
}
