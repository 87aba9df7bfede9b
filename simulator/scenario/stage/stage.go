package stage

import (
	"context"
	"errors"
	"fmt"
	"sync"
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
	// Break has something break.
	Break func(*scenario.Fault) error
	// Ask makes a request, Send gives a command over a websocket, and Check judges what
	// must have come by now. Each runs on a goroutine of its own while the time stands
	// still, and may have the timeline Do things.
	Ask   func(context.Context, *scenario.REST) error
	Send  func(context.Context, *scenario.Send) error
	Check func(context.Context, []scenario.Expected) error
}

// Stage is one play of a plan. It is used by the goroutine of its timeline alone.
type Stage struct {
	Config

	ctx    context.Context //nolint:containedctx // the play's: what happens, happens without one
	began  time.Time
	late   time.Duration // how much later than planned what comes next happens
	still  *standing     // nil while the time passes
	stood  sync.WaitGroup
	core   *pbx.Core
	board  *switchboard.Board
	player *calls.Player
	casts  map[string]*cast        // by the call's name
	rooms  map[string]*queue       // of conferences
	seats  map[string]*pbx.Channel // of members, by conference and name
	here   map[string]bool         // the users whose telephones have registered
	placed map[string]string       // the Call-ID of the last call that was placed to a user's telephone
	// steered are diallers of which the story says when somebody answers them.
	steered map[*pbx.Channel]bool
	writes  revision
	wrong   []error
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
	due     map[string]bool         // whose telephones are about to ring because the story says so
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
		writes: revision{}, placed: map[string]string{}, steered: map[*pbx.Channel]bool{},
	}
	s.core = pbx.NewCore(pbx.New(pbx.Config{Clock: c.Line, IDs: c.IDs, Host: c.Host}), c.Line, c.Say)
	s.board = switchboard.New(switchboard.Config{
		Core: s.core, Line: c.Line, IDs: c.IDs, Offices: c.World.List(), Rings: s.rings, Fail: s.fail,
	})
	s.player = calls.New(s.board)
	return s
}

// Core and Board are the story's switch, for who has it obey commands.
func (s *Stage) Core() *pbx.Core { return s.core }

// Board is what is done at it.
func (s *Stage) Board() *switchboard.Board { return s.board }

// Begin plans the acts, the first of which happens now. They are given up when ctx ends.
func (s *Stage) Begin(ctx context.Context) {
	s.ctx, s.began = ctx, s.Line.Now()
	for i := range s.Plan.Acts {
		act := &s.Plan.Acts[i]
		s.Line.At(s.began.Add(act.At), func() { s.comes(act) })
	}
}

// Since is how long the story has been going on; 0 before it begins.
func (s *Stage) Since() time.Duration {
	if s.began.IsZero() {
		return 0
	}
	return s.Line.Now().Sub(s.began)
}

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

// rings notes who is at a leg that begins to ring. Where the story does not say that it
// rings, and so not who takes it, somebody does.
func (s *Stage) rings(leg *pbx.Channel) {
	dialler := leg.Dialler()
	if dialler == nil { // it was placed for somebody who has asked for it
		if d := leg.Device(); d != nil {
			s.placed[s.World.userOf(*d)] = leg.CallID()
		}
		s.player.PickUp(leg)
		return
	}
	if s.player.Decides(dialler) {
		return
	}
	if outer, ok := dialler.OtherEnd(); ok { // the switch called itself
		dialler = outer.Dialler()
	}
	said := s.steered[dialler]
	for _, c := range s.casts {
		if c.has(dialler) {
			who := c.note(s.World, leg)
			said = said || c.due[who]
			delete(c.due, who)
			break
		}
	}
	if !said {
		s.player.PickUp(leg)
	}
}

func (c *cast) has(ch *pbx.Channel) bool {
	for _, one := range c.legs {
		if one == ch {
			return true
		}
	}
	return false
}

// note keeps who is at a leg, and tells it.
func (c *cast) note(w *World, leg *pbx.Channel) (who string) {
	who = c.outside
	if d := leg.Device(); d != nil {
		who = w.userOf(*d)
	}
	c.at(who, leg)
	return who
}

// expect notes that telephones are about to ring because the story says so.
func (c *cast) expect(who ...string) {
	for _, one := range who {
		c.due[one] = true
	}
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
	if id, ok := s.placed[r.Name]; ok && r.Attribute == "quickcall" {
		return id, true
	}
	return s.World.lookup(r)
}
