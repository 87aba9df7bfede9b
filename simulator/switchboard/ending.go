package switchboard

import (
	"time"

	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// cancelled is why a call ends whose caller gives up before anybody answers.
const cancelled = "ORIGINATOR_CANCEL"

// end hangs a leg up, unless it has ended.
func (b *Board) end(ch *pbx.Channel, cause string) error {
	if ch.Gone() {
		return nil
	}
	return b.hangUp(ch, cause)
}

// hangUp ends a leg. Whoever follows its line hears of it a second later, and who is to know
// of calls that nobody takes, a moment. The two legs that the switch has with itself end
// together.
func (b *Board) hangUp(ch *pbx.Channel, cause string) error {
	if err := ch.Hangup(cause); err != nil {
		return err
	}
	delete(b.onward, ch)
	delete(b.taking, ch)
	if ch.Device() != nil {
		b.Line.After(time.Second, func() { b.report(ch.Presence("terminated")) })
	}
	if ch.Missed() {
		b.act(nil, soon(ch.TellMissed))
	}
	if pair, ok := ch.Pair(); ok {
		if cause == cancelled && pair.Answered() {
			cause = "NORMAL_CLEARING"
		}
		b.Hangup(pair, cause, nil)
	}
	return nil
}

// Hangup has somebody hang up, "" for the usual cause: what rings for the call stops,
// and who was at the other end follows.
func (b *Board) Hangup(ch *pbx.Channel, cause string, then Then) {
	peer := ch.Peer()
	legs := ch.Dialled()
	if cause == "" {
		cause = "NORMAL_CLEARING"
		if !ch.Answered() && ch.Dialler() == nil {
			cause = cancelled
		}
	}
	b.act(then, atOnce(func() error {
		slot := b.slotOf(ch)
		if err := b.hangUp(ch, cause); err != nil {
			return err
		}
		for _, leg := range legs {
			if leg != peer && !leg.Answered() {
				b.report(b.end(leg, cause))
			}
		}
		if slot != nil {
			b.act(nil, soon(func() error { return b.abandoned(slot, ch) }))
		}
		return nil
	}), step{5 * time.Millisecond, 60 * time.Millisecond, func() error {
		if peer == nil || peer.Gone() || peer.Peer() != nil {
			return nil // alone all the time, or in another call by now
		}
		return b.end(peer, cause)
	}})
}
