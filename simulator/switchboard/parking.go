package switchboard

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// parked is a call in a slot.
type parked struct {
	slot string
	ch   *pbx.Channel
	kept bool // for a call on its way into it, or out of it
	// revision counts the writes of the slot's document, which outlives its calls.
	revision int
}

func (p *parked) free() bool { return p.ch == nil && !p.kept }

func slotKey(accountID, slot string) string { return accountID + "/" + slot }

// Parked finds the call that waits in a slot of an account.
func (b *Board) Parked(accountID, slot string) (*pbx.Channel, bool) {
	p := b.slots[slotKey(accountID, slot)]
	if p == nil || p.ch == nil {
		return nil, false
	}
	return p.ch, true
}

// Slot is the slot in which a channel waits, if it does.
func (b *Board) Slot(ch *pbx.Channel) (slot string, waits bool) {
	if p := b.slotOf(ch); p != nil {
		return p.slot, true
	}
	return "", false
}

// slotOf is the slot in which a channel waits; nil while it waits in none. Each connection and
// each end asks, and slots outlive their calls, so that to go through them would take longer
// the more accounts there are.
func (b *Board) slotOf(ch *pbx.Channel) *parked { return b.inSlot[ch] }

// firstSlot is the lowest number that the system gives by itself (cf_park).
const firstSlot = 100

// reserve keeps a slot free for a call, "" for the first that is.
func (b *Board) reserve(account, slot string) (*parked, error) {
	for n := firstSlot; slot == ""; n++ {
		if p := b.slots[slotKey(account, strconv.Itoa(n))]; p == nil || p.free() {
			slot = strconv.Itoa(n)
		}
	}
	p := b.slots[slotKey(account, slot)]
	switch {
	case p == nil:
		p = &parked{slot: slot}
		b.slots[slotKey(account, slot)] = p
	case p.ch != nil:
		return nil, &pbx.StateError{CallID: p.ch.CallID(), Doing: fmt.Sprintf("park another call in slot %s beside", slot), State: "in it"}
	case p.kept:
		return nil, &TakenSlotError{slot}
	}
	p.kept = true
	return p, nil
}

// Park has somebody leave the other end of the call in a slot of its account, "" for the first
// that is free.
func (b *Board) Park(ch *pbx.Channel, slot string, then Then) {
	account := ch.Account().ID
	if other := ch.Peer(); other != nil {
		account = other.Account().ID
	}
	p, err := b.reserve(account, slot)
	if err != nil {
		b.done(then, err)
		return
	}
	var other *pbx.Channel
	b.act(func(err error) {
		p.kept = false
		b.done(then, err)
	}, atOnce(func() (err error) {
		other, err = ch.Transfer(ParkPrefix + p.slot)
		return err
	}), later(func() error { return b.route(other) }), soon(func() error { return b.put(other, p) }))
}

// put keeps a call in a slot and says so.
func (b *Board) put(ch *pbx.Channel, p *parked) error {
	if state := b.busy(ch); state != "" {
		return &pbx.StateError{CallID: ch.CallID(), Doing: "park", State: state}
	}
	p.ch, b.inSlot[ch] = ch, p
	if err := b.note(p, ch); err != nil {
		return err
	}
	if err := ch.Parked(p.slot); err != nil {
		return err
	}
	return ch.SlotPresence(p.slot, "early")
}

// note writes the slot's document.
func (b *Board) note(p *parked, ch *pbx.Channel) error {
	action := "edited"
	if p.revision++; p.revision == 1 {
		action = "created"
	}
	return b.Core.Change(ch.Account(), action, "parked_call", "parking-slot-"+p.slot, p.revision, false)
}

// vacate has a call leave its slot. A moment later it is told how, and the slot is free.
func (b *Board) vacate(p *parked, how func(slot string) error) {
	ch := p.ch
	delete(b.inSlot, ch)
	p.ch, p.kept = nil, true
	b.act(nil, soon(func() error { return how(p.slot) }), atOnce(func() error {
		p.kept = false
		if err := b.note(p, ch); err != nil {
			return err
		}
		return ch.SlotPresence(p.slot, "terminated")
	}))
}

// Retrieve has a telephone dial a slot and take the call that waits in it. Both calls
// are told as retrieved.
func (b *Board) Retrieve(account pbx.Account, slot string, d pbx.Device, then Then) (*pbx.Channel, error) {
	waiting, ok := b.Parked(account.ID, slot)
	if !ok {
		return nil, &EmptySlotError{slot}
	}
	var by *pbx.Channel
	by, err := b.Dial(account, d, ParkPrefix+slot, "", "", func(err error) {
		if err == nil {
			waiting, ok = b.Parked(account.ID, slot)
			if !ok { // meanwhile
				err = &EmptySlotError{slot}
			}
		}
		if err != nil {
			b.done(then, errors.Join(err, b.drop(by, usual)))
			return
		}
		b.takeOver(by, waiting, true, func(err error) {
			if err != nil {
				b.done(then, errors.Join(err, b.drop(by, usual)))
				return
			}
			b.act(then, step{moment, 2 * moment, func() error { return by.Retrieved(slot) }}) // after the other
		})
	})
	return by, err
}

// EmptySlotError says that no call waits in a slot.
type EmptySlotError struct{ Slot string }

func (e *EmptySlotError) Error() string { return "no call waits in slot " + e.Slot }

// TakenSlotError says that a call is on its way into a slot, or out of it.
type TakenSlotError struct{ Slot string }

func (e *TakenSlotError) Error() string { return "another call is just being parked in slot " + e.Slot }
