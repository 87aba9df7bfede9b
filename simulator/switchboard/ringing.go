package switchboard

import (
	"time"

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

// RingCalled rings for what a channel has dialled: telephones of its account, or the
// telephone network.
func (b *Board) RingCalled(a *pbx.Channel, dialled string, then Then) {
	devices := b.office(a).Called(dialled)
	switch {
	case len(devices) > 0:
		b.Ring(a, devices, false, then)
	case pbx.IsNumber(dialled):
		b.RingNumber(a, dialled, then)
	default:
		b.done(then, &NobodyError{dialled})
	}
}

// Ring places legs to telephones and has them ring: early, with sound that the caller
// hears.
func (b *Board) Ring(a *pbx.Channel, devices []pbx.Device, early bool, then Then) {
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
	var inner *pbx.Channel
	var legs []*pbx.Channel
	b.act(then, atOnce(func() (err error) {
		_, inner, err = a.Loop(number, &d)
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
	if to, ok := b.onward[leg]; ok {
		b.answerOriginated(leg, to, then)
		return
	}
	if a == nil {
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
	outer, ok := inner.OtherEnd()
	if !ok {
		return nil
	}
	caller := outer.Dialler()
	b.act(nil, soon(outer.Answer), soon(func() error { return b.take(caller) }), soon(func() error { return caller.Bridge(outer) }),
		soon(func() error { return b.stopRinging(caller, "LOSE_RACE") }), later(outer.BowOut))
	return nil
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

// fell tells the callflow that nobody has taken the call.
func (b *Board) fell(a *pbx.Channel, cause string, keep bool) error {
	if err := a.Bridged(cause); err != nil || keep {
		return err
	}
	return b.end(a, cause)
}
