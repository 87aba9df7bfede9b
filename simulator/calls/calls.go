// Package calls plays calls from their beginning to their end: what people do at their
// telephones, and what Kazoo's applications do for them, at the moments at which they
// would. It owns the plan of a call. It never composes a message (simulator/pbx does),
// and never decides how many calls there are.
package calls

import (
	"errors"
	"time"

	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/timeline"
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
	Box              *pbx.Mailbox // for Voicemail; nil is a box of its own
	CallflowID       string
}

// Player plays calls. It is used by the goroutine of its timeline alone.
type Player struct {
	core *pbx.Core
	line *timeline.Timeline
	ids  *ids.Source
	fail func(error) // told of what should never happen
}

// New returns a player. fail is told of what no plan should lead to.
func New(core *pbx.Core, line *timeline.Timeline, random *ids.Source, fail func(error)) *Player {
	return &Player{core: core, line: line, ids: random, fail: fail}
}

// Play begins a call now. Its end is told to done, which may be nil, when the last of
// its legs is gone.
func (p *Player) Play(c Call, done func()) {
	pl := &playing{Player: p, Call: c, done: done}
	pl.step(pl.begin)
}

// playing is a call under way.
type playing struct {
	*Player
	Call

	a    *pbx.Channel
	b    []*pbx.Channel
	done func()
	over bool
}

// Times between what a person does and what the switch does about it. They are
// inferred from practice (amqp.md 19).
func (p *Player) between(least, most time.Duration) time.Duration {
	return least + time.Duration(p.ids.IntN(int((most-least)/time.Microsecond)))*time.Microsecond
}

// after has the call go on later.
func (pl *playing) after(d time.Duration, next func() error) {
	pl.line.After(d, func() { pl.step(next) })
}

// step goes on. Where somebody else has changed the call meanwhile, so that the plan
// no longer fits, what is left of it is hung up.
func (pl *playing) step(next func() error) {
	if pl.over {
		return
	}
	err := next()
	var state *pbx.StateError
	switch {
	case err == nil:
		return
	case !errors.As(err, &state):
		pl.fail(err)
	}
	pl.clear("NORMAL_CLEARING")
}

// clear ends what is left of the call.
func (pl *playing) clear(cause string) {
	for _, ch := range append([]*pbx.Channel{pl.a}, pl.b...) {
		if ch != nil && !ch.Gone() {
			pl.end(ch, cause)
		}
	}
	pl.finish()
}

func (pl *playing) finish() {
	if pl.over {
		return
	}
	pl.over = true
	if pl.done != nil {
		pl.done()
	}
}

// end hangs a leg up, of which whoever follows its line hears a second later.
func (pl *playing) end(ch *pbx.Channel, cause string) {
	if err := ch.Hangup(cause); err != nil {
		pl.fail(err)
		return
	}
	if ch.Device() != nil {
		pl.line.After(time.Second, func() { pl.report(ch.Presence("terminated")) })
	}
}

func (pl *playing) report(err error) {
	if err != nil {
		pl.fail(err)
	}
}

// begin has the call arrive at the switch.
func (pl *playing) begin() (err error) {
	if pl.From != nil {
		pl.a, err = pl.core.FromCarrier(pl.Account, *pl.From, pl.Dialled, pl.CallID)
	} else {
		pl.a, err = pl.core.FromDevice(pl.Account, pl.FromDevice, pl.Dialled, pl.CallID)
	}
	if err != nil {
		return err
	}
	pl.after(pl.between(30*time.Millisecond, 300*time.Millisecond), pl.route)
	return nil
}

// route gives the call to the callflow, which rings.
func (pl *playing) route() error {
	if err := pl.a.Route("callflow", pl.CallflowID); err != nil {
		return err
	}
	if pl.FromDevice.ID != "" {
		pl.report(pl.a.Presence("confirmed"))
	}
	pl.after(pl.between(20*time.Millisecond, 200*time.Millisecond), pl.ring)
	return nil
}

func (pl *playing) ring() error {
	for _, device := range pl.Rings {
		b, err := pl.a.Dial(device)
		if err != nil {
			return err
		}
		pl.b = append(pl.b, b)
	}
	if len(pl.Rings) == 0 {
		b, err := pl.a.DialNumber(pl.Dialled)
		if err != nil {
			return err
		}
		pl.b = append(pl.b, b)
	}
	pause := pl.between(100*time.Millisecond, 800*time.Millisecond)
	if pl.Outcome == Busy {
		pl.after(pause, pl.refused)
		return nil
	}
	pl.after(pause, pl.rings)
	return nil
}

func (pl *playing) rings() error {
	for _, b := range pl.b {
		if b.Gone() {
			continue
		}
		if err := b.Progress(b.Device() == nil); err != nil {
			return err
		}
		if b.Device() != nil {
			pl.report(b.Presence("early"))
		}
	}
	next := map[Outcome]func() error{
		Answered: pl.taken, Abandoned: pl.abandoned, Voicemail: pl.unanswered, Rejected: pl.refused,
	}[pl.Outcome]
	pl.after(pl.Ringing, next)
	return nil
}

// taken: one of those that ring, the first, answers.
func (pl *playing) taken() error {
	winner := pl.b[0]
	if err := winner.Answer(); err != nil {
		return err
	}
	if winner.Device() != nil {
		pl.report(winner.Presence("confirmed"))
	}
	pl.after(pl.between(time.Millisecond, 100*time.Millisecond), func() error {
		if err := pl.a.Answer(); err != nil {
			return err
		}
		pl.after(pl.between(time.Millisecond, 40*time.Millisecond), func() error { return pl.connected(winner) })
		return nil
	})
	return nil
}

func (pl *playing) connected(winner *pbx.Channel) error {
	if err := pl.a.Bridge(winner); err != nil {
		return err
	}
	for _, b := range pl.b[1:] {
		pl.after(pl.between(0, 300*time.Millisecond), func() error { return pl.lose(b) })
	}
	pl.after(pl.Talking, func() error { return pl.hangUp(winner) })
	return nil
}

func (pl *playing) lose(b *pbx.Channel) error {
	if !b.Gone() {
		pl.end(b, "LOSE_RACE")
	}
	return nil
}

// hangUp ends a conversation: whoever hangs up is gone first.
func (pl *playing) hangUp(b *pbx.Channel) error {
	first, second := pl.a, b
	if pl.CalleeHangsUp {
		first, second = b, pl.a
	}
	if first.Gone() || second.Gone() {
		pl.clear("NORMAL_CLEARING")
		return nil
	}
	pl.end(first, "NORMAL_CLEARING")
	pl.after(pl.between(5*time.Millisecond, 60*time.Millisecond), func() error {
		pl.clear("NORMAL_CLEARING")
		return nil
	})
	return nil
}

// abandoned: the caller hangs up while it rings.
func (pl *playing) abandoned() error {
	pl.clear("ORIGINATOR_CANCEL")
	return nil
}

// refused: the other end does not take the call, and nothing else is to be tried.
func (pl *playing) refused() error {
	cause := "USER_BUSY"
	if pl.Outcome == Rejected {
		cause = "CALL_REJECTED"
	}
	return pl.fell(cause, func() error {
		pl.clear(cause)
		return nil
	})
}

// fell ends the legs that ring, and tells the callflow.
func (pl *playing) fell(cause string, next func() error) error {
	for _, b := range pl.b {
		if !b.Gone() {
			pl.end(b, cause)
		}
	}
	pl.after(pl.between(5*time.Millisecond, 40*time.Millisecond), func() error {
		if err := pl.a.Bridged(cause); err != nil {
			return err
		}
		pl.after(pl.between(10*time.Millisecond, 80*time.Millisecond), next)
		return nil
	})
	return nil
}

// unanswered: the caller gets to the voicemail box.
func (pl *playing) unanswered() error { return pl.fell("NO_ANSWER", pl.greeted) }

func (pl *playing) greeted() error {
	if err := pl.a.Answer(); err != nil {
		return err
	}
	pl.after(pl.between(3*time.Second, 6*time.Second), func() error {
		if err := pl.a.Executed("play", "FILE PLAYED"); err != nil {
			return err
		}
		return pl.speak()
	})
	return nil
}

func (pl *playing) speak() error {
	id := pl.core.NewDocumentID(true)
	recording, err := pl.a.Record("voicemail_" + id + ".mp3")
	if err != nil {
		return err
	}
	pl.after(pl.Talking, func() error {
		if err := recording.Stop("", false); err != nil {
			return err
		}
		pl.after(pl.between(20*time.Millisecond, 200*time.Millisecond), func() error { return pl.leave(id) })
		return nil
	})
	return nil
}

// leave: the caller hangs up, and the message is kept.
func (pl *playing) leave(messageID string) error {
	a := pl.a
	pl.end(a, "NORMAL_CLEARING")
	pl.after(pl.between(50*time.Millisecond, 400*time.Millisecond), func() error {
		box := pl.Box
		if box == nil {
			box = &pbx.Mailbox{ID: pl.core.NewDocumentID(false), Number: pl.Dialled}
		}
		if err := pl.core.Left(a, box, messageID, pl.Talking); err != nil {
			return err
		}
		pl.finish()
		return nil
	})
	return nil
}
