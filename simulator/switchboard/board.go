// Package switchboard is what people at telephones, and Kazoo's applications for them, do
// with the calls of a switch: take, refuse, hold, transfer, park, meet, fax, hang up. It
// owns what follows from such an act, in which order and after which pauses, whoever
// asks for it: a scenario, a key on a terminal, a message on the bus. It never
// composes a message (simulator/pbx does), and never decides what people do.
package switchboard

import (
	"errors"
	"fmt"
	"time"

	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// Config is what a board works with. All but Rings, Heard, Led and Known are required.
type Config struct {
	Core    *pbx.Core
	Line    *timeline.Timeline
	IDs     *ids.Source
	Offices []office.Office
	// Rings is told of each leg that begins to ring; nil leaves it to ring.
	Rings func(leg *pbx.Channel)
	// Heard is told when a sound begins on a channel, and when and why it ends.
	Heard func(ch *pbx.Channel, sound Sound)
	// Led is asked, before anything rings for what a channel has dialled, whether an application leads
	// its call from then on, and tells so, at once or later; nil is none.
	Led func(ch *pbx.Channel, dialled string, then func(led bool))
	// Known is asked whether one would, and tells so, at once or later; nil is for none.
	Known func(ch *pbx.Channel, dialled string, then func(known bool))
	// Fail is told of what should never happen: of acts that nobody waits for.
	Fail func(error)
}

// Board does what it is asked to. It is used by the goroutine of its timeline alone. The
// acts take their time: then, which may be nil, is told when one is done, or that
// it cannot be done because a call is not in the state for it (*pbx.StateError).
type Board struct {
	Config

	slots  map[string]*parked       // by account and slot
	inSlot map[*pbx.Channel]*parked // those of slots in which a call waits
	taking map[*pbx.Channel]*pbx.Recording
	// onward is what follows when somebody answers a leg that nobody has dialled.
	onward map[*pbx.Channel]func(Then)
	// won is, by who called, the leg that was answered first, while the two are being connected.
	won map[*pbx.Channel]*pbx.Channel
	// waits are acts that wait for a channel to be connected or to end.
	waits map[*pbx.Channel][]func()
	// nexts are what is tried when nobody takes a call.
	nexts map[*pbx.Channel]func()
	// lasts are acts that are over with a channel.
	lasts map[*pbx.Channel][]func()

	sounds    map[*pbx.Channel][]*sounding
	listening map[*pbx.Channel]*listener
	speaks    map[*pbx.Channel]time.Time // until when its end does
}

// New returns a board of a switch, whose core it follows.
func New(c Config) *Board {
	b := &Board{
		Config: c, slots: map[string]*parked{}, inSlot: map[*pbx.Channel]*parked{}, onward: map[*pbx.Channel]func(Then){}, taking: map[*pbx.Channel]*pbx.Recording{},
		won: map[*pbx.Channel]*pbx.Channel{}, waits: map[*pbx.Channel][]func(){}, lasts: map[*pbx.Channel][]func(){}, nexts: map[*pbx.Channel]func(){},
		sounds: map[*pbx.Channel][]*sounding{}, listening: map[*pbx.Channel]*listener{}, speaks: map[*pbx.Channel]time.Time{},
	}
	c.Core.Follow(b.connected, b.ended)
	return b
}

// Then is told when an act is done, or why it is not.
type Then = func(error)

// step is a part of an act. It comes after a pause, of which the switch's practice
// gives the bounds.
type step struct {
	least, most time.Duration
	do          func() error
}

// moment is the longest that a machine takes for what it does next.
const moment = 40 * time.Millisecond

// Steps by their pause: what a machine does next, what takes it a network round, and
// what takes several.
func atOnce(do func() error) step { return step{0, 0, do} }
func soon(do func() error) step   { return step{time.Millisecond, moment, do} }
func later(do func() error) step  { return step{30 * time.Millisecond, 300 * time.Millisecond, do} }

// act does steps one after the other until one fails.
func (b *Board) act(then Then, steps ...step) {
	if len(steps) == 0 {
		b.done(then, nil)
		return
	}
	next := func() {
		if err := steps[0].do(); err != nil {
			b.done(then, err)
			return
		}
		b.act(then, steps[1:]...)
	}
	if steps[0].most == 0 {
		next()
		return
	}
	b.Line.After(b.between(steps[0].least, steps[0].most), next)
}

func (b *Board) done(then Then, err error) {
	if then != nil {
		then(err)
		return
	}
	b.Excuse(err)
}

// Excuse fails for an error unless it says that a channel is in another state: that a call is
// over meanwhile is how calls are.
func (b *Board) Excuse(err error) {
	if _, ok := errors.AsType[*pbx.StateError](err); err != nil && !ok {
		b.Fail(err)
	}
}

// report tells of what should never happen.
func (b *Board) report(err error) {
	if err != nil {
		b.Fail(err)
	}
}

func (b *Board) between(least, most time.Duration) time.Duration {
	return least + time.Duration(b.IDs.IntN(int((most-least)/time.Microsecond)+1))*time.Microsecond
}

// office is the one of a channel's account; one without telephones where nobody knows it.
func (b *Board) office(ch *pbx.Channel) office.Office {
	o, ok := office.Of(b.Offices, ch.Account().ID)
	if !ok {
		o.Account = ch.Account()
	}
	return o
}

// NobodyError says that nothing rings for what was dialled.
type NobodyError struct{ Dialled string }

func (e *NobodyError) Error() string { return fmt.Sprintf("nobody has the number %s", e.Dialled) }
