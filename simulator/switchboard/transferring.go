package switchboard

import (
	"errors"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// ParkPrefix begins what is dialled to park a call in a slot, or to take one out of it:
// *3101 is slot 101 (the feature code of cf_park).
const ParkPrefix = "*3"

// Transfer has somebody give the other end of the call to another number, at once: it rings
// there. A number that begins with ParkPrefix parks the other end.
func (b *Board) Transfer(ch *pbx.Channel, to string, then Then) {
	if slot, ok := strings.CutPrefix(to, ParkPrefix); ok {
		b.Park(ch, slot, then)
		return
	}
	var other *pbx.Channel
	b.act(then, atOnce(func() error { return b.mayCall(ch.Peer(), to) }), atOnce(func() (err error) {
		other, err = b.giveAway(ch, to)
		return err
	}), later(func() error {
		if err := b.route(other); err != nil {
			return err
		}
		b.RingCalled(other, to, nil)
		return nil
	}))
}

// giveAway takes a channel out of its call, which its peer goes on with.
func (b *Board) giveAway(ch *pbx.Channel, to string) (*pbx.Channel, error) {
	other, err := ch.Transfer(to)
	if err == nil && ch.Device() != nil {
		b.Line.After(time.Second, func() { b.report(ch.Presence("terminated")) })
	}
	return other, err
}

// mayCall says whether somebody has a number, before anything is done about it.
func (b *Board) mayCall(ch *pbx.Channel, to string) error {
	if ch == nil || pbx.IsNumber(to) || len(b.office(ch).Called(to)) > 0 {
		return nil
	}
	return &NobodyError{to}
}

// Consult has a telephone, which has a call already, put that on hold and call somebody
// else, whom it rings. Join completes the transfer.
func (b *Board) Consult(ch *pbx.Channel, to string, then Then) (*pbx.Channel, error) {
	d := ch.Device()
	switch {
	case d == nil:
		return nil, &pbx.StateError{CallID: ch.CallID(), Doing: "consult from", State: "no telephone's of the account"}
	case ch.Peer() == nil:
		return nil, &pbx.StateError{CallID: ch.CallID(), Doing: "transfer", State: "not bridged"}
	}
	if err := b.mayCall(ch, to); err != nil {
		return nil, err
	}
	if !ch.Held() {
		if err := ch.Hold(); err != nil {
			return nil, err
		}
	}
	var consult *pbx.Channel
	consult, err := b.Dial(ch.Account(), *d, to, "", "", func(err error) {
		if err != nil {
			b.done(then, err)
			return
		}
		b.RingCalled(consult, to, then)
	})
	return consult, err
}

// Join connects the far ends of two calls that somebody is in, who leaves both.
func (b *Board) Join(ch, consult *pbx.Channel, then Then) {
	b.act(then, atOnce(func() error {
		if err := ch.Join(consult); err != nil {
			return err
		}
		for _, one := range []*pbx.Channel{ch, consult} {
			b.Line.After(time.Second, func() { b.report(one.Presence("terminated")) })
		}
		return nil
	}))
}

// Divert has the callflow take a leg, whose other end is dropped, and ring for a number.
func (b *Board) Divert(ch *pbx.Channel, to string, then Then) {
	left := ch.Peer()
	b.act(func(err error) {
		if err != nil {
			b.done(then, err)
			return
		}
		b.RingCalled(ch, to, then)
	}, atOnce(func() error { return b.mayCall(ch, to) }), atOnce(func() error {
		if left == nil {
			return nil
		}
		if err := ch.Unbridge(); err != nil {
			return err
		}
		return b.end(left, "NORMAL_CLEARING")
	}))
}

// PickUp has a telephone take the call of another leg: one that rings for somebody else, or
// one that is up. Who had it is left without.
func (b *Board) PickUp(target *pbx.Channel, d pbx.Device, then Then) (*pbx.Channel, error) {
	var by *pbx.Channel
	by, err := b.Dial(target.Account(), d, "*8", "", "", func(err error) {
		if err != nil {
			b.done(then, err)
			return
		}
		b.takeOver(by, target, true, then)
	})
	return by, err
}

// takeOver has a channel take the call of another, and ends who is left over. usurp tells
// whoever controls the other that it no longer does, as ecallmgr does of a call_pickup.
func (b *Board) takeOver(by, target *pbx.Channel, usurp bool, then Then) {
	if a := target.Dialler(); a != nil && !target.Answered() {
		target = a // it is the caller that is taken, not the telephone that rings
	}
	left := target.Peer()
	b.act(then, atOnce(func() error {
		if !usurp || by == target || by.Peer() != nil || by.Gone() || target.Gone() {
			return by.Intercept(target)
		}
		if err := target.Usurp(); err != nil {
			return err
		}
		return by.Intercept(target)
	}), soon(func() error {
		if err := errors.Join(b.stopRinging(target, "PICKED_OFF"), b.stopRinging(by, "LOSE_RACE")); err != nil || left == nil {
			return err
		}
		return b.end(left, "PICKED_OFF")
	}))
}

// Connect bridges two channels that are up, each of whose other end is dropped. See takeOver
// for usurp.
func (b *Board) Connect(ch, with *pbx.Channel, usurp bool, then Then) {
	left := ch.Peer()
	b.act(then, atOnce(func() error {
		if left == nil {
			return nil
		}
		if err := ch.Unbridge(); err != nil {
			return err
		}
		return b.end(left, "NORMAL_CLEARING")
	}), atOnce(func() error { b.takeOver(ch, with, usurp, nil); return nil }))
}
