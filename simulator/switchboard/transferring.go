package switchboard

import (
	"errors"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/timeline"
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
	b.ifSomebody(ch.Peer(), to, then, func() {
		var other *pbx.Channel
		b.act(then, atOnce(func() (err error) {
			other, err = ch.Transfer(to)
			return err
		}), later(func() error {
			if other.Peer() != nil {
				return &pbx.StateError{CallID: other.CallID(), Doing: "transfer", State: "in another call"}
			}
			if err := b.route(other); err != nil {
				return err
			}
			b.RingCalled(other, to, nil)
			return nil
		}))
	})
}

// ifSomebody goes on where MayCall finds somebody; then is told of nobody.
func (b *Board) ifSomebody(ch *pbx.Channel, to string, then Then, on func()) {
	b.MayCall(ch, to, func(err error) {
		if err != nil {
			b.done(then, err)
			return
		}
		on()
	})
}

// MayCall tells whether somebody has a number, before anything is done about it: a *NobodyError where
// nobody does.
func (b *Board) MayCall(ch *pbx.Channel, to string, then Then) {
	switch {
	case ch == nil || pbx.IsNumber(to) || len(b.office(ch).Called(to)) > 0:
		then(nil)
	case b.Known == nil:
		then(&NobodyError{to})
	default:
		b.Known(ch, to, func(known bool) {
			if !known {
				then(&NobodyError{to})
				return
			}
			then(nil)
		})
	}
}

// Consult has a telephone, which has a call already, put that on hold and call somebody
// else, whom it rings. Join completes the transfer. Whether there is somebody is to be asked
// before (MayCall).
func (b *Board) Consult(ch *pbx.Channel, to string, then Then) (*pbx.Channel, error) {
	d := ch.Device()
	switch {
	case d == nil:
		return nil, &pbx.StateError{CallID: ch.CallID(), Doing: "consult from", State: "no telephone's of the account"}
	case ch.Peer() == nil:
		return nil, &pbx.StateError{CallID: ch.CallID(), Doing: "transfer", State: "not bridged"}
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
	b.act(then, atOnce(func() error { return mayJoin(ch, consult) }), atOnce(func() error { return ch.Join(consult) }))
}

// mayJoin says whether somebody is in two calls, the far ends of which can be connected.
func mayJoin(ch, consult *pbx.Channel) error {
	far, target := ch.Peer(), consult.Peer()
	switch {
	case far == nil || target == nil:
		return &pbx.StateError{CallID: ch.CallID(), Doing: "complete the transfer of", State: "no longer in both calls"}
	case far == consult || throughPairs(far, target):
		return &pbx.StateError{CallID: ch.CallID(), Doing: "complete the transfer of", State: "in one call, with itself"}
	}
	return nil
}

// Consultation is how long a telephone rings that is asked before a call is given to it (konami:
// 20 s).
const Consultation = 20 * time.Second

// Give has a telephone consult, and complete the transfer as soon as the target answers. Where that
// does not come about, what rings for it stops, and the call is as it was (konami_transfer).
func (b *Board) Give(ch *pbx.Channel, to string, then Then) {
	b.ifSomebody(ch, to, then, func() { b.give(ch, to, then) })
}

func (b *Board) give(ch *pbx.Channel, to string, then Then) {
	g := &giving{Board: b, ch: ch, then: then}
	consult, err := b.Consult(ch, to, func(err error) {
		if err != nil {
			g.fail(err)
		}
	})
	if err != nil {
		b.done(then, err)
		return
	}
	g.consult = consult
	g.limit = b.Line.After(Consultation, func() { g.fail(&NotTakenError{ch.CallID()}) })
	b.wait(ch, g.look)
	b.wait(consult, g.look)
}

// giving is an attended transfer that waits for its target.
type giving struct {
	*Board

	ch, consult *pbx.Channel
	limit       *timeline.Planned
	then        Then
	over        bool
}

func (g *giving) look() {
	switch {
	case g.over:
	case g.ch.Peer() == nil || g.consult.Gone():
		g.fail(mayJoin(g.ch, g.consult))
	case g.consult.Peer() != nil:
		g.over = true
		g.limit.Cancel()
		g.act(func(err error) {
			if err != nil {
				g.undo()
			}
			g.done(g.then, err)
		}, later(g.join))
	}
}

func (g *giving) join() error {
	if err := mayJoin(g.ch, g.consult); err != nil {
		return err
	}
	if err := g.ch.Peer().TellTransferee(g.consult.Peer()); err != nil {
		return err
	}
	return g.ch.Join(g.consult)
}

func (g *giving) fail(err error) {
	if g.over {
		return
	}
	g.over = true
	g.limit.Cancel()
	g.undo()
	g.done(g.then, err)
}

// undo ends the consultation, and has who was put on hold for it taken back.
func (g *giving) undo() {
	if !g.consult.Gone() {
		g.Hangup(g.consult, "", nil)
	}
	if g.ch.Held() && !g.ch.Gone() {
		g.Resume(g.ch, nil)
	}
}

// Divert has the callflow take a leg, whose other end is dropped, and ring for a number.
func (b *Board) Divert(ch *pbx.Channel, to string, then Then) {
	b.ifSomebody(ch, to, then, func() {
		left := ch.Peer()
		b.act(func(err error) {
			if err != nil {
				b.done(then, err)
				return
			}
			b.RingCalled(ch, to, then)
		}, atOnce(func() error {
			if p := b.slotOf(ch); p != nil {
				b.vacate(p, ch.Retrieved)
			}
			return b.leave(ch, left)
		}))
	})
}

// leave parts a channel from who was at its other end, if anybody, and drops them.
func (b *Board) leave(ch, left *pbx.Channel) error {
	if left == nil {
		return nil
	}
	if err := ch.Unbridge(); err != nil {
		return err
	}
	return b.end(left, usual)
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
		b.takeOver(by, target, true, func(err error) {
			if err != nil {
				err = errors.Join(err, b.drop(by, usual))
			}
			b.done(then, err)
		})
	})
	return by, err
}

// whoCalls is who is at the other end of a telephone that rings, be it for the switch itself.
func whoCalls(ch *pbx.Channel) *pbx.Channel {
	for !ch.Answered() {
		next := ch.Dialler()
		if next == nil {
			next, _ = ch.OtherEnd()
		}
		if next == nil {
			break
		}
		ch = next
	}
	return ch
}

// throughPairs tells whether a channel leads to another one by legs that the switch has with
// itself. To connect the two would close a ring, with nobody in it.
func throughPairs(ch, other *pbx.Channel) bool {
	for {
		pair, ok := ch.Pair()
		switch {
		case !ok:
			return false
		case pair == other || pair.Peer() == other:
			return true
		case pair.Peer() == nil:
			return false
		}
		ch = pair.Peer()
	}
}

// mayTake says whether a channel may take the call of another.
func (b *Board) mayTake(by, target *pbx.Channel) error {
	switch {
	case b.rung(by):
		return &pbx.StateError{CallID: by.CallID(), Doing: "intercept with", State: "a telephone's, which rings"}
	case by == target || by.Peer() == target || throughPairs(by, target):
		return &pbx.StateError{CallID: by.CallID(), Doing: "intercept with", State: "in that call itself"}
	case by.Gone():
		return &pbx.StateError{CallID: by.CallID(), Doing: "intercept with", State: "over"}
	case target.Gone():
		return &pbx.StateError{CallID: target.CallID(), Doing: "intercept", State: "over"}
	case by.Member() != nil:
		return &pbx.StateError{CallID: by.CallID(), Doing: "intercept with", State: "in a conference"}
	case target.Member() != nil:
		return &pbx.StateError{CallID: target.CallID(), Doing: "intercept", State: "in a conference"}
	}
	return nil
}

// takeOver has a channel take the call of another, and ends who is left over. usurp tells
// whoever controls the other that it no longer does, as ecallmgr does of a call_pickup.
func (b *Board) takeOver(by, target *pbx.Channel, usurp bool, then Then) {
	target = whoCalls(target) // it is the caller that is taken, not the telephone that rings
	left, rang, ringsHere := target.Peer(), ringing(target), ringing(by)
	b.act(then, atOnce(func() error {
		if err := b.mayTake(by, target); err != nil {
			return err
		}
		if usurp && by.Peer() == nil {
			if err := target.Usurp(); err != nil {
				return err
			}
		}
		if _, own := by.OtherEnd(); own { // who has called the switch's own leg takes the call with it
			if err := b.Take(by); err != nil {
				return err
			}
		}
		return by.Intercept(target)
	}), soon(func() error {
		return errors.Join(b.stop(rang, "PICKED_OFF"), b.stop(ringsHere, "LOSE_RACE"), b.drop(left, "PICKED_OFF"))
	}))
}

// Connect bridges two channels that are up, each of whose other end is dropped. See takeOver
// for usurp.
func (b *Board) Connect(ch, with *pbx.Channel, usurp bool, then Then) {
	left := ch.Peer()
	b.act(func(err error) {
		if err != nil {
			b.done(then, err)
			return
		}
		b.takeOver(ch, with, usurp, func(err error) {
			if err != nil && left != nil {
				err = errors.Join(err, b.drop(ch, usual)) // for the other has rung for who was left
			}
			b.done(then, err)
		})
	}, atOnce(func() error { return b.mayTake(ch, whoCalls(with)) }), atOnce(func() error { return b.leave(ch, left) }))
}
