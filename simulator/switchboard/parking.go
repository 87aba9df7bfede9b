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
	// revision counts the writes of the slot's document, which outlives its calls.
	revision int
}

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
	p := b.slotOf(ch)
	if p == nil {
		return "", false
	}
	return p.slot, true
}

// slotOf is the slot in which a channel waits; nil while it waits in none.
func (b *Board) slotOf(ch *pbx.Channel) *parked {
	for _, p := range b.slots {
		if p.ch == ch {
			return p
		}
	}
	return nil
}

// firstSlot is the lowest number that the system gives by itself (cf_park).
const firstSlot = 100

// Park has somebody leave the other end of the call in a slot, "" for the first that
// is free.
func (b *Board) Park(ch *pbx.Channel, slot string, then Then) {
	account := ch.Account().ID
	for n := firstSlot; slot == ""; n++ {
		if _, taken := b.Parked(account, strconv.Itoa(n)); !taken {
			slot = strconv.Itoa(n)
		}
	}
	var other *pbx.Channel
	b.act(then, atOnce(func() error {
		if was, taken := b.Parked(account, slot); taken {
			return &pbx.StateError{CallID: was.CallID(), Doing: fmt.Sprintf("park another call in slot %s beside", slot), State: "in it"}
		}
		return nil
	}), atOnce(func() (err error) {
		other, err = b.giveAway(ch, ParkPrefix+slot)
		return err
	}), later(func() error { return b.route(other) }), soon(func() error { return b.put(other, slot) }))
}

// put keeps a call in a slot and says so.
func (b *Board) put(ch *pbx.Channel, slot string) error {
	key := slotKey(ch.Account().ID, slot)
	p := b.slots[key]
	if p == nil {
		p = &parked{slot: slot}
		b.slots[key] = p
	}
	p.ch = ch
	if err := b.note(p, ch); err != nil {
		return err
	}
	if err := ch.Parked(slot); err != nil {
		return err
	}
	return ch.SlotPresence(slot, "early")
}

// note writes the slot's document.
func (b *Board) note(p *parked, ch *pbx.Channel) error {
	action := "edited"
	if p.revision++; p.revision == 1 {
		action = "created"
	}
	return b.Core.Change(ch.Account(), action, "parked_call", "parking-slot-"+p.slot, p.revision, false)
}

// cleared says that a slot, in which a call has waited, is empty.
func (b *Board) cleared(p *parked, ch *pbx.Channel) error {
	if err := b.note(p, ch); err != nil {
		return err
	}
	return ch.SlotPresence(p.slot, "terminated")
}

// abandoned says that a parked caller has hung up.
func (b *Board) abandoned(p *parked, ch *pbx.Channel) error {
	if p.ch != ch { // taken at that very moment
		return nil
	}
	p.ch = nil
	if err := ch.Abandoned(p.slot); err != nil {
		return err
	}
	return b.cleared(p, ch)
}

// Retrieve has a telephone dial a slot and take the call that waits in it. Both calls
// are told as retrieved.
func (b *Board) Retrieve(account pbx.Account, slot string, d pbx.Device, then Then) (*pbx.Channel, error) {
	p := b.slots[slotKey(account.ID, slot)]
	if p == nil || p.ch == nil {
		return nil, &EmptySlotError{slot}
	}
	var by *pbx.Channel
	by, err := b.Dial(account, d, ParkPrefix+slot, "", "", func(err error) {
		waiting := p.ch
		switch {
		case err != nil:
			b.done(then, err)
			return
		case waiting == nil: // meanwhile
			b.act(nil, atOnce(func() error { return b.end(by, "NORMAL_CLEARING") }))
			b.done(then, &EmptySlotError{slot})
			return
		}
		b.act(then, soon(func() error { return b.takeOut(p, waiting, by) }), soon(func() error { return waiting.Retrieved(slot) }),
			atOnce(func() error { return b.cleared(p, waiting) }), soon(func() error { return by.Retrieved(slot) }))
	})
	return by, err
}

// takeOut connects who has dialled a slot with the call that waits there, unless another was
// quicker.
func (b *Board) takeOut(p *parked, waiting, by *pbx.Channel) error {
	if p.ch != waiting {
		return errors.Join(&EmptySlotError{p.slot}, b.end(by, "NORMAL_CLEARING"))
	}
	if err := waiting.Usurp(); err != nil {
		return err
	}
	if err := by.Intercept(waiting); err != nil {
		return err
	}
	p.ch = nil
	return nil
}

// EmptySlotError says that no call waits in a slot.
type EmptySlotError struct{ Slot string }

func (e *EmptySlotError) Error() string { return "no call waits in slot " + e.Slot }
