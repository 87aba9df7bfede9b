package switchboard

import (
	"errors"
	"time"

	"github.com/kazoolab/kazoolab/simulator/pbx"
)

// Originate calls a telephone of its own accord, as for a quickcall, and connects who
// answers there with a number.
func (b *Board) Originate(a pbx.Account, d pbx.Device, callID string, shown pbx.Party, to string, then Then) (*pbx.Channel, error) {
	leg, err := b.Core.Place(a, d, callID, shown)
	if err != nil {
		return nil, err
	}
	legs := []*pbx.Channel{leg}
	b.onward[leg] = func(then Then) { b.answerOriginated(leg, to, then) }
	b.act(then, b.rings(&legs, false))
	return leg, nil
}

// answerOriginated takes a call that nobody has dialled, and dials for who answers.
func (b *Board) answerOriginated(leg *pbx.Channel, to string, then Then) {
	b.act(then, atOnce(leg.Answer), later(func() error {
		if leg.Device() != nil {
			b.report(leg.Presence("confirmed"))
		}
		return b.route(leg)
	}), soon(func() error {
		b.RingCalled(leg, to, func(err error) {
			if _, nobody := errors.AsType[*NobodyError](err); nobody {
				b.Hangup(leg, "NO_ROUTE_DESTINATION", nil)
				return
			}
			b.done(nil, err)
		})
		return nil
	}))
}

// Summons is how long a telephone rings that is to join a call which is up (konami: 20 s).
const Summons = 20 * time.Second

// NotTakenError says that nobody answered who was rung to join a call.
type NotTakenError struct{ CallID string }

func (e *NotTakenError) Error() string { return "nobody answered who was rung for call " + e.CallID }

// Fetch rings telephones. Who answers first takes the call of a leg, whose other end is dropped
// (konami_intercept).
func (b *Board) Fetch(ch *pbx.Channel, devices []pbx.Device, then Then) {
	b.summon(ch, devices, "-intercept", func(by *pbx.Channel, then Then) { b.takeOver(by, ch, false, then) }, then)
}

// Move rings telephones. Who answers first takes the place of a leg in its call, which that leaves
// (konami_move).
func (b *Board) Move(ch *pbx.Channel, devices []pbx.Device, then Then) {
	if ch.Peer() == nil {
		b.done(then, &pbx.StateError{CallID: ch.CallID(), Doing: "move", State: "not bridged"})
		return
	}
	b.summon(ch, devices, "", func(by *pbx.Channel, then Then) {
		b.act(then, atOnce(func() error { return by.Replace(ch) }), soon(func() error { return b.drop(ch, "PICKED_OFF") }))
	}, then)
}

// summon rings telephones for a call that is up, and has the first who answers join it. An
// ending of their Call-IDs other than "" is konami's.
func (b *Board) summon(ch *pbx.Channel, devices []pbx.Device, ending string, join func(*pbx.Channel, Then), then Then) {
	var legs []*pbx.Channel
	taken := false
	b.act(func(err error) {
		if err != nil || !taken {
			b.done(then, err)
		}
	}, atOnce(func() error {
		for _, d := range devices {
			id := ""
			if ending != "" {
				id = b.IDs.Hex(36) + ending
			}
			leg, err := b.Core.Place(ch.Account(), d, id, ch.Far())
			if err != nil {
				return err
			}
			legs = append(legs, leg)
			b.onward[leg] = func(answered Then) {
				taken = true
				b.joins(leg, legs, join, func(err error) {
					b.done(then, err)
					b.done(answered, err)
				})
			}
		}
		return nil
	}), b.rings(&legs, false), step{Summons, Summons, func() error {
		if taken {
			return nil
		}
		return errors.Join(&NotTakenError{ch.CallID()}, b.stop(legs, unanswered))
	}})
	b.wait(ch, func() {
		if ch.Gone() && !taken {
			b.report(b.stop(legs, cancelled))
		}
	})
}

// joins has somebody answer who was summoned; the others stop ringing. Who cannot join is left
// alone, and hangs up.
func (b *Board) joins(leg *pbx.Channel, legs []*pbx.Channel, join func(*pbx.Channel, Then), then Then) {
	b.act(func(err error) {
		if err != nil {
			b.done(then, err)
			return
		}
		join(leg, func(err error) {
			if err != nil {
				b.report(b.drop(leg, usual))
			}
			b.done(then, err)
		})
	}, atOnce(func() error {
		if err := leg.Answer(); err != nil {
			return err
		}
		b.report(leg.Presence("confirmed"))
		return b.stop(legs, "LOSE_RACE")
	}))
}
