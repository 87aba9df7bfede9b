package pbx

import "github.com/kazoolab/kazoolab/bridge/kapi/jobj"

// Loop places a pair of legs that the switch has with itself: so does a telephone whose
// calls are forwarded, whoever rings a group with a number of the telephone network
// in it, and who dials a number of another account. The first is the caller's; the second
// is a call of the account to, and to be routed to the number.
func (ch *Channel) Loop(to Account, number string, forwarding *Device) (a, b *Channel, err error) {
	if a, err = ch.place(); err != nil {
		return nil, nil, err
	}
	b = a.pairUp(to, number, ch.presenceID, false)
	for _, end := range []*Channel{a, b} {
		if forwarding != nil {
			end.forwarded(*forwarding, ch)
		}
		end.join(ch)
		if to.ID != ch.account.ID {
			end.across(to, number)
		}
		if err := ch.core.announce(end); err != nil {
			return nil, nil, err
		}
	}
	return a, b, nil
}

// PlaceLoop places such a pair that nobody has dialled, which stays in the call: so does a
// click to call. vars are variables of both.
func (c *Core) PlaceLoop(of Account, number, callID string, shown Party, vars jobj.Object) (a, b *Channel, err error) {
	if callID == "" {
		callID = c.uuid4()
	}
	shown = shown.orNobody()
	a = c.begin(of, callID, "outbound")
	a.callerName, a.callerNumber, a.fromTag = shown.Name, shown.Number, c.switchTag()
	b = a.pairUp(of, number, number+"@"+of.Realm, true)
	for _, end := range []*Channel{a, b} {
		end.SetVars(vars, nil, nil)
		end.set("Ecallmgr-Node", "ecallmgr@"+c.host.Apps)
		if err := c.announce(end); err != nil {
			return nil, nil, err
		}
	}
	return a, b, nil
}

// pairUp makes a leg the first of a pair that leads to a number, and returns the second, a call
// of an account.
func (ch *Channel) pairUp(to Account, number, presenceID string, stays bool) *Channel {
	c := ch.core
	b := c.begin(to, c.uuid4(), "inbound")
	b.interactionID, b.callerName, b.callerNumber = ch.interactionID, ch.callerName, ch.callerNumber
	b.fromTag = c.switchTag()
	ch.loopback, b.loopback = loopback{"A", b.callID, stays}, loopback{"B", ch.callID, stays}
	for _, end := range []*Channel{ch, b} {
		end.name = "loopback/" + number + map[string]string{"A": "-a", "B": "-b"}[end.loopback.end]
		realm := end.account.Realm
		end.destination, end.calleeNumber = number, number
		end.presenceID = presenceID
		end.request, end.to, end.from = number+"@"+realm, number+"@"+realm, ch.callerNumber+"@"+realm
		end.vars = end.account.vars()
	}
	return b
}

// across are the variables of the two legs that lead from one account to another. Nobody
// has authorised the second: that is how a callflow knows a call of another account
// (stepswitch_local_extension).
func (ch *Channel) across(to Account, number string) {
	ch.set("Inception", number+"@"+to.Realm)
	if ch.loopback.end == "B" {
		ch.set("Resource-Type", "onnet-origination")
		return
	}
	ch.set("Resource-Type", "onnet-termination")
	ch.set("Resource-ID", to.ID)
}

// forwarded are the variables of a leg whose telephone forwards its calls.
func (ch *Channel) forwarded(by Device, caller *Channel) {
	for _, v := range [][2]string{
		{"Authorizing-ID", by.ID}, {"Authorizing-Type", "device"}, {"Owner-ID", by.OwnerID},
		{"Call-Forward", "true"}, {"Call-Forward-From", by.Extension}, {"Call-Forward-For-UUID", caller.callID},
		{"Retain-CID", "true"}, {"Loopback-Bowout", "true"}, {"Simplify-Loopback", "true"},
	} {
		ch.set(v[0], v[1])
	}
}

// BowOut takes the switch's own pair of legs, of which this is the caller's, out of a
// call that is connected at both ends. Caller and callee stay connected.
func (ch *Channel) BowOut() error {
	b, ok := ch.core.Channel(ch.loopback.other)
	if ch.loopback.end != "A" || !ok {
		return &StateError{ch.callID, "take out", "no first leg of a pair"}
	}
	caller, callee := ch.peer, b.peer
	for _, one := range []*Channel{ch, b} {
		if one.peer == nil {
			return &StateError{one.callID, "take out", "not bridged"}
		}
	}
	ch.core.event("CHANNEL_REPLACED", ch,
		jobj.Member{Key: "Application-Name", Value: "loopback::bowout"},
		jobj.Member{Key: "Raw-Application-Name", Value: "loopback::bowout"},
		jobj.Member{Key: "Resigning-UUID", Value: ch.callID},
		jobj.Member{Key: "Resigning-Peer-UUID", Value: b.callID},
		jobj.Member{Key: "Replaced-By", Value: callee.callID})
	caller.peer, callee.peer = callee, caller
	caller.partner, callee.partner = callee.asPartner(), caller.asPartner()
	caller.calleeName, caller.calleeNumber = callee.farName(), callee.farNumber()
	callee.dialler, caller.placed = caller, append(caller.placed, callee)
	ch.peer, b.peer, ch.caller, b.caller = nil, nil, false, false
	const cause = "NORMAL_UNSPECIFIED"
	for _, one := range []*Channel{ch, b} {
		if err := one.hangUp(cause); err != nil {
			return err
		}
	}
	ch.core.over(cause, ch, b)
	return nil
}

// Pair is the other of the two legs that the switch has with itself, of which this is one.
func (ch *Channel) Pair() (*Channel, bool) { return ch.core.Channel(ch.loopback.other) }

// OtherEnd is the caller's leg of the pair that the switch has with itself, of which this
// is the other.
func (ch *Channel) OtherEnd() (*Channel, bool) {
	if ch.loopback.end != "B" {
		return nil, false
	}
	return ch.core.Channel(ch.loopback.other)
}

// SecondEnd tells whether this is the one of the two legs that the switch has with itself which
// is a call of its own.
func (ch *Channel) SecondEnd() bool { return ch.loopback.end == "B" }
