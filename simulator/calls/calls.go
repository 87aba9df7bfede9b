// Package calls plays calls from their beginning to their end, as planned: what people do
// at their telephones, and when. It owns the plan of a call. What follows from what
// people do is the switchboard's, and how many calls there are is traffic's.
package calls

import (
	"time"

	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
)

// Outcome is what becomes of a call.
type Outcome int

// Outcomes of a call.
const (
	Answered  Outcome = iota // somebody takes it
	Abandoned                // the caller gives up while it rings
	Voicemail                // nobody takes it, and the caller leaves a message
	Busy                     // the other end is
	Rejected                 // the other end does not want it
)

// Outcomes lists all.
func Outcomes() []Outcome { return []Outcome{Answered, Abandoned, Voicemail, Busy, Rejected} }

func (o Outcome) String() string {
	return [...]string{"answered", "abandoned", "voicemail", "busy", "rejected"}[o]
}

// Call is what is known of a call before it begins.
type Call struct {
	Account pbx.Account
	// From is who calls: a party in the telephone network, or, where that is nil, the
	// telephone FromDevice.
	From       *pbx.Party
	FromDevice pbx.Device
	Dialled    string // the number or extension
	CallID     string // "" for one of the switch's choice
	// Rings are the telephones that ring. Without any the call goes to Dialled in the
	// telephone network.
	Rings   []pbx.Device
	Outcome Outcome
	// Ringing is from the call's beginning until it is taken, given up or refused;
	// Talking from then on, or the length of the message.
	Ringing, Talking time.Duration
	CalleeHangsUp    bool
	During           During       // of one that is answered
	Third            pbx.Device   // for what concerns a third telephone
	Box              *pbx.Mailbox // for Voicemail; nil is a box of its own
	CallflowID       string
}

// Player plays calls. It is used by the goroutine of its timeline alone.
type Player struct {
	board *switchboard.Board
	// undecided are the calls of which a plan has yet to decide what becomes of them.
	undecided map[*pbx.Channel]bool
}

// New returns a player at a board.
func New(board *switchboard.Board) *Player {
	return &Player{board: board, undecided: map[*pbx.Channel]bool{}}
}

// Decides tells whether a plan will say who takes the call that a channel makes.
func (p *Player) Decides(ch *pbx.Channel) bool { return p.undecided[ch] }

// PickUp has somebody take a call after a few seconds, of which no plan says who does: one
// that was transferred by a command, or that a quickcall has placed.
func (p *Player) PickUp(leg *pbx.Channel) {
	after := 2*time.Second + time.Duration(p.board.IDs.IntN(3000))*time.Millisecond
	p.board.Line.After(after, func() {
		if !leg.Gone() && !leg.Answered() {
			p.board.Answer(leg, nil)
		}
	})
}

// Play begins a call now. Its end is told to done, which may be nil, when the last of
// its legs is gone, and what has become of it is told.
func (p *Player) Play(c Call, done func()) {
	pl := &playing{Player: p, Call: c, done: done}
	var err error
	if c.From != nil {
		pl.a, err = p.board.Arrive(c.Account, *c.From, c.Dialled, c.CallID, c.CallflowID, pl.next(pl.ring))
	} else {
		pl.a, err = p.board.Dial(c.Account, c.FromDevice, c.Dialled, c.CallID, c.CallflowID, pl.next(pl.ring))
	}
	if err != nil {
		p.board.Fail(err)
		pl.finish()
		return
	}
	p.undecided[pl.a] = true
}

// playing is a call under way.
type playing struct {
	*Player
	Call

	a, b   *pbx.Channel   // who calls, and who takes it
	others []*pbx.Channel // that have come into it
	done   func()
}

// next goes on with the plan when a part of it is done. Where somebody else has changed the
// call meanwhile, so that the plan no longer fits, what is left of it is hung up.
func (pl *playing) next(do func()) switchboard.Then {
	return func(err error) {
		if err == nil {
			do()
			return
		}
		pl.board.Excuse(err)
		pl.clear()
	}
}

func (pl *playing) finish() {
	delete(pl.undecided, pl.a)
	if pl.done != nil {
		pl.done()
	}
}

// after has the plan go on later.
func (pl *playing) after(d time.Duration, do func()) { pl.board.Line.After(d, do) }

// ring has the callflow ring, and the plan wait for what people do about it.
func (pl *playing) ring() {
	then := pl.next(func() { pl.after(pl.Ringing, pl.decided) })
	switch {
	case pl.Outcome == Busy:
		pl.board.Busy(pl.a, pl.Rings, pl.Dialled, false, pl.next(pl.finish))
	case len(pl.Rings) > 0:
		pl.board.Ring(pl.a, pl.Rings, false, then)
	default:
		pl.board.RingNumber(pl.a, pl.Dialled, then)
	}
}

func (pl *playing) decided() {
	delete(pl.undecided, pl.a)
	legs := pl.a.Dialled()
	switch {
	case len(legs) == 0 || pl.a.Gone(): // somebody else has
		pl.clear()
	case pl.Outcome == Answered:
		pl.b = legs[0]
		pl.board.Answer(pl.b, pl.next(pl.talk))
	case pl.Outcome == Voicemail:
		box := pl.Box
		if box == nil {
			box = &pbx.Mailbox{ID: pl.board.Core.NewDocumentID(false), Number: pl.Dialled}
		}
		pl.board.GiveUp(pl.a, true, pl.next(func() { pl.board.Voicemail(pl.a, box, pl.Talking, pl.next(pl.finish)) }))
	case pl.Outcome == Rejected:
		pl.refuse(legs)
	default:
		pl.board.Hangup(pl.a, "", pl.next(pl.finish))
	}
}

// talk has the conversation take its time.
func (pl *playing) talk() {
	if pl.During == Nothing {
		pl.after(pl.Talking, pl.hangUp)
		return
	}
	pl.after(pl.Talking/2, pl.act)
}

// refuse has all that ring refuse the call.
func (pl *playing) refuse(legs []*pbx.Channel) {
	const cause = "CALL_REJECTED"
	last := len(legs) - 1
	for _, leg := range legs[:last] {
		pl.board.Refuse(leg, cause, false, nil)
	}
	pl.board.Refuse(legs[last], cause, false, pl.next(pl.finish))
}

// hangUp ends a conversation: whoever hangs up is gone first.
func (pl *playing) hangUp() {
	first := pl.a
	if pl.CalleeHangsUp {
		first = pl.b
	}
	if first.Gone() { // given away: what is left of the call is whoever has it now
		pl.clear()
		return
	}
	pl.board.Hangup(first, "NORMAL_CLEARING", pl.next(pl.finish))
}

// clear ends what is left of the call.
func (pl *playing) clear() {
	for _, ch := range append([]*pbx.Channel{pl.a, pl.b}, pl.others...) {
		if ch != nil && !ch.Gone() {
			pl.board.Hangup(ch, "NORMAL_CLEARING", nil)
		}
	}
	pl.finish()
}
