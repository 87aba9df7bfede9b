package switchboard

import (
	"time"

	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// end hangs a leg up, of which whoever follows its line hears a second later.
func (b *Board) end(ch *pbx.Channel, cause string) error {
	if ch.Gone() {
		return nil
	}
	if err := ch.Hangup(cause); err != nil {
		return err
	}
	if ch.Device() != nil {
		b.Line.After(time.Second, func() { b.report(ch.Presence("terminated")) })
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
			cause = "ORIGINATOR_CANCEL"
		}
	}
	b.act(then, atOnce(func() error {
		slot := b.slotOf(ch)
		if err := ch.Hangup(cause); err != nil {
			return err
		}
		if ch.Device() != nil {
			b.Line.After(time.Second, func() { b.report(ch.Presence("terminated")) })
		}
		for _, leg := range legs {
			if leg != peer && !leg.Answered() {
				b.report(b.end(leg, cause))
			}
		}
		if slot != nil {
			b.act(nil, soon(func() error { return b.abandoned(slot) }))
		}
		return nil
	}), step{5 * time.Millisecond, 60 * time.Millisecond, func() error {
		if peer == nil || peer.Gone() || peer.Peer() != nil {
			return nil // alone all the time, or in another call by now
		}
		return b.end(peer, cause)
	}})
}
