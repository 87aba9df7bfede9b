package stage

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/scenario"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
)

// happens has an act take place.
func (s *Stage) happens(act *scenario.Act) {
	switch do := act.Do.(type) {
	case *scenario.Call:
		s.begins(act, do)
	case *scenario.Ring:
		s.inCall(act, do.Call, func(c *cast, then switchboard.Then) { s.ring(c, do, then) })
	case *scenario.Answer:
		s.at(act, do.Call, do.By, s.board.Answer)
	case *scenario.Play:
		s.inCall(act, do.Call, func(c *cast, then switchboard.Then) { s.plays(c, time.Duration(do.For), then) })
	case *scenario.Press:
		s.at(act, do.Call, do.By, func(leg *pbx.Channel, then switchboard.Then) { s.board.Press(leg, string(do.Keys), then) })
	case *scenario.Hold:
		s.at(act, do.Call, do.By, s.board.Hold)
	case *scenario.Resume:
		s.at(act, do.Call, do.By, s.board.Resume)
	case *scenario.Transfer:
		s.inCall(act, do.Call, func(c *cast, then switchboard.Then) { s.transfer(c, do, then) })
	case *scenario.Forward:
		s.inCall(act, do.Call, func(c *cast, then switchboard.Then) { s.forward(c, do, then) })
	case *scenario.Intercept:
		s.inCall(act, do.Call, func(c *cast, then switchboard.Then) { s.intercept(c, do.By, then) })
	case *scenario.Bridge:
		s.inCall(act, do.Call, func(c *cast, then switchboard.Then) {
			s.board.Connect(c.first, s.casts[do.With].first, true, then)
		})
	case *scenario.Park:
		slot := strings.TrimPrefix(string(do.Slot), switchboard.ParkPrefix)
		s.at(act, do.Call, do.By, func(leg *pbx.Channel, then switchboard.Then) { s.board.Park(leg, slot, then) })
	case *scenario.Retrieve:
		s.inCall(act, do.Call, func(c *cast, then switchboard.Then) { s.retrieve(c, do, then) })
	case *scenario.Record:
		s.inCall(act, do.Call, func(c *cast, then switchboard.Then) { then(s.record(c, time.Duration(do.For))) })
	case *scenario.Voicemail:
		s.inCall(act, do.Call, func(c *cast, then switchboard.Then) { s.voicemail(c, do, then) })
	case *scenario.Hangup:
		s.at(act, do.Call, do.By, func(leg *pbx.Channel, then switchboard.Then) { s.hangup(leg, do.Cause, then) })
	default:
		s.besides(act)
	}
}

// register has a telephone register, or go. Whoever renews is not told of again.
func (s *Stage) register(user string, here bool) error {
	seat := s.World.users[user]
	a, before := s.World.Offices[seat.account].Account, s.here[user]
	s.here[user] = here
	if !here {
		return s.core.Deregister(a, seat.device)
	}
	return s.core.Register(a, seat.device, !before)
}

// besides are acts that are of no call.
func (s *Stage) besides(act *scenario.Act) {
	switch do := act.Do.(type) {
	case *scenario.Conference:
		s.conference(act, do)
	case *scenario.Fax:
		s.fax(act, do)
	case *scenario.Message:
		s.failed(act, s.message(do))
	case *scenario.Registration:
		s.failed(act, s.register(do.User, act.Verb() == "register"))
	case *scenario.Edit:
		s.failed(act, s.edit(do))
	case *scenario.Emit:
		s.failed(act, s.emit(do))
	case *scenario.Load:
		s.failed(act, s.load(do))
	case *scenario.REST:
		s.stand(act, func(ctx context.Context) error { return s.Ask(ctx, do) })
	case *scenario.Send:
		s.stand(act, func(ctx context.Context) error { return s.Send(ctx, do) })
	case *scenario.Fault:
		s.failed(act, s.Break(do))
	case []scenario.Expected:
		s.stand(act, func(ctx context.Context) error { return s.Check(ctx, do) })
	}
}

// inCall has something happen in a call, when what was before it is done.
func (s *Stage) inCall(act *scenario.Act, call string, do func(*cast, switchboard.Then)) {
	c := s.casts[call]
	if c == nil {
		s.failed(act, fmt.Errorf("there is no call %s", call))
		return
	}
	c.do(func(done func()) {
		if s.ctx.Err() != nil { // it has waited for what is done only after the play
			done()
			return
		}
		do(c, func(err error) {
			s.failed(act, err)
			done()
		})
	})
}

// at has somebody in a call do something.
func (s *Stage) at(act *scenario.Act, call, who string, do func(*pbx.Channel, switchboard.Then)) {
	s.inCall(act, call, func(c *cast, then switchboard.Then) {
		leg := c.legs[who]
		if leg == nil {
			then(fmt.Errorf("no leg of %s leads to %s", call, who))
			return
		}
		do(leg, then)
	})
}

// begins has a call begin.
func (s *Stage) begins(act *scenario.Act, do *scenario.Call) {
	a := s.World.Offices[do.Account].Account
	c := &cast{name: string(do.Name), account: do.Account, legs: map[string]*pbx.Channel{}, ids: map[string]string{}, due: map[string]bool{}}
	if len(do.Rings) == 0 {
		c.outside = do.To
	}
	c.do(func(done func()) {
		then := func(err error) {
			s.failed(act, err)
			done()
		}
		var err error
		if seat, ok := s.World.users[do.From]; ok {
			own := s.World.Offices[seat.account].Account
			c.first, err = s.board.Dial(own, seat.device, do.Number, do.CallID, "", s.across(c, do, then))
		} else {
			c.first, err = s.board.Arrive(a, s.World.people[do.From], do.Number, do.CallID, "", then)
		}
		if err != nil {
			then(err)
			return
		}
		c.flow = c.first
		c.at(do.From, c.first)
		s.casts[c.name] = c
	})
}

// across has a call to a number of another account reach that.
func (s *Stage) across(c *cast, do *scenario.Call, then switchboard.Then) switchboard.Then {
	if !do.Across {
		return then
	}
	return func(err error) {
		if err == nil {
			c.flow, err = s.board.Across(c.first, s.World.Offices[do.Account].Account, do.Number, then)
		}
		if err != nil {
			then(err)
		}
	}
}

func (s *Stage) ring(c *cast, do *scenario.Ring, then switchboard.Then) {
	var devices []pbx.Device
	for _, who := range do.Who {
		if seat, ok := s.World.users[who]; ok {
			devices = append(devices, seat.device)
		}
	}
	if len(devices) == 0 {
		c.expect(c.outside)
		s.board.RingNumber(c.first, c.first.Destination(), then)
	} else {
		c.expect(do.Who...)
		s.board.Ring(c.flow, devices, do.Early, then)
	}
	for _, leg := range c.flow.Dialled() {
		c.note(s.World, leg)
	}
}

// plays has the callflow answer, where nobody has, and play something. What rings stops.
func (s *Stage) plays(c *cast, length time.Duration, then switchboard.Then) {
	if len(c.flow.Dialled()) > 0 {
		s.board.GiveUp(c.flow, true, func(err error) {
			if err != nil {
				then(err)
				return
			}
			s.plays(c, length, then)
		})
		return
	}
	if err := s.board.Take(c.flow); err != nil {
		then(err)
		return
	}
	s.Line.After(length, func() { then(c.flow.Executed("play", "FILE PLAYED")) })
}

func (s *Stage) transfer(c *cast, do *scenario.Transfer, then switchboard.Then) {
	by := c.legs[do.By]
	c.outside = do.To
	if do.How == "blind" {
		c.expect(s.called(c, do.Number, do.To)...)
		s.board.Transfer(by, do.Number, then)
		return
	}
	var consult *pbx.Channel
	consult, err := s.board.Consult(by, do.Number, func(err error) {
		legs := consult.Dialled()
		if err != nil || len(legs) == 0 {
			then(err)
			return
		}
		c.note(s.World, legs[0])
		s.Line.After(scenario.Consultation/2, func() {
			s.board.Answer(legs[0], func(err error) {
				if err != nil {
					then(err)
					return
				}
				s.Line.After(scenario.Consultation/4, func() { s.board.Join(by, consult, then) })
			})
		})
	})
	if err != nil {
		then(err)
		return
	}
	s.steered[consult] = true
}

// called are those whose telephones ring for a number: somebody outside where it is nobody's
// in the house.
func (s *Stage) called(c *cast, number, outside string) []string {
	devices := s.World.Offices[c.account].Called(number)
	if len(devices) == 0 {
		return []string{outside}
	}
	who := make([]string, len(devices))
	for i, d := range devices {
		who[i] = s.World.userOf(d)
	}
	return who
}

func (s *Stage) forward(c *cast, do *scenario.Forward, then switchboard.Then) {
	c.outside = do.To
	c.expect(do.To)
	s.board.Forward(c.first, s.World.users[do.User].device, do.Number, then)
}

func (s *Stage) intercept(c *cast, who string, then switchboard.Then) {
	legs := c.first.Dialled()
	if len(legs) == 0 {
		then(fmt.Errorf("no telephone rings for %s", c.name))
		return
	}
	by, err := s.board.PickUp(legs[0], s.World.users[who].device, then)
	if err != nil {
		then(err)
		return
	}
	c.at(who, by)
}

func (s *Stage) retrieve(c *cast, do *scenario.Retrieve, then switchboard.Then) {
	slot := strings.TrimPrefix(string(do.Slot), switchboard.ParkPrefix)
	by, err := s.board.Retrieve(s.World.Offices[do.Account].Account, slot, s.World.users[do.By].device, then)
	if err != nil {
		then(err)
		return
	}
	c.at(do.By, by)
}

func (s *Stage) record(c *cast, length time.Duration) error {
	if err := s.board.StartRecording(c.first, c.first.CallID()+".mp3"); err != nil {
		return err
	}
	s.Line.After(length, func() {
		if !c.first.Gone() {
			s.fail(s.board.StopRecording(c.first))
		}
	})
	return nil
}

// hangup ends a leg, or refuses a call that rings there.
func (s *Stage) hangup(leg *pbx.Channel, cause string, then switchboard.Then) {
	if leg.Dialler() == nil || leg.Answered() {
		s.board.Hangup(leg, cause, then)
		return
	}
	if cause == "" {
		cause = "USER_BUSY"
	}
	s.board.Refuse(leg, cause, true, then)
}

func (s *Stage) voicemail(c *cast, do *scenario.Voicemail, then switchboard.Then) {
	o := s.World.Offices[c.account]
	box := o.Box(s.World.users[do.Box].device)
	speak := func(err error) {
		if err != nil {
			then(err)
			return
		}
		s.board.Voicemail(c.flow, box, time.Duration(do.Message), func(err error) {
			if err == nil && do.Heard != "" {
				s.Line.After(scenario.Hearing, func() { s.fail(s.heard(o.Account, box, do.Heard)) })
			}
			then(err)
		})
	}
	if len(c.flow.Dialled()) == 0 {
		speak(nil)
		return
	}
	s.board.GiveUp(c.flow, true, speak)
}

// heard is what the owner of a box does with a message; only the lamp tells of it
// (voicemail_saved is of a new message, and has been told).
func (s *Stage) heard(a pbx.Account, box *pbx.Mailbox, how string) error {
	box.New--
	if how == "saved" {
		box.Saved++
	}
	return s.core.Lamp(a, box)
}
