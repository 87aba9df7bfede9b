package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kazoolab/kazoolab/internal/ids"
	"github.com/kazoolab/kazoolab/internal/lab"
	"github.com/kazoolab/kazoolab/internal/socketclient"
)

// resume kills one of two nodes under load, and counts what the clients of each have
// missed: once where the other node has kept what they need, and once where it has not.
func resume(ctx context.Context, o options) error {
	const each, otherwise = 100, 50.0 // sockets of an account; events a second
	if o.rate == 0 {
		o.rate = otherwise
	}
	return on(ctx, o, max(1, o.sockets/each), func(ctx context.Context, st *stage) error {
		small := max(1, int(st.rate)) // a second's events
		var faults []error
		for range st.runs {
			faults = append(faults,
				st.resumed(ctx, act{name: "kept"}),
				st.resumed(ctx, act{name: "not kept", kept: small, away: 4 * small}))
		}
		return errors.Join(faults...)
	})
}

// act is one death of a node.
type act struct {
	name string
	kept int // events that a node keeps; 0 is its default
	away int // how many pass before the dead node's clients come back
}

// resumed plays one act.
func (st *stage) resumed(ctx context.Context, a act) (err error) {
	var args []string
	if a.kept > 0 {
		args = append(args, fmt.Sprint("--websockets-replay-events=", a.kept))
	}
	var nodes []*server
	defer func() {
		for _, n := range nodes {
			err = errors.Join(err, n.stop(ctx))
		}
	}()
	for range 2 {
		n, err := st.startNode(ctx, args...)
		if err != nil {
			return err
		}
		nodes = append(nodes, n)
	}
	f := newFollowers(st, nodes, lab.NewBook(int(st.rate*st.lasts.Seconds())))
	following, leave := context.WithCancel(ctx)
	group, following := errgroup.WithContext(following)
	defer func() {
		leave()
		if e := group.Wait(); !errors.Is(e, context.Canceled) {
			err = errors.Join(err, e)
		}
	}()
	if err := f.start(following, group); err != nil {
		return err
	}
	if err := st.deadly(following, a, f); err != nil {
		return fmt.Errorf("%s: %w", a.name, err)
	}
	return f.judge(a)
}

// deadly publishes, and kills the first node after a third of the time.
func (st *stage) deadly(ctx context.Context, a act, f *followers) error {
	p := publishing{&lab.Publisher{
		URL: st.Broker.URL(), Book: f.book, Seed: "sockets", Accounts: st.tree.Accounts, To: f.book.Events, Rate: st.rate,
	}, make(chan error, 1)}
	go func() { p.ended <- p.Run(ctx) }()
	if err := st.wait(ctx, st.lasts/3); err != nil {
		return err
	}
	moved := int64(f.of(0))
	began, next := st.clock.Now(), p.Next()
	f.nodes[0].node.Kill()
	for p.Next() < next+a.away {
		if err := st.wait(ctx, look); err != nil {
			return err
		}
	}
	close(f.released)
	if err := f.subscribed.within(ctx, 2*patience, "clients are back", int64(len(f.all))+moved); err != nil {
		return err
	}
	st.say("%s: event %d, a node is killed; its %d clients are subscribed at the other after %.1f s, %d events later; %d were refused at first",
		a.name, next, moved, st.clock.Since(began).Seconds(), p.Next()-next, f.refused.Load())
	if err := <-p.ended; err != nil {
		return err
	}
	return f.settle(ctx)
}

// How often what has arrived is looked at, and for how long it must not change.
const look, quiet = 100 * time.Millisecond, 3 * time.Second

// settle returns when nothing has arrived for a while.
func (f *followers) settle(ctx context.Context) error {
	before, changed := f.received.Load(), f.stage.clock.Now()
	for f.stage.clock.Since(changed) < quiet {
		if err := f.stage.wait(ctx, look); err != nil {
			return err
		}
		if now := f.received.Load(); now != before {
			before, changed = now, f.stage.clock.Now()
		}
	}
	return nil
}

// config is what a follower's client needs.
func (f *followers) config(one *follower, random *ids.Source) socketclient.Config {
	return socketclient.Config{
		Find:      func(ctx context.Context) (socketclient.Place, error) { return f.find(ctx, one) },
		AccountID: f.accounts[one.place%len(f.accounts)], Bindings: []string{binding}, Resume: true,
		Frame:  func(frame socketclient.Frame) error { return f.take(one, frame) },
		Opened: func(socketclient.Place) {}, Lost: func(error, time.Duration) {},
		Clock: f.stage.clock, IDs: random,
	}
}
