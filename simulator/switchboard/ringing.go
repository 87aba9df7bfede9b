package switchboard

import (
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// Arrive has a call of the telephone network come in, and the callflow take it. callID is
// "" for one of the switch's choice, and callflowID where no document says what happens.
func (b *Board) Arrive(a pbx.Account, from pbx.Party, number, callID, callflowID string, then Then) (*pbx.Channel, error) {
	ch, err := b.Core.FromCarrier(a, from, number, callID)
	if err != nil {
		return nil, err
	}
	b.act(then, later(func() error { return ch.Route("callflow", callflowID) }))
	return ch, nil
}

// Dial has a telephone call what it dials, and the callflow take it; see Arrive.
func (b *Board) Dial(a pbx.Account, d pbx.Device, dialled, callID, callflowID string, then Then) (*pbx.Channel, error) {
	ch, err := b.Core.FromDevice(a, d, dialled, callID)
	if err != nil {
		return nil, err
	}
	b.act(then, later(func() error {
		if err := ch.Route("callflow", callflowID); err != nil {
			return err
		}
		return ch.Presence("confirmed")
	}))
	return ch, nil
}

// route gives a call to the callflow anew.
func (b *Board) route(ch *pbx.Channel) error { return ch.Route("callflow", "") }

// RingCalled gives the call to the application that leads it, if there is one (see Config.Led), and
// otherwise rings for what a channel has dialled: telephones of its account, those of
// another account that has the number, or the telephone network.
func (b *Board) RingCalled(a *pbx.Channel, dialled string, then Then) {
	if b.Led == nil {
		b.ringCalled(a, dialled, then)
		return
	}
	b.Led(a, dialled, func(led bool) {
		if led {
			b.done(then, nil)
			return
		}
		b.ringCalled(a, dialled, then)
	})
}

func (b *Board) ringCalled(a *pbx.Channel, dialled string, then Then) {
	devices := b.office(a).Called(dialled)
	other, _ := office.WithNumber(b.Offices, dialled)
	elsewhere := other.Called(dialled)
	switch {
	case len(devices) > 0:
		b.Ring(a, devices, false, then)
	case len(elsewhere) > 0:
		var inner *pbx.Channel
		inner, err := b.Across(a, other.Account, dialled, func(err error) {
			if err != nil {
				b.done(then, err)
				return
			}
			b.RingCalled(inner, dialled, then)
		})
		if err != nil {
			b.done(then, err)
		}
	case pbx.IsNumber(dialled):
		b.RingNumber(a, dialled, then)
	default:
		b.done(then, &NobodyError{dialled})
	}
}

// Across has a call reach a number of another account: the switch calls itself, and the end
// of that is a call of the other account, which its callflow takes
// (stepswitch_local_extension).
func (b *Board) Across(a *pbx.Channel, to pbx.Account, number string, then Then) (*pbx.Channel, error) {
	_, inner, err := a.Loop(to, number, nil)
	if err != nil {
		return nil, err
	}
	b.act(then, later(func() error { return b.route(inner) }))
	return inner, nil
}

// alerts has the callflow tell of a call to users which nobody takes, where the number that was
// called asks for that.
func (b *Board) alerts(a *pbx.Channel) { a.AlertMissed(b.office(a).Alerts[a.Destination()]) }

// Ring places legs to telephones and has them ring: early, with sound that the caller
// hears.
func (b *Board) Ring(a *pbx.Channel, devices []pbx.Device, early bool, then Then) {
	b.alerts(a)
	var legs []*pbx.Channel
	b.act(then, atOnce(func() error {
		for _, d := range devices {
			leg, err := a.Dial(d)
			if err != nil {
				return err
			}
			legs = append(legs, leg)
		}
		return nil
	}), b.rings(&legs, early))
}

// RingNumber places a leg to the telephone network.
func (b *Board) RingNumber(a *pbx.Channel, number string, then Then) {
	var legs []*pbx.Channel
	b.act(then, atOnce(func() error {
		leg, err := a.DialNumber(number)
		legs = append(legs, leg)
		return err
	}), b.rings(&legs, true))
}

// RingURI places a leg to a SIP address.
func (b *Board) RingURI(a *pbx.Channel, user, host string, then Then) {
	var legs []*pbx.Channel
	b.act(then, atOnce(func() error {
		leg, err := a.DialURI(user, host)
		legs = append(legs, leg)
		return err
	}), b.rings(&legs, false))
}

// Busy places legs to telephones, or to a number where there are none, that are all in
// another call: nothing rings, and the caller is told; see Refuse for keep.
func (b *Board) Busy(a *pbx.Channel, devices []pbx.Device, number string, keep bool, then Then) {
	const busy = "USER_BUSY"
	b.gives(a, busy, keep, then, atOnce(func() (err error) {
		if len(devices) == 0 {
			_, err = a.DialNumber(number)
			return err
		}
		b.alerts(a)
		for _, d := range devices {
			if _, err := a.Dial(d); err != nil {
				return err
			}
		}
		return nil
	}), later(func() error { return b.stopRinging(a, busy) }))
}

// Forward rings for a telephone whose calls go on to a number: the switch calls itself,
// and from there the number.
func (b *Board) Forward(a *pbx.Channel, d pbx.Device, number string, then Then) {
	b.alerts(a)
	var inner *pbx.Channel
	var legs []*pbx.Channel
	b.act(then, atOnce(func() (err error) {
		_, inner, err = a.Loop(a.Account(), number, &d)
		return err
	}), later(func() error { return b.route(inner) }), soon(func() error {
		leg, err := inner.DialNumber(number)
		legs = append(legs, leg)
		return err
	}), b.rings(&legs, true))
}

// rings is what comes of legs that were placed. One that has ended meanwhile does
// not ring.
func (b *Board) rings(legs *[]*pbx.Channel, early bool) step {
	return step{100 * time.Millisecond, 800 * time.Millisecond, func() error {
		for _, leg := range *legs {
			if leg.Gone() || leg.Answered() {
				continue
			}
			if err := leg.Progress(early); err != nil {
				return err
			}
			if leg.Device() != nil {
				b.report(leg.Presence("early"))
			}
			if b.Rings != nil {
				b.Rings(leg)
			}
		}
		return nil
	}}
}

// ringing are the legs that ring for a call.
func ringing(a *pbx.Channel) []*pbx.Channel {
	return slices.DeleteFunc(a.Dialled(), (*pbx.Channel).Answered)
}

// rung tells whether a leg is one that rings itself, for whoever called it.
func (b *Board) rung(leg *pbx.Channel) bool {
	return !leg.Answered() && (leg.Dialler() != nil || b.onward[leg] != nil)
}

// stopRinging ends the legs that still ring for a call.
func (b *Board) stopRinging(a *pbx.Channel, cause string) error { return b.stop(ringing(a), cause) }

// stop ends those of some legs that nobody has answered.
func (b *Board) stop(legs []*pbx.Channel, cause string) error {
	for _, leg := range legs {
		if leg.Answered() {
			continue
		}
		if err := b.end(leg, cause); err != nil {
			return err
		}
	}
	return nil
}

// Refuse ends a leg that rings: USER_BUSY, CALL_REJECTED. When it was the last, the caller
// is told, and the call is over; unless keep has the callflow go on.
func (b *Board) Refuse(leg *pbx.Channel, cause string, keep bool, then Then) {
	a := leg.Dialler()
	if a == nil || leg.Answered() {
		b.done(then, &pbx.StateError{CallID: leg.CallID(), Doing: "refuse", State: "not ringing"})
		return
	}
	b.act(func(err error) {
		if err != nil {
			b.done(then, err)
			return
		}
		b.lost(a, cause, keep, then)
	}, atOnce(func() error { return b.end(leg, cause) }), soon(func() error { return nil }))
}

// unanswered is why what rings for a call ends that nobody takes.
const unanswered = "NO_ANSWER"

// GiveUp stops the ringing of a call that nobody takes; see Refuse for keep.
func (b *Board) GiveUp(a *pbx.Channel, keep bool, then Then) {
	state := b.busy(a)
	if b.rung(a) {
		state = "a telephone's, which rings"
	}
	if state != "" {
		b.done(then, &pbx.StateError{CallID: a.CallID(), Doing: "give up", State: state})
		return
	}
	b.gives(a, unanswered, keep, then, atOnce(func() error { return b.stopRinging(a, unanswered) }))
}

// gives does steps, after which nothing rings for a call any more, and has that fail.
func (b *Board) gives(a *pbx.Channel, cause string, keep bool, then Then, steps ...step) {
	b.act(func(err error) {
		if err != nil {
			b.done(then, err)
			return
		}
		b.fell(a, cause, keep, then)
	}, append(steps, soon(func() error { return nil }))...)
}

// Next has something else be tried, once, when nothing rings for a call any more and nobody has
// taken it, in place of that being told; nil has that be told.
func (b *Board) Next(a *pbx.Channel, try func()) {
	if try == nil || a.Gone() {
		delete(b.nexts, a)
		return
	}
	b.nexts[a] = try
}

// TryNext tries what is to be tried next, and tells whether there is anything.
func (b *Board) TryNext(a *pbx.Channel) bool {
	try := b.nexts[a]
	delete(b.nexts, a)
	if try != nil {
		try()
	}
	return try != nil
}

// lost has a call go on without a leg that rang for it. It has failed if that was the last.
func (b *Board) lost(a *pbx.Channel, cause string, keep bool, then Then) {
	if len(ringing(a)) > 0 || b.busy(a) != "" {
		b.done(then, nil)
		return
	}
	b.fell(a, cause, keep, then)
}

// fell tells the callflow that nobody has taken the call, which is over unless keep has the
// callflow, or an application leads the call, go on. Where the call is the switch's own, the one that led to it has failed, too, and
// it is the callflow of that which may go on, unless the two are of different accounts.
func (b *Board) fell(a *pbx.Channel, cause string, keep bool, then Then) {
	if state := b.busy(a); state != "" {
		b.done(then, &pbx.StateError{CallID: a.CallID(), Doing: "give up", State: state})
		return
	}
	if b.TryNext(a) {
		b.done(then, nil)
		return
	}
	keep = keep || a.Led()
	if err := a.Bridged(cause); err != nil {
		b.done(then, err)
		return
	}
	outer, own := a.OtherEnd()
	switch {
	case own && outer.Dialler() != nil && !outer.Answered() && (!keep || outer.Account().ID == a.Account().ID):
		b.Refuse(outer, cause, keep, then)
	case keep:
		b.done(then, nil)
	default:
		b.done(then, b.end(a, cause))
	}
}
