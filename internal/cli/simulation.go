package cli

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/callflow"
	"github.com/kazoolab/kazoolab/simulator/calls"
	"github.com/kazoolab/kazoolab/simulator/control"
	"github.com/kazoolab/kazoolab/simulator/office"
	"github.com/kazoolab/kazoolab/simulator/outlet"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/pivot/apps"
	"github.com/kazoolab/kazoolab/simulator/switchboard"
	"github.com/kazoolab/kazoolab/simulator/timeline"
	"github.com/kazoolab/kazoolab/simulator/uploads"
)

// simulation is a switch in this process, and everybody who calls and is called.
type simulation struct {
	line      *timeline.Timeline
	out       *outlet.Outlet
	core      *pbx.Core
	board     *switchboard.Board
	player    *calls.Player
	offices   []office.Office
	random    *ids.Source
	host      pbx.Host
	wrong     error                                 // what should never have happened; see logTo
	fail      func(error)                           // told of that
	heard     func(pbx.Event)                       // told of each event; nil for nobody
	elsewhere func(accountID string) bool           // accounts whose calls another switch places; nil for none
	byHand    bool                                  // nobody takes a call but whoever is told to
	routed    map[string]jobj.Object                // the latest request for the route of each call that is up
	flows     *flows                                // that lead calls; nil for none
	store     func(control.Upload, func(error))     // stores recordings; nil for nobody
	stepped   func(callflow.Step)                   // told of each step of those; nil for nobody
	hears     func(*pbx.Channel, switchboard.Sound) // told of what is heard; nil for nobody
}

// newSimulation returns a switch whose events go to an outlet.
func newSimulation(line *timeline.Timeline, out *outlet.Outlet, host pbx.Host, offices []office.Office, random *ids.Source) *simulation {
	out.Follow(line)
	s := &simulation{line: line, out: out, host: host, offices: offices, random: random, routed: map[string]jobj.Object{}}
	s.core = pbx.NewCore(pbx.New(pbx.Config{Clock: line, IDs: random, Host: host}), line, s.say)
	s.board = switchboard.New(switchboard.Config{
		Core: s.core, Line: line, IDs: random, Offices: offices, Rings: s.pickUp, Led: s.led, Known: s.known,
		Heard: func(ch *pbx.Channel, sound switchboard.Sound) {
			if s.hears != nil {
				s.hears(ch, sound)
			}
		},
		Fail: func(err error) { s.fail(err) },
	})
	s.fail = func(err error) { s.wrong = errors.Join(s.wrong, err) }
	s.player = calls.New(s.board)
	return s
}

// storeBy has recordings uploaded, until ctx ends, beside the time of the calls.
func (s *simulation) storeBy(ctx context.Context, client *http.Client) {
	s.store = uploads.New(ctx, uploads.Config{Line: s.line, Client: client, Await: s.line.Stay})
}

// logTo has what should never happen told in a log, and not kept: it is for a switch that has no
// end at which to tell of it.
func (s *simulation) logTo(log *slog.Logger) {
	s.fail = func(err error) { log.Error("what should never happen to a call has happened", "error", err) }
}

// switchBus returns a bus for a switch, which knows all exchanges that it speaks and listens on.
func (a *app) switchBus(url, name string, log *slog.Logger) *bus.Bus {
	b := bus.New(bus.Config{URL: url, Name: name, Clock: a.Clock, IDs: newIDs(""), Log: log, PublishWindow: outlet.Window})
	outlet.Declare(b)
	control.Declare(b)
	apps.Declare(b)
	for _, exchange := range []string{kapi.ExchangeResources, kapi.ExchangePivot} {
		b.DeclareExchange(exchange, kapi.ExchangeType(exchange))
	}
	return b
}

// lingering outlives ctx for a while: what has happened is still published after the end, if
// the broker takes it.
func lingering(ctx context.Context, wall clock.Clock) (publishing context.Context, giveUp func()) {
	publishing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	forget := context.AfterFunc(ctx, func() {
		_ = clock.Sleep(publishing, wall, patience)
		cancel()
	})
	return publishing, func() {
		forget()
		cancel()
	}
}

// otherHost is the machines of a switch beside that of up: who asks for channels waits for
// an answer from each, by its name.
func otherHost(random *ids.Source) pbx.Host {
	host, name := pbx.DefaultHost(), random.Hex(4)
	host.Switch, host.Apps = "fs-"+name+".example.com", "apps-"+name+".example.com"
	return host
}

func (s *simulation) say(e pbx.Event) {
	s.out.Say(e)
	s.route(e)
	if s.heard != nil {
		s.heard(e)
	}
}

// pickUp has somebody take a call of which no plan says who does.
func (s *simulation) pickUp(leg *pbx.Channel) {
	if !s.byHand && !s.player.Decides(leg.Dialler()) {
		s.player.PickUp(leg)
	}
}

// obey has the switch answer and obey what it hears on a bus, which runs and has been
// declared the exchanges, until ctx ends.
func (s *simulation) obey(ctx context.Context, b *bus.Bus, log *slog.Logger) (*control.Control, error) {
	c := control.New(ctx, control.Config{
		Core: s.core, Board: s.board, Line: s.line, Offices: s.offices, IDs: s.random,
		Node: "ecallmgr@" + s.host.Apps, Send: func(m bus.Message) { s.out.Publish("a message to "+m.Exchange, m) }, Log: log,
		Elsewhere: s.elsewhere, Led: s.ledToItsEnd, Store: s.store,
	})
	subs, err := c.Subscribe(b)
	if err != nil {
		return nil, err
	}
	for _, sub := range subs {
		if err := sub.WaitReady(ctx); err != nil {
			return nil, err
		}
	}
	return c, nil
}
