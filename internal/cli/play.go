package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/logging"
	"github.com/kazoolab/kazoolab/internal/receiver"
	"github.com/kazoolab/kazoolab/simulator/control"
	"github.com/kazoolab/kazoolab/simulator/outlet"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/scenario"
	"github.com/kazoolab/kazoolab/simulator/scenario/stage"
	"github.com/kazoolab/kazoolab/simulator/scenario/verdict"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// play is one scenario that is played, and what comes of it. But for what several
// goroutines share, it is used by that of its timeline, and before and after that runs.
type play struct {
	*app
	playOptions

	plan     *scenario.Plan
	house    *playhouse
	stage    *stage.Stage
	line     *timeline.Timeline
	out      *outlet.Outlet
	control  *control.Control
	evidence *verdict.Evidence
	clients  clients
	guests   map[string]*guest // by the websocket's
	wall     clock.Clock
	began    atomic.Pointer[time.Time] // witnesses read it, on goroutines of their own
	told     bool                      // whether anything was said since the clock was put forward
	messages int

	twice    int // messages that go out twice
	backward []pbx.Event
	held     int // messages that are held back, to go out backward
	judged   []judgement

	giveUp func()
	stuck  error // why the bridge's clock could not follow
}

// playOptions is how a scenario is played.
type playOptions struct {
	speed  float64 // 0 is as fast as can be
	output string
	// over is told what came of the story, whose switch goes on until the end of everything;
	// without it that is the end.
	over func(error)
}

// opening is how a house is found for a scenario: it is ended in any case. Requests that its
// receivers have got, and those that they have answered, are told to report.
type opening func(log *slog.Logger, report func(string, receiver.Request)) (*playhouse, error)

// playScenario plays a scenario, and says whether all came as expected.
func (a *app) playScenario(ctx context.Context, plan *scenario.Plan, options playOptions, open opening) (err error) {
	log, err := logging.New(a.Stderr, logging.Options{Level: "error", Format: "text"})
	if err != nil {
		return err
	}
	p := &play{
		app: a, playOptions: options, plan: plan, evidence: verdict.NewEvidence(), clients: clients{known: map[string]dated{}},
		guests: map[string]*guest{}, wall: clock.Machine(a.Clock),
	}
	p.begin()
	p.house, err = open(log, p.witness)
	if p.house != nil {
		defer func() { err = errors.Join(err, p.house.end(ctx)) }()
	}
	if err != nil {
		return err
	}
	b := a.switchBus(p.house.amqp, "kazoolab simulate", log)
	return onBroker(ctx, b, p.house.amqp, patience, func() error { return p.run(ctx, b) })
}

func (p *play) run(ctx context.Context, b *bus.Bus) error {
	tap, err := p.tap(b)
	if err != nil {
		return err
	}
	if err := tap.WaitReady(ctx); err != nil {
		return err
	}
	publishing, giveUp := ctx, func() {}
	if p.over == nil { // in an up the broker ends with ctx
		publishing, giveUp = lingering(ctx, p.wall)
	}
	defer giveUp()
	p.out = outlet.New(publishing, b)
	start := p.plan.Start
	if start.IsZero() {
		start = p.house.now()
	}
	wall := p.wall
	if p.over != nil && p.speed == 1 {
		wall = p.house.Clock // whoever puts the lab's clock forward has the story go faster
	}
	p.line = timeline.New(timeline.Config{Start: start, Speed: p.speed, Wall: wall})
	p.out.Follow(p.line)
	p.stage = stage.New(stage.Config{
		Plan: p.plan, World: p.house.world, Line: p.line, IDs: newIDs(p.plan.Seed), Host: p.house.host, Say: p.say,
		Break: p.fault, Ask: p.askStep, Send: p.send, Check: p.check,
	})
	obeying, deaf := context.WithCancel(ctx)
	defer deaf() // else a message that comes when the timeline has ended waits for it for ever, and the bus for that
	if err = p.obey(obeying, b); err == nil {
		err = p.perform(ctx)
	}
	if p.over != nil && ctx.Err() == nil {
		p.over(p.tell(err))
		tap.Close()
		p.evidence.Close()
		p.mend()
		p.line.Pace(1)
		err = p.line.Run(ctx, true)
		return orderly(ctx, errors.Join(err, p.out.Close()))
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = fmt.Errorf("the story was ended before it was over, and is not judged: %w", context.Cause(ctx))
	}
	if p.control != nil {
		p.control.Leave()
	}
	return p.tell(errors.Join(err, p.out.Close()))
}

// rareWord is how often the switch of a story that does not go with the wall says that it
// is there: each word costs the bridge's clock a moment.
const rareWord = 10 * time.Minute

// obey has the switch of the story answer and obey what it hears on the bus.
func (p *play) obey(ctx context.Context, b *bus.Bus) error {
	log, err := logging.New(p.Stderr, logging.Options{Level: "warn", Format: "text"}) // of commands that cannot be done
	if err != nil {
		return err
	}
	c := control.Config{
		Core: p.stage.Core(), Board: p.stage.Board(), Line: p.line, Offices: p.house.world.List(),
		IDs: newIDs(p.plan.Seed + " switch"), Node: "ecallmgr@" + p.house.host.Apps, Log: log, Awaited: p.stage.Awaited,
		Elsewhere: func(accountID string) bool { return !p.house.has(accountID) },
		Send: func(m bus.Message) {
			p.told = true
			p.out.Publish("a message to "+m.Exchange, m)
		},
	}
	if p.speed != 1 {
		c.Every = rareWord
	}
	p.control = control.New(ctx, c)
	subs, err := p.control.Subscribe(b)
	if err != nil {
		return err
	}
	for _, sub := range subs {
		if err := sub.WaitReady(ctx); err != nil {
			return err
		}
	}
	p.control.Advertise()
	return nil
}

// perform plays the story, and judges what is expected of its end.
func (p *play) perform(ctx context.Context) error {
	if err := errors.Join(p.createHooks(ctx), p.connectSockets(ctx)); err != nil {
		return err
	}
	p.evidence.Forget() // of what came while the hooks were made
	p.begin()
	played, giveUp := context.WithCancel(ctx)
	defer giveUp()
	p.giveUp = giveUp
	p.stage.Begin(played)
	p.keepTime()
	err := p.line.Run(played, false)
	p.stage.Wait()
	if p.stuck != nil {
		return p.stuck
	}
	if err = errors.Join(err, p.stage.Err()); err != nil {
		return err
	}
	p.letGo()
	p.out.Flush()
	return p.lastly(ctx, func() error { return p.check(ctx, p.plan.Expect) })
}

// lastly does something when the story is over, while its switch still answers.
func (p *play) lastly(ctx context.Context, do func() error) error {
	release := p.line.Hold()
	done := make(chan error, 1)
	go func() {
		err := do()
		_ = p.line.Do(ctx, release) // else the run has ended
		done <- err
	}()
	return errors.Join(p.line.Run(ctx, false), <-done)
}

// keepTime has the bridge's clock go with the story's: failures that lie minutes apart
// must lie so for the bridge. Before it leaps, what was said has a moment to arrive.
func (p *play) keepTime() {
	if p.speed == 1 {
		return
	}
	const tick, moment = time.Second, 30 * time.Millisecond
	var step func()
	step = func() {
		if p.told {
			release := p.line.Hold()
			p.wall.Sleep(moment)
			release()
			p.told = false
		}
		if ahead := p.stage.Since() - p.elapsed() - p.house.time.Ahead(); ahead > 0 {
			if p.stuck = p.house.time.Advance(ahead); p.stuck != nil {
				p.giveUp()
				return
			}
		}
		if p.line.Waiting() > 0 {
			p.line.After(tick, step)
		}
	}
	p.line.After(tick, step)
}

// say publishes an event, as the faults of the story have it.
func (p *play) say(e pbx.Event) {
	p.told = true
	if p.held > 0 {
		p.backward = append(p.backward, e)
		if len(p.backward) == p.held {
			p.letGo()
		}
		return
	}
	p.publish(e)
	if p.twice > 0 {
		p.twice--
		p.publish(e)
	}
}

// mend has what goes on after the story go on without its faults on the bus.
func (p *play) mend() {
	p.letGo()
	p.twice = 0
}

// letGo publishes what was held back, however little that is.
func (p *play) letGo() {
	for _, e := range slices.Backward(p.backward) {
		p.publish(e)
	}
	p.held, p.backward = 0, nil
}

func (p *play) publish(e pbx.Event) {
	p.messages++
	p.out.Say(e)
}

// fault has something break.
func (p *play) fault(f *scenario.Fault) error {
	switch {
	case f.Duplicate > 0:
		p.twice += f.Duplicate
	case f.OutOfOrder > 0:
		p.letGo()
		p.held = f.OutOfOrder
	case f.BrokerDrop:
		p.house.dropped()
	case f.ReceiverDown != "":
		down := p.house.down[f.ReceiverDown]
		down.Store(true)
		if f.For > 0 {
			p.line.After(time.Duration(f.For), func() { down.Store(false) })
		}
	}
	for range f.Malformed {
		p.out.Publish("what is no JSON", bus.Message{Exchange: kapi.ExchangeCallEvents, Key: "call.CHANNEL_CREATE.broken", Body: []byte(`{"Event-Name":`)})
	}
	return nil
}

// simulateFile plays a scenario, which says all but how it is played itself.
func (a *app) simulateFile(cmd *cobra.Command, args []string, flags simulateFlags) error {
	onRunning := *flags.onRunning
	var strange string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if !slices.Contains([]string{"speed", "output", "on-running"}, f.Name) && !(f.Name == "run-file" && onRunning) {
			strange = f.Name
		}
	})
	if strange != "" {
		return usagef("--%s is for calls that are made up; leave it or %q out", strange, args[0])
	}
	plan, err := a.onePlan(cmd, args)
	if err != nil {
		return err
	}
	options, ctx := playOptions{output: *flags.output}, cmd.Context()
	if options.speed, err = parseSpeed(flags.speed); err != nil {
		return err
	}
	if !onRunning {
		return a.playScenario(ctx, plan, options, func(log *slog.Logger, report func(string, receiver.Request)) (*playhouse, error) {
			return a.newPlayhouse(ctx, plan, log, report)
		})
	}
	if err := fitsRunning(plan); err != nil {
		return err
	}
	running, err := a.runningOf(ctx, cmd, cmd.Name())
	if err != nil {
		return err
	}
	return a.playScenario(ctx, plan, options, func(log *slog.Logger, report func(string, receiver.Request)) (*playhouse, error) {
		return a.newGuest(ctx, plan, running, log, report)
	})
}
