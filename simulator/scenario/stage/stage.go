package stage

import (
	"errors"
	"fmt"
	"time"

	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/calls"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/scenario"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// Config is what a stage needs. All but Host are required.
type Config struct {
	Plan  *scenario.Plan
	World *World
	Line  *timeline.Timeline
	IDs   *ids.Source
	Host  pbx.Host // the switch's machines; the zero value means the usual ones
	// Say is told of each event, in the order in which they happen.
	Say func(pbx.Event)
	// Ask makes a request, Break has something break, and Check judges what must have
	// come by now. The time stands still meanwhile. Their errors end the story.
	Ask   func(*scenario.REST) error
	Break func(*scenario.Fault) error
	Check func([]scenario.Expected) error
}

// Stage is one play of a plan. It is used by the goroutine of its timeline alone.
type Stage struct {
	Config

	began  time.Time
	core   *pbx.Core
	board  *switchboard.Board
	player *calls.Player
	casts  map[string]*cast        // by the call's name
	rooms  map[string]*queue       // of conferences
	seats  map[string]*pbx.Channel // of members, by conference and name
	here   map[string]bool         // the users whose telephones have registered
	writes revision
	wrong  []error
}

// cast is who is at which leg of a call.
type cast struct {
	queue

	name    string
	account string
	first   *pbx.Channel
	flow    *pbx.Channel            // the leg that the callflow of who is called has
	legs    map[string]*pbx.Channel // by the name of who is there; kept when they end
	ids     map[string]string       // their Call-IDs
	outside string                  // who rings in the telephone network
}

// queue has acts wait for one another.
type queue struct {
	busy    bool
	waiting []func()
}

// do begins an act when those before it are done.
func (q *queue) do(act func(done func())) {
	run := func() {
		q.busy = true
		act(q.next)
	}
	if q.busy {
		q.waiting = append(q.waiting, run)
		return
	}
	run()
}

func (q *queue) next() {
	q.busy = false
	if len(q.waiting) == 0 {
		return
	}
	run := q.waiting[0]
	q.waiting = q.waiting[1:]
	run()
}

// New returns a stage on which nothing has happened.
func New(c Config) *Stage {
	s := &Stage{
		Config: c, casts: map[string]*cast{}, rooms: map[string]*queue{}, seats: map[string]*pbx.Channel{}, here: map[string]bool{},
		writes: revision{},
	}
	s.core = pbx.NewCore(pbx.New(pbx.Config{Clock: c.Line, IDs: c.IDs, Host: c.Host}), c.Line, c.Say)
	s.board = switchboard.New(switchboard.Config{
		Core: s.core, Line: c.Line, IDs: c.IDs, Offices: c.World.List(), Rings: s.rings, Fail: s.fail,
	})
	s.player = calls.New(s.board)
	return s
}

// Begin plans the acts, the first of which happens now.
func (s *Stage) Begin() {
	s.began = s.Line.Now()
	for i := range s.Plan.Acts {
		act := &s.Plan.Acts[i]
		s.Line.At(s.began.Add(act.At), func() { s.happens(act) })
	}
}

// Since is how long the story has been going on.
func (s *Stage) Since() time.Duration { return s.Line.Now().Sub(s.began) }

// Err is what went otherwise than planned; nil where nothing did.
func (s *Stage) Err() error { return errors.Join(s.wrong...) }

func (s *Stage) fail(err error) {
	if err != nil {
		s.wrong = append(s.wrong, err)
	}
}

// failed notes that an act did not come about.
func (s *Stage) failed(act *scenario.Act, err error) {
	if err != nil {
		s.wrong = append(s.wrong, fmt.Errorf("line %d, %s at %s: %w", act.Line, act.Verb(), act.At, err))
	}
}

// rings notes who is at a leg that begins to ring.
func (s *Stage) rings(leg *pbx.Channel) {
	dialler := leg.Dialler()
	if dialler == nil || s.player.Decides(dialler) {
		return
	}
	if outer, ok := dialler.OtherEnd(); ok { // the switch called itself
		dialler = outer.Dialler()
	}
	for _, c := range s.casts {
		for _, ch := range c.legs {
			if ch == dialler {
				c.note(s.World, leg)
				return
			}
		}
	}
}

// note keeps who is at a leg.
func (c *cast) note(w *World, leg *pbx.Channel) {
	who := c.outside
	if d := leg.Device(); d != nil {
		who = w.userOf(*d)
	}
	c.at(who, leg)
}

func (c *cast) at(who string, leg *pbx.Channel) {
	if who != "" {
		c.legs[who], c.ids[who] = leg, leg.CallID()
	}
}

// Lookup says what a reference of the plan stands for now.
func (s *Stage) Lookup(r scenario.Reference) (string, bool) {
	if c := s.casts[r.Name]; c != nil {
		switch r.Attribute {
		case "call_id":
			return c.first.CallID(), true
		case "interaction_id":
			id := c.first.Named().String("Call-Interaction-ID")
			return id, id != ""
		}
		id, ok := c.ids[r.Attribute]
		return id, ok
	}
	return s.World.lookup(r)
}
