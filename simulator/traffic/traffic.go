// Package traffic makes load: how many calls begin when, between whom, and what becomes
// of them. It owns the draws and their count. It never plays a call (simulator/calls
// does), and never slows down by itself: what could not be offered is counted.
package traffic

import (
	"math"
	"strings"
	"time"

	"github.com/kazoolab/kazoolab/fixtures"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/calls"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// Config is what load there is.
type Config struct {
	Arrivals Arrivals
	Offices  []office.Office // with at least a number and a device each
	// Calls and Duration end it: so many calls, so long; 0 is no bound.
	Calls    int
	Duration time.Duration
	// Concurrent is how many calls may be up at once; beyond that they are not begun, but
	// counted as refused. 0 is no bound.
	Concurrent int
}

// Count is what there has been.
type Count struct {
	Offered, Begun, Refused, Ended int
	Outcomes                       map[calls.Outcome]int // of those that have begun
}

// Up is how many calls there are now.
func (c Count) Up() int { return c.Begun - c.Ended }

// Traffic offers calls. It is used by the goroutine of its timeline alone.
type Traffic struct {
	cfg    Config
	player *calls.Player
	line   *timeline.Timeline
	ids    *ids.Source
	began  time.Time
	count  Count
	late   func(time.Duration)
}

// New returns traffic that has not begun. late is told, for each call, how long after its
// time on the wall it begins; it may be nil.
func New(cfg Config, player *calls.Player, line *timeline.Timeline, random *ids.Source, late func(time.Duration)) *Traffic {
	return &Traffic{
		cfg: cfg, player: player, line: line, ids: random, late: late,
		count: Count{Outcomes: map[calls.Outcome]int{}},
	}
}

// Begin plans the first call.
func (t *Traffic) Begin() {
	t.began = t.line.Now()
	t.plan()
}

// Count is what there has been so far.
func (t *Traffic) Count() Count { return t.count }

func (t *Traffic) plan() {
	since := t.line.Now().Sub(t.began)
	next := t.cfg.Arrivals.Next(t.ids, since)
	if t.cfg.Calls > 0 && t.count.Offered >= t.cfg.Calls || t.cfg.Duration > 0 && since+next > t.cfg.Duration {
		return
	}
	t.line.After(next, func() {
		t.offer()
		t.plan()
	})
}

func (t *Traffic) offer() {
	t.count.Offered++
	if t.late != nil {
		t.late(t.line.Behind())
	}
	c := t.draw()
	if t.cfg.Concurrent > 0 && t.count.Up() >= t.cfg.Concurrent {
		t.count.Refused++
		return
	}
	t.count.Begun++
	t.count.Outcomes[c.Outcome]++
	t.player.Play(c, func() { t.count.Ended++ })
}

// draw makes a call: of ten, six come from the telephone network, two go there, and two
// stay in the house.
func (t *Traffic) draw() calls.Call {
	at := t.cfg.Offices[t.ids.IntN(len(t.cfg.Offices))]
	outside := pbx.Party{Number: t.number()}
	if t.ids.IntN(3) > 0 {
		outside.Name = strings.ToUpper(fixtures.NewPerson(t.ids).Name())
	}
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
	return c
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

// number is one that is kept free for fiction.
func (t *Traffic) number() string {
	areas := []string{"+1212555", "+1312555", "+1415555", "+1617555"}
	const digits = "0123456789"
	area := areas[t.ids.IntN(len(areas))]
	return area + "01" + string([]byte{digits[t.ids.IntN(10)], digits[t.ids.IntN(10)]})
}
