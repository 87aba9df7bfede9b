package traffic

import (
	"math"
	"slices"
	"time"

	"github.com/kazoolab/kazoolab/fixtures"
	"github.com/kazoolab/kazoolab/simulator/calls"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
)

func (t *Traffic) what() What {
	if t.cfg.Mix == nil {
		return Call
	}
	return t.cfg.Mix.draw(t.ids)
}

// draw decides all of what somebody does, which is a call where the office has no telephone or
// fax box for the wish; to begin it plays it.
func (t *Traffic) draw(wish What, at office.Office) (what What, begin func(done func())) {
	switch wish {
	case Call, Hold, Transfer, Consult, Park:
	case Fax:
		if len(at.FaxBoxes) == 0 {
			break
		}
		f := t.fax(at)
		return wish, func(done func()) { t.player.Fax(f, done) }
	case Conference:
		m := t.meeting(at)
		return wish, func(done func()) { t.player.Meet(m, done) }
	case Register:
		d := at.Devices[t.ids.IntN(len(at.Devices))]
		return wish, func(done func()) { t.player.Register(at.Account, d); done() }
	case Edit:
		d := at.Devices[t.ids.IntN(len(at.Devices))]
		return wish, func(done func()) {
			t.revisions[d.ID]++
			t.player.Edit(at.Account, "device", d.ID, 1+t.revisions[d.ID])
			done()
		}
	}
	c, what := t.call(wish, at)
	return what, func(done func()) {
		t.player.Play(c, func() {
			t.count.Outcomes[c.Outcome]++
			done()
		})
	}
}

// call draws a call: of ten, six come from the telephone network, two go there, and two
// stay in the house.
func (t *Traffic) call(wish What, at office.Office) (calls.Call, What) {
	outside := t.outside()
	n := t.ids.IntN(len(at.Devices))
	c := calls.Call{
		Account: at.Account, Outcome: t.outcome(), CalleeHangsUp: t.ids.IntN(2) == 0,
		Ringing: t.ringing(), Talking: t.talking(),
	}
	switch way := t.ids.IntN(10); {
	case way < 6 || way < 8 && len(at.Devices) < 2:
		c.From = &outside
		c.Dialled = at.Numbers[t.ids.IntN(len(at.Numbers))]
		c.Rings = at.Devices[n : n+1]
		if second := n + 1; second < len(at.Devices) && t.ids.IntN(4) == 0 {
			c.Rings = at.Devices[n : second+1] // a group
		}
		c.Box = at.Box(at.Devices[n])
	case way < 8:
		callee := (n + 1 + t.ids.IntN(len(at.Devices)-1)) % len(at.Devices)
		c.FromDevice, c.Rings = at.Devices[n], at.Devices[callee:callee+1]
		c.Dialled, c.Box = at.Devices[callee].Extension, at.Box(at.Devices[callee])
	default:
		c.FromDevice, c.Dialled = at.Devices[n], outside.Number
		if c.Outcome == calls.Voicemail { // that is the other end's own affair
			c.Outcome = calls.Answered
		}
	}
	return c, t.during(&c, wish, at)
}

// during adds what is done in a call, if the office has a telephone left for it, and says what
// it has come to.
func (t *Traffic) during(c *calls.Call, wish What, at office.Office) What {
	if wish == Call || wish > Park {
		return Call
	}
	c.Outcome = calls.Answered
	during := map[What]calls.During{
		Hold: calls.Holding, Transfer: calls.Transferring, Consult: calls.Consulting, Park: calls.Parking,
	}[wish]
	if wish == Park && t.ids.IntN(4) == 0 {
		during = calls.ParkingInVain
	}
	i := slices.IndexFunc(at.Devices, func(d pbx.Device) bool {
		return d.ID != c.FromDevice.ID && !slices.ContainsFunc(c.Rings, func(rings pbx.Device) bool { return rings.ID == d.ID })
	})
	if i < 0 && wish != Hold {
		return Call
	}
	c.During = during
	if i >= 0 {
		c.Third = at.Devices[i]
	}
	return wish
}

// fax is one to five pages; of ten two do not come about.
func (t *Traffic) fax(at office.Office) calls.Fax {
	f := calls.Fax{
		Account: at.Account, Box: at.FaxBoxes[t.ids.IntN(len(at.FaxBoxes))], Number: fixtures.NewNumber(t.ids),
		Pages: 1 + t.ids.IntN(5), Incoming: t.ids.IntN(2) == 0,
	}
	if t.ids.IntN(5) == 0 {
		f.Broken, f.Cause = true, []string{"USER_BUSY", "NO_ANSWER"}[t.ids.IntN(2)]
	}
	return f
}

// meeting is one of two or three telephones and somebody from outside.
func (t *Traffic) meeting(at office.Office) calls.Meeting {
	m := calls.Meeting{Account: at.Account, ID: t.ids.Hex(32), Number: at.Numbers[0]}
	long := t.talking()
	comes := func() time.Duration { return time.Duration(t.ids.IntN(30_000)) * time.Millisecond }
	for n := range min(2+t.ids.IntN(2), len(at.Devices)) {
		m.Members = append(m.Members, calls.Member{Device: at.Devices[n], Comes: comes(), Stays: long + comes()})
	}
	guest := t.outside()
	m.Members = append(m.Members, calls.Member{From: &guest, Comes: comes(), Stays: long + comes()})
	return m
}

// outside is somebody in the telephone network, of whom a third send no name.
func (t *Traffic) outside() pbx.Party {
	caller := fixtures.NewCaller(t.ids)
	if t.ids.IntN(3) == 0 {
		caller.Name = ""
	}
	return pbx.Party{Name: caller.Name, Number: caller.Number}
}

// outcome is drawn as a small office's calls end.
func (t *Traffic) outcome() calls.Outcome {
	switch n := t.ids.IntN(100); {
	case n < 62:
		return calls.Answered
	case n < 76:
		return calls.Abandoned
	case n < 90:
		return calls.Voicemail
	case n < 97:
		return calls.Busy
	}
	return calls.Rejected
}

// ringing is 2 to 25 s, most often about 7.
func (t *Traffic) ringing() time.Duration {
	return min(max(seconds(math.Exp(1.9+0.5*t.normal())), 2*time.Second), 25*time.Second)
}

// talking is 5 s to an hour: half the conversations are over after 90 s, a tenth last
// longer than 6 min.
func (t *Traffic) talking() time.Duration {
	return min(max(seconds(math.Exp(4.5+1.1*t.normal())), 5*time.Second), time.Hour)
}

// normal draws by the polar method's cousin of Box and Muller.
func (t *Traffic) normal() float64 {
	return math.Sqrt(2*exponential(t.ids)) * math.Cos(2*math.Pi*t.ids.Float64())
}
