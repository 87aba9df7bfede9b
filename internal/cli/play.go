package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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

	plan     *scenario.Plan
	house    *playhouse
	stage    *stage.Stage
	line     *timeline.Timeline
	out      *outlet.Outlet
	control  *control.Control
	evidence *verdict.Evidence
	clients  map[string]*client // by the account's name
	guests   map[string]*guest  // by the websocket's
	wall     clock.Clock
	began    atomic.Pointer[time.Time] // witnesses read it, on goroutines of their own
	told     bool                      // whether anything was said since the clock was put forward
	messages int

	twice    int // messages that go out twice
	backward []pbx.Event
	held     int // messages that are held back, to go out backward
	reports  []string
}

// playScenario plays a scenario in a private lab, and says whether all came as expected.
func (a *app) playScenario(ctx context.Context, plan *scenario.Plan, speed float64) (err error) {
	log, err := logging.New(a.Stderr, logging.Options{Level: "error", Format: "text"})
	if err != nil {
		return err
	}
	p := &play{
		app: a, plan: plan, evidence: verdict.NewEvidence(), clients: map[string]*client{}, guests: map[string]*guest{},
		wall: clock.Machine(a.Clock),
	}
	p.begin()
	p.house, err = a.newPlayhouse(ctx, plan, log, func(name string, r receiver.Request) {
		p.evidence.AtReceiver(name, verdict.Webhook(p.elapsed(), r))
	})
	if p.house != nil {
		defer func() { err = errors.Join(err, p.house.end(ctx)) }()
	}
	if err != nil {
		return err
	}
	b := a.switchBus(p.house.amqp, "kazoolab simulate", log)
	return onBroker(ctx, b, p.house.amqp, patience, func() error { return p.run(ctx, b, speed) })
}

func (p *play) run(ctx context.Context, b *bus.Bus, speed float64) error {
	tap, err := p.tap(b)
	if err != nil {
		return err
	}
	if err := tap.WaitReady(ctx); err != nil {
		return err
	}
	p.out = outlet.New(ctx, b)
	p.line = timeline.New(timeline.Config{Start: p.plan.Start, Speed: speed, Wall: p.wall})
	p.stage = stage.New(stage.Config{
		Plan: p.plan, World: p.house.world, Line: p.line, IDs: newIDs(p.plan.Seed), Say: p.say,
		Break: p.fault, Ask: p.askStep, Send: p.send, Check: p.check,
	})
	if err = p.obey(ctx, b, speed); err == nil {
		err = p.perform(ctx, speed)
	}
	if err = errors.Join(err, p.out.Close()); err != nil {
		return err
	}
	return p.tell()
}

// rareWord is how often the switch of a story that does not go with the wall says that it
// is there: each word costs the bridge's clock a moment.
const rareWord = 10 * time.Minute

// obey has the switch of the story answer and obey what it hears on the bus.
func (p *play) obey(ctx context.Context, b *bus.Bus, speed float64) error {
	log, err := logging.New(p.Stderr, logging.Options{Level: "warn", Format: "text"}) // of commands that cannot be done
	if err != nil {
		return err
	}
	c := control.Config{
		Core: p.stage.Core(), Board: p.stage.Board(), Line: p.line, Offices: p.house.world.List(),
		IDs: newIDs(p.plan.Seed + " switch"), Node: "ecallmgr@" + pbx.DefaultHost().Apps, Log: log, Awaited: p.stage.Awaited,
		Send: func(m bus.Message) {
			p.told = true
			p.out.Publish("a message to "+m.Exchange, m)
		},
	}
	if speed != 1 {
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
func (p *play) perform(ctx context.Context, speed float64) error {
	if err := errors.Join(p.createHooks(ctx), p.connectSockets(ctx)); err != nil {
		return err
	}
	p.evidence.Forget() // of what came while the hooks were made
	p.begin()
	p.stage.Begin(ctx)
	p.keepTime(speed)
	err := p.line.Run(ctx, false)
	p.stage.Wait()
	if err = errors.Join(err, p.stage.Err()); err != nil {
		return err
	}
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
func (p *play) keepTime(speed float64) {
	if speed == 1 {
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
		if ahead := p.stage.Since() - p.elapsed() - p.house.clock.Ahead(); ahead > 0 {
			_ = p.house.clock.Advance(ahead) // it is too far only beyond a story's length
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
		if len(p.backward) < p.held {
			return
		}
		for _, e := range slices.Backward(p.backward) {
			p.publish(e)
		}
		p.held, p.backward = 0, nil
		return
	}
	p.publish(e)
	if p.twice > 0 {
		p.twice--
		p.publish(e)
	}
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

// tell prints what came of it.
func (p *play) tell() error {
	expected := p.plan.Expectations()
	if len(p.reports) == 0 {
		p.printf("%s: %s, %d expectations met; %d messages, %s played in %s\n", p.plan.Name, p.paint(green, "passed"), expected, p.messages,
			roundly(p.stage.Since()), p.elapsed().Round(time.Millisecond))
		return nil
	}
	p.printf("%s: %s\n", p.plan.Name, p.paint(red, "failed"))
	for _, report := range p.reports {
		for line := range strings.SplitSeq(report, "\n") {
			p.printf("  %s\n", clean(line))
		}
	}
	return fmt.Errorf("%d of %d expectations are not met", len(p.reports), expected)
}

// simulateFile plays a scenario, for which no flag but --speed has a meaning.
func (a *app) simulateFile(cmd *cobra.Command, args []string, speedText string) error {
	var strange string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Name != "speed" {
			strange = f.Name
		}
	})
	if strange != "" { // a scenario says all else itself
		return usagef("--%s is for calls that are made up; leave it or %q out", strange, args[0])
	}
	plan, err := a.onePlan(cmd, args)
	if err != nil {
		return err
	}
	speed, err := parseSpeed(speedText)
	if err != nil {
		return err
	}
	return a.playScenario(cmd.Context(), plan, speed)
}
