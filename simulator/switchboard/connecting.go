package switchboard

import "github.com/kazoolab/kazoolab/simulator/pbx"

// link is a leg, and who called it.
type link struct{ leg, caller *pbx.Channel }

// way is how a leg leads to who called: by one link, and by another one for each time that the
// switch has called itself in between.
func (b *Board) way(leg *pbx.Channel) []link {
	var way []link
	for a := leg.Dialler(); a != nil; a = leg.Dialler() {
		way = append(way, link{leg, a})
		outer, ok := a.OtherEnd()
		if !ok {
			break
		}
		leg = outer
	}
	return way
}

// claim takes who called for a leg: of several that are answered at once, only the first gets
// the call.
func (b *Board) claim(way []link) error {
	for _, l := range way {
		if l.caller.Peer() == l.leg {
			continue
		}
		if state := b.busy(l.caller); state != "" && state != "parked" {
			return &pbx.StateError{CallID: l.leg.CallID(), Doing: "answer", State: "no longer wanted: its caller is " + state}
		}
	}
	for _, l := range way {
		b.won[l.caller] = l.leg
	}
	return nil
}

func (b *Board) release(way []link) {
	for _, l := range way {
		if b.won[l.caller] == l.leg {
			delete(b.won, l.caller)
		}
	}
}

// Answer takes a call at the end of a leg that rings, and connects it with who called;
// the others that ring for it stop.
func (b *Board) Answer(leg *pbx.Channel, then Then) {
	if onward := b.onward[leg]; onward != nil {
		delete(b.onward, leg)
		onward(then)
		return
	}
	way := b.way(leg)
	if _, own := leg.Pair(); own || len(way) == 0 {
		b.done(then, &pbx.StateError{CallID: leg.CallID(), Doing: "answer", State: "nobody's to answer: it called"})
		return
	}
	if err := b.claim(way); err != nil {
		b.done(then, err)
		return
	}
	if err := leg.Answer(); err != nil {
		b.release(way)
		b.done(then, err)
		return
	}
	if leg.Device() != nil {
		b.report(leg.Presence("confirmed"))
	}
	b.connect(way, func(err error) {
		if err == nil {
			b.bowOut(way)
			b.passOn(way[len(way)-1].caller)
		}
		b.done(then, err)
	})
}

// passOn has the first of the two legs that the switch has with itself be answered as a telephone
// is, once the second was, where nobody has dialled it.
func (b *Board) passOn(inner *pbx.Channel) {
	if outer, ok := inner.OtherEnd(); ok && b.onward[outer] != nil {
		b.Answer(outer, nil)
	}
}

// Take has the callflow answer a call, for whoever made it.
func (b *Board) Take(a *pbx.Channel) error {
	if a.Answered() {
		return nil
	}
	switch {
	case b.rung(a):
		return &pbx.StateError{CallID: a.CallID(), Doing: "have the callflow answer", State: "a telephone's, which rings"}
	case b.won[a] != nil:
		return &pbx.StateError{CallID: a.CallID(), Doing: "answer", State: "answered by somebody else"}
	}
	var way []link
	if outer, ok := a.OtherEnd(); ok {
		way = b.way(outer)
	}
	if err := b.claim(way); err != nil {
		return err
	}
	if err := a.Answer(); err != nil {
		b.release(way)
		return err
	}
	b.connect(way, nil)
	b.passOn(a)
	return nil
}

// attend has a machine take a call: it no longer rings for anybody, nor waits in a slot.
func (b *Board) attend(a *pbx.Channel) error {
	if state := b.busy(a); state != "" && state != "parked" {
		return &pbx.StateError{CallID: a.CallID(), Doing: "attend to", State: state}
	}
	if p := b.slotOf(a); p != nil {
		b.vacate(p, a.Retrieved)
	}
	if err := b.stopRinging(a, unanswered); err != nil {
		return err
	}
	return b.Take(a)
}

// connect connects a leg that was answered with who called, by all the links between them. If that
// fails, because one of them has ended or is in another call by then, who is left of them
// is not left alone.
func (b *Board) connect(way []link, then Then) {
	var steps []step
	var others []*pbx.Channel // that ring for the same call
	for i, l := range way {
		if i > 0 || !l.leg.Answered() {
			steps = append(steps, soon(func() error { return b.take(l.leg) }))
		}
		steps = append(steps, soon(func() error {
			if l.leg.Gone() {
				return &pbx.StateError{CallID: l.caller.CallID(), Doing: "answer", State: "left by who took it"}
			}
			return b.take(l.caller)
		}), soon(func() error {
			others = ringing(l.caller)
			return b.meet(l.caller, l.leg)
		}), soon(func() error { return b.stop(others, "LOSE_RACE") }))
	}
	b.act(func(err error) {
		b.release(way)
		if err != nil {
			b.part(way)
		}
		b.done(then, err)
	}, steps...)
}

// part ends who is left of legs that could not be connected.
func (b *Board) part(way []link) {
	for _, l := range way {
		if b.busy(l.leg) == "" {
			cause := "LOSE_RACE"
			if l.caller.Gone() {
				cause = usual
			}
			b.report(b.end(l.leg, cause))
		}
		if b.busy(l.caller) == "" {
			b.fell(l.caller, refused, false, nil)
		}
	}
}

// take answers a leg where it is not answered yet.
func (b *Board) take(ch *pbx.Channel) error {
	if ch.Answered() {
		return nil
	}
	return ch.Answer()
}

// meet bridges a caller with a leg, unless they are.
func (b *Board) meet(caller, leg *pbx.Channel) error {
	if caller.Peer() == leg {
		return nil
	}
	return caller.Bridge(leg)
}

// bowOut has the pairs that the switch has with itself leave a call, once all of it is connected.
// That somebody else has changed the call meanwhile is how calls are: they stay then.
func (b *Board) bowOut(way []link) {
	for _, l := range way[1:] {
		b.act(nil, later(l.leg.BowOut))
	}
}
