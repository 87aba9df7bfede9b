package pbx

import (
	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// does says that something of the switch's own has happened to a channel. Where there
// is an application, its raw name is told too.
func (c *Core) does(event, application string, ch *Channel, more ...jobj.Member) {
	c.event(event, ch, append(jobj.Object{
		{Key: "Application-Name", Value: application},
		{Key: "Raw-Application-Name", Value: application},
	}, more...)...)
}

// address is who is at the channel's end, as user@host.
func (ch *Channel) address() string {
	if ch.device != nil {
		return ch.device.Username + "@" + ch.account.Realm
	}
	return ch.farNumber() + "@" + ch.core.host.Carrier
}

// refer has two legs say that the first gives the second to somebody else.
func (c *Core) refer(by, whom *Channel, to string) {
	c.does("CHANNEL_TRANSFEROR", "sofia::transferor", by)
	whom.referredTo = "sip:" + to + "@" + whom.account.Realm
	whom.referredBy = "<sip:" + by.address() + ">"
	c.does("CHANNEL_TRANSFEREE", "sofia::transferee", whom)
}

// Transfer has the channel give its peer to another number, and leave. The peer, which
// is returned, stays up, to be routed anew.
func (ch *Channel) Transfer(to string) (*Channel, error) {
	peer := ch.peer
	if peer == nil {
		return nil, &StateError{ch.callID, "transfer", "not bridged"}
	}
	ch.core.refer(ch, peer, to)
	return peer, ch.Hangup("BLIND_TRANSFER")
}

// Join completes an attended transfer: who is in both calls connects the far end of the
// first with that of the second, and leaves both. The far end of the first takes the
// place of the second's leg.
func (ch *Channel) Join(consult *Channel) error {
	for _, one := range []*Channel{ch, consult} {
		if one.peer == nil {
			return &StateError{one.callID, "transfer", "not bridged"}
		}
	}
	far, target, c := ch.peer, consult.peer, ch.core
	c.refer(ch, far, target.farNumber())
	c.does("CHANNEL_REPLACED", "sofia::replaced", consult, jobj.Member{Key: "Replaced-By", Value: far.callID})
	for _, one := range []*Channel{ch, consult} {
		if err := one.Unbridge(); err != nil {
			return err
		}
	}
	target.interactionID = far.interactionID // what was two conversations is one now
	if err := far.Bridge(target); err != nil {
		return err
	}
	const cause = "ATTENDED_TRANSFER"
	for _, one := range []*Channel{ch, consult} {
		if err := one.hangUp(cause); err != nil {
			return err
		}
	}
	c.over(cause, ch, consult)
	return nil
}

// Replace has the channel, which has been answered, take the place of another one in its call.
// The other stays up, alone.
func (ch *Channel) Replace(other *Channel) error {
	far := other.peer
	if far == nil {
		return &StateError{other.callID, "replace", "not bridged"}
	}
	if err := ch.must("put in another's place", isAnswered); err != nil {
		return err
	}
	if ch.peer != nil || ch.member != nil {
		return &StateError{ch.callID, "put in another's place", "in a call"}
	}
	ch.core.does("CHANNEL_REPLACED", "sofia::replaced", other, jobj.Member{Key: "Replaced-By", Value: ch.callID})
	if err := other.Unbridge(); err != nil {
		return err
	}
	return far.Bridge(ch)
}

// TellTransferee has konami say, beside the switch, that the channel is given to another one in
// an attended transfer (konami_transfer:issue_transferee_event/2). It has no time.
func (ch *Channel) TellTransferee(target *Channel) error {
	return ch.core.tell(kapi.CategoryCallEvent, "CHANNEL_TRANSFEREE", origin{"konami", direct}, jobj.Object{
		{Key: "Call-ID", Value: ch.callID},
		{Key: "Caller-ID-Name", Value: ch.callerName},
		{Key: "Caller-ID-Number", Value: ch.callerNumber},
		{Key: "Callee-ID-Name", Value: ch.calleeName},
		{Key: "Callee-ID-Number", Value: ch.calleeNumber},
		{Key: "Other-Leg-Call-ID", Value: ch.partner.callID},
		{Key: "Target-Call-ID", Value: target.callID},
		{Key: "Raw-Application-Name", Value: "sofia::transferee"},
		{Key: "Custom-Channel-Vars", Value: ch.customChannelVars()},
	})
}

// Usurp says that whoever controls the channel no longer does, as its call is picked up
// (ecallmgr_call_command).
func (ch *Channel) Usurp() error {
	ch.over = nil
	return ch.core.tell(kapi.CategoryCallEvent, "usurp_control", origin{"ecallmgr", cast}, jobj.Object{
		{Key: "Call-ID", Value: ch.callID},
		{Key: "Fetch-ID", Value: ch.core.ids.Hex(8)},
		{Key: "Reason", Value: "redirect"},
	})
}

// Intercept has the channel take the call of another one, which rings, waits or is
// bridged. Whoever was bridged with it is left over, and so is who rang for it.
func (ch *Channel) Intercept(target *Channel) error {
	if err := ch.must("intercept with", isRinging, isEarly, isAnswered); err != nil {
		return err
	}
	if err := target.must("intercept", isRinging, isEarly, isAnswered); err != nil {
		return err
	}
	if ch.peer != nil || ch == target {
		return &StateError{ch.callID, "intercept with", "in a call"}
	}
	for _, one := range []*Channel{target, ch} {
		if !one.Answered() {
			if err := one.Answer(); err != nil {
				return err
			}
		}
	}
	if target.peer != nil {
		if err := target.Unbridge(); err != nil {
			return err
		}
	}
	ch.core.does("CHANNEL_INTERCEPTED", "sofia::intercepted", target, jobj.Member{Key: "Intercepted-By", Value: ch.callID})
	return ch.Bridge(target)
}
