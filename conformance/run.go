package conformance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"

	"github.com/kazoolab/kazoolab/conformance/capture"
	"github.com/kazoolab/kazoolab/conformance/probe"
	"github.com/kazoolab/kazoolab/conformance/suite"
	"github.com/kazoolab/kazoolab/internal/clock"
	"github.com/kazoolab/kazoolab/internal/ids"
)

// Config is what a run needs.
type Config struct {
	Target probe.Target
	// Facts of the target, without groups and time, which Run adds.
	Facts capture.Facts
	// Listener is where the harness's receivers listen; nil without the feature hooks.
	Listener net.Listener
	HTTP     *http.Client
	Clock    clock.Clock
	IDs      *ids.Source
	// AtOnce is how many groups run side by side.
	AtOnce int
	// Progress is told of each group that ends, one at a time; it may be nil.
	Progress func(Progress)
}

// Progress tells that a group has ended.
type Progress struct {
	Group suite.Group
	// End is capture.Done, capture.Broken, capture.Interrupted or capture.Harness; Why says more.
	End, Why string
	// Ended of Groups have ended.
	Ended, Groups int
}

// Run carries the groups of a plan out at a target, side by side, and returns all that was
// done and seen. Groups for which a feature is wanting are left out: their requirements are
// judged unsupported or not run. When ctx ends, what runs is ended and cleaned up. The error
// is a fault of the harness or of cleaning up; the log is good all the same.
func Run(ctx context.Context, c Config, plan []suite.Planned) (capture.File, error) {
	log := capture.NewLog(c.Clock)
	c.Facts.Began = log.Began()
	r := &run{Config: c, log: log, harness: &probe.Harness{Target: c.Target, Log: log, Clock: c.Clock, IDs: c.IDs, HTTP: c.HTTP}}
	for _, p := range plan {
		if !slices.Contains(c.Facts.Groups, p.Group.Name) {
			c.Facts.Groups = append(c.Facts.Groups, p.Group.Name)
			r.groups = append(r.groups, p.Group)
		}
	}
	log.Secret("token", c.Target.Parent.Token)
	served := make(chan error, 1)
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	if c.Listener != nil {
		r.harness.Receivers = probe.NewReceivers(c.Clock, log)
		go func() { served <- r.harness.Receivers.Serve(serving, c.Listener) }()
	} else {
		served <- nil
	}
	r.carryOut(ctx)
	stop()
	r.errs = append(r.errs, <-served)
	return capture.File{Facts: c.Facts, Entries: log.All()}, errors.Join(r.errs...)
}

type run struct {
	Config
	log     *capture.Log
	harness *probe.Harness
	groups  []suite.Group

	mu    sync.Mutex // guards what follows
	ended int
	errs  []error
}

// carryOut runs what may run beside others, AtOnce at a time, then what must be alone.
func (r *run) carryOut(ctx context.Context) {
	places := make(chan struct{}, max(r.AtOnce, 1))
	var running sync.WaitGroup
	for _, g := range r.groups {
		if g.Alone {
			continue
		}
		places <- struct{}{}
		running.Go(func() {
			defer func() { <-places }()
			r.group(ctx, g)
		})
	}
	running.Wait()
	for _, g := range r.groups {
		if g.Alone {
			r.group(ctx, g)
		}
	}
}

// group carries one group out and cleans up behind it.
func (r *run) group(ctx context.Context, g suite.Group) {
	p := probe.New(r.harness, g.Name)
	if slices.ContainsFunc(g.Needs, func(need string) bool { return !r.Target.Has(need) }) {
		r.tell(g, capture.Done, "left out: it needs "+fmt.Sprint(g.Needs))
		return
	}
	r.log.Add(capture.Entry{Group: g.Name, Kind: capture.Began, Name: g.Title})
	err := do(ctx, g, p)
	end, why := capture.Done, ""
	if err != nil {
		end, why = capture.Broken, err.Error()
	}
	switch {
	case ctx.Err() != nil:
		end = capture.Interrupted
	case errors.Is(err, probe.ErrHarness):
		end = capture.Harness
	}
	r.log.Add(capture.Entry{Group: g.Name, Kind: capture.Ended, Head: end, Body: []byte(why)})
	if err := p.Close(ctx); err != nil {
		r.mu.Lock()
		r.errs = append(r.errs, fmt.Errorf("cleaning up after %s: %w", g.Name, err))
		r.mu.Unlock()
	}
	r.tell(g, end, why)
}

// do turns a panic of a group into a fault of the harness: others go on.
func do(ctx context.Context, g suite.Group, p *probe.Probe) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("%w: %v", probe.ErrHarness, fault)
		}
	}()
	return g.Do(ctx, p)
}

func (r *run) tell(g suite.Group, end, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended++
	if r.Progress != nil {
		r.Progress(Progress{Group: g, End: end, Why: why, Ended: r.ended, Groups: len(r.groups)})
	}
}
