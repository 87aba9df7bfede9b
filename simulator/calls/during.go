package calls

import (
	"time"

	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// During is what somebody does while they talk.
type During int

// What is done during a call, halfway through.
const (
	Nothing       During = iota
	Holding              // the other end waits for a while
	Transferring         // it is given to a third telephone, at once
	Consulting           // it is given to a third telephone, whose owner is asked first
	Parking              // it waits in a slot, from which the third telephone takes it
	ParkingInVain        // it waits in a slot until it gives up
)

// pauses of what people do during a call.
const (
	holds     = 20 * time.Second
	rings     = 5 * time.Second
	asks      = 12 * time.Second
	waitsLong = 45 * time.Second
)

// act does what is done halfway, and has the rest of the call follow.
func (pl *playing) act() {
	acts := pl.a // whoever has a telephone of the account does it
	if acts.Device() == nil {
		acts = pl.b
	}
	other := acts.Peer()
	if acts.Device() == nil || other == nil {
		pl.after(pl.Talking/2, pl.hangUp)
		return
	}
	end := func() { pl.after(pl.Talking/2, func() { pl.leave(other) }) }
	switch pl.During {
	case Nothing:
		end()
	case Holding:
		pl.board.Hold(acts, pl.next(func() {
			pl.after(holds, func() {
				pl.board.Resume(acts, pl.next(func() { pl.after(pl.Talking/2, pl.hangUp) }))
			})
		}))
	case Transferring:
		pl.undecided[other] = true
		pl.board.Transfer(acts, pl.Third.Extension, pl.next(func() { pl.after(rings, func() { pl.taken(other, end) }) }))
	case Consulting:
		pl.consult(acts, end)
	case Parking, ParkingInVain:
		pl.board.Park(acts, "", pl.next(func() { pl.after(waitsLong, func() { pl.parked(other) }) }))
	}
}

// taken has the first telephone that rings for a channel answer.
func (pl *playing) taken(ch *pbx.Channel, then func()) {
	delete(pl.undecided, ch)
	legs := ch.Dialled()
	if ch.Gone() || len(legs) == 0 { // somebody else has, or hung up
		pl.clear()
		return
	}
	pl.others = append(pl.others, legs[0])
	pl.board.Answer(legs[0], pl.next(then))
}

func (pl *playing) consult(acts *pbx.Channel, then func()) {
	var consult *pbx.Channel
	consult, err := pl.board.Consult(acts, pl.Third.Extension, pl.next(func() {
		pl.after(rings, func() {
			pl.taken(consult, func() { pl.after(asks, func() { pl.board.Join(acts, consult, pl.next(then)) }) })
		})
	}))
	if err != nil {
		pl.next(nil)(err)
		return
	}
	pl.undecided[consult] = true
	pl.others = append(pl.others, consult)
}

// parked has what waits in a slot taken out of it, or give up.
func (pl *playing) parked(ch *pbx.Channel) {
	slot, waits := pl.board.Slot(ch)
	if !waits || pl.During == ParkingInVain {
		pl.leave(ch)
		return
	}
	by, err := pl.board.Retrieve(pl.Account, slot, pl.Third, pl.next(func() { pl.after(pl.Talking/2, func() { pl.leave(ch) }) }))
	if err != nil {
		pl.next(nil)(err)
		return
	}
	pl.others = append(pl.others, by)
}

// leave has somebody hang up, with whom the call ends.
func (pl *playing) leave(ch *pbx.Channel) {
	if ch.Gone() {
		pl.clear()
		return
	}
	pl.board.Hangup(ch, "NORMAL_CLEARING", pl.next(pl.finish))
}
