package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"time"

	"github.com/kazoolab/kazoolab/internal/bus"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/simulator/pivot"
	"github.com/kazoolab/kazoolab/simulator/pivot/apps"
	"github.com/kazoolab/kazoolab/simulator/pivot/client"
	"github.com/kazoolab/kazoolab/simulator/pivot/flow"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
	"github.com/kazoolab/kazoolab/simulator/timeline"
)

// engineNode is who the engine says it is.
const engineNode = "engine@bench"

// collectLess has memory collected as kazoolab up has it; the bare loop gets the same.
func collectLess() {
	const percent = 300
	debug.SetGCPercent(percent)
}

// runEngine is the engine with its calls, until ctx ends. It says when those that are
// held wait; the others follow.
func runEngine(ctx context.Context, o options) error {
	collectLess()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if o.profile != "" {
		end, err := startProfile(o.profile)
		if err != nil {
			return err
		}
		defer end()
	}
	http := client.New(client.Config{Guard: client.Local()})
	flows, err := flow.New(nil)
	if err != nil {
		return err
	}
	line := timeline.New(timeline.Config{Speed: 1, Wall: clock.System()}) // as that of up
	s := newSwitch(line, o, stop)
	config := pivot.Config{
		Line: line, Bus: s, Asker: http, Flows: flows, IDs: ids.Seeded("bench"), Node: engineNode, Log: slog.New(slog.DiscardHandler),
		Trace: s.trace, Await: func(request.Request) func() { return line.Stay() },
	}
	if o.amqpURL != "" {
		asker, err := connect(ctx, o, http, stop)
		if err != nil {
			return err
		}
		config.Asker, config.Connected = asker, asker
	}
	s.engine = pivot.New(ctx, config)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = line.Run(ctx, true) // it was ended
	}()
	if err := s.hold(ctx); err != nil {
		return errors.Join(err, reason(ctx))
	}
	http.Close() // what asking took is not what waiting takes
	if err := o.say(measured()); err != nil {
		return err
	}
	if !o.idle {
		if err := line.Do(ctx, s.begin); err != nil {
			return errors.Join(err, reason(ctx))
		}
	}
	<-ended
	return reason(ctx)
}

// measured is what this process has, once all that nobody needs is given back.
func measured() ready {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return ready{Heap: float64(m.HeapAlloc), Goroutines: runtime.NumGoroutine()}
}

// connect has the engine ask an application at a websocket.
func connect(ctx context.Context, o options, http *client.Client, stop context.CancelCauseFunc) (apps.Asker, error) {
	const limit, pause = 30 * time.Second, 10 * time.Millisecond
	d := apps.New(apps.Config{Clock: clock.System(), IDs: ids.New(), Log: slog.New(slog.DiscardHandler), Node: engineNode, Version: "bench"})
	b := bus.New(bus.Config{URL: o.amqpURL, Name: "engine", Node: engineNode, Clock: clock.System(), IDs: ids.New()})
	apps.Declare(b)
	go func() {
		if err := b.Run(ctx); err != nil {
			stop(failed{err})
		}
	}()
	subscribed := make(chan *bus.Subscription, 1)
	go func() {
		if err := d.Serve(ctx, b, func(sub *bus.Subscription) { subscribed <- sub }); err != nil {
			stop(failed{err})
		}
	}()
	waiting, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	select {
	case sub := <-subscribed:
		if err := sub.WaitReady(waiting); err != nil {
			return apps.Asker{}, err
		}
	case <-waiting.Done():
		return apps.Asker{}, context.Cause(waiting)
	}
	for d.Registered(o.account, appName) == 0 {
		if err := clock.Sleep(waiting, clock.System(), pause); err != nil {
			return apps.Asker{}, fmt.Errorf("no node has told of the application: %w", err)
		}
	}
	return apps.Asker{Apps: d, HTTP: http}, nil
}

// startProfile has what CPU is spent on written to a file, and in the end what memory was.
func startProfile(name string) (end func(), err error) {
	cpu, err := os.Create(name + ".cpu")
	if err != nil {
		return nil, err
	}
	allocs, err := os.Create(name + ".allocs")
	if err == nil {
		err = pprof.StartCPUProfile(cpu)
	}
	if err != nil {
		return nil, errors.Join(err, cpu.Close())
	}
	return func() { // a profile that is cut short is told by its reader
		pprof.StopCPUProfile()
		_ = cpu.Close()
		_ = pprof.Lookup("allocs").WriteTo(allocs, 0)
		_ = allocs.Close()
	}, nil
}
