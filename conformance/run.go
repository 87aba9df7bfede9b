package conformance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

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
	// GroupLimit is how long one group may take; 0 is three minutes.
	GroupLimit time.Duration
	// Keep leaves the accounts of groups of which a requirement fails.
	Keep bool
	// Renew logs in to the target's parent account once more; nil where nobody can.
	Renew func(context.Context) (token string, err error)
	// Record writes the log while it grows; it may be nil. Who gives it ends it.
	Record *capture.Recorder
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

// Outcome is what a run has seen, and what is left of it.
type Outcome struct {
	File capture.File
	// Left tells what could not be cleaned up, and what was kept on purpose.
	Left []string
	// Kept is how many accounts were kept on purpose.
	Kept int
	// Faults are those of the harness, which is no word about the target.
	Faults []string
}

// Cut tells whether the run was ended before each group had been carried through.
func (o Outcome) Cut() bool {
	return slices.ContainsFunc(o.File.Entries, func(e capture.Entry) bool { return e.Kind == capture.Ended && e.Head == capture.Interrupted })
}

// errGone is the cause with which a run ends whose target has gone.
var errGone = errors.New("the target is gone")

// Run carries the groups of a plan out at a target, side by side, and returns all that was
// done and seen. Groups for which a feature is wanting are left out: their requirements are
// judged unsupported or not run. When ctx ends, what runs is ended and cleaned up, and what
// has not begun is left out.
func Run(ctx context.Context, c Config, plan []suite.Planned) Outcome {
	log := capture.NewLog(c.Clock)
	c.Facts.Began = log.Began()
	if c.GroupLimit == 0 {
		c.GroupLimit = 3 * time.Minute
	}
	r := &run{Config: c, log: log, harness: &probe.Harness{Target: c.Target, Log: log, Clock: c.Clock, IDs: c.IDs, HTTP: c.HTTP, Renew: c.Renew}}
	r.token, r.since = c.Target.Parent.Token, c.Clock.Now()
	for _, p := range plan {
		if !slices.Contains(c.Facts.Groups, p.Group.Name) {
			c.Facts.Groups = append(c.Facts.Groups, p.Group.Name)
			r.groups = append(r.groups, p.Group)
		}
	}
	r.plan = plan
	log.Secret("token", c.Target.Parent.Token)
	log.Limit("", nil) // what comes for no receiver
	if c.Record != nil {
		c.Record.Begin(log, c.Facts)
	}
	served := make(chan error, 1)
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	if c.Listener != nil {
		r.harness.Receivers = probe.NewReceivers(c.Clock, log)
		go func() { served <- r.harness.Receivers.Serve(serving, c.Listener) }()
	} else {
		served <- nil
	}
	running, end := context.WithCancelCause(ctx)
	defer end(nil)
	r.end = end
	r.carryOut(running)
	stop()
	if err := <-served; err != nil {
		r.out.Faults = append(r.out.Faults, err.Error())
	}
	c.Facts.Gone = r.gone
	r.out.File = capture.File{Facts: c.Facts, Entries: log.All()}
	return r.out
}

type run struct {
	Config
	log     *capture.Log
	harness *probe.Harness
	groups  []suite.Group
	plan    []suite.Planned
	end     context.CancelCauseFunc // of everything that runs

	login sync.Mutex // guards what follows
	token string     // of the parent account
	since time.Time

	mu    sync.Mutex // guards what follows
	ended int
	gone  string // why the run was ended, where the target has gone
	out   Outcome
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

// overdone is why a group was ended by the harness.
type overdone struct{ why string }

func (o *overdone) Error() string { return o.why }

// group carries one group out and cleans up behind it.
func (r *run) group(ctx context.Context, g suite.Group) {
	if slices.ContainsFunc(g.Needs, func(need string) bool { return !r.Target.Has(need) }) {
		r.tell(g, capture.Done, "left out: it needs "+fmt.Sprint(g.Needs))
		return
	}
	p := probe.New(r.enter(ctx), g.Name)
	r.log.Add(capture.Entry{Group: g.Name, Kind: capture.Began, Name: g.Title})
	end, why := r.carry(ctx, g, p)
	r.log.Add(capture.Entry{Group: g.Name, Kind: capture.Ended, Head: end, Body: []byte(why)})
	if end == capture.Broken {
		r.look(ctx)
	}
	r.clean(ctx, g, p)
	if g.Alone { // it may have put the time forward, and have logged in since
		r.leave(p.Target.Parent.Token)
	}
	r.tell(g, end, why)
}

// tokenAge is how old a token may be with which a group begins. Kazoo's are good for an hour, and
// a group may take twenty minutes.
const tokenAge = 30 * time.Minute

// enter returns a harness of a group's own, whose token will do for as long as the group may take.
func (r *run) enter(ctx context.Context) *probe.Harness {
	r.login.Lock()
	defer r.login.Unlock()
	if r.Renew != nil && r.Clock.Since(r.since) > tokenAge {
		r.since = r.Clock.Now()
		if token, err := r.Renew(ctx); err == nil { // else the old one shows whether it is still taken
			r.log.Secret("token", token)
			r.token = token
		}
	}
	own := *r.harness
	own.Target.Parent.Token = r.token
	return &own
}

// leave has later groups begin with a token that one got.
func (r *run) leave(token string) {
	r.login.Lock()
	defer r.login.Unlock()
	if token != r.token {
		r.token, r.since = token, r.Clock.Now()
	}
}

// look finds out whether the target is still there, and ends the run when it is not: groups
// would fail one after the other, each at its own pace.
func (r *run) look(ctx context.Context) {
	u, err := url.Parse(r.Target.REST)
	if err != nil || u.Hostname() == "" || ctx.Err() != nil {
		return
	}
	address := addressOf(u)
	dialer := net.Dialer{Timeout: r.Target.Patience.Reply}
	for range 3 { // one that is started anew is back within seconds
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err == nil {
			_ = conn.Close()
			return
		}
		if clock.Sleep(ctx, r.Clock, time.Second) != nil {
			return
		}
	}
	r.mu.Lock()
	r.gone = fmt.Sprintf("nobody listens at %s any more", address)
	r.mu.Unlock()
	r.end(errGone)
}

// addressOf is the host and the port of a URL, which need not name the scheme's own.
func addressOf(u *url.URL) string {
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// carry does what a group does, within its time and its share of the log.
func (r *run) carry(ctx context.Context, g suite.Group, p *probe.Probe) (end, why string) {
	if ctx.Err() != nil {
		return capture.Interrupted, "it had not begun"
	}
	own, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r.log.Limit(g.Name, func(why string) { cancel(&overdone{why}) })
	late := r.Clock.AfterFunc(r.GroupLimit, func() { cancel(&overdone{fmt.Sprintf("it took longer than %s", r.GroupLimit)}) })
	defer late.Stop()
	done := make(chan error, 1)
	go func() { done <- do(own, g, p) }()
	var err error
	select {
	case err = <-done:
	case <-own.Done():
		err = r.giveUp(p, done)
	}
	over, isOver := errors.AsType[*overdone](context.Cause(own))
	switch {
	case ctx.Err() != nil:
		return capture.Interrupted, "interrupted"
	case errors.Is(err, probe.ErrHarness):
		return capture.Harness, err.Error()
	case isOver:
		return capture.Broken, over.why
	case err != nil:
		return capture.Broken, err.Error()
	}
	return capture.Done, ""
}

// grace is how long a group may take to notice that it is over.
const grace = 10 * time.Second

// giveUp waits for a group that is over; its connections are cut, in case it waits for these.
func (r *run) giveUp(p *probe.Probe, done <-chan error) error {
	p.Cut()
	timer := r.Clock.NewTimer(grace)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.Chan():
		return fmt.Errorf("%w: the group did not end %s after its time", probe.ErrHarness, grace)
	}
}

// clean deletes what a group made, or leaves it where that is wanted and something fails.
func (r *run) clean(ctx context.Context, g suite.Group, p *probe.Probe) {
	var left []string
	kept := 0
	if r.Keep && r.fails(g) {
		for _, a := range p.Leave() {
			left = append(left, fmt.Sprintf("%s: the account %s (%s) is kept", g.Name, a.ID, a.Name))
			kept++
		}
	} else if err := p.Close(ctx); err != nil {
		left = append(left, fmt.Sprintf("%s was not cleaned up: %v", g.Name, err))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.out.Left = append(r.out.Left, left...)
	r.out.Kept += kept
}

// fails judges a group now.
func (r *run) fails(g suite.Group) bool {
	seen := capture.File{Facts: r.Facts, Entries: r.log.Of(g.Name).Entries}
	return slices.ContainsFunc(r.plan, func(p suite.Planned) bool {
		return p.Group.Name == g.Name && p.Judge(seen).Outcome == suite.Fail
	})
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
