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
	"github.com/kazoolab/kazoolab/simulator/outlet"
	"github.com/kazoolab/kazoolab/simulator/pbx"
	"github.com/kazoolab/kazoolab/simulator/scenario"
	"github.com/kazoolab/kazoolab/simulator/scenario/stage"
	"github.com/kazoolab/kazoolab/simulator/scenario/verdict"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// play is one scenario that is played, and what comes of it.
type play struct {
	*app

	plan     *scenario.Plan
	house    *playhouse
	stage    *stage.Stage
	line     *timeline.Timeline
	out      *outlet.Outlet
	evidence *verdict.Evidence
	clients  map[string]*client
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
	p := &play{app: a, plan: plan, evidence: verdict.NewEvidence(), clients: map[string]*client{}, wall: clock.Machine(a.Clock)}
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
	b := bus.New(bus.Config{URL: p.house.amqp, Name: "kazoolab simulate", Clock: p.wall, IDs: newIDs(""), Log: log, PublishWindow: outlet.Window})
	outlet.Declare(b)
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
	p.out.Follow(p.line)
	p.stage = stage.New(stage.Config{
		Plan: p.plan, World: p.house.world, Line: p.line, IDs: newIDs(p.plan.Seed), Say: p.say,
		Ask:   func(r *scenario.REST) error { return p.ask(ctx, r) },
		Break: p.fault,
		Check: func(list []scenario.Expected) error {
			p.reports = append(p.reports, p.await(ctx, list)...)
			return nil
		},
	})
	if err := errors.Join(p.createHooks(ctx), p.connectSockets(ctx)); err != nil {
		return err
	}
	p.evidence.Forget() // of what came while the hooks were made
	p.begin()
	p.stage.Begin()
	p.keepTime(speed)
	err = errors.Join(p.line.Run(ctx, false), p.stage.Err(), p.out.Close())
	if err != nil {
		return err
	}
	p.reports = append(p.reports, p.await(ctx, p.plan.Expect)...)
	return p.tell()
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
