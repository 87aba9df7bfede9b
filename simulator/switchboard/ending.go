package switchboard

import (
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// cancelled is why a call ends whose caller gives up before anybody answers, and refused why
// one does whose last telephone does not take it.
const (
	cancelled = "ORIGINATOR_CANCEL"
	refused   = "CALL_REJECTED"
	usual     = "NORMAL_CLEARING"
)

// end hangs a leg up, unless it has ended. Who was at its other end stays.
func (b *Board) end(ch *pbx.Channel, cause string) error {
	if ch.Gone() {
		return nil
	}
	return ch.Hangup(cause)
}

// drop ends who is left of a call, unless in another one by now.
func (b *Board) drop(ch *pbx.Channel, cause string) error {
	if ch == nil || ch.Peer() != nil {
		return nil
	}
	return b.end(ch, cause)
}

// ended has all that was there for a channel alone end with it: what rings for it, the other
// of the two legs that the switch has with itself, its slot, and what waits for it. Whoever
// follows its line hears of it a second later, and who is to know of calls that nobody takes, a
// moment.
func (b *Board) ended(ch *pbx.Channel, cause string) {
	delete(b.onward, ch)
	delete(b.taking, ch)
	delete(b.nexts, ch)
	b.quieten(ch)
	if ch.Device() != nil {
		b.Line.After(time.Second, func() { b.report(ch.Presence("terminated")) })
	}
	if ch.Missed() {
		b.act(nil, soon(ch.TellMissed))
	}
	if p := b.slotOf(ch); p != nil {
		b.vacate(p, ch.Abandoned)
	}
	pair, paired := ch.Pair()
	b.report(b.stopRinging(ch, stopped(ch, cause)))
	if paired {
		if cause == cancelled && pair.Answered() {
			cause = usual
		}
		b.Hangup(pair, cause, nil)
	}
	b.tellWaiting(ch)
	delete(b.waits, ch)
	lasts := b.lasts[ch]
	delete(b.lasts, ch)
	for _, told := range lasts {
		told()
	}
}

// quieten ends what is heard and recorded on a channel that has ended. What is recorded has told
// of its end already.
func (b *Board) quieten(ch *pbx.Channel) {
	b.silenceAll(ch, SoundHangup)
	if l := b.listening[ch]; l != nil {
		l.forget()
	}
	delete(b.speaks, ch)
}

// AtEnd has somebody told, once, when a channel has ended.
func (b *Board) AtEnd(ch *pbx.Channel, told func()) { b.lasts[ch] = append(b.lasts[ch], told) }

// stopped is why what rings for a leg ends with it: its caller is no longer there, unless the
// switch called itself, and the first of its two legs has ended for a reason of its own.
func stopped(ch *pbx.Channel, cause string) string {
	if ch.SecondEnd() && cause != usual {
		return cause
	}
	return cancelled
}

// Hangup has somebody hang up, "" for the usual cause: what rings for the call stops,
// and who was at the other end follows. Who does so while it rings refuses the call.
func (b *Board) Hangup(ch *pbx.Channel, cause string, then Then) {
	if ch.Dialler() != nil && !ch.Answered() && !ch.Gone() {
		if cause == "" || cause == usual || cause == cancelled {
			cause = refused
		}
		b.Refuse(ch, cause, false, then)
		return
	}
	peer := ch.Peer()
	if cause == "" {
		cause = usual
		if !ch.Answered() {
			cause = cancelled
		}
	}
	b.act(then, atOnce(func() error { return ch.Hangup(cause) }),
		step{5 * time.Millisecond, 60 * time.Millisecond, func() error {
			if peer != nil && peer.Led() && b.busy(peer) == "" { // an application goes on with it
				return peer.Bridged(usual)
			}
			return b.drop(peer, cause)
		}})
}

// connected has a channel that is in a call with another now leave its slot, and what waits for
// it go on.
func (b *Board) connected(one, other *pbx.Channel) {
	for _, ch := range []*pbx.Channel{one, other} {
		delete(b.onward, ch)
		delete(b.nexts, ch)
		if p := b.slotOf(ch); p != nil {
			b.vacate(p, ch.Retrieved)
		}
	}
	b.tellWaiting(one)
	b.tellWaiting(other)
}

// wait has an act told when a channel is connected, each time, and when it ends.
func (b *Board) wait(ch *pbx.Channel, told func()) { b.waits[ch] = append(b.waits[ch], told) }

func (b *Board) tellWaiting(ch *pbx.Channel) {
	for _, told := range slices.Clone(b.waits[ch]) {
		told()
	}
}

// busy is why nobody else can take the call of a channel now, "" where one can.
func (b *Board) busy(ch *pbx.Channel) string {
	switch {
	case ch.Gone():
		return "over"
	case ch.Peer() != nil:
		return "bridged"
	case ch.Member() != nil:
		return "in a conference"
	case b.slotOf(ch) != nil:
		return "parked"
	case b.won[ch] != nil:
		return "answered by somebody else"
	case ch.Dialler() != nil && b.won[ch.Dialler()] == ch:
		return "being connected"
	}
	return ""
}
