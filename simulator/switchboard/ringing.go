package switchboard

import (
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

// RingCalled rings for what a channel has dialled: telephones of its account, those of
// another account that has the number, or the telephone network.
func (b *Board) RingCalled(a *pbx.Channel, dialled string, then Then) {
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
			b.Ring(inner, elsewhere, false, then)
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
	}), b.ringing(&legs, early))
}

// RingNumber places a leg to the telephone network.
func (b *Board) RingNumber(a *pbx.Channel, number string, then Then) {
	var legs []*pbx.Channel
	b.act(then, atOnce(func() error {
		leg, err := a.DialNumber(number)
		legs = append(legs, leg)
		return err
	}), b.ringing(&legs, true))
}

// Busy places legs to telephones, or to a number where there are none, that are all in
// another call: nothing rings, and the caller is told; see Refuse for keep.
func (b *Board) Busy(a *pbx.Channel, devices []pbx.Device, number string, keep bool, then Then) {
	b.act(then, atOnce(func() (err error) {
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
	}), later(func() error { return b.stopRinging(a, "USER_BUSY") }), soon(func() error { return b.fell(a, "USER_BUSY", keep) }))
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
	}), b.ringing(&legs, true))
}

// ringing is what comes of legs that were placed. One that has ended meanwhile does
// not ring.
func (b *Board) ringing(legs *[]*pbx.Channel, early bool) step {
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

// Answer takes a call at the end of a leg that rings, and connects it with who called;
// the others that ring for it stop.
func (b *Board) Answer(leg *pbx.Channel, then Then) {
	a := leg.Dialler()
	if onward := b.onward[leg]; onward != nil {
		delete(b.onward, leg)
		onward(then)
		return
	}
	if _, own := leg.Pair(); own || a == nil {
		b.done(then, &pbx.StateError{CallID: leg.CallID(), Doing: "answer", State: "nobody's to answer: it called"})
		return
	}
	b.act(then, atOnce(func() error {
		if err := leg.Answer(); err != nil {
			return err
		}
		if leg.Device() != nil {
			b.report(leg.Presence("confirmed"))
		}
		return nil
	}), soon(func() error { return b.take(a) }), soon(func() error { return a.Bridge(leg) }), soon(func() error {
		return b.stopRinging(a, "LOSE_RACE")
	}), atOnce(func() error { return b.passOn(a) }))
}

// Take has the callflow answer a call, for whoever made it.
func (b *Board) Take(a *pbx.Channel) error {
	if a.Answered() {
		return nil
	}
	b.upward(a)
	return a.Answer()
}

// take answers the caller's leg where it is not answered yet.
func (b *Board) take(a *pbx.Channel) error {
	if a.Answered() {
		return nil
	}
	return a.Answer()
}

// passOn connects who has called the switch's own leg, once that is connected at its
// other end, and has the pair leave the call.
func (b *Board) passOn(inner *pbx.Channel) error {
	if outer, ok := inner.OtherEnd(); ok {
		b.upward(inner, later(outer.BowOut))
	}
	return nil
}

// upward connects who has called the switch's own leg, if it is one, with the pair.
func (b *Board) upward(inner *pbx.Channel, then ...step) {
	outer, ok := inner.OtherEnd()
	if !ok {
		return
	}
	caller := outer.Dialler()
	b.act(nil, append([]step{
		soon(func() error { return b.take(outer) }), soon(func() error { return b.take(caller) }), soon(func() error { return b.meet(caller, outer) }),
		soon(func() error { return b.stopRinging(caller, "LOSE_RACE") }),
	}, then...)...)
}

// meet bridges a caller with a leg, unless they are.
func (b *Board) meet(caller, leg *pbx.Channel) error {
	if caller.Peer() == leg {
		return nil
	}
	return caller.Bridge(leg)
}

// stopRinging ends the legs that still ring for a call.
func (b *Board) stopRinging(a *pbx.Channel, cause string) error {
	for _, leg := range a.Dialled() {
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
	b.act(then, atOnce(func() error { return b.end(leg, cause) }), soon(func() error {
		if len(a.Dialled()) > 0 || a.Gone() {
			return nil
		}
		return b.fell(a, cause, keep)
	}))
}

// GiveUp stops the ringing of a call that nobody takes; see Refuse for keep.
func (b *Board) GiveUp(a *pbx.Channel, keep bool, then Then) {
	const cause = "NO_ANSWER"
	b.act(then, atOnce(func() error { return b.stopRinging(a, cause) }), soon(func() error { return b.fell(a, cause, keep) }))
}

// fell tells the callflow that nobody has taken the call. Where that is the switch's own, the
// one that led to it has failed, too.
func (b *Board) fell(a *pbx.Channel, cause string, keep bool) error {
	if err := a.Bridged(cause); err != nil || keep {
		return err
	}
	var caller *pbx.Channel
	if outer, ok := a.OtherEnd(); ok && outer.Peer() == nil {
		caller = outer.Dialler()
	}
	if err := b.end(a, cause); err != nil || caller == nil || caller.Gone() || len(caller.Dialled()) > 0 {
		return err
	}
	return b.fell(caller, cause, false)
}
